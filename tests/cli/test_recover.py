"""
hasten recover: what it finds and what it says. The recovery itself is in tests/test_way_back.py and tests/real.
"""

from collections.abc import Callable
from typing import Any

from tests.story import Story

from hasten.model import Step


def test_when_all_is_well_it_says_so(run: Callable[..., Any], story: Story, monkeypatch: Any) -> None:
    """
    And writes nothing.
    """
    monkeypatch.setattr("hasten.optimize.database.indexes.is_applied", lambda *_: True)
    entries = len(story.book.read())
    monkeypatch.setattr("hasten.optimize.database.indexes.has_remains", lambda *_: False)

    assert "All is well" in run("recover", "--config", story.folder).out
    assert {"stopped_strays": [], "settled": []} == run("recover", "--json", "--config", story.folder).data
    assert entries == len(story.book.read())


def test_a_trial_that_was_cut_short_is_settled(run: Callable[..., Any], story: Story, monkeypatch: Any) -> None:
    """
    It was on a clone only, so nothing of the application is touched.
    """
    monkeypatch.setattr("hasten.optimize.database.indexes.is_applied", lambda *_: True)
    story.book.append(Step.APPLIED, {"change": story.waiting.id, "arena": "clone"})
    said = run("recover", "--config", story.folder)

    assert f"{story.waiting.id}" in said.out
    assert "a trial on a clone was cut short" in said.out
    assert [Step.ROLLED_BACK, Step.RECOVERED] == [entry.step for entry in story.book.read()[-2:]]
