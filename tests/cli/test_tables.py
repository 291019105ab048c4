"""
The tables say what the ledger says.
"""

from rich.console import Console
from rich.table import Table

from hasten.cli import tables
from hasten.model import Change, Finding, Kind, Risk, Step, Verdict, Where
from hasten.objectives import standings
from hasten.record.report import ChangeLine
from hasten.target import Objectives


def text_of(table: Table) -> str:
    """
    What a wide terminal shows.
    """
    console = Console(width=200, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def test_the_board_tells_reached_not_yet_and_not_measured_apart() -> None:
    """
    A number below its target, one above it, and one that is not there look different.
    """
    values = {"api_p95_ms": 3100.0, "db_p95_ms": 12.0}
    rows = text_of(tables.board(standings(values, values, Objectives()))).splitlines()
    by_title = {title: row for row in rows for title in ("API p95", "Slowest statement", "Page load") if title in row}

    assert "3.10 s" in by_title["API p95"]
    assert "✗ not yet" in by_title["API p95"]
    assert "✓ reached" in by_title["Slowest statement"]
    assert "not measured" in by_title["Page load"]


def test_findings_beyond_the_first_are_counted() -> None:
    """
    The dearest are shown, the rest is announced with the command that shows them.
    """
    found = [
        Finding(symptom=f"s{n}", where=Where(kind="route", name="/"), cost_s_per_day=100.0 - n, says=f"says {n}")
        for n in range(5)
    ]
    text = text_of(tables.findings(found, most=3))

    assert "says 2" in text
    assert "says 3" not in text
    assert "2 more" in text


def test_a_plan_shows_the_statement_and_its_way_back() -> None:
    """
    What is done and how it is undone stand together.
    """
    change = Change(
        optimization="database.indexes", kind=Kind.SCHEMA, where=Where(kind="table", name="t"), before={},
        after={"create": "CREATE INDEX x"}, inverse={"drop": "DROP INDEX x"}, why="because", expects="faster",
        risk=Risk.R2,
    )  # fmt: skip
    text = text_of(tables.planned([change]))

    assert all(part in text for part in (change.id, "CREATE INDEX x", "way back: DROP INDEX x", "because", "faster"))


def test_a_contribution_without_a_trial_has_dashes() -> None:
    """
    What was not measured is not shown as a number.
    """
    line = ChangeLine(
        id="abc", optimization="database.indexes", phase="database", verdict=Verdict.INCONCLUSIVE, effect=None,
        interval=None, grade=None, state=Step.ROLLED_BACK, what="", label="index t (a)", where="t", why="", reason="",
    )  # fmt: skip
    row = next(row for row in text_of(tables.contributions([line])).splitlines() if "abc" in row)

    assert 3 == row.count("–")
    assert "INCONCLUSIVE" in row
