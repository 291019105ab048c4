"""
Adding steps to a trace.
"""

from time import perf_counter_ns as now

import pytest

from hasten_runtime.telemetry.traces import trace
from hasten_runtime.telemetry.traces.trace import MOST_STEPS, Trace, record


def test_a_step_has_its_time_its_name_and_its_place(of: Trace) -> None:
    """
    What was recorded is there, with a hash of the values and the lines of the application that led to it.
    """
    began_ns = now() - 1000
    record("db", began_ns, "SELECT 1", [1], 5)
    ((kind, from_ns, to_ns, name, detail, rows, frames),) = of.steps

    assert ("db", began_ns, "SELECT 1", 5) == (kind, from_ns, name, rows)
    assert from_ns + 1000 <= to_ns <= now()
    assert 16 == len(detail)
    assert "test_a_step_has_its_time_its_name_and_its_place" == frames[0][2]
    assert 0 < of.cost_ns


def test_without_a_request_there_is_nothing(of: Trace) -> None:
    """
    A step outside of a traced request goes nowhere, and neither does one after the answer.
    """
    of.ended_ns = now()
    record("db", now(), "late")
    trace.set_trace(None)
    record("db", now(), "outside")

    assert [] == of.steps


def test_steps_are_bounded(of: Trace) -> None:
    """
    Beyond the bound they are counted and no more.
    """
    for _ in range(MOST_STEPS + 3):
        of.add(("db", 0, 0, "", "", -1, ()))

    assert (MOST_STEPS, 3) == (len(of.steps), of.left_out)


def test_a_fault_is_said_and_passed_over(
    of: Trace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Whoever records a step never sees an error of ours.
    """
    monkeypatch.setattr(trace, "own_frames", lambda: 1 / 0)
    record("db", now(), "x")
    record("db", now(), "x")

    assert 1 == capsys.readouterr().err.count("a step of a trace is missing: ZeroDivisionError")


def test_how_many_are_under_way() -> None:
    """
    The number goes up and down, and not below nothing.
    """
    trace.began()
    seen = [trace.under_way]
    for _ in range(2):
        trace.ended()
        seen.append(trace.under_way)

    assert [1, 0, 0] == seen
