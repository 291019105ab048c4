"""
What must not get worse while something else gets better: pure functions over what a trial measured.

A guard without data is None, never True: no data is not good news.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from hasten.model import Block, Effect, Guard
from hasten.tradeoff import is_paid_for

#: Something may be this much slower before anybody calls it worse (lower end of its interval, so it is shown).
WORSE_RATIO = 1.05
WORSE_WRITE_RATIO = 1.10
#: … and by this much per call: one index more costs a fast INSERT tens of microseconds, which nobody can notice and
#: which the primary effect has already paid for.
WORSE_S = 0.001
#: The same plan on the same data is the same work. It still takes up to a quarter longer once another statement no
#: longer reads the whole table, and so keeps it in the processor's caches, just before (docs/decisions/0011).
WORSE_SAME_PLAN_RATIO = 1.50
#: A request has many statements and is waited for.
WORSE_ROUTE_S = 0.0002
LEAST_PAIRS = 6
#: A route with fewer requests per arm is not judged; one with a smaller share of all calls need not be.
LEAST_REQUESTS = 100
LEAST_SHARE = 0.01
WORSE_ERROR_SHARE = 0.001
ONE_SIDED_Z = 1.645
MORE_MEMORY = MORE_CPU = MORE_DISK = 1.10
#: … and by this much: less is within what two starts of one program differ by.
LEAST_MORE_MB, LEAST_MORE_MS = 8.0, 0.2


@dataclass(frozen=True)
class _Limit:
    """
    Worse is what is shown to be beyond both.
    """

    ratio: float
    seconds: float


_READ = _Limit(WORSE_RATIO, WORSE_S)
_SAME_PLAN = _Limit(WORSE_SAME_PLAN_RATIO, WORSE_S)
_WRITE = _Limit(WORSE_WRITE_RATIO, WORSE_S)
_ROUTE = _Limit(WORSE_RATIO, WORSE_ROUTE_S)


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


@dataclass(frozen=True)
class Paid:
    """
    What a change saves, and how often each statement runs in the same time.

    Args:
        saved_s: Seconds per pair, at the pessimistic end.
        calls: Calls of each statement per pair, by its query id.
    """

    saved_s: float = 0.0
    calls: Mapping[str, float] = field(default_factory=dict)

    def covers(self, effect: Effect) -> bool:
        """
        Whether a statement's loss at its worst is next to nothing beside what is saved.
        """
        lost_s = (effect.high - 1) * effect.control
        calls = self.calls.get(effect.where.name, math.inf)
        return is_paid_for(lost_s, ratio=effect.high, calls=calls, saved_s=self.saved_s)


def others(
    effects: Sequence[Effect], writes: Collection[str], alike: Collection[str] = (), paid: Paid = Paid()
) -> Guard:
    """
    No reading statement is shown to be slower, but for what is paid for many times over; that is told.

    Args:
        alike: The statements that both arms plan alike.
    """
    reads = [each for each in effects if each.where.name not in writes]
    slower = [each for each in reads if each.pairs >= LEAST_PAIRS and _is_worse(each, _READ) and paid.covers(each)]
    judged = _not_worse(
        "statements",
        "reading statement",
        [each for each in reads if each not in slower],
        lambda each: _SAME_PLAN if each.where.name in alike else _READ,
    )
    told = [f"{_longer(each)}, which the others' gain pays for many times over" for each in slower]
    return msgspec.structs.replace(judged, detail="; ".join([judged.detail, *told]))


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
    found = [each for each in effects if each.where.name in writing]
    return _not_worse("writes", "writing statement", found, lambda _each: _WRITE)


def routes(effects: Sequence[Effect], weights: Mapping[str, float], support: Mapping[str, int]) -> Guard:
    """
    No route is shown to be slower by more than 5 %, and no route that matters went unseen.

    Args:
        weights: Calls of each route; those with at least 1 % of all calls matter.
        support: Requests of each route in the arm that had fewer.
    """
    enough = [each for each in effects if support.get(each.where.name, 0) >= LEAST_REQUESTS]
    total = math.fsum(weights.values())
    seen = {each.where.name for each in enough if each.pairs >= LEAST_PAIRS}
    unseen = sorted(name for name, calls in weights.items() if calls >= LEAST_SHARE * total and name not in seen)
    if unseen and not any(_is_worse(each, _ROUTE) for each in enough):
        detail = f"too few requests to judge {', '.join(unseen)} (at least {LEAST_REQUESTS} per arm)"
        return Guard(name="routes", ok=None, detail=detail, limit=_ROUTE.ratio)
    return _not_worse("routes", "route", enough, lambda _each: _ROUTE)


def _not_worse(name: str, what: str, effects: Sequence[Effect], limit_of: Callable[[Effect], _Limit]) -> Guard:
    judged = [each for each in effects if each.pairs >= LEAST_PAIRS]
    if not judged:
        return Guard(name=name, ok=None, detail=f"no {what} was timed often enough")
    worst = max(judged, key=lambda each: (_is_worse(each, limit_of(each)), each.low))
    limit = limit_of(worst)
    if _is_worse(worst, limit):
        return Guard(name=name, ok=False, detail=f"{what} {_longer(worst)}", value=worst.low, limit=limit.ratio)
    highest = max(each.high for each in judged)
    detail = f"none of {len(judged)} {what}s is shown to be slower; at the most × {highest:.3g}"
    return Guard(name=name, ok=True, detail=detail, value=worst.low, limit=limit.ratio)


def _longer(effect: Effect) -> str:
    was_ms, is_ms = effect.control * 1000, effect.candidate * 1000
    return f"{effect.where.name} takes {effect.ratio:.2f} × as long ({was_ms:.1f} ms, then {is_ms:.1f} ms)"


def _is_worse(effect: Effect, limit: _Limit) -> bool:
    return effect.low > limit.ratio and (effect.low - 1) * effect.control > limit.seconds


def error_rate(control: tuple[int, int], candidate: tuple[int, int]) -> Guard:
    """
    The candidate's share of errors is not shown to be a tenth of a point higher.

    Args:
        control, candidate: Errors, and attempts in all.
    """
    limit = WORSE_ERROR_SHARE
    if min(control[1], candidate[1]) < LEAST_REQUESTS:
        return Guard(
            name="error_rate",
            ok=None,
            detail=f"{min(control[1], candidate[1])} requests are too few to know the share of errors",
            limit=limit,
        )
    # One success and one failure more in each arm make the interval of a difference of rare shares honest
    # (Agresti and Caffo 2000).
    shares = [(errors + 1) / (attempts + 2) for errors, attempts in (control, candidate)]
    variance = sum(p * (1 - p) / (n + 2) for p, n in zip(shares, (control[1], candidate[1]), strict=True))
    low = shares[1] - shares[0] - ONE_SIDED_Z * math.sqrt(variance)
    detail = (
        f"{candidate[0]} of {candidate[1]} requests failed with the change, {control[0]} of {control[1]} without it"
    )
    return Guard(name="error_rate", ok=low <= limit, detail=detail, value=low, limit=limit)


def resource(
    name: str, unit: str, control: float | None, candidate: float | None, limit_ratio: float, *, least: float = 0.0
) -> Guard:
    """
    What an arm uses of memory, CPU or disk is at most `limit_ratio` × what control uses, or `least` more.
    """
    if control is None or candidate is None or control <= 0:
        return Guard(name=name, ok=None, detail=f"the {name} of both arms is not known", limit=limit_ratio)
    ratio = candidate / control
    detail = f"{name}: {control:.4g} {unit} without the change, {candidate:.4g} {unit} with it (× {ratio:.3g})"
    ok = ratio <= limit_ratio or candidate - control <= least
    return Guard(name=name, ok=ok, detail=detail, value=ratio, limit=limit_ratio)


def memory(control_bytes: float | None, candidate_bytes: float | None) -> Guard:
    """
    The resident memory of the candidate's processes is at most 10 % more.
    """
    in_mb = [None if value is None else value / 1e6 for value in (control_bytes, candidate_bytes)]
    return resource("memory", "MB", in_mb[0], in_mb[1], MORE_MEMORY, least=LEAST_MORE_MB)


def cpu(control_s: float | None, candidate_s: float | None) -> Guard:
    """
    The candidate takes at most 10 % more CPU time per request.
    """
    in_ms = [None if value is None else value * 1e3 for value in (control_s, candidate_s)]
    return resource("cpu", "ms per request", in_ms[0], in_ms[1], MORE_CPU, least=LEAST_MORE_MS)


def disk(control_bytes: float | None, candidate_bytes: float | None) -> Guard:
    """
    The candidate's files are at most 10 % more.
    """
    in_mb = [None if value is None else value / 1e6 for value in (control_bytes, candidate_bytes)]
    return resource("disk", "MB", in_mb[0], in_mb[1], MORE_DISK)


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
