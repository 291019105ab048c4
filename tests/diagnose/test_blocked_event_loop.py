"""
blocked_event_loop: a coroutine that does not let go.
"""

from typing import Any

import pytest
from tests.traced import Written

from hasten.diagnose import blocked_event_loop
from hasten.trace import Stall, WorkerProfile

STACK = ["shop/identity.py:20 introspect", "shop/auth.py:40 current_user", "shop/journal.py:9 __call__"]


def hold(written: Written, count: int, held_ms: float = 30, *, healthy: int = 0, at: Any = STACK) -> None:
    """
    Requests of one route that hold the loop, and some that do not.
    """
    for _ in range(count):
        written.add(written.step("stall", 1, held_ms, "a synchronous call", at=at, detail=""))
    for _ in range(healthy):
        written.add()


def test_who_holds_the_loop_is_named(observed: Any, target: Any, written: Written) -> None:
    """
    The outermost function that is no middleware; others wait by chance: 8,000 a day × 30 ms² ÷ 2, 4,000 times.
    """
    hold(written, 6)
    workers = [WorkerProfile(pid=7, stalls=[Stall(place=STACK[0], count=60, total_s=1.8)])]
    [found] = blocked_event_loop.find(observed(traces=written.traces, workers=workers), target)

    assert ("code", "shop/auth.py current_user") == (found.where.kind, found.where.name)
    assert pytest.approx(4000 * 8000 / 86400 * 0.030**2 / 2) == found.cost_s_per_day
    assert {"count": 60, "total_s": 1.8} == found.evidence["counted_by_workers"]
    assert ["shop/identity.py:20 introspect"] == found.evidence["lines"]


def test_what_others_waited_is_the_cost_where_it_was_seen(observed: Any, target: Any, written: Written) -> None:
    """
    A request of another route that waited 60 ms stands for 4,000 a day.
    """
    hold(written, 6)
    written.add(written.step("loop", 0, 60, at=""), route="GET /api/dashboard")
    [found] = blocked_event_loop.find(observed(traces=written.traces), target)

    assert pytest.approx(4000 * 0.060) == found.cost_s_per_day


@pytest.mark.parametrize(
    "given",
    [{"count": 4}, {"count": 6, "held_ms": 8}, {"count": 6, "healthy": 20}, {"count": 6, "at": ""}],
    ids=["few", "short", "now and then", "nobody seen"],
)
def test_what_may_be_an_accident_is_left_alone(observed: Any, target: Any, written: Written, given: Any) -> None:
    """
    A crowded machine makes some sections long, anywhere.
    """
    hold(written, **given)

    assert [] == blocked_event_loop.find(observed(traces=written.traces), target)
