"""
The gate: whoever calls the loop is held to the stop file, hasten.toml, the freeze windows, the budget and approvals.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from tests.story import Story, write_story

from hasten import gate, kill_switch
from hasten.application import App
from hasten.errors import Interrupted, NotAllowed
from hasten.freeze import DAYS, Freeze
from hasten.model import now
from hasten.permission import Value
from hasten.record.approvals import approve
from hasten.target import Allow, Target
from hasten.world.supervisor import Supervisor

ALWAYS = Freeze(days=list(DAYS), reason="release")


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """
    One change waits, one is live since just now.
    """
    return write_story(tmp_path)


def app(story: Story, *, freeze: Freeze | None = None, **allow: Any) -> App:
    """
    Its application, under these rules.
    """
    target = Target(allow=Allow(**{"mode": "auto", **allow}), freeze=[freeze] if freeze else [])
    return App(target=target, state_dir=story.folder, supervisor=cast(Supervisor, None))


@pytest.mark.parametrize(
    ("rules", "rule"),
    [
        ({"mode": "observe"}, "mode:observe"),
        ({"mode": "approve"}, "approval:none"),
        ({"freeze": ALWAYS}, "freeze"),
        ({"max_changes_per_day": 1}, "budget:day"),
        ({"max_live_changes": 1}, "budget:live"),
        # An approval is not asked for where the budget is used up anyway.
        ({"mode": "approve", "max_changes_per_day": 1}, "budget:day"),
    ],
)
def test_each_rule_closes_the_gate(story: Story, rules: dict[str, Any], rule: str) -> None:
    """
    With the rule and a hint, as a value and as an error.
    """
    found = gate.permission_for(story.waiting, app(story, **rules), story.book.read())
    assert (rule, True) == (found.rule, bool(found.hint))

    with pytest.raises(NotAllowed) as caught:
        gate.require(story.waiting, app(story, **rules), story.book)
    assert (rule, found.hint) == (caught.value.data["rule"], caught.value.hint)


def test_what_is_allowed_passes(story: Story) -> None:
    """
    In auto, and in approve with an approval of the ledger.
    """
    gate.require(story.waiting, app(story), story.book)
    approve(story.book, story.waiting, now() + timedelta(hours=1), "")
    gate.require(story.waiting, app(story, mode="approve"), story.book)
    gate.require(story.waiting, app(story, mode="approve"), story.book, is_going_live=True)


def test_the_stop_file_comes_first(story: Story) -> None:
    """
    As a value for those who ask, as an end for those who act; before and in the middle of a change.
    """
    kill_switch.pull(story.folder, "no")
    found = gate.permission_for(story.waiting, app(story), story.book.read())
    assert (Value.NO, "stop") == (found.value, found.rule)

    for is_going_live in (False, True):
        with pytest.raises(Interrupted):
            gate.require(story.waiting, app(story), story.book, is_going_live=is_going_live)


def test_a_trial_that_would_end_in_a_freeze_is_not_begun(story: Story) -> None:
    """
    Before going live only the present counts: the trial is over by then.
    """
    start = now() + timedelta(seconds=100)
    soon = Freeze(from_=start.isoformat(), to=(start + timedelta(hours=1)).isoformat())
    with pytest.raises(NotAllowed, match="a freeze begins"):
        gate.require(story.waiting, app(story, freeze=soon), story.book)

    gate.require(story.waiting, app(story, freeze=soon), story.book, is_going_live=True)
    inside = gate.permission_for(
        story.waiting, app(story, freeze=soon), story.book.read(), at=start, is_going_live=True
    )
    assert "freeze" == inside.rule


def test_the_budget_of_this_change_was_counted_when_it_began(story: Story) -> None:
    """
    Going live is the end of what was allowed at the begin, not one change more.
    """
    gate.require(story.waiting, app(story, max_changes_per_day=1), story.book, is_going_live=True)
