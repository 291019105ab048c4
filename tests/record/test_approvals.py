"""
Approvals and the budget, read from the ledger.
"""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.story import KEEP, Story, change, write_story

from hasten.model import Step, now
from hasten.permission import seal_of
from hasten.record import history
from hasten.record.approvals import approvals, approve, longest_trial, spending, withdraw


@pytest.fixture
def story(tmp_path: Any) -> Story:
    """
    A finished story, in which one change waits.
    """
    return write_story(tmp_path)


def approved(story: Story) -> list[str]:
    """
    The ids that are approved.
    """
    return [each.change for each in approvals(story.book.read())]


def test_an_approval_is_who_what_and_until_when(story: Story) -> None:
    """
    The entry says it all, and moves the change nowhere.
    """
    before = history.changes(story.book.read())
    until = now() + timedelta(hours=1)
    approve(story.book, story.waiting, until, "looks good")
    (found,) = approvals(story.book.read())

    assert (story.waiting.id, seal_of(story.waiting)) == (found.change, found.seal)
    assert ("test", until) == (found.by, found.until)
    assert ("looks good", "database.indexes", "orders") == (found.note, found.optimization, found.where)
    assert before == history.changes(story.book.read())


def test_a_withdrawn_approval_is_none(story: Story) -> None:
    """
    All of them go at once; one that is given afterwards counts.
    """
    for _ in range(2):
        approve(story.book, story.waiting, now(), "")
    withdraw(story.book, story.waiting.id, "")
    assert [] == approved(story)

    approve(story.book, story.waiting, now(), "")
    assert [story.waiting.id] == approved(story)


@pytest.mark.parametrize("step", [Step.KEPT, Step.ROLLED_BACK])
def test_an_approval_is_for_one_carrying_out(story: Story, step: Step) -> None:
    """
    What was kept and undone by a person is not applied again by the same yes; a crash in the middle takes none away.
    """
    approve(story.book, story.waiting, now(), "")
    story.book.append(Step.APPLIED, {"change": story.waiting.id, "arena": "clone"})
    assert [story.waiting.id] == approved(story)

    story.book.append(step, {"change": story.waiting.id, "reason": "", "decision": msgspec.to_builtins(KEEP)})
    assert [] == approved(story)


def test_planning_again_keeps_the_approval(story: Story) -> None:
    """
    The same change of the next plan is the same change.
    """
    approve(story.book, story.waiting, now(), "")
    story.book.append(Step.PLANNED, {"change": msgspec.to_builtins(story.waiting), "id": story.waiting.id})

    assert [story.waiting.id] == approved(story)


def test_only_what_went_live_is_spent(story: Story) -> None:
    """
    A trial on a clone is free; what is kept counts from then on, until it is undone.
    """
    found = spending(story.book.read())
    assert (1, 1) == (len(found.applied_at), len(found.kept_at))

    story.book.append(Step.ROLLED_BACK, {"change": story.kept.id, "reason": "asked for"})
    found = spending(story.book.read())
    assert (1, 0) == (len(found.applied_at), len(found.kept_at))


def test_the_slowest_trial_is_known(story: Story) -> None:
    """
    From the ledger; nothing without one.
    """
    assert timedelta() == longest_trial([])
    body: dict[str, Any] = {"change": change("x").id, "arena": "clone", "trial": {"duration_s": 77.5}}
    story.book.append(Step.TRIED, body)

    assert timedelta(seconds=77.5) == longest_trial(story.book.read())
