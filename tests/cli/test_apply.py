"""
hasten apply: which changes are tried, and who allows it. Trials themselves are in tests/real.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.story import KEEP, UNDECIDED, Story, change

from hasten import cycle
from hasten.cli import apply
from hasten.model import Change, Decision, Step


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


def allow(story: Story, mode: str, *lines: str) -> None:
    """
    hasten.toml says [allow] mode, and these lines.
    """
    path = story.folder / "hasten.toml"
    path.write_text("\n".join([path.read_text(), "[allow]", f'mode = "{mode}"', *lines, ""]))


def test_a_dry_run_says_what_would_be_tried(run: Callable[..., Any], story: Story, carried_out: list[Change]) -> None:
    """
    Only what is planned and was not tried; nothing is allowed, and nothing needs to be.
    """
    found = run("apply", "--dry-run", "--json", "--config", story.folder).data

    assert [story.waiting.id] == [each["id"] for each in found["would_try"]]
    assert ["no"] == [each["permission"]["value"] for each in found["would_try"]]
    said = run("apply", "--dry-run", "--config", story.folder).out
    assert story.waiting.inverse["drop"] in said
    assert "not allowed: hasten.toml lets Hasten only observe" in said
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


@pytest.mark.parametrize(("words", "note"), [(["--yes"], "--yes"), ([], "at the terminal")])
def test_a_yes_is_on_record(
    run: Callable[..., Any], story: Story, carried_out: list[Change], monkeypatch: Any, words: list[str], note: str
) -> None:
    """
    However it was said, the ledger has it as an approval, before anything is tried.
    """
    allow(story, "approve")
    monkeypatch.setattr(apply.sys, "stdin", Terminal("y\n"))
    run("apply", *words, "--config", story.folder)
    entry = story.book.read()[-1]

    assert (Step.APPROVED, note, story.waiting.id) == (entry.step, entry.body["note"], entry.body["change"])


def test_what_was_approved_before_needs_nobody(
    run: Callable[..., Any], story: Story, carried_out: list[Change]
) -> None:
    """
    A timer can run `hasten apply`: it tries what somebody approved, and nothing else.
    """
    allow(story, "approve")
    said = run("apply", "--config", story.folder)
    assert (1, []) == (said.code, carried_out)
    assert f"hasten approve {story.waiting.id}" in said.err

    other = change("price")
    story.book.append(Step.PLANNED, {"change": msgspec.to_builtins(other), "id": other.id})
    run("approve", story.waiting.id, "--config", story.folder)
    said = run("apply", "--json", "--config", story.folder)
    assert ([story.waiting], [other.id]) == (carried_out, [each["id"] for each in said.data["left"]])
    assert f"left         {other.id}  nobody has approved this one" in run("apply", "--config", story.folder).out


def test_the_class_of_a_change_has_its_own_mode(
    run: Callable[..., Any], story: Story, carried_out: list[Change]
) -> None:
    """
    By [allow.modes]: what is not for Hasten to do is left, and refused where it was named.
    """
    allow(story, "auto", "[allow.modes]", '"database.indexes" = "propose"')
    said = run("apply", story.waiting.id, "--yes", "--config", story.folder)

    assert (1, []) == (said.code, carried_out)
    assert "[allow.modes] database.indexes" in said.err


def test_an_unknown_optimization_in_the_modes_is_named(run: Callable[..., Any], story: Story) -> None:
    """
    With the nearest known one: a slip must not leave something more allowed than was meant.
    """
    allow(story, "auto", "[allow.modes]", '"database.indexs" = "propose"')
    said = run("apply", "--config", story.folder)

    assert (1, True) == (said.code, "did you mean 'database.indexes'?" in said.err)


def test_the_budget_ends_a_run_in_order(run: Callable[..., Any], story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What was done is told; what it did not reach stays planned, with the reason.
    """
    allow(story, "auto", "max_changes_per_day = 2")
    other = change("price")
    story.book.append(Step.PLANNED, {"change": msgspec.to_builtins(other), "id": other.id})

    def carry_out(change: Change, *_: object) -> Decision:
        story.book.append(Step.APPLIED, {"change": change.id, "arena": "live"})
        story.book.append(Step.KEPT, {"change": change.id, "decision": msgspec.to_builtins(KEEP)})
        return KEEP

    monkeypatch.setattr(cycle, "carry_out", carry_out)
    said = run("apply", "--json", "--config", story.folder)

    assert (0, [story.waiting.id]) == (said.code, [each["id"] for each in said.data["decisions"]])
    assert [(other.id, "budget:day")] == [(each["id"], each["rule"]) for each in said.data["left"]]
    assert "max_changes_per_day" in run("apply", "--config", story.folder).err


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
