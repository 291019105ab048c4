"""
The effect on each route and on all of them, from a trial's blocks alone, and the guard that no route gets slower.
"""

import math
from collections.abc import Sequence

from hasten.model import Block, Effect, Guard, Where
from hasten.verify.looks import LEAST_PAIRS, look_at, totals_of

LATENCY = "http.client.request.duration"
#: A route may be this much slower before it counts, and it must be shown (lower end of its interval).
WORSE_ROUTE = 1.05


def effect_over(
    blocks: Sequence[Block], weights: dict[str, float], seed: int, level: float, where: Where
) -> Effect | None:
    """
    The effect over the routes of `weights`, with the interval that holds at every look; None without enough pairs.
    """
    named = [_only(block, weights) for block in blocks]
    totals = totals_of(named, weights)
    if totals.shape[1] < LEAST_PAIRS:
        return None
    look = look_at(totals, seed, level)
    share = math.fsum(weights.values())
    return Effect(
        metric=LATENCY,
        where=where,
        ratio=math.exp(look.log_ratio),
        low=look.low,
        high=look.high,
        pairs=look.pairs,
        control=float(totals[0].mean()) / share,
        candidate=float(totals[1].mean()) / share,
    )


def route_effects(blocks: Sequence[Block], weights: dict[str, float], seed: int, level: float) -> list[Effect]:
    """
    The effect on each route by itself, in the order of their names.
    """
    found = []
    for route in sorted(weights):
        effect = effect_over(blocks, {route: 1.0}, seed, level, Where(kind="route", name=route))
        found += [effect] if effect else []
    return found


def not_worse(effects: Sequence[Effect], weights: dict[str, float], limit: float = WORSE_ROUTE) -> Guard:
    """
    No route is shown to be slower, and every route of the traffic was timed often enough to say so.
    """
    slower = sorted((each for each in effects if each.low > limit), key=lambda each: -each.low)
    if slower:
        worst = slower[0]
        detail = (
            f"{worst.where.name} takes {worst.ratio:.2f} × as long ({worst.control * 1000:.3g} ms, "
            f"then {worst.candidate * 1000:.3g} ms; at least × {worst.low:.3g})"
        )
        return Guard(name="routes", ok=False, detail=detail, value=worst.low, limit=limit)
    unseen = sorted(weights.keys() - {each.where.name for each in effects})
    if unseen or not effects:
        return Guard(name="routes", ok=None, detail=f"not timed often enough: {', '.join(unseen) or 'every route'}")
    worst = max(effects, key=lambda each: each.high)
    detail = f"none of {len(effects)} routes is shown to be slower; {worst.where.name} is at most × {worst.high:.3g}"
    return Guard(name="routes", ok=True, detail=detail, value=max(each.low for each in effects), limit=limit)


def _only(block: Block, weights: dict[str, float]) -> Block:
    return Block(
        index=block.index,
        order=block.order,
        control={name: value for name, value in block.control.items() if name in weights},
        candidate={name: value for name, value in block.candidate.items() if name in weights},
    )
