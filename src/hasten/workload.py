"""
The workload that a change was planned for, and whether another one is so different that a failed idea deserves a
second look.

A digest over rounded counts would flip whenever one count crosses the edge of its bucket; so the counts themselves are
kept, and compared with room for chance.
"""

import math

from hasten.evidence import Observation, StatementProfile
from hasten.model import Change, Noun

#: Counts that differ by less than this factor are the same workload …
FACTOR = 2.0
#: … and so are those that chance alone explains (Poisson counts). Of ten statements measured twice, 3 standard
#: deviations call 1.3 % of the pairs another workload, 4 none of 5,000.
SIGMAS = 4.0
#: What takes less of the time than this can come and go.
MATTERS = 0.05
_MOST = 200


class Workload(Noun, frozen=True, kw_only=True):
    """
    How often what a change is about was executed or asked for, how long it took, and how many rows its tables had.
    """

    seconds: float
    calls: dict[str, float] = {}
    time_s: dict[str, float] = {}
    rows: dict[str, float] = {}


def workload_of(seen: Observation, change: Change) -> Workload:
    """
    The part of an observation that bears on a change: the statements on its tables; for others than schema changes the
    routes, too.
    """
    tables = _tables(change)
    statements = [each for each in seen.statements if not tables or tables & {*each.tables}]
    statements = sorted(statements, key=lambda each: each.total_s, reverse=True)[:_MOST]
    routes = {} if tables else _routes(seen, change)
    return Workload(
        seconds=seen.seconds,
        calls={**routes, **{each.query_id: float(each.calls) for each in statements}},
        time_s={**dict.fromkeys(routes, 0.0), **{each.query_id: each.total_s for each in statements}},
        rows={each.name: each.rows for each in seen.tables if each.name in (tables or _named(statements))},
    )


def difference(then: Workload, now: Workload) -> str:
    """
    What has changed so much that an old verdict may not hold any more; "" where nothing has.
    """
    for name in sorted({*_mattering(then), *_mattering(now)}):
        before, after = then.calls.get(name, 0.0), now.calls.get(name, 0.0)
        if _differ(before, then.seconds, after, now.seconds):
            return f"{name} came {_rate(before, then.seconds)} and comes {_rate(after, now.seconds)}"
    for name in sorted(then.rows.keys() & now.rows.keys()):
        before, after = max(then.rows[name], 1.0), max(now.rows[name], 1.0)
        if not 1 / FACTOR < after / before < FACTOR:
            return f"{name} had {before:.0f} rows and has {after:.0f}"
    return ""


def _tables(change: Change) -> set[str]:
    named = {change.where.name} if change.where.kind == "table" else set()
    return named | {str(change.after[key]) for key in ("table",) if key in change.after}


def _named(statements: list[StatementProfile]) -> set[str]:
    return {table for each in statements for table in each.tables}


def _routes(seen: Observation, change: Change) -> dict[str, float]:
    counts = {
        each.where.name: float(each.distribution.count) for each in seen.measurements if each.where.kind == "route"
    }
    own = change.where.name
    return {own: counts[own]} if own in counts else counts


def _mattering(of: Workload) -> set[str]:
    total = sum(of.time_s.values())
    # A route has no time of its own here; it matters by being asked for.
    return {name for name, time_s in of.time_s.items() if time_s >= MATTERS * total or not time_s}


def _differ(before: float, before_s: float, after: float, after_s: float) -> bool:
    """
    Whether two counts over two windows differ by more than the factor, and by more than chance explains.
    """
    first_s, second_s = (before_s, after_s) if before_s > 0 and after_s > 0 else (1.0, 1.0)
    first, second = before / first_s, after / second_s
    if max(first, second) < FACTOR * min(first, second):
        return False
    return abs(first - second) > SIGMAS * math.sqrt(before / first_s**2 + after / second_s**2)


def _rate(calls: float, seconds: float) -> str:
    return f"{calls:.0f} times in {seconds:.0f} s" if seconds else f"{calls:.0f} times"
