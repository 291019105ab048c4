"""
hasten.world.load.windows
"""

from array import array
from typing import Any

from hasten.world.load.plan import LoadPlan, LoadRequest
from hasten.world.load.result import COLUMNS, Flag, Outcome, Records
from hasten.world.load.windows import windows_of


def records(**columns: Any) -> Records:
    """
    Requests that all were answered with 200, but for the columns that are given.
    """
    count = len(columns["intended"])
    fixed: dict[str, Any] = {"outcome": [Outcome.ANSWERED] * count, "status": [200] * count}
    return Records.of(
        {name: array(code, columns.get(name, fixed.get(name, [0] * count))) for name, code in COLUMNS.items()}
    )


PLAN = LoadPlan(base_url="http://127.0.0.1", requests=[LoadRequest()], rate_per_s=10, duration_s=10, window_s=5)


def test_a_punctual_generator_is_believed() -> None:
    """
    Lateness below 5 ms rejects nothing.
    """
    found = windows_of(PLAN, records(intended=[1, 6], latency=[0.01, 0.01], lateness=[0.004, 0.004]))

    assert [False, False] == [window.rejected for window in found]


def test_a_late_window_is_rejected_and_only_that_one() -> None:
    """
    10 ms late where the p95 is 100 ms is too late; the window beside it stays.
    """
    found = windows_of(PLAN, records(intended=[1, 6], latency=[0.1, 0.1], lateness=[0.0, 0.010]))

    assert [False, True] == [window.rejected for window in found]


def test_slow_answers_allow_for_more_lateness() -> None:
    """
    5 % of the window's own p95 is allowed: 100 ms late is nothing beside 3 s.
    """
    found = windows_of(PLAN, records(intended=[1, 6], latency=[3.0, 1.0], lateness=[0.1, 0.1]))

    assert [False, True] == [window.rejected for window in found]


def test_the_heartbeat_counts_where_requests_are_few() -> None:
    """
    A loop that slept between two requests is found out by its ticks.
    """
    ticks = [(at * 0.02, 0.5 if 50 <= at < 70 else 0.0) for at in range(500)]

    found = windows_of(PLAN, records(intended=[4, 6], latency=[0.1, 0.1]), ticks)

    assert [True, False] == [window.rejected for window in found]


def test_an_empty_window_is_no_reason_to_reject() -> None:
    """
    Where nothing was sent there is no percentile and no verdict against it.
    """
    found = windows_of(PLAN, records(intended=[1], latency=[0.1]))

    assert (0, None, None, False) == (found[1].requests, found[1].p95_s, found[1].lateness_p99_s, found[1].rejected)


def test_warm_up_is_in_no_window() -> None:
    """
    Requests before the measured time are not counted.
    """
    found = windows_of(PLAN, records(intended=[1, 2], flags=[Flag.WARMUP, 0]))

    assert 1 == sum(window.requests for window in found)


def test_errors_are_counted_by_window() -> None:
    """
    5xx and requests without an answer are errors.
    """
    found = windows_of(
        PLAN,
        records(
            intended=[1, 2, 6],
            status=[500, 0, 404],
            outcome=[Outcome.ANSWERED, Outcome.RESET, Outcome.ANSWERED],
        ),
    )

    assert [2, 0] == [window.errors for window in found]
