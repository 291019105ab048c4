"""
report.html is one file that tells the truth of the ledger.
"""

import re
from pathlib import Path

import msgspec
import pytest

from hasten.model import Change, Decision, Kind, Risk, Step, Verdict, Where
from hasten.picture import RoutePicture
from hasten.record.ledger import Ledger
from hasten.record.report import report
from hasten.target import Objectives
from hasten.web.page import render, write_page


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    """
    A ledger with a baseline, a change with an odd name, and its verdict.
    """
    ledger = Ledger(tmp_path)
    ledger.append(
        Step.MEASURED,
        {"name": "baseline", "observation": "abc", "objectives": {"api_p95_ms": 3100.0, "uptime_ratio": 1.0},
         "missing": {"page": "no <browser>"}},
    )  # fmt: skip
    change = Change(
        optimization="database.indexes", kind=Kind.SCHEMA, where=Where(kind="table", name="a<b"), before={},
        after={"create": "CREATE INDEX <x>", "columns": ["c"]}, inverse={}, why="slow & dear", expects="", risk=Risk.R2,
    )  # fmt: skip
    decision = msgspec.to_builtins(Decision(verdict=Verdict.KEEP, rule="gain", reason="faster"))
    ledger.append(Step.PLANNED, {"change": msgspec.to_builtins(change), "id": change.id})
    ledger.append(Step.KEPT, {"change": change.id, "decision": decision})
    return ledger


def test_the_page_shows_board_changes_and_what_is_missing(book: Ledger) -> None:
    """
    Numbers, verdicts and the reasons for missing ones are on the page, escaped.
    """
    page = render(report(book, Objectives()), "shop")

    for text in ("3.10 s", "✗ not reached yet", "not measured", "no &lt;browser&gt;", "CREATE INDEX &lt;x&gt;", "KEEP"):
        assert text in page
    assert "index a&lt;b (c)" in page


def test_the_page_refers_to_nothing_outside(book: Ledger) -> None:
    """
    No script, style, font or image is fetched: the file can be mailed.
    """
    page = render(report(book, Objectives()), "shop")

    assert not re.search(r'(?:src|href)="(?!#)|url\((?!#)|@import', page)


def test_a_broken_ledger_is_the_first_thing_on_the_page(book: Ledger) -> None:
    """
    Whoever reads the page is told not to trust it.
    """
    book.path.write_bytes(b"junk" * 1000)

    assert "Do not trust this page." in render(report(book, Objectives()), "shop")


def test_a_page_is_replaced_whole(book: Ledger, tmp_path: Path) -> None:
    """
    Writing again leaves one file, the new one.
    """
    path = tmp_path / "pages" / "report.html"
    path.parent.mkdir()
    write_page(report(book, Objectives()), path, "old name")
    write_page(report(book, Objectives()), path, "new name")

    assert [path] == list(path.parent.iterdir())
    assert "new name" in path.read_text()


def test_the_page_shows_where_the_time_goes(book: Ledger) -> None:
    """
    A bar per route, and in numbers whether its parts add up; without the agent there is no such chapter.
    """
    assert "Where a request" not in render(report(book, Objectives()), "shop")

    picture = RoutePicture(
        route="GET /orders", traces=30, requests=60, parts={"database": 0.03, "application": 0.07}, inside_s=0.1,
        measured_s=0.2, error=-0.5, adds_up=False, why="these took <less>",
    )  # fmt: skip
    details = {"pictures": [msgspec.to_builtins(picture)]}
    book.append(Step.MEASURED, {"name": "now", "observation": "abd", "objectives": {}, "details": details})
    page = render(report(book, Objectives()), "shop")

    assert "Where a request" in page
    for text in ("GET /orders", "database 30.0 · application 70.0", "-50.0 %", "these took &lt;less&gt;"):
        assert text in page
