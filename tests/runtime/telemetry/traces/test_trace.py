"""
Adding steps to a trace.
"""

import threading
from contextvars import Context, copy_context
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


def test_whether_a_request_is_traced_here(of: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    It is until its answer is complete; a fault says no.
    """
    seen = [trace.is_here()]
    monkeypatch.setattr(trace, "_current", None)
    seen.append(trace.is_here())
    monkeypatch.undo()
    of.ended_ns = now()

    assert [True, False, False] == [*seen, trace.is_here()]


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
    The number goes up and down; ending one that is not under way is none.
    """
    one, two = Trace(1, 0.0, 1), Trace(10, 0.0, 1)
    trace.began(one)
    trace.began(two)

    assert 2 == trace.under_way
    assert (True, False) == (trace.ended(one), trace.ended(one))
    assert 1 == trace.under_way


def test_threads_count_together() -> None:
    """
    However many begin and end at the same time, in the end none is under way, and while one is, the number says so.
    """
    wrong = []

    def turns() -> None:
        for _ in range(300):
            one = Trace(1, 0.0, 1)
            trace.began(one)
            if not trace.under_way:
                wrong.append(one)
            trace.ended(one)

    threads = [threading.Thread(target=turns) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ([], 0) == (wrong, trace.under_way)


def test_old_ones_are_given_up() -> None:
    """
    Those that began long ago are traced no longer.
    """
    old, young = Trace(1, 0.0, 1), Trace(10, 0.0, 1)
    for each in (old, young):
        trace.began(each)
    trace.drop_before(5)

    assert (False, True) == (trace.ended(old), trace.ended(young))
    assert 0 < old.ended_ns


def test_the_trace_of_another_context(of: Trace) -> None:
    """
    Found from outside; none where no request is under way.
    """
    assert of is trace.of_context(copy_context())
    assert trace.of_context(Context()) is None
