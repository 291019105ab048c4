"""
When each request is meant to be sent, and which one: the same for the same seed, decided before the first is sent.
"""

import random
from array import array

from hasten.world.load.plan import LoadPlan


def schedule(plan: LoadPlan) -> tuple["array[float]", "array[int]"]:
    """
    The intended moments, ascending, and which request comes at each.
    """
    if plan.arrivals == "recorded":
        return recorded(plan)
    moments = arrivals(plan)
    return moments, choices([request.weight for request in plan.requests], len(moments), plan.seed)


def recorded(plan: LoadPlan) -> tuple["array[float]", "array[int]"]:
    """
    The moments and the order of the recording, stretched to the plan's rate, and again from its beginning at its end.
    """
    came = sorted((at, index) for index, request in enumerate(plan.requests) for at in request.at)
    first = came[0][0]
    # As many gaps as requests: the last one is as long as the others are on average.
    round_s = len(came) / plan.rate_per_s
    length_s = (came[-1][0] - first) * len(came) / max(1, len(came) - 1)
    stretch = round_s / length_s if length_s else 0.0
    moments, which = array("d"), array("H")
    number = 0
    while True:
        turn, at = divmod(number, len(came))
        moment = turn * round_s + (came[at][0] - first) * stretch
        if moment >= plan.total_s:
            return moments, which
        moments.append(moment)
        which.append(came[at][1])
        number += 1


def arrivals(plan: LoadPlan) -> "array[float]":
    """
    The intended moments, ascending, in seconds from the start.
    """
    total, rate = plan.total_s, plan.rate_per_s
    if plan.arrivals == "constant":
        return array("d", (index / rate for index in range(max(1, round(total * rate)))))
    source = random.Random(f"{plan.seed}:arrivals")  # noqa: S311 -- a repeatable schedule, not a secret
    moments: array[float] = array("d")
    moment = source.expovariate(rate)
    while moment < total:
        moments.append(moment)
        moment += source.expovariate(rate)
    # A rate so low that nobody came: one request in the middle is still a run.
    return moments or array("d", [total / 2])


def choices(weights: list[float], count: int, seed: int) -> "array[int]":
    """
    Which request comes at each moment: every one gets its share to within one, in an order that is shuffled.

    Independent draws would give a rare route none at all in a short run, and two runs different mixes.
    """
    total = sum(weights)
    shares = [weight / total * count for weight in weights]
    numbers = [int(share) for share in shares]
    by_remainder = sorted(range(len(weights)), key=lambda index: numbers[index] - shares[index])
    for index in by_remainder[: count - sum(numbers)]:
        numbers[index] += 1
    chosen = [index for index, number in enumerate(numbers) for _ in range(number)]
    random.Random(f"{seed}:choices").shuffle(chosen)  # noqa: S311 -- a repeatable order, not a secret
    return array("H", chosen)
