"""
The report and its contract, computed from the ledger alone.
"""

from pathlib import Path

import msgspec
import pytest

from hasten.model import Change, Decision, Kind, Risk, Step, Verdict, Where
from hasten.record.ledger import Ledger
from hasten.record.report import contract, report
from hasten.target import Objectives

KEEP = msgspec.to_builtins(Decision(verdict=Verdict.KEEP, rule="gain", reason="faster"))
UNDECIDED = msgspec.to_builtins(Decision(verdict=Verdict.INCONCLUSIVE, rule="interval", reason="who knows"))


def planned(book: Ledger, name: str) -> Change:
    """
    A change of that name is in the ledger.
    """
    change = Change(
        optimization="database.indexes", kind=Kind.SCHEMA, where=Where(kind="table", name=name), before={},
        after={"create": f"CREATE INDEX {name}"}, inverse={"drop": f"DROP INDEX {name}"}, why="", expects="",
        risk=Risk.R2,
    )  # fmt: skip
    book.append(Step.PLANNED, {"change": msgspec.to_builtins(change), "id": change.id})
    return change


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    """
    An empty ledger.
    """
    return Ledger(tmp_path, actor="test")


def test_the_report_keeps_its_contract(book: Ledger) -> None:
    """
    Names, types and nulls are as other tools rely on them.
    """
    kept, undecided = planned(book, "a"), planned(book, "b")
    book.append(Step.MEASURED, {"name": "baseline", "observation": "x", "objectives": {"api_p95_ms": 3000.0}})
    book.append(Step.KEPT, {"change": kept.id, "decision": KEEP})
    book.append(Step.TRIED, {"change": undecided.id, "arena": "clone", "decision": UNDECIDED})
    book.append(Step.ROLLED_BACK, {"change": undecided.id, "reason": "who knows"})

    found = contract(report(book, Objectives()))
    assert {"name": "api_p95_ms", "unit": "ms", "baseline": 3000.0, "now": 3000.0, "target": 200.0, "met": False} == (
        found["objectives"][0]
    )
    assert 8 == len(found["objectives"])
    assert all(o["now"] is None and o["met"] is False for o in found["objectives"][1:])
    assert [("KEEP", None, None, None), ("INCONCLUSIVE", None, None, None)] == [
        (c["verdict"], c["effect"], c["interval"], c["grade"]) for c in found["changes"]
    ]
    assert found["ledger_ok"] is True


def test_a_broken_ledger_is_reported_as_broken(book: Ledger) -> None:
    """
    The report of a damaged ledger says so and claims nothing else.
    """
    planned(book, "a")
    planned(book, "b")
    book.path.write_bytes(b"junk" * 2000)

    found = contract(report(book, Objectives()))
    assert (False, []) == (found["ledger_ok"], found["changes"])
    assert "damaged" in found["ledger_problem"]
