"""
The state of every change is computed from entries alone.
"""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from hasten.model import Block, Change, Decision, Grade, Kind, Look, Noise, Risk, Step, Trial, Verdict, Where
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


LOOK = Look(pairs=16, log_ratio=-0.5, error=0.05, z=4.56, low=0.5, high=0.7)
NOISE = Noise(pairs=24, log_ratio=0.0, error=0.1, half_width=0.1, is_off=False,
              blocks=[Block(index=0, order="", control={"a": 1.0}, candidate={"a": 1.0})])  # fmt: skip


def tried(book: Ledger, change: Change, decision: Any = KEEP, *, arena: str = "clone", **parts: Any) -> None:
    """
    A trial of the change is in the ledger.
    """
    found = Trial(change=change.id, grade=Grade.A, arena=arena, seed=1, blocks=[], effect=None, **parts)
    body = {"change": change.id, "arena": arena, "trial": msgspec.to_builtins(found)}
    book.append(Step.TRIED, body | ({"decision": decision} if decision else {}))


def test_the_trial_that_decided_is_found(book: Ledger) -> None:
    """
    The latest one with a decision; the look at the live application has none.
    """
    change = planned(book, "a")
    assert history.tried(book.read(), change.id) is None

    tried(book, change, looks=[LOOK])
    tried(book, change, None, arena="live")
    found = history.tried(book.read(), change.id)

    assert found is not None
    assert ([LOOK], Verdict.KEEP) == (found.trial.looks, found.decision.verdict)


def test_the_noise_floor_is_that_of_the_arena(book: Ledger) -> None:
    """
    Only where it was played, with its blocks; a mere reference is none.
    """
    change = planned(book, "a")
    tried(book, change, noise=NOISE)
    tried(book, change, noise=msgspec.structs.replace(NOISE, blocks=[], pairs=99))
    tried(book, change, arena="arms", noise=msgspec.structs.replace(NOISE, pairs=30))
    found = [history.latest_noise(book.read(), arena) for arena in ("clone", "arms", "elsewhere")]

    assert [24, 30, None] == [each and each.pairs for each in found]


def test_what_was_judged_by_hand_has_a_noise_floor_too(book: Ledger) -> None:
    """
    Its arena is that of its trial, for it is no change of the catalogue.
    """
    trial = Trial(change="x", grade=Grade.A, arena="instances", seed=1, blocks=[], effect=None, noise=NOISE)
    book.append(Step.VERIFIED, {"name": "make", "trial": msgspec.to_builtins(trial)})

    assert [NOISE, None] == [history.latest_noise(book.read(), arena) for arena in ("instances", "instance")]


def test_a_run_begins_with_a_measurement(book: Ledger) -> None:
    """
    The trials since then that were looked at, kept or not; one without a look tested nothing.
    """
    undecided = {**KEEP, "verdict": Verdict.INCONCLUSIVE}
    change = planned(book, "a")
    tried(book, change, looks=[LOOK])
    book.append(Step.MEASURED, {"name": "now"})
    tried(book, change, undecided, looks=[LOOK])
    tried(book, change, undecided)
    tried(book, change, looks=[LOOK])

    assert [False, True] == history.kept_in_run(book.read())
