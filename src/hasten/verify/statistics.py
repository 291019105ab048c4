"""
Effects and their intervals, computed from a trial's raw blocks alone: same blocks, weights and seed, same numbers.

The primary effect is one ratio of means, candidate to control, each statement or route weighted by its calls, with the
repeated interval of verify.looks. What is beside it, each statement or route by itself, is looked at once, at the end,
and only ever vetoes: it has a plain 95 % percentile bootstrap over pairs, widened for small samples as Hesterberg
(2015, "expanded percentile") proposes: with 12 pairs a plain percentile interval covers about 91 %, the expanded one
about 95 %.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hasten.model import Block, Effect, Where
from hasten.verify.boundary import LEVEL
from hasten.verify.looks import look_at, totals_of
from hasten.verify.student import expanded_tail

RESAMPLES = 4000
STATEMENT_TIME = "hasten.statement.time"
DATABASE_TIME = "hasten.database.time"

STATEMENTS = Where(kind="database", name="statements")

Array = NDArray[np.float64]


def effect_of(
    blocks: Sequence[Block],
    weights: Mapping[str, float],
    seed: int,
    *,
    level: float = LEVEL,
    metric: str = STATEMENT_TIME,
    where: Where = STATEMENTS,
) -> Effect | None:
    """
    The effect on the weighted sum of everything in the blocks; None with fewer than two pairs to compare.

    `control` and `candidate` are weighted seconds per pair. The interval is the repeated one: at a planned look it is
    that of the look, elsewhere it is shown and decides nothing.
    """
    totals = totals_of(blocks, weights)
    if totals.shape[1] < 2:
        return None
    look = look_at(totals, seed, level)
    return Effect(
        metric=metric,
        where=where,
        ratio=math.exp(look.log_ratio),
        low=look.low,
        high=look.high,
        pairs=look.pairs,
        control=float(totals[0].mean()),
        candidate=float(totals[1].mean()),
    )


def effects_of(
    blocks: Sequence[Block], seed: int, *, metric: str = STATEMENT_TIME, kind: str = "statement"
) -> list[Effect]:
    """
    The effect on each statement or route by itself, over the pairs that have it in both arms, in order of the names.
    """
    found = []
    for name in sorted({name for block in blocks for name in block.control.keys() & block.candidate.keys()}):
        pairs = [
            (block.control[name], block.candidate[name])
            for block in blocks
            if name in block.control and name in block.candidate
        ]
        effect = _effect(pairs, seed, metric, Where(kind=kind, name=name))
        found += [effect] if effect else []
    return found


def database_effect(primary: Effect, share: float, total_s: float) -> Effect:
    """
    What the primary effect means for all of the database's time, of which `share` was at stake (see `share_of`).

    Statements that were not replayed do not touch the changed tables, or are planned alike, and are taken as unchanged.
    """

    def whole(ratio: float) -> float:
        return 1 - share * (1 - ratio)

    return Effect(
        metric=DATABASE_TIME,
        where=Where(kind="database", name="all statements"),
        ratio=whole(primary.ratio),
        low=whole(primary.low),
        high=whole(primary.high),
        pairs=primary.pairs,
        control=total_s,
        candidate=total_s * whole(primary.ratio),
    )


def share_of(
    blocks: Sequence[Block], weights: Mapping[str, float], observed_s: Mapping[str, float], total_s: float
) -> float:
    """
    The share of all observed database time that is at stake in a trial.

    Args:
        weights: Calls of each statement.
        observed_s: Seconds of each statement in the observed window.
        total_s: Seconds of all statements there.

    A statement counts with its observed time, or with control's where that is less: since it was observed an earlier
    change may have made it faster, and what was saved once cannot be saved again.
    """
    if total_s <= 0 or not blocks:
        return 0.0
    at_stake = 0.0
    for name in names_in(blocks):
        control_s = weights.get(name, 1.0) * sum(block.control[name] for block in blocks) / len(blocks)
        at_stake += min(control_s, observed_s.get(name, control_s))
    return min(at_stake / total_s, 1.0)


def names_in(blocks: Sequence[Block]) -> list[str]:
    """
    The statements that were timed in both arms of every block, sorted.
    """
    if not blocks:
        return []
    common = set.intersection(*(set(block.control) & set(block.candidate) for block in blocks))
    return sorted(common)


def _effect(pairs: Sequence[tuple[float, float]], seed: int, metric: str, where: Where) -> Effect | None:
    control = np.array([pair[0] for pair in pairs], dtype=np.float64)
    candidate = np.array([pair[1] for pair in pairs], dtype=np.float64)
    if len(pairs) < 2 or not np.isfinite(control).all() or not np.isfinite(candidate).all():
        return None
    if control.sum() <= 0 or candidate.sum() <= 0:
        return None
    low, high = log_ratio_interval(control, candidate, seed)
    return Effect(
        metric=metric,
        where=where,
        ratio=float(candidate.sum() / control.sum()),
        low=low,
        high=high,
        pairs=len(pairs),
        control=float(control.mean()),
        candidate=float(candidate.mean()),
    )


def log_ratio_interval(control: Array, candidate: Array, seed: int) -> tuple[float, float]:
    """
    The two ends of the interval of sum(candidate) / sum(control), by resampling pairs; there are at least two.
    """
    count = len(control)
    # RandomState, because its stream is frozen for all time: a verdict must be recomputable years later.
    picks = np.random.RandomState(seed % 2**32).randint(0, count, size=(RESAMPLES, count))
    sums = control[picks].sum(axis=1), candidate[picks].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(sums[1]) - np.log(sums[0])
    logs = logs[np.isfinite(logs)]
    if not len(logs):
        return 0.0, float(np.finfo(np.float64).max)
    tail = expanded_tail(count)
    low, high = np.quantile(logs, [tail, 1 - tail])
    return float(np.exp(low)), float(np.exp(high))
