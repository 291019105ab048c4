"""
hasten status tells where everything stands.
"""

from collections.abc import Callable
from typing import Any

from tests.cli.test_apply import allow
from tests.story import Story

from hasten.model import Step


def test_every_change_and_measurement_is_told(run: Callable[..., Any], story: Story) -> None:
    """
    For programs: ids, states, and whether recover is needed.
    """
    said = run("status", "--json", "--config", story.folder)

    assert 0 == said.code
    assert ["baseline", "now"] == [each["name"] for each in said.data["measurements"]]
    assert {story.kept.id: "KEPT", story.undecided.id: "ROLLED_BACK", story.waiting.id: "PLANNED"} == {
        each["id"]: each["state"] for each in said.data["changes"]
    }
    assert (False, []) == (said.data["needs_recover"], said.data["running"])


def test_a_run_that_was_cut_short_is_seen(run: Callable[..., Any], story: Story) -> None:
    """
    For people: the command that puts it in order is named.
    """
    assert "recover" not in run("status", "--config", story.folder).out
    story.book.append(Step.APPLIED, {"change": story.waiting.id, "arena": "live"})
    said = run("status", "--config", story.folder)

    assert "hasten recover" in said.out
    assert story.waiting.id in said.out


def test_what_holds_everything_up_is_seen(run: Callable[..., Any], story: Story) -> None:
    """
    A stop, a freeze, and what somebody has approved.
    """
    allow(story, "approve", "[[freeze]]", 'from = "2000-01-01"', 'to = "2100-01-01"', 'reason = "[sale]"')
    found = run("status", "--json", "--config", story.folder).data
    assert (None, "[sale]", []) == (found["stopped"], found["frozen"]["reason"], found["approvals"])

    run("approve", story.waiting.id, "--config", story.folder)
    run("stop", "--reason", "[down]", "--config", story.folder)
    found = run("status", "--json", "--config", story.folder).data
    assert "[down]" == found["stopped"]["reason"]
    assert [story.waiting.id] == [each["change"] for each in found["approvals"]]
    said = run("status", "--config", story.folder).out
    assert all(word in said for word in ("[down]", "[sale]", "hasten resume", f"approved: {story.waiting.id}"))
