"""
How a policy's trial is cut into pairs: how long each is, and how often every request comes in it.

One pair has every request that can feel the change several times in each arm. Pairs overlap behind a slow network: the
next one begins while large answers of the last one still travel, each over a link of its own.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from hasten.errors import NoData
from hasten.model import PLANNED_PAIRS
from hasten.verify.guards import LEAST_REQUESTS
from hasten.world.load.duet import Turn
from hasten.world.load.plan import LoadRequest

#: A pair is at least so long, and has so many requests in each arm where the server and the link allow it.
PAIR_S = 5.0
WANTED_PER_ARM = 100
#: So much of the time the server may be at work for both arms together.
UTILIZATION = 0.4
#: So many answers travel at once: the proxy that paces them is one thread.
MOST_UNDER_WAY = 64


@dataclass(frozen=True)
class Pacing:
    """
    The cut, fixed before the first pair.

    repeats: How often each touched request comes in a pair, in each arm.
    others: How many of the other requests come in a pair.
    """

    pair_s: float
    repeats: int
    others: int

    @property
    def batch_s(self) -> float:
        """
        How long the pairs up to a look take, without the last answers' way.
        """
        return self.pair_s * PLANNED_PAIRS[0]


def pacing_of(
    service_s: Sequence[float],
    travel_s: Sequence[float],
    rate_per_s: float,
    *,
    per_route: int = 1,
    least_s: float = PAIR_S,
    budget_s: float,
) -> Pacing:
    """
    The cut for touched requests that keep the server busy, and travel, for so long each.

    Args:
        per_route: How many of them a route has at least; up to the first look it must come often enough to be judged.

    Raises:
        NoData: not even the pairs up to the first look fit into the budget.
    """
    least = math.ceil(LEAST_REQUESTS / PLANNED_PAIRS[0] / per_route)
    busy_s, under_way_s = 2 * sum(service_s), 2 * sum(travel_s)
    pair_s = max(least_s, least * busy_s / UTILIZATION, least * under_way_s / MOST_UNDER_WAY)
    if pair_s * PLANNED_PAIRS[0] > budget_s:
        raise NoData(
            f"a pair of arms takes {pair_s:.0f} s, so the first look does not fit the time for this trial",
            hint="allow the trial more time, or treat the slow route first",
        )
    room = min(UTILIZATION * pair_s / max(busy_s, 1e-6), MOST_UNDER_WAY * pair_s / max(under_way_s, 1e-6))
    repeats = max(least, min(round(WANTED_PER_ARM / len(service_s)), int(room)))
    return Pacing(pair_s=pair_s, repeats=repeats, others=round(rate_per_s * pair_s))


def turns_of(touched: int, rest: Sequence[LoadRequest], pacing: Pacing, index: int, seed: int) -> list[Turn]:
    """
    What is asked in pair `index`, counted from the begin of its batch: the same for the same seed.

    Requests are numbered as in `policy_requests.arm_plans`, the touched ones first. Which arm is written first is drawn
    for every turn; over a pair, each request goes first equally often (to one) in both arms.
    """
    source = random.Random(f"policy:{seed}:{index}")  # noqa: S311 -- repeatable, not a secret
    numbers: list[int] = []
    for request in range(touched):
        sides = [(turn + index) % 2 for turn in range(pacing.repeats)]
        numbers += [2 * request + side for side in sides]
    if rest:
        weights = [each.weight for each in rest]
        drawn = source.choices(range(len(rest)), weights, k=pacing.others)
        numbers += [2 * (touched + each) + source.randrange(2) for each in drawn]
    source.shuffle(numbers)
    begin = (index % PLANNED_PAIRS[0]) * pacing.pair_s
    # Given how many come, the moments of a Poisson process are evenly distributed.
    moments = sorted(source.uniform(0.0, pacing.pair_s) for _ in numbers)
    return [Turn(begin + at_s, number) for at_s, number in zip(moments, numbers, strict=True)]
