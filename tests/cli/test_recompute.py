"""
hasten recompute: the same verdict from the ledger alone.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from tests.story import KEEP, Story, trial

from hasten.model import Decision, Step, Verdict


def test_the_verdicts_of_the_story_come_out_again(run: Callable[..., Any], story: Story) -> None:
    """
    Kept and undecided alike, with nothing at hand but the ledger.
    """
    for change, verdict in ((story.kept, "KEEP"), (story.undecided, "INCONCLUSIVE")):
        said = run("recompute", change.id, "--config", story.folder)
        found = run("recompute", change.id, "--json", "--config", story.folder).data

        assert 0 == said.code
        assert f"✓ the same: {verdict}" in said.out
        assert (True, verdict, []) == (found["same"], found["recomputed"]["verdict"], found["differs"])


def test_a_verdict_that_does_not_follow_is_found(run: Callable[..., Any], story: Story) -> None:
    """
    A KEEP over blocks that show nothing, however well it is recorded: exit code 1, and where it differs.
    """
    good, bad = trial(story.kept, 0.2), trial(story.kept, 1.0, noise=0.3)
    forged = msgspec.structs.replace(good, blocks=bad.blocks)
    body = {"trial": msgspec.to_builtins(forged), "decision": msgspec.to_builtins(KEEP)}
    story.book.append(Step.TRIED, {"change": story.kept.id, "arena": "clone", **body})
    said = run("recompute", story.kept.id, "--config", story.folder)

    assert 1 == said.code
    assert "another one: INCONCLUSIVE" in said.out
    assert "recorded: KEEP" in said.out
    assert "differs in: looks, effect, effects" in said.out


def test_a_command_that_a_person_gave_is_judged_again_too(run: Callable[..., Any], story: Story) -> None:
    """
    By the id of its trial; one that only had to do no harm is asked only that.
    """
    gain = msgspec.structs.replace(trial(story.kept, 0.2), change="c0ffee")
    harmless = msgspec.structs.replace(trial(story.kept, 1.0, noise=0.001), change="decade")
    no_worse = Decision(verdict=Verdict.KEEP, rule="no_worse", reason="shown to do no harm")
    for found, decision in ((gain, KEEP), (harmless, no_worse)):
        body = {"trial": msgspec.to_builtins(found), "decision": msgspec.to_builtins(decision), "name": "deploy"}
        story.book.append(Step.VERIFIED, body)

    for name in ("c0ffee", "decade"):
        said = run("recompute", name, "--config", story.folder)
        assert (0, True) == (said.code, "the same: KEEP" in said.out), said.out


def test_what_was_not_tried_cannot_be_recomputed(run: Callable[..., Any], story: Story) -> None:
    """
    The error says so.
    """
    assert "was not tried" in run("recompute", story.waiting.id, "--config", story.folder).err
