"""
hasten resume lifts a stop, whoever made it.
"""

from collections.abc import Callable
from typing import Any

import pytest
from tests.story import Story

from hasten import kill_switch
from hasten.errors import HastenError
from hasten.model import Step
from hasten.record.ledger import Ledger


def test_a_stop_is_lifted_once(run: Callable[..., Any], story: Story) -> None:
    """
    With what it said, in the record; a second time there is nothing to lift.
    """
    kill_switch.path_of(story.folder).write_text("by hand")
    said = run("resume", "--json", "--config", story.folder)
    entries = story.book.read()

    assert (0, True, None) == (said.code, said.data["resumed"], kill_switch.pulled(story.folder))
    assert (Step.RESUMED, "by hand") == (entries[-1].step, entries[-1].body["reason"])
    assert "Nothing was stopped" in run("resume", "--config", story.folder).out
    assert len(entries) == len(story.book.read())


def test_for_people_the_reason_is_told(run: Callable[..., Any], story: Story) -> None:
    """
    As it was written.
    """
    run("stop", "--reason", "[db] is slow", "--config", story.folder)

    assert "[db] is slow" in run("resume", "--config", story.folder).out


def test_what_cannot_be_recorded_is_not_lifted(
    run: Callable[..., Any], story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The record comes first: a stop does not vanish without a trace.
    """
    kill_switch.pull(story.folder, "")

    def full(*_: Any) -> None:
        raise HastenError("the disk is full")

    monkeypatch.setattr(Ledger, "append", full)
    said = run("resume", "--config", story.folder)

    assert (1, True) == (said.code, kill_switch.pulled(story.folder) is not None)
