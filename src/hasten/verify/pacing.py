"""
How fast two instances are asked: often enough to be quick, seldom enough that neither waits for the other.

Two instances on one machine halve what each can take. So the rate is chosen from what the requests cost, measured
just before: a request finds its instance idle most of the time, and the processors are mostly free.
"""

import math
import random
from collections.abc import Mapping, Sequence

from hasten.model import PLANNED_PAIRS, Noun
from hasten.verify.guards import LEAST_REQUESTS, LEAST_SHARE
from hasten.world.load.duet import Turn
from hasten.world.load.plan import LoadRequest

#: The share of the time in which an instance is at work, and of all processors' time that both together use.
UTILIZATION = 0.4
#: More than this is not asked per second, however quick the answers are: the asking costs time too.
MOST_PER_S = 200.0
LEAST_PER_S = 0.05
#: A block is as long as this, or as one round of all routes takes.
BLOCK_S = 1.5
#: … or, to have LEAST_REQUESTS of each route that matters at the first look, at most as long as this.
MOST_BLOCK_S = 15.0
LEAST_PER_BLOCK = 8


class Pace(Noun, frozen=True, kw_only=True):
    """
    The load of a trial, fixed before the first pair.

    per_block: How often each route comes in a block, at least once.
    utilization: The expected share of the time in which the slower instance is at work.
    """

    rate_per_s: float
    per_block: dict[str, int]
    utilization: float
    limited_by: str

    @property
    def block_s(self) -> float:
        """
        How long a block takes.
        """
        return sum(self.per_block.values()) / self.rate_per_s

    @property
    def says(self) -> str:
        """
        What was chosen, for people.
        """
        count = sum(self.per_block.values())
        return (
            f"{self.rate_per_s:.3g} requests/s to both instances at once, {count} in a block of {self.block_s:.1f} s; "
            f"{self.limited_by}. What shows only under a heavier load does not show here"
        )


def shares_of(requests: Sequence[LoadRequest]) -> dict[str, float]:
    """
    The share of each route in the traffic.
    """
    total = math.fsum(request.weight for request in requests)
    found: dict[str, float] = {}
    for request in requests:
        found[request.name] = found.get(request.name, 0.0) + request.weight / total
    return found


def pace_of(
    shares: Mapping[str, float], seconds: Mapping[str, float], cpu_s: Mapping[str, float], *, cores: int
) -> Pace:
    """
    The pace for requests that take so many seconds in the slower arm, and so much processor time in both together.

    Args:
        seconds, cpu_s: By route; a route that is missing is left out of the trial.
    """
    known = {route: share for route, share in shares.items() if route in seconds}
    # Fewer than this, and not even the last look would have enough requests of a route to judge it.
    slowest, quickest = (math.ceil(LEAST_REQUESTS / pairs) for pairs in (PLANNED_PAIRS[-1], PLANNED_PAIRS[0]))
    fewest = _counts(known, LEAST_PER_BLOCK, least=slowest)
    busy_s, used_s = _mean(fewest, seconds), _mean(fewest, cpu_s)
    limits = {
        f"an answer takes {busy_s * 1000:.3g} ms, so each is at work for {UTILIZATION:.0%} of the time": (
            UTILIZATION / max(busy_s, 1e-6)
        ),
        f"a pair takes {used_s * 1000:.3g} ms of processor time, so {UTILIZATION:.0%} of {cores} cores are used": (
            UTILIZATION * cores / max(used_s, 1e-6)
        ),
        f"no more than {MOST_PER_S:.0f}/s are asked": MOST_PER_S,
    }
    reason = min(limits, key=lambda each: limits[each])
    rate = max(LEAST_PER_S, limits[reason])
    counts = fewest
    for least in range(slowest, quickest + 1):
        wanted = _counts(known, round(rate * BLOCK_S), least=least)
        if sum(wanted.values()) / rate <= MOST_BLOCK_S:
            counts = wanted
    return Pace(rate_per_s=rate, per_block=counts, utilization=min(1.0, rate * busy_s), limited_by=reason)


def turns_of(requests: Sequence[LoadRequest], pace: Pace, index: int, seed: int) -> list[Turn]:
    """
    What is asked in block `index`, and when: the same for the same seed.

    Each route comes equally often in every block; which of its requests, and when, is drawn.
    """
    source = random.Random(f"turns:{seed}:{index}")  # noqa: S311 -- repeatable, not a secret
    by_route: dict[str, list[int]] = {}
    for number, request in enumerate(requests):
        by_route.setdefault(request.name, []).append(number)
    chosen = []
    for route, count in pace.per_block.items():
        numbers = by_route[route]
        chosen += source.choices(numbers, [requests[number].weight for number in numbers], k=count)
    source.shuffle(chosen)
    # Given how many come, the moments of a Poisson process are evenly distributed.
    moments = sorted(source.uniform(0.0, pace.block_s) for _ in chosen)
    return [Turn(at_s, number) for at_s, number in zip(moments, chosen, strict=True)]


def _counts(shares: Mapping[str, float], wanted: int, *, least: int) -> dict[str, int]:
    """
    How often each route comes among about `wanted` requests: once, and a route that matters `least` times.
    """
    total = math.fsum(shares.values()) or 1.0
    return {
        route: max(least if share >= LEAST_SHARE * total else 1, round(share / total * wanted))
        for route, share in sorted(shares.items())
    }


def _mean(counts: Mapping[str, int], values: Mapping[str, float]) -> float:
    total = sum(counts.values())
    return math.fsum(count * values.get(route, 0.0) for route, count in counts.items()) / total if total else 0.0
