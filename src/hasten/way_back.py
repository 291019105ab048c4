"""
The way back: a change is undone, a run that was cut short is put in order.

Everything here can be repeated, and asks the world what is there instead of remembering it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from hasten import optimize
from hasten.application import App
from hasten.errors import ConfigError, HastenError, RevertFailed
from hasten.log import operation
from hasten.model import Change, Decision, Step
from hasten.record import history
from hasten.record.dependence import standing_on
from hasten.record.ledger import Ledger
from hasten.signals import shielded
from hasten.world import clone_template


@dataclass
class Way:
    """
    How far a change has come. `is_live`: something of it may be in the live application.
    """

    is_live: bool = False


@contextmanager
def or_back(change: Change, app: App, book: Ledger) -> Iterator[Way]:
    """
    However the block ends early, nothing of the change is left, and the ledger says so.
    """
    way = Way()
    try:
        yield way
    except BaseException as error:
        with shielded():
            if way.is_live:
                go_back(change, app, book, f"ended early: {_named(error)}")
            else:
                reason = f"the trial ended early: {_named(error)}"
                _unwritten(book, Step.ROLLED_BACK, {"change": change.id, "reason": reason})
        raise


def go_back(change: Change, app: App, book: Ledger, reason: str, *, decision: Decision | None = None) -> None:
    """
    Nothing of the change is left in the live application.

    Raises:
        RevertFailed: it could not be undone; the hint says how to finish by hand.
        HastenError: it was undone, and the ledger cannot say so.
    """
    body: dict[str, Any] = {"change": change.id, "reason": reason}
    if decision:
        body["decision"] = msgspec.to_builtins(decision)
    remedy = optimize.catalogue()[change.optimization]
    with shielded(), operation("way_back.go_back", change=change.id):
        # A full disk must not keep a change in the world that nobody decided to keep.
        unwritten = _unwritten(book, Step.ROLLED_BACK, body)
        try:
            remedy.revert(change, app)
            if remedy.is_applied(change, app):
                raise HastenError("it was undone and is still there")
        except HastenError as error:
            by_hand = remedy.by_hand(change)
            _unwritten(book, Step.STUCK, {"change": change.id, "error": str(error), "by_hand": by_hand})
            raise RevertFailed(
                f"{change.optimization} {change.id} could not be undone: {error}",
                hint="finish by hand, then run `hasten recover`:\n  " + "\n  ".join(by_hand),
                change=change.id,
                by_hand=by_hand,
            ) from error
        if unwritten:
            raise unwritten


def _unwritten(book: Ledger, step: Step, body: dict[str, Any]) -> HastenError | None:
    try:
        book.append(step, body)
    except HastenError as error:
        return error
    return None


def undoable(book: Ledger, chosen: list[str] | None, *, with_later: bool = False) -> list[Change]:
    """
    The kept changes whose ids begin as chosen (None: all of them), in the order in which they are undone.

    Args:
        with_later: Also those that stand on them.

    Raises:
        ConfigError: an id that names no kept change, or one that a later kept change stands on.
    """
    kept = [state for state in history.changes(book.read()) if state.is_kept]
    kept.sort(key=lambda state: state.kept_seq, reverse=True)
    wanted = {s.change.id for s in kept if chosen is None or any(s.change.id.startswith(prefix) for prefix in chosen)}
    for prefix in chosen or []:
        if not any(name.startswith(prefix) for name in wanted):
            raise ConfigError(f"no kept change has an id like {prefix!r}", hint="`hasten status` lists them")
    for state in [state for state in kept if state.change.id in wanted]:
        later = [(other, why) for other, why in standing_on(state, kept) if other.change.id not in wanted]
        if later and not with_later:
            raise _under_later(state, later)
        wanted |= {other.change.id for other, _ in later}
    return [state.change for state in kept if state.change.id in wanted]


def rollback(app: App, book: Ledger, chosen: list[str] | None, *, with_later: bool = False) -> list[Change]:
    """
    The chosen kept changes (None: all of them) are undone, the newest first.

    Raises:
        ConfigError: see `undoable`; nothing was undone.
        RevertFailed: one of them could not be undone; those before it are, those after it are not.
    """
    wanted = undoable(book, chosen, with_later=with_later)
    for change in wanted:
        go_back(change, app, book, "asked for")
    return wanted


def _under_later(state: history.ChangeState, later: list[tuple[history.ChangeState, str]]) -> ConfigError:
    name, ids = state.change.id, ", ".join(other.change.id for other, _ in later)
    others = ", ".join(f"{other.change.id} ({why})" for other, why in later)
    return ConfigError(
        f"{name} stays as long as later changes stand on it: {others}",
        hint=f"run `hasten rollback --with-later {name}`, which undoes {ids} first",
        change=name,
        later={other.change.id: why for other, why in later},
    )


def recover(app: App, book: Ledger) -> list[dict[str, str]]:
    """
    After a crash: each change is wholly there or wholly gone, as the ledger says it should be.

    A change that was under way is undone. What a run had made for itself alone is removed: its database sessions,
    copies of the database on its own server, files that it had begun to save. Returns what was found and done.
    """
    done = [{"change": "", "found": found, "did": did} for found, did in _tidied(app)]
    for state in reversed(history.changes(book.read())):
        report = _settle(state, app, book)
        if report:
            book.append(Step.RECOVERED, report)
            done.append(report)
    return done


_ARENAS = {"clone": "a clone", "instance": "an instance beside the application"}
_NOT_LIVE = "the run ended before it was applied to the live application"


def _tidied(app: App) -> Iterator[tuple[str, str]]:
    if app.store is not None:
        ended = app.database.end_backends(app.database.instance)
        if ended:
            yield f"{ended} database session{'s' * (ended != 1)} of an earlier run", "ended"
        if clone_template.left_by(app.database, app.database.instance):
            dropped = clone_template.drop(app.database, app.database.instance)
            yield f"{dropped} cop{'y' if dropped == 1 else 'ies'} of the database beside it", "dropped"
    begun = app.files.saved.sweep()
    if begun:
        yield f"{begun} file{'s' * (begun != 1)} that an earlier run had begun to save", "removed"


def _settle(state: history.ChangeState, app: App, book: Ledger) -> dict[str, str] | None:
    change, remedy = state.change, optimize.catalogue()[state.change.optimization]
    if state.is_kept:
        if remedy.is_applied(change, app):
            return None
        found = "kept, but somebody removed it or changed it since"
        return {"change": change.id, "found": found, "did": "nothing; plan again if wanted"}
    if not state.has_been_live:
        if state.is_settled:
            return None
        was_cut = state.step is Step.APPLIED
        arena = _ARENAS.get(state.arena, state.arena)
        reason = f"the run ended during the trial on {arena}" if was_cut else _NOT_LIVE
        book.append(Step.ROLLED_BACK, {"change": change.id, "reason": reason})
        found = f"a trial on {arena} was cut short" if was_cut else f"tried on {arena} only"
        return {"change": change.id, "found": found, "did": "marked as rolled back; nothing of it was live"}
    if state.is_settled and not remedy.has_remains(change, app):
        return None
    go_back(change, app, book, "the run ended before it was kept")
    return {"change": change.id, "found": f"left at {state.step}", "did": "undone"}


def _named(error: BaseException) -> str:
    return str(error) or type(error).__name__
