"""
pool_waits: all connections are taken.
"""

from typing import Any

import pytest
from tests.traced import Written

from hasten.diagnose import pool_waits


def wait(written: Written, count: int, waits_ms: float, *, connects_ms: float = 0) -> None:
    """
    Requests that get a connection from the pool after a while.
    """
    for _ in range(count):
        opening = [written.step("connect", 1, connects_ms, "postgresql")] if connects_ms else []
        # What a driver asks a new connection about its server comes after its opening, and is no waiting either.
        written.add(written.step("pool", 0, waits_ms, "psycopg_pool"), *opening)


def test_waiting_for_the_pool_is_found(observed: Any, target: Any, written: Written) -> None:
    """
    Half of twenty requests wait 30 ms, of 4,000 a day.
    """
    wait(written, 10, 30)
    wait(written, 10, 0.1)
    [found] = pool_waits.find(observed(traces=written.traces), target)

    assert ("psycopg_pool", "shop/orders.py:42 show") == (found.where.name, found.evidence["caller"])
    assert pytest.approx(4000 * (10 * 0.030 + 10 * 0.0001) / 20) == found.cost_s_per_day
    assert (20, 10) == (found.evidence["requests_with_pool"], found.evidence["waiting_requests"])


@pytest.mark.parametrize(
    ("count", "waits_ms", "connects_ms"),
    [(9, 30, 0), (20, 0.5, 0), (20, 2, 0), (20, 60, 8)],
    ids=["few", "at once", "short", "it opens connections"],
)
def test_a_pool_that_has_connections_is_healthy(
    observed: Any, target: Any, written: Written, count: int, waits_ms: float, connects_ms: float
) -> None:
    """
    Getting one takes no time, or opening one does, which is no waiting for others.
    """
    wait(written, count, waits_ms, connects_ms=connects_ms)

    assert [] == pool_waits.find(observed(traces=written.traces), target)
