"""
hasten stop: the file first, then the run, then the record. Real runs are stopped in tests/real/test_stop.py.
"""

from collections.abc import Callable
from typing import Any

import pytest
from tests.cli.test_apply import allow
from tests.story import Story

from hasten import kill_switch, way_back
from hasten.lock import alone
from hasten.model import Change, Step


def reason(story: Story) -> str | None:
    """
    What the file says; None where there is none.
    """
    found = kill_switch.pulled(story.folder)
    return found.reason if found else None


def test_a_stop_is_a_file_and_an_entry(run: Callable[..., Any], story: Story) -> None:
    """
    Nobody was at work; what is kept stays.
    """
    said = run("stop", "--reason", "[down]", "--json", "--config", story.folder)

    assert (0, "[down]", Step.STOPPED) == (said.code, reason(story), story.book.read()[-1].step)
    assert {"stopped": True, "run": {"is_over": True, "pid": None}, "undone": [], "unrecorded": ""} == said.data
    assert "hasten resume" in run("stop", "--config", story.folder).out


def test_nothing_is_applied_while_it_is_there(run: Callable[..., Any], story: Story) -> None:
    """
    Not even what is automatic, and --yes lifts nothing.
    """
    allow(story, "auto")
    run("stop", "--reason", "down", "--config", story.folder)
    said = run("apply", "--yes", "--config", story.folder)

    assert (1, True, True) == (said.code, "down" in said.err, "hasten resume" in said.err)


@pytest.mark.parametrize("text", ["[traffic]\nno_such_key = 1", '[database]\nurl = "${NOT_SET}"'])
def test_a_file_that_is_wrong_elsewhere_does_not_keep_from_stopping(
    run: Callable[..., Any], story: Story, text: str
) -> None:
    """
    Only the state folder needs to be known.
    """
    (story.folder / "hasten.toml").write_text(f'state = "."\n{text}')

    assert (0, "") == (run("stop", "--config", story.folder).code, reason(story))


def test_without_a_readable_file_it_is_told_how_to_stop_by_hand(run: Callable[..., Any], story: Story) -> None:
    """
    The wrong folder would be a false safety.
    """
    (story.folder / "hasten.toml").write_text("[[[")
    said = run("stop", "--config", story.folder)

    assert (1, None) == (said.code, reason(story))
    assert "STOP" in said.err


def test_a_broken_record_does_not_keep_from_stopping(run: Callable[..., Any], story: Story) -> None:
    """
    The stop is in force, and it is said that the ledger does not know of it.
    """
    (story.folder / "ledger.db").write_bytes(b"rubbish" * 1000)
    said = run("stop", "--json", "--config", story.folder)

    assert (0, "") == (said.code, reason(story))
    assert "ledger" in said.data["unrecorded"]


def test_a_run_that_does_not_end_is_told(
    run: Callable[..., Any], story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Exit code 1, the file stays, and nothing is undone under its feet.
    """
    monkeypatch.setattr(kill_switch, "_tell", lambda _: None)
    monkeypatch.setattr(way_back, "rollback", lambda *_: pytest.fail("it was undone under a run"))
    with alone(story.folder):
        said = run("stop", "--wait", "0.05", "--rollback", "--config", story.folder)

    assert (1, "") == (said.code, reason(story))
    assert "still at work" in said.err


def test_everything_kept_can_go_back_at_once(
    run: Callable[..., Any], story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    --rollback undoes what is kept; a stop is no obstacle to going back.
    """
    undone: list[Change] = []
    monkeypatch.setattr(way_back, "go_back", lambda change, *_: undone.append(change))
    said = run("stop", "--rollback", "--json", "--config", story.folder)

    assert ([story.kept], [story.kept.id]) == (undone, said.data["undone"])
