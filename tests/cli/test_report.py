"""
hasten report: the board, and the contract that other tools rely on.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

from tests.story import Story

from hasten.model import Step

OBJECTIVES = [
    "api_p95_ms", "page_load_ms", "db_p95_ms", "bundle_bytes", "cache_hit_ratio", "memory_mb", "cpu_percent",
    "uptime_ratio",
]  # fmt: skip


def test_the_contract(run: Callable[..., Any], story: Story) -> None:
    """
    Objectives and changes by the names that other tools read; what was not measured is null.
    """
    found = run("report", "--json", "--config", story.folder).data

    assert OBJECTIVES == [each["name"] for each in found["objectives"]]
    assert all(list(each) == ["name", "unit", "baseline", "now", "target", "met"] for each in found["objectives"])
    api, page = found["objectives"][:2]
    assert (900.0, 150.0, 200.0, True) == (api["baseline"], api["now"], api["target"], api["met"])
    assert (None, None, False) == (page["baseline"], page["now"], page["met"])
    first, second = found["changes"]
    assert ("KEEP", "A", "database") == (first["verdict"], first["grade"], first["phase"])
    assert 0.18 < first["interval"][0] < first["effect"] < first["interval"][1] < 0.22
    assert (story.undecided.id, "INCONCLUSIVE") == (second["id"], second["verdict"])
    assert found["ledger_ok"] is True


def test_the_board_and_the_page(run: Callable[..., Any], story: Story) -> None:
    """
    For people: what was reached and what was not, and where the page is.
    """
    said = run("report", "--config", story.folder)

    assert [1, 0] == [said.out.count("✓ reached") - 0, said.code]
    assert "not measured" in said.out
    assert "worst route now: GET /api/orders, p95 150 ms" in said.out
    assert (story.folder / "report.html").read_text().startswith("<!")


def test_no_page_is_written_unasked(run: Callable[..., Any], story: Story) -> None:
    """
    --no-html leaves the folder alone.
    """
    run("report", "--no-html", "--config", story.folder)

    assert not (story.folder / "report.html").exists()


def test_a_change_after_the_last_measurement_is_said(run: Callable[..., Any], story: Story) -> None:
    """
    `now` is then not quite now.
    """
    story.book.append(Step.ROLLED_BACK, {"change": story.kept.id, "reason": "asked for"})
    said = run("report", "--no-html", "--config", story.folder)

    assert "hasten baseline --name now" in said.out
    assert run("report", "--json", "--config", story.folder).data["is_stale"] is True


def test_a_broken_ledger_is_no_source(run: Callable[..., Any], story: Story) -> None:
    """
    No number is shown from a record that does not hold.
    """
    with sqlite3.connect(story.book.path) as ledger:
        ledger.execute("DROP TRIGGER entry_is_never_updated")
        ledger.execute("UPDATE entry SET entry = CAST(replace(entry, 'buyer', 'fryer') AS BLOB) WHERE seq = 3")
    found = run("report", "--json", "--config", story.folder).data

    assert (False, [], None) == (found["ledger_ok"], found["changes"], found["objectives"][0]["now"])
    assert "the ledger does not hold" in run("report", "--config", story.folder).out


def test_before_the_first_measurement(run: Callable[..., Any], story: Story) -> None:
    """
    An empty ledger says what to do first.
    """
    story.book.path.unlink()
    story.book.head_path.unlink()

    assert "run hasten baseline" in run("report", "--no-html", "--config", story.folder).out
