"""
The loop. Start reading here.

    observe ─▶ diagnose ─▶ plan ─▶ for each change: apply ─▶ try ─▶ decide ─▶ keep, or go back

The way back exists before the first step: a Change carries its inverse, and the entry of a step is on the disk
before the step. A schema change is tried on clones first; only what is kept there is applied to the live database,
and looked at once more there.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from hasten import decide, objectives, optimize
from hasten.application import App
from hasten.diagnose import Diagnosis, diagnose
from hasten.errors import ApplyFailed, ConfigError, HastenError, NoData, RevertFailed
from hasten.evidence import Observation
from hasten.log import operation
from hasten.model import Change, Decision, Finding, Step, Trial, Verdict
from hasten.observe.run import observe
from hasten.record import history, observations
from hasten.record.ledger import Ledger
from hasten.signals import shielded
from hasten.verify.trial import run_schema_trial
from hasten.verify.watch import held, watch

Progress = Callable[[float, str], None]


def measure(app: App, book: Ledger, name: str, progress: Progress) -> Observation:
    """
    The application was measured; numbers are in the ledger, the evidence in a file under the same digest.
    """
    with operation("cycle.measure", run=name):
        found = observe(app, name, progress)
        observations.save(app.state_dir, found)
        body = history.measured_body(found, objectives.values(found), objectives.details(found))
        book.append(Step.MEASURED, body)
    return found


def examine(app: App, book: Ledger) -> Diagnosis:
    """
    The latest observation was read for symptoms, dearest first.
    """
    with operation("cycle.examine"):
        found = diagnose(app.observation, app.target)
        book.append(Step.DIAGNOSED, {"observation": app.observation.id, **msgspec.to_builtins(found)})
    return found


def plan(app: App, findings: list[Finding], book: Ledger | None, progress: Progress) -> list[Change]:
    """
    The changes worth a trial, best first. Nothing of the application was touched.

    A change that went back under this very workload is not proposed again. Without a book it is a dry run.
    """
    entries = book.read() if book else []
    failed = {
        state.change.id
        for state in history.changes(entries)
        if state.step is Step.ROLLED_BACK and state.decision and state.decision.verdict is not Verdict.KEEP
    }
    kept = {state.change.id for state in history.changes(entries) if state.is_kept}
    found: list[Change] = []
    for name, remedy in optimize.catalogue().items():
        with operation("cycle.propose", optimization=name):
            treated = [finding for finding in findings if finding.symptom in remedy.about.treats]
            found += optimize.proposals(remedy, treated, app, progress) if treated else []
    fresh = [change for change in found if change.id not in failed | kept]
    for change in fresh if book else []:
        assert book is not None
        book.append(Step.PLANNED, {"change": msgspec.to_builtins(change), "id": change.id})
    return fresh


def carry_out(change: Change, app: App, book: Ledger, progress: Progress, *, seed: int = 1) -> Decision:
    """
    A planned change is kept, with proof, or nothing of it is left.
    """
    remedy = optimize.catalogue()[change.optimization]
    with operation("cycle.carry_out", change=change.id) as result:
        book.append(Step.APPLIED, {"change": change.id, "arena": "clone"})
        trial, decision = _tried(change, remedy, app, book, progress, seed)
        result["verdict"] = decision.verdict
        _record_trial(book, change, "clone", trial, decision)
        if decision.verdict is not Verdict.KEEP:
            book.append(Step.ROLLED_BACK, {"change": change.id, "reason": decision.reason})
            return decision
        progress(0.9, "applying to the live database")
        return _go_live(change, remedy, app, book, decision)


def _tried(
    change: Change, remedy: optimize.Remedy, app: App, book: Ledger, progress: Progress, seed: int
) -> tuple[Trial | None, Decision]:
    try:
        trial = run_schema_trial(change, remedy, app, seed=seed, progress=progress)
    except (NoData, ApplyFailed) as error:
        # Nothing was learned, or it did not even go in on a clone: doubt, and doubt goes back.
        return None, Decision(verdict=Verdict.INCONCLUSIVE, rule="no data", reason=str(error))
    except BaseException as error:
        book.append(Step.ROLLED_BACK, {"change": change.id, "reason": f"the trial ended early: {_named(error)}"})
        raise
    return trial, decide.decide(trial, least_gain=remedy.about.least_gain)


def _go_live(change: Change, remedy: optimize.Remedy, app: App, book: Ledger, decision: Decision) -> Decision:
    book.append(Step.APPLIED, {"change": change.id, "arena": "live"})
    with _or_back(change, app, book):
        remedy.apply(change, app)
        if not remedy.is_applied(change, app):
            raise ApplyFailed(f"{change.id} was applied and is not there", hint="run `hasten recover`, then look")
        live = watch(change, app)
        _record_trial(book, change, "live", live, None)
        seen = held(live)
        if seen.verdict is Verdict.KEEP:
            book.append(Step.KEPT, {"change": change.id, "decision": msgspec.to_builtins(decision)})
            return decision
    go_back(change, app, book, seen.reason, decision=seen)
    return seen


def go_back(change: Change, app: App, book: Ledger, reason: str, *, decision: Decision | None = None) -> None:
    """
    Nothing of the change is left in the live application.

    Raises:
        RevertFailed: it could not be undone; the hint says how to finish by hand.
    """
    body: dict[str, Any] = {"change": change.id, "reason": reason}
    if decision:
        body["decision"] = msgspec.to_builtins(decision)
    book.append(Step.ROLLED_BACK, body)
    remedy = optimize.catalogue()[change.optimization]
    with shielded(), operation("cycle.go_back", change=change.id):
        try:
            remedy.revert(change, app)
            if remedy.is_applied(change, app):
                raise HastenError("it was undone and is still there")
        except HastenError as error:
            by_hand = remedy.by_hand(change)
            book.append(Step.STUCK, {"change": change.id, "error": str(error), "by_hand": by_hand})
            raise RevertFailed(
                f"{change.optimization} {change.id} could not be undone: {error}",
                hint="finish by hand, then run `hasten recover`:\n  " + "\n  ".join(by_hand),
                change=change.id,
                by_hand=by_hand,
            ) from error


def rollback(app: App, book: Ledger, chosen: list[str] | None) -> list[Change]:
    """
    The chosen kept changes (None: all of them) are undone, the newest first.

    Raises:
        ConfigError: an id that names no kept change, or one that a later kept change stands on.
    """
    kept = [state for state in history.changes(book.read()) if state.is_kept]
    kept.sort(key=lambda state: state.last_seq, reverse=True)
    wanted = [s for s in kept if chosen is None or any(s.change.id.startswith(prefix) for prefix in chosen)]
    for prefix in chosen or []:
        if not any(state.change.id.startswith(prefix) for state in wanted):
            raise ConfigError(f"no kept change has an id like {prefix!r}", hint="`hasten status` lists them")
    for state in wanted:
        _refuse_under_later(state, kept, wanted)
    for state in wanted:
        go_back(state.change, app, book, "asked for")
    return [state.change for state in wanted]


def _refuse_under_later(
    state: history.ChangeState, kept: list[history.ChangeState], wanted: list[history.ChangeState]
) -> None:
    for later in kept:
        stands_on = later.last_seq > state.last_seq and later.change.where == state.change.where
        if stands_on and later not in wanted:
            raise ConfigError(
                f"{state.change.id} cannot go before {later.change.id}, which was proved on top of it",
                hint=f"run `hasten rollback {later.change.id} {state.change.id}`, or `hasten rollback --all`",
            )


def recover(app: App, book: Ledger) -> list[dict[str, str]]:
    """
    After a crash: each change is wholly there or wholly gone, as the ledger says it should be.

    A change that was under way is undone. Returns what was found and done.
    """
    done: list[dict[str, str]] = []
    if app.store is not None:
        ended = app.database.end_backends(app.database.instance)
        if ended:
            done.append({"change": "", "found": f"{ended} database sessions of an earlier run", "did": "ended them"})
    for state in reversed(history.changes(book.read())):
        report = _settle(state, app, book)
        if report:
            book.append(Step.RECOVERED, report)
            done.append(report)
    return done


def _settle(state: history.ChangeState, app: App, book: Ledger) -> dict[str, str] | None:
    change, remedy = state.change, optimize.catalogue()[state.change.optimization]
    if state.is_kept:
        if remedy.is_applied(change, app):
            return None
        return {"change": change.id, "found": "kept, but somebody removed it", "did": "nothing; plan again if wanted"}
    if state.step is Step.APPLIED and state.arena == "clone":
        book.append(Step.ROLLED_BACK, {"change": change.id, "reason": "the run ended during the trial on a clone"})
        return {"change": change.id, "found": "a trial on a clone was cut short", "did": "forgot the clone"}
    if not state.has_been_live:
        if state.is_settled:
            return None
        book.append(Step.ROLLED_BACK, {"change": change.id, "reason": "the run ended before the live database"})
        return {"change": change.id, "found": "tried on a clone only", "did": "marked as rolled back"}
    if state.is_settled and not remedy.has_remains(change, app):
        return None
    go_back(change, app, book, "the run ended before it was kept")
    return {"change": change.id, "found": f"left at {state.step}", "did": "undone"}


@contextmanager
def _or_back(change: Change, app: App, book: Ledger) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        go_back(change, app, book, f"ended early: {_named(error)}")
        raise


def _record_trial(book: Ledger, change: Change, arena: str, trial: Trial | None, decision: Decision | None) -> None:
    body: dict[str, Any] = {"change": change.id, "arena": arena}
    if trial is not None:
        body["trial"] = msgspec.to_builtins(trial)
    if decision is not None:
        body["decision"] = msgspec.to_builtins(decision)
    book.append(Step.TRIED, body)


def _named(error: BaseException) -> str:
    return str(error) or type(error).__name__
