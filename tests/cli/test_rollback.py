"""
hasten rollback: which changes are meant.
"""

import shutil
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.story import KEEP, Story, change

from hasten import way_back
from hasten.model import Change, Step


@pytest.fixture
def undone(monkeypatch: pytest.MonkeyPatch) -> list[Change]:
    """
    The changes that were undone; the database is not asked.
    """
    done: list[Change] = []
    monkeypatch.setattr(way_back, "go_back", lambda change, *_: done.append(change))
    return done


@pytest.mark.parametrize("words", [[], ["--all", "beef"]])
def test_it_must_be_said_which(run: Callable[..., Any], story: Story, undone: list[Change], words: list[str]) -> None:
    """
    Neither nothing nor both: a slip of the hand undoes nothing.
    """
    said = run("rollback", *words, "--config", story.folder)

    assert (1, []) == (said.code, undone)
    assert "say which" in said.err


@pytest.mark.parametrize("by", ["--all", "id"])
def test_what_is_kept_is_undone(run: Callable[..., Any], story: Story, undone: list[Change], by: str) -> None:
    """
    All of it, or what the beginning of an id names.
    """
    word = by if by == "--all" else story.kept.id[:6]
    dry = run("rollback", word, "--dry-run", "--json", "--config", story.folder).data
    assert ({"would_undo": [story.kept.id]}, []) == (dry, undone)

    assert [story.kept.id] == run("rollback", word, "--json", "--config", story.folder).data["undone"]
    assert [story.kept] == undone


def test_a_change_under_a_later_one_is_refused_with_the_way_out(
    run: Callable[..., Any], story: Story, undone: list[Change]
) -> None:
    """
    --with-later undoes both, the newest first; in a freeze and after a stop, too.
    """
    later = change("price")
    story.book.append(Step.PLANNED, {"change": msgspec.to_builtins(later), "id": later.id})
    story.book.append(Step.KEPT, {"change": later.id, "decision": msgspec.to_builtins(KEEP)})
    config = story.folder / "hasten.toml"
    config.write_text(config.read_text() + '[[freeze]]\nfrom = "2000-01-01"\nto = "2100-01-01"\n')
    run("stop", "--config", story.folder)

    said = run("rollback", story.kept.id, "--config", story.folder)
    assert (1, True, []) == (said.code, f"--with-later {story.kept.id}" in said.err, undone)
    run("rollback", story.kept.id, "--with-later", "--config", story.folder)
    assert [later, story.kept] == undone


def test_an_id_that_names_nothing_kept(run: Callable[..., Any], story: Story, undone: list[Change]) -> None:
    """
    What was only planned, or is gone already, cannot be undone; a dry run says so too.
    """
    for words in ([story.waiting.id], [story.undecided.id, "--dry-run"]):
        said = run("rollback", *words, "--config", story.folder)
        assert (1, True) == (said.code, "no kept change has an id like" in said.err)
    assert [] == undone


def test_going_back_needs_no_evidence(run: Callable[..., Any], story: Story, undone: list[Change]) -> None:
    """
    Everything that it takes is in the ledger.
    """
    shutil.rmtree(story.folder / "observations")

    assert [story.kept.id] == run("rollback", "--all", "--json", "--config", story.folder).data["undone"]


def test_for_people_each_inverse_is_told(run: Callable[..., Any], story: Story, undone: list[Change]) -> None:
    """
    The statement that takes it back is shown.
    """
    assert story.kept.inverse["drop"] in run("rollback", "--all", "--dry-run", "--config", story.folder).out
