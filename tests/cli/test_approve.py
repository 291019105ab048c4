"""
hasten approve: a yes to exactly what was planned, for a while.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.cli.test_apply import allow
from tests.story import Story

from hasten.lock import alone
from hasten.model import Step, now
from hasten.record.approvals import approvals


def in_force(story: Story) -> dict[str, datetime]:
    """
    The approvals of the ledger, with their ends.
    """
    return {each.change: each.until for each in approvals(story.book.read())}


@pytest.mark.parametrize(("words", "hours"), [([], 24), (["--for", "2d"], 48), (["--for", "1h30m"], 1.5)])
def test_a_yes_has_an_end(run: Callable[..., Any], story: Story, words: list[str], hours: float) -> None:
    """
    A day unless it is said how long; the ledger has who, why and until when.
    """
    allow(story, "approve")
    said = run("approve", story.waiting.id[:6], *words, "--note", "[ok]", "--json", "--config", story.folder)

    assert (0, [story.waiting.id]) == (said.code, [each["id"] for each in said.data["approved"]])
    assert abs(in_force(story)[story.waiting.id] - now() - timedelta(hours=hours)) < timedelta(minutes=5)
    assert "[ok]" == story.book.read()[-1].body["note"] == said.data["approved"][0]["note"]


def test_the_default_is_in_the_file(run: Callable[..., Any], story: Story) -> None:
    """
    [allow] approval_hours.
    """
    allow(story, "approve", "approval_hours = 2")
    run("approve", story.waiting.id, "--config", story.folder)

    assert in_force(story)[story.waiting.id] < datetime.now(UTC) + timedelta(hours=3)


@pytest.mark.parametrize("lasting", ["", "0s", "2 days", "31d", "-1h", "9" * 30 + "d"])
def test_for_ever_is_not_an_approval(run: Callable[..., Any], story: Story, lasting: str) -> None:
    """
    No time at all, words, or more than a month: refused, with what would do.
    """
    allow(story, "approve")
    said = run("approve", story.waiting.id, "--for", lasting, "--config", story.folder)

    assert (1, {}) == (said.code, in_force(story))
    assert "30d" in said.err


@pytest.mark.parametrize(
    ("mode", "says"), [("observe", "only observe"), ("propose", "only propose"), ("auto", "needs no approval")]
)
def test_only_what_waits_for_a_yes_can_be_approved(run: Callable[..., Any], story: Story, mode: str, says: str) -> None:
    """
    What hasten.toml forbids is not lifted by a yes, and what is automatic needs none.
    """
    allow(story, mode)
    said = run("approve", story.waiting.id, "--config", story.folder)

    assert (1, True, {}) == (said.code, says in said.err, in_force(story))


def test_only_what_is_planned_can_be_approved(run: Callable[..., Any], story: Story) -> None:
    """
    One wrong id among right ones approves nothing; a prefix that means several neither.
    """
    allow(story, "approve")
    for wrong in (story.kept.id, story.undecided.id, "beef"):
        said = run("approve", story.waiting.id, wrong, "--config", story.folder)
        assert (1, True) == (said.code, "no planned change" in said.err)
    story.book.append(Step.PLANNED, {"change": story.book.read()[2].body["change"], "id": story.kept.id})
    assert "the beginning of 2 ids" in run("approve", "", "--config", story.folder).err

    assert {} == in_force(story)


def test_a_yes_can_be_taken_back(run: Callable[..., Any], story: Story) -> None:
    """
    Then there is nothing more to take back.
    """
    allow(story, "approve")
    run("approve", story.waiting.id, "--config", story.folder)
    assert "withdrawn" in run("approve", "--withdraw", story.waiting.id, "--config", story.folder).out
    said = run("approve", "--withdraw", story.waiting.id, "--config", story.folder)

    assert (1, True, {}) == (said.code, "no approval is in force" in said.err, in_force(story))


def test_only_one_writes_at_a_time(run: Callable[..., Any], story: Story) -> None:
    """
    While another Hasten is at work it is refused, not mixed into its record.
    """
    allow(story, "approve")
    with alone(story.folder):
        said = run("approve", story.waiting.id, "--config", story.folder)

    assert (1, True, {}) == (said.code, "at work" in said.err, in_force(story))
