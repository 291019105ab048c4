"""
connection_per_request: a connection is thrown away after each request.
"""

from typing import Any

import pytest
from tests.traced import Written

from hasten.diagnose import connection_per_request
from hasten.trace import WorkerProfile


def ask(written: Written, count: int, *, connects: bool, **given: Any) -> None:
    """
    Requests that use the database, on a connection of their own or on one that is kept.
    """
    for _ in range(count):
        opening = [
            written.step("connect", 0, 8, "postgresql", at="shop/db.py:5 session"),
            written.step("db", 8, 2, "select pg_catalog.version()"),
        ]
        steps = opening if connects else []
        written.add(*steps, written.step("db", 12, 3, "SELECT id FROM inquiries LIMIT ?"), **given)


def test_a_connection_for_each_request_is_found(observed: Any, target: Any, written: Written) -> None:
    """
    Ten of 25 requests are warming up; the other 15 open one each, 10 ms with what is asked about the server.
    """
    ask(written, 25, connects=True)
    [found] = connection_per_request.find(
        observed(traces=written.traces, workers=[WorkerProfile(pid=7, connections_opened=25)]), target
    )

    assert pytest.approx(4000 * 15 / 25 * 0.010) == found.cost_s_per_day
    assert (15, 15, 25, "shop/db.py:5 session") == tuple(
        found.evidence[name] for name in ("requests_with_database", "requests_opening", "opened_by_workers", "caller")
    )


def test_a_pool_that_is_being_filled_is_healthy(observed: Any, target: Any, written: Written) -> None:
    """
    The first ten requests of each worker open a connection, the others use them.
    """
    for pid in (1, 2, 3):
        ask(written, 10, connects=True, pid=pid)
        ask(written, 10, connects=False, pid=pid)

    assert [] == connection_per_request.find(observed(traces=written.traces), target)


def test_too_few_requests_say_nothing(observed: Any, target: Any, written: Written) -> None:
    """
    Nineteen are nine after warming up.
    """
    ask(written, 19, connects=True)

    assert [] == connection_per_request.find(observed(traces=written.traces), target)
