"""
What is known of a relation that a request has loaded.
"""

import weakref
from typing import Any

import pytest

from hasten_runtime.telemetry.traces import keeping, loads


class Thing:
    """
    An object that has a relation.
    """


@pytest.mark.parametrize(
    ("is_read", "is_past", "is_kept", "verdict"),
    [
        (False, False, False, loads.UNREAD),
        (False, False, True, loads.KEPT),
        (False, True, True, loads.PASSED),
        (True, True, True, loads.READ),
    ],
)
def test_what_was_read_is_read_whatever_else_may_have_been(
    is_read: bool, is_past: bool, is_kept: bool, verdict: str
) -> None:
    """
    And only what nobody can have read is unread.
    """
    load = loads.Load("selectin Order.lines line", "lines")
    holder: Any = Thing()
    load.add(holder, weakref.ref(holder))
    load.is_read, load.is_past = is_read, is_past
    if not is_kept:
        holder = None

    assert verdict == load.verdict(1 << 62)


def test_objects_are_known_by_a_weak_reference_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Up to a bound; who is beyond it may be read by anybody.
    """
    monkeypatch.setattr(loads, "MOST_OBJECTS", 1)
    monkeypatch.setattr(keeping, "_collected_ns", 1)
    load = loads.Load("selectin Order.lines line", "lines")
    for holder in (Thing(), Thing()):
        load.add(holder, weakref.ref(holder))

    assert (1, True) == (len(load.holders), load.is_past)
