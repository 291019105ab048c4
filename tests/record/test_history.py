"""
The state of every change is computed from entries alone.
"""

from pathlib import Path

import msgspec
import pytest

from hasten.model import Change, Decision, Kind, Risk, Step, Verdict, Where
from hasten.record import history
from hasten.record.ledger import Ledger

KEEP = msgspec.to_builtins(Decision(verdict=Verdict.KEEP, rule="gain", reason="faster"))


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


def test_a_kept_change_is_kept_until_it_is_rolled_back(book: Ledger) -> None:
    """
    The last step decides; having been live is remembered.
    """
    change = planned(book, "a")
    book.append(Step.APPLIED, {"change": change.id, "arena": "clone"})
    assert not history.changes(book.read())[0].has_been_live
    book.append(Step.TRIED, {"change": change.id, "arena": "clone", "decision": KEEP})
    book.append(Step.APPLIED, {"change": change.id, "arena": "live"})
    book.append(Step.KEPT, {"change": change.id, "decision": KEEP})
    assert history.changes(book.read())[0].is_kept

    book.append(Step.ROLLED_BACK, {"change": change.id, "reason": "asked for"})
    (state,) = history.changes(book.read())
    assert (Step.ROLLED_BACK, True, True) == (state.step, state.has_been_live, state.is_settled)


@pytest.mark.parametrize("step", [Step.APPLIED, Step.TRIED, Step.STUCK])
def test_a_change_under_way_is_not_settled(book: Ledger, step: Step) -> None:
    """
    Whatever was begun and not ended needs `hasten recover`.
    """
    change = planned(book, "a")
    book.append(step, {"change": change.id, "arena": "live"})

    assert not history.changes(book.read())[0].is_settled
