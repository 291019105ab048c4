"""
What must not get worse while something else gets better: pure functions over what a trial measured.

A guard without data is None, never True: no data is not good news.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from hasten.model import Block, Effect, Guard

#: A statement may be this much slower before anybody calls it worse (lower end of its interval, so it is shown).
WORSE_RATIO = 1.10
#: … and by this much per call: one index more costs a fast INSERT tens of microseconds, which nobody can notice and
#: which the primary effect has already paid for.
WORSE_S = 0.001
LEAST_PAIRS = 6


def errors(blocks: Sequence[Block], warm_up_control: int = 0, warm_up_candidate: int = 0) -> Guard:
    """
    No statement fails with the change that works without it.
    """
    control = warm_up_control + sum(block.control_errors for block in blocks)
    candidate = warm_up_candidate + sum(block.candidate_errors for block in blocks)
    return Guard(
        name="errors",
        ok=None if not blocks else candidate == 0,
        detail=f"{candidate} executions failed only with the change, {control} only without it",
        value=float(candidate),
        limit=0.0,
    )


def others(effects: Sequence[Effect], writes: Collection[str]) -> Guard:
    """
    No reading statement is shown to be slower.
    """
    return _not_worse("statements", "reading", [each for each in effects if each.where.name not in writes])


def writes(effects: Sequence[Effect], writing: Collection[str], unsampled: Mapping[str, bool]) -> Guard:
    """
    No writing statement is shown to be slower. It holds where nothing wrote to the tables in the observed window.

    `unsampled`: statements without an execution to repeat; the value says whether it writes.
    """
    unseen = sorted(name for name, is_write in unsampled.items() if is_write)
    if unseen:
        detail = f"{len(unseen)} writing statements touch the tables and none of their executions can be repeated"
        return Guard(name="writes", ok=None, detail=detail)
    if not writing:
        return Guard(name="writes", ok=True, detail="nothing wrote to the tables while they were observed")
    return _not_worse("writes", "writing", [each for each in effects if each.where.name in writing])


def _not_worse(name: str, what: str, effects: Sequence[Effect]) -> Guard:
    judged = [each for each in effects if each.pairs >= LEAST_PAIRS]
    if not judged:
        return Guard(name=name, ok=None, detail=f"no {what} statement was timed often enough")
    slower = [each for each in judged if _is_worse(each)]
    if not slower:
        worst = max(judged, key=lambda each: each.low)
        detail = f"none of {len(judged)} {what} statements is shown to be slower"
        return Guard(name=name, ok=True, detail=detail, value=worst.low, limit=WORSE_RATIO)
    worst = max(slower, key=lambda each: each.low)
    detail = (
        f"{what} statement {worst.where.name} takes {worst.ratio:.2f} × as long "
        f"({worst.control * 1000:.1f} ms, then {worst.candidate * 1000:.1f} ms)"
    )
    return Guard(name=name, ok=False, detail=detail, value=worst.low, limit=WORSE_RATIO)


def _is_worse(effect: Effect) -> bool:
    return effect.low > WORSE_RATIO and (effect.low - 1) * effect.control > WORSE_S


def rows(equivalence: Mapping[str, Any]) -> Guard:
    """
    Every execution gave the same rows in both arms.
    """
    compared, unequal = int(equivalence.get("compared", 0)), list(equivalence.get("unequal", []))
    if not compared:
        return Guard(name="rows", ok=None, detail="no result was compared")
    if unequal:
        names = ", ".join(sorted({str(each["query_id"]) for each in unequal}))
        detail = f"{len(unequal)} of {compared} results differ between the arms: {names}"
    else:
        detail = f"{compared} results are the same in both arms"
    return Guard(name="rows", ok=not unequal, detail=detail, value=float(len(unequal)), limit=0.0)


def size(added_bytes: int | None, limit_bytes: float) -> Guard:
    """
    What the change adds on disk is within [allow] max_index_mb.
    """
    if added_bytes is None:
        return Guard(name="size", ok=None, detail="the size of the change is not known")
    detail = f"{added_bytes / 1e6:.1f} MB more on disk, of {limit_bytes / 1e6:.0f} MB allowed"
    return Guard(
        name="size", ok=added_bytes <= limit_bytes, detail=detail, value=float(added_bytes), limit=float(limit_bytes)
    )
