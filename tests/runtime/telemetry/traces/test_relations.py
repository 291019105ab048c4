"""
Relations of a traced request: what was loaded, and what somebody read of it.
"""

import sys
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from hasten_runtime.telemetry.traces import bypass, file, loads, on_asgi, relations, trace
from hasten_runtime.telemetry.traces.trace import Trace


class Thing:
    """
    An object that has a relation.
    """


@pytest.fixture(autouse=True)
def _nothing_is_watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """
    Nothing is loaded before or after, and no code of the tests counts.
    """
    monkeypatch.setattr(bypass, "is_there", lambda: False)
    relations.forget()
    yield
    relations.forget()


def load(relation: int = 1, key: str = "lines", holder: Any = None) -> loads.Load:
    """
    The request under way loads one object's relation.
    """
    time = relations.begun(relation, f"selectin Order.{key} line", key, 5)
    assert time is not None
    holder = holder or Thing()
    time.load.add(holder, weakref.ref(holder))
    return time.load


def test_without_a_traced_request_nothing_is_loaded() -> None:
    """
    There is nobody to tell.
    """
    assert relations.begun(1, "selectin Order.lines line", "lines", 5) is None


def test_what_is_loaded_is_awaited_until_it_is_read(of: Trace) -> None:
    """
    Whatever the object, where it is read by the request itself.
    """
    load(1, "lines")
    load(2, "customer")
    assert frozenset(("lines", "customer")) == relations.awaited

    relations.seen(1, Thing())
    assert frozenset(("customer",)) == relations.awaited
    assert ["read", "unread"] == [each[4] for each in relations.steps(of)]
    assert frozenset() == relations.awaited


def test_each_time_is_a_step_up_to_a_bound(of: Trace) -> None:
    """
    With when it was and where; the twenty-first of a relation is not told.
    """
    for _ in range(loads.MOST_TIMES + 1):
        load()
    steps = relations.steps(of)

    assert loads.MOST_TIMES == len(steps)
    assert {("eager", 5, 5, "selectin Order.lines line", "unread", 0)} == {each[:6] for each in steps}
    assert all("load" == each[6][0][2] for each in steps)


def test_elsewhere_a_read_counts_for_the_object(of: Trace) -> None:
    """
    Another request's is another's.
    """
    holder = Thing()
    load(holder=holder)
    token = trace.set_trace(None)
    relations.seen(1, Thing())
    assert frozenset(("lines",)) == relations.awaited
    relations.seen(2, holder)
    assert frozenset(("lines",)) == relations.awaited
    relations.seen(1, holder)
    trace.reset_trace(token)

    assert ["read"] == [each[4] for each in relations.steps(of)]


def test_what_goes_past_is_not_unread(of: Trace) -> None:
    """
    All of the request's that has it; of any other request's only where it is one of its objects.
    """
    holder = Thing()
    load(1, "lines", holder)
    load(2, "customer")
    token = trace.set_trace(None)
    relations.passed(Thing())
    relations.passed(holder)
    trace.reset_trace(token)
    del holder
    assert ["passed", "unread"] == [each[4] for each in relations.steps(of)]


def test_within_the_request_everything_goes_past(of: Trace) -> None:
    """
    What hangs on an object that is deleted is read with it.
    """
    load(1, "lines")
    load(2, "customer")
    relations.passed(Thing())

    assert ["passed", "passed"] == [each[4] for each in relations.steps(of)]


def test_what_is_still_there_is_kept(of: Trace) -> None:
    """
    Somebody may read it later.
    """
    holder = Thing()
    load(holder=holder)

    assert ["kept"] == [each[4] for each in relations.steps(of)]


def test_where_code_reads_past_everything_nothing_is_known(of: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What was read is read all the same.
    """
    monkeypatch.setattr(bypass, "is_there", lambda: True)
    load(1, "lines")
    load(2, "customer")
    relations.seen(1, Thing())

    assert ["read", "unseen"] == [each[4] for each in relations.steps(of)]


def test_too_many_objects_are_not_judged(of: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Beyond the bound a read could go unseen.
    """
    monkeypatch.setattr(loads, "MOST_OBJECTS", 1)
    load(holder=Thing())
    first = Thing()
    load(holder=first)
    del first

    assert ["passed", "passed"] == [each[4] for each in relations.steps(of)]


def test_too_many_requests_give_up_the_oldest(of: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Traces that are never written are not watched for ever.
    """
    monkeypatch.setattr(relations, "MOST_OPEN", 1)
    load()
    other = Trace(0, 0.0, 1)
    token = trace.set_trace(other)
    load(2, "customer")
    trace.reset_trace(token)

    assert frozenset(("customer",)) == relations.awaited
    assert ["passed"] == [each[4] for each in relations.steps(of)]
    assert ["unread"] == [each[4] for each in relations.steps(other)]


def test_a_trace_that_is_not_written_is_let_go(of: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where too many wait, or where it was given up.
    """
    monkeypatch.setattr(file, "MOST_WAITING", 0)
    load()
    file.write_soon(of)
    assert frozenset() == relations.awaited

    other = Trace(0, 0.0, 1)
    trace.set_trace(other)
    load(2, "customer")
    on_asgi.finished(other, "/")
    assert frozenset() == relations.awaited


def test_no_object_is_kept_alive(of: Trace) -> None:
    """
    Weak references, and no more.
    """
    holder = Thing()
    references = sys.getrefcount(holder)
    load(holder=holder)

    assert references == sys.getrefcount(holder)


def test_a_child_knows_nothing_of_its_parents(of: Trace) -> None:
    """
    After a fork nothing is awaited.
    """
    load()
    relations.forget()

    assert frozenset() == relations.awaited
