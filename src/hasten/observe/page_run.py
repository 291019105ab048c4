"""
One visit to a page in the numbers that are compared; pure.
"""

from collections.abc import Sequence

from hasten.evidence import PageResource, PageRun
from hasten.log import redact
from hasten.world.browser_traffic import Fetch
from hasten.world.browser_visit import Visit

LONG_TASK_S = 0.05
"""What a task may take before it counts as blocking."""

SHIFT_GAP_S, SHIFT_WINDOW_S = 1.0, 5.0
"""The sessions of layout shifts, as web-vitals defines them."""


def page_run(seen: Visit) -> PageRun:
    """
    A visit in the numbers that are compared.
    """
    fcp_s = seen.paints.get("first-contentful-paint")
    complete_s = max(seen.load_s or 0.0, seen.last_request_s or 0.0) if seen.is_quiet and seen.load_s else None
    fetched = [fetch for fetch in seen.fetches if not fetch.from_cache]
    return PageRun(
        ttfb_s=seen.response_s,
        fcp_s=fcp_s,
        lcp_s=seen.largest_paint_s,
        cls=layout_shift(seen.shifts) if fcp_s is not None else None,
        tbt_s=blocking_time_s(seen.long_tasks, fcp_s, complete_s) if fcp_s is not None else None,
        load_s=seen.load_s,
        complete_s=complete_s,
        requests=len(fetched),
        wire_bytes=sum(fetch.wire_bytes for fetch in fetched),
        resources=[_resource(fetch, seen) for fetch in seen.fetches],
        console_errors=seen.console_errors,
    )


def blocking_time_s(tasks: Sequence[tuple[float, float]], start_s: float, end_s: float | None) -> float:
    """
    Total blocking time: what each task takes beyond 50 ms, between the first paint and the page's completion.
    """
    total = 0.0
    for begun, lasted in tasks:
        inside = min(begun + lasted, end_s or float("inf")) - max(begun, start_s)
        total += max(0.0, inside - LONG_TASK_S)
    return total


def layout_shift(shifts: Sequence[tuple[float, float]]) -> float:
    """
    Cumulative layout shift: the worst session of shifts, at most 1 s apart and 5 s long together.
    """
    worst = session = 0.0
    first = last = float("-inf")
    for at, value in sorted(shifts):
        if at - last > SHIFT_GAP_S or at - first > SHIFT_WINDOW_S:
            session, first = 0.0, at
        session, last = session + value, at
        worst = max(worst, session)
    return worst


def _resource(fetch: Fetch, seen: Visit) -> PageResource:
    return PageResource(
        url=redact(fetch.url)[:500],
        kind=fetch.kind.lower(),
        status=fetch.status,
        wire_bytes=0 if fetch.from_cache else fetch.wire_bytes,
        body_bytes=fetch.body_bytes,
        start_s=round(fetch.start_s - seen.origin_s, 6),
        end_s=round((fetch.end_s or fetch.start_s) - seen.origin_s, 6),
        headers=fetch.headers,
    )
