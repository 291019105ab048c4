"""
When a snapshot is due, and what a fork forgets.
"""

import os
from time import perf_counter_ns as now

import pytest

from hasten_runtime.telemetry import pulse, statements
from hasten_runtime.telemetry.statements import counted, took


def test_whoever_listens_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The last one that asked to be told is told, once per beat.
    """
    told: list[str] = []
    monkeypatch.setattr(pulse, "_act", [])
    pulse.beat()
    pulse.on_beat(lambda: told.append("first"))
    pulse.on_beat(lambda: told.append("second"))
    pulse.beat()

    assert ["second"] == told


def test_what_cannot_be_forgotten_keeps_nobody_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    One that fails is said, and the others forget all the same: a forked child goes on in any case.
    """
    told: list[str] = []

    def fail() -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(pulse, "_resets", [fail, lambda: told.append("forgotten")])
    pulse.forget()

    assert ["forgotten"] == told
    assert 1 == capsys.readouterr().err.count("MemoryError: no room")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_begins_at_nothing() -> None:
    """
    What the parent counted is not in the child, and the parent keeps it.
    """
    took("select 1", now())
    child = os.fork()
    if not child:
        empty = counted() == [] and statements._known == {}
        took("select 2", now())
        os._exit(0 if empty and len(counted()) == 1 else 1)
    _, status = os.waitpid(child, 0)

    assert 0 == os.waitstatus_to_exitcode(status)
    assert 1 == len(counted())
