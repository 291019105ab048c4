"""
When each request is meant to be sent, and which one: the same for the same seed, decided before the first is sent.
"""

import random
from array import array

from hasten.world.load.plan import LoadPlan


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
