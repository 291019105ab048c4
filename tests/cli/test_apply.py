"""
hasten apply: which changes are tried, and who allows it. Trials themselves are in tests/real.
"""

from collections.abc import Callable
from typing import Any

import pytest
from tests.story import KEEP, UNDECIDED, Story

from hasten import cycle
from hasten.cli import apply
from hasten.model import Change, Decision


@pytest.fixture
def carried_out(monkeypatch: pytest.MonkeyPatch) -> list[Change]:
    """
    The changes that were handed to the cycle, which finds for and against them in turn.
    """
    done: list[Change] = []

    def carry_out(change: Change, *_: object) -> Decision:
        done.append(change)
        return UNDECIDED if "seller" in change.after["columns"] else KEEP

    monkeypatch.setattr(cycle, "carry_out", carry_out)
    return done


def allow(story: Story, mode: str) -> None:
    """
    hasten.toml says [allow] mode.
    """
    path = story.folder / "hasten.toml"
    path.write_text(f'{path.read_text()}[allow]\nmode = "{mode}"\n')


def test_a_dry_run_says_what_would_be_tried(run: Callable[..., Any], story: Story, carried_out: list[Change]) -> None:
    """
    Only what is planned and was not tried; nothing is allowed, and nothing needs to be.
    """
    found = run("apply", "--dry-run", "--json", "--config", story.folder).data

    assert [story.waiting.id] == [each["id"] for each in found["would_try"]]
    assert story.waiting.inverse["drop"] in run("apply", "--dry-run", "--config", story.folder).out
    assert [] == carried_out


@pytest.mark.parametrize("mode", ["observe", "propose"])
def test_looking_is_not_touching(run: Callable[..., Any], story: Story, carried_out: list[Change], mode: str) -> None:
    """
    --yes does not lift what hasten.toml forbids.
    """
    allow(story, mode)
    said = run("apply", "--yes", "--config", story.folder)

    assert (1, []) == (said.code, carried_out)
    assert f"only {mode}" in said.err


@pytest.mark.parametrize(("mode", "words"), [("auto", []), ("approve", ["--yes"])])
def test_what_is_allowed_is_tried(
    run: Callable[..., Any], story: Story, carried_out: list[Change], mode: str, words: list[str]
) -> None:
    """
    In auto by itself, in approve with a yes.
    """
    allow(story, mode)
    said = run("apply", *words, story.waiting.id[:6], "--json", "--config", story.folder)

    assert (0, [story.waiting]) == (said.code, carried_out)
    assert ["KEEP"] == [each["decision"]["verdict"] for each in said.data["decisions"]]


@pytest.mark.parametrize(("answer", "count"), [("y\n", 1), ("n\n", 0)])
def test_a_person_is_asked(
    run: Callable[..., Any], story: Story, carried_out: list[Change], monkeypatch: Any, answer: str, count: int
) -> None:
    """
    At a terminal the plan is shown and the answer counts.
    """
    allow(story, "approve")
    monkeypatch.setattr(apply.sys, "stdin", Terminal(answer))
    said = run("apply", "--config", story.folder)

    assert count == len(carried_out)
    assert (0 if count else 130) == said.code
    assert story.waiting.id in said.err


class Terminal:
    """
    A terminal at which somebody types one line.
    """

    def __init__(self, line: str) -> None:
        self.line = line

    def isatty(self) -> bool:
        """
        It is one.
        """
        return True

    def readline(self) -> str:
        """
        What was typed.
        """
        return self.line


def test_nothing_worth_keeping_is_exit_code_2(
    run: Callable[..., Any], story: Story, carried_out: list[Change], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A script can tell it from success and from failure.
    """
    allow(story, "auto")
    monkeypatch.setattr(cycle, "carry_out", lambda *_: UNDECIDED)
    said = run("apply", "--config", story.folder)

    assert 2 == said.code
    assert "INCONCLUSIVE" in said.out


def test_an_unknown_id_is_named(run: Callable[..., Any], story: Story, carried_out: list[Change]) -> None:
    """
    A change that was kept or taken back is not waiting any more.
    """
    allow(story, "auto")
    for wrong in ("beef", story.kept.id):
        said = run("apply", wrong, "--config", story.folder)
        assert (1, True) == (said.code, repr(wrong) in said.err)
    assert [] == carried_out
