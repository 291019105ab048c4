"""
The way back, against a remedy whose world is a set in memory.
"""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from hasten import optimize, way_back
from hasten.application import App
from hasten.errors import ApplyFailed, ConfigError, HastenError, RevertFailed
from hasten.model import Change, Decision, Kind, Risk, Step, Verdict, Where, now
from hasten.record import history
from hasten.record.approvals import approvals, approve
from hasten.record.ledger import Ledger
from hasten.target import Target
from hasten.world.supervisor import Supervisor

KEEP = msgspec.to_builtins(Decision(verdict=Verdict.KEEP, rule="gain", reason="faster"))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """
    What is live: ids of changes; "half:<id>" is a remnant. "stuck" in it makes every revert fail.
    """
    live: set[str] = set()

    def revert(change: Change, _app: App) -> None:
        if "stuck" in live:
            raise ApplyFailed("the server is gone", hint="start it")
        live.difference_update({change.id, f"half:{change.id}"})

    remedy = SimpleNamespace(
        revert=revert,
        is_applied=lambda change, _app: change.id in live,
        has_remains=lambda change, _app: bool({change.id, f"half:{change.id}"} & live),
        by_hand=lambda change: [f"DROP {change.where.name};"],
    )
    monkeypatch.setattr(optimize, "catalogue", lambda: {"database.indexes": remedy})
    yield live


@pytest.fixture
def app(tmp_path: Path) -> App:
    """
    An App without a database.
    """
    return App(target=Target(), state_dir=tmp_path, supervisor=cast(Supervisor, None))


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    """
    Its ledger.
    """
    return Ledger(tmp_path)


def planned(book: Ledger, name: str, table: str = "t") -> Change:
    """
    A change that was planned.
    """
    change = Change(
        optimization="database.indexes", kind=Kind.SCHEMA, where=Where(kind="table", name=table), before={},
        after={"name": name}, inverse={"drop": name}, why="", expects="", risk=Risk.R2,
    )  # fmt: skip
    book.append(Step.PLANNED, {"change": msgspec.to_builtins(change), "id": change.id})
    return change


def kept(book: Ledger, world: set[str], name: str, table: str = "t") -> Change:
    """
    A change that is live and kept.
    """
    change = planned(book, name, table)
    book.append(Step.APPLIED, {"change": change.id, "arena": "live"})
    world.add(change.id)
    book.append(Step.KEPT, {"change": change.id, "decision": KEEP})
    return change


def state(book: Ledger, change: Change) -> history.ChangeState:
    """
    Where the ledger says that the change is.
    """
    (found,) = history.find_change(book.read(), change.id)
    return found


def test_everything_goes_back_newest_first(book: Ledger, app: App, world: set[str]) -> None:
    """
    rollback --all undoes what is kept in reverse order, and a second one has nothing to do.
    """
    first, second = kept(book, world, "a"), kept(book, world, "b")

    assert [second, first] == way_back.rollback(app, book, None)
    assert set() == world
    assert [] == way_back.rollback(app, book, None)


def test_a_change_under_a_later_one_stays(book: Ledger, app: App, world: set[str]) -> None:
    """
    What was proved on top of another on the same table goes first; another table is free.
    """
    first, second, other = kept(book, world, "a"), kept(book, world, "b"), kept(book, world, "c", table="u")
    with pytest.raises(ConfigError) as caught:
        way_back.rollback(app, book, [first.id])

    assert second.id in caught.value.hint
    assert {first.id, second.id, other.id} == world
    assert [other] == way_back.rollback(app, book, [other.id])
    assert [second, first] == way_back.rollback(app, book, [first.id, second.id])


def test_what_stands_on_it_goes_first_if_asked_for(book: Ledger, app: App, world: set[str]) -> None:
    """
    with_later undoes the newest first, and leaves what is free; the refusal names each with the reason.
    """
    first, other = kept(book, world, "a"), kept(book, world, "b", table="u")
    second, third = kept(book, world, "c"), kept(book, world, "d")
    with pytest.raises(ConfigError, match="both are at table t") as caught:
        way_back.undoable(book, [first.id])
    assert {second.id, third.id} == set(caught.value.data["later"])
    assert f"--with-later {first.id}" in caught.value.hint

    assert [third, second, first] == way_back.rollback(app, book, [first.id], with_later=True)
    assert {other.id} == world


def test_what_was_looked_at_later_is_not_younger(book: Ledger, app: App, world: set[str]) -> None:
    """
    The order is that of keeping: an entry of recover about an old change does not put it on top.
    """
    first, second = kept(book, world, "a"), kept(book, world, "b")
    book.append(Step.RECOVERED, {"change": first.id, "found": "kept, but somebody removed it", "did": "nothing"})

    assert [second, first] == way_back.rollback(app, book, None)


def test_an_approval_that_was_never_used_leaves_nothing_to_recover(book: Ledger, app: App, world: set[str]) -> None:
    """
    A crash between approve and apply is harmless: nothing is done, and the approval holds.
    """
    change = planned(book, "a")
    approve(book, change, now(), "")

    assert [] == way_back.recover(app, book)
    assert (Step.PLANNED, 1) == (state(book, change).step, len(approvals(book.read())))


def test_an_unknown_id_undoes_nothing(book: Ledger, app: App, world: set[str]) -> None:
    """
    One wrong id among right ones stops all.
    """
    change = kept(book, world, "a")
    with pytest.raises(ConfigError, match="no kept change"):
        way_back.rollback(app, book, [change.id, "ffff"])

    assert {change.id} == world


def test_a_way_back_that_fails_says_how_to_finish_by_hand(book: Ledger, app: App, world: set[str]) -> None:
    """
    Exit code 3, the exact commands, STUCK in the ledger; once the world lets it, recover finishes.
    """
    change = kept(book, world, "a")
    world.add("stuck")
    with pytest.raises(RevertFailed) as caught:
        way_back.rollback(app, book, None)
    assert "DROP t;" in caught.value.hint
    assert (3, Step.STUCK) == (caught.value.exit_code, state(book, change).step)

    world.discard("stuck")
    way_back.recover(app, book)
    assert (set(), Step.ROLLED_BACK) == (world, state(book, change).step)


@pytest.mark.parametrize("arena", ["clone", "live"])
def test_a_block_that_ends_early_leaves_nothing(book: Ledger, app: App, world: set[str], arena: str) -> None:
    """
    Whatever ended it, the live world is as before and the ledger says so.
    """
    change = planned(book, "a")
    with pytest.raises(KeyboardInterrupt), way_back.or_back(change, app, book) as way:
        if arena == "live":
            way.is_live = True
            world.add(change.id)
        raise KeyboardInterrupt

    assert (set(), Step.ROLLED_BACK) == (world, state(book, change).step)


@pytest.mark.parametrize(
    ("steps", "live", "left"),
    [
        ([(Step.APPLIED, "clone")], set[str](), False),
        ([(Step.APPLIED, "instance")], set[str](), False),
        ([(Step.APPLIED, "split")], {"half:"}, False),
        ([(Step.APPLIED, "split"), (Step.TRIED, "split")], {""}, False),
        ([(Step.APPLIED, "switch-back")], {"half:"}, False),
        ([(Step.APPLIED, "switch-back"), (Step.TRIED, "switch-back")], {""}, False),
        ([(Step.APPLIED, "instance"), (Step.TRIED, "instance"), (Step.APPLIED, "live")], {"half:"}, False),
        ([(Step.APPLIED, "clone"), (Step.TRIED, "clone")], set[str](), False),
        ([(Step.APPLIED, "clone"), (Step.TRIED, "clone"), (Step.APPLIED, "live")], {"half:"}, False),
        ([(Step.APPLIED, "live")], {""}, False),
        ([(Step.APPLIED, "live"), (Step.TRIED, "live")], {""}, False),
        ([(Step.APPLIED, "live"), (Step.KEPT, "")], {""}, True),
        ([(Step.APPLIED, "live"), (Step.ROLLED_BACK, "")], {""}, False),
    ],
)
def test_recover_makes_world_and_ledger_agree(
    book: Ledger, app: App, world: set[str], steps: list[tuple[Step, str]], live: set[str], left: bool
) -> None:
    """
    Cut short after any step: what is kept stays, everything else is gone, and a second recover does nothing.
    """
    change = planned(book, "a")
    for step, arena in steps:
        body: dict[str, Any] = {"change": change.id, "reason": "r", **({"arena": arena} if arena else {})}
        book.append(step, body)
    world.update(f"{mark}{change.id}" for mark in live)

    way_back.recover(app, book)
    assert ({change.id} if left else set()) == world
    assert state(book, change).is_settled
    assert [] == way_back.recover(app, book)


def test_a_kept_change_that_somebody_removed_is_told_not_remade(book: Ledger, app: App, world: set[str]) -> None:
    """
    Recover does not do again what a person undid by hand.
    """
    change = kept(book, world, "a")
    world.clear()
    (told,) = way_back.recover(app, book)

    assert change.id == told["change"]
    assert "somebody removed it" in told["found"]
    assert set() == world


def test_a_full_disk_does_not_keep_a_change_in_the_world(
    book: Ledger, app: App, world: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    When the ledger cannot be written the change is undone all the same, and the error is raised.
    """
    change = kept(book, world, "a")

    def full(*_: Any) -> None:
        raise HastenError("the disk is full")

    monkeypatch.setattr(book, "append", full)
    with pytest.raises(HastenError, match="disk is full"):
        way_back.go_back(change, app, book, "asked for")
    assert set() == world
