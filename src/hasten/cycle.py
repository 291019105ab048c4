"""
The loop. Start reading here.

    observe ─▶ diagnose ─▶ plan ─▶ for each change: apply ─▶ try ─▶ decide ─▶ keep, or go back

The way back exists before the first step: a Change carries its inverse, and the entry of a step is on the disk
before the step. Each kind of change is tried in an arena of its own first (kinds); only what is kept there is applied
to the live application, and looked at once more there.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from hasten import decide, gate, kill_switch, kinds, objectives, optimize
from hasten.application import App
from hasten.diagnose import Diagnosis, diagnose
from hasten.errors import ApplyFailed, NoData
from hasten.evidence import Observation
from hasten.log import operation
from hasten.model import Change, Decision, Finding, Step, Trial, Verdict
from hasten.observe.run import observe
from hasten.record import history, observations
from hasten.record.ledger import Ledger
from hasten.verify import discovery
from hasten.verify.trial import Terms
from hasten.verify.watch import held
from hasten.way_back import go_back, or_back
from hasten.workload import difference, workload_of

Progress = Callable[[float, str], None]


def measure(app: App, book: Ledger, name: str, progress: Progress) -> Observation:
    """
    The application was measured; numbers are in the ledger, the evidence in a file under the same digest.
    """
    with operation("cycle.measure", run=name):
        # Found out now and not after minutes of measuring: nothing is added to a record that does not hold.
        book.read()
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


def plan(
    app: App, findings: list[Finding], book: Ledger, progress: Progress, *, dry_run: bool = False, again: bool = False
) -> list[Change]:
    """
    The changes worth a trial, best first. Nothing of the application was touched.

    A change that went back under this very workload is proposed again only if `again`. A dry run records nothing.

    Raises:
        ConfigError, Unreachable, NotAllowed: the database cannot be looked at.
    """
    if app.store is not None:
        app.database.check()
    states = {state.change.id: state for state in history.changes(book.read())}
    found: list[Change] = []
    for name, remedy in optimize.catalogue().items():
        with operation("cycle.propose", optimization=name):
            treated = [finding for finding in findings if finding.symptom in remedy.about.treats]
            found += optimize.proposals(remedy, treated, app, progress) if treated else []
    fresh = [change for change in found if _is_worth_a_trial(change, states.get(change.id), app, again=again)]
    for change in [] if dry_run else fresh:
        workload = msgspec.to_builtins(workload_of(app.observation, change))
        book.append(Step.PLANNED, {"change": msgspec.to_builtins(change), "id": change.id, "workload": workload})
    return fresh


def _is_worth_a_trial(change: Change, state: history.ChangeState | None, app: App, *, again: bool) -> bool:
    """
    Neither kept already, nor a failed idea of the same workload.
    """
    if state is not None and state.is_kept:
        return False
    if state is None or not state.has_failed or again:
        return True
    then = state.planned_under
    return then is not None and bool(difference(then, workload_of(app.observation, change)))


def carry_out(change: Change, app: App, book: Ledger, progress: Progress, *, seed: int = 1) -> Decision:
    """
    A planned change is kept, with proof, or nothing of it is left.

    Raises:
        NotAllowed: the gate is closed to it, or this role could not carry it out; nothing of it is live.
        Interrupted: the stop file is there; nothing of it is left.
        ApplyFailed, Unreachable, HastenError: it was begun, and nothing of it is left.
        RevertFailed: something of it is left; the hint says how to finish by hand.
    """
    remedy = optimize.catalogue()[change.optimization]
    gate.require(change, app, book)
    progress = kill_switch.watched(progress, app.state_dir)
    arena = kinds.arena_of(change)
    kinds.require(change, app)
    with operation("cycle.carry_out", change=change.id) as result, or_back(change, app, book) as way:
        way.is_live = kinds.is_live(arena)
        book.append(Step.APPLIED, {"change": change.id, "arena": arena})
        trial, decision = _tried(change, remedy, app, progress, _terms(remedy, book, arena, seed))
        result["verdict"] = decision.verdict
        _record_trial(book, change, arena, trial, decision)
        seen = decision
        if decision.verdict is Verdict.KEEP:
            progress(0.9, "applying to the live application")
            gate.require(change, app, book, is_going_live=True)
            way.is_live = True
            seen = _go_live(change, remedy, app, book)
            kill_switch.check(app.state_dir)
        if seen.verdict is Verdict.KEEP:
            book.append(Step.KEPT, {"change": change.id, "decision": msgspec.to_builtins(decision)})
            return decision
        if not way.is_live:
            book.append(Step.ROLLED_BACK, {"change": change.id, "reason": decision.reason})
            return decision
    go_back(change, app, book, seen.reason, decision=seen)
    return seen


def _terms(remedy: optimize.Remedy, book: Ledger, arena: str, seed: int) -> Terms:
    """
    What this trial has to show: the more of this run went for nothing, the more.
    """
    entries = book.read()
    return Terms(
        seed=seed,
        least_gain=remedy.about.least_gain,
        level=discovery.granted(history.kept_in_run(entries)),
        noise=history.latest_noise(entries, arena),
    )


def _tried(
    change: Change, remedy: optimize.Remedy, app: App, progress: Progress, terms: Terms
) -> tuple[Trial | None, Decision]:
    try:
        trial = kinds.run_trial(change, remedy, app, terms, progress)
    except (NoData, ApplyFailed) as error:
        # Nothing was learned, or it did not even go in on a clone: doubt, and doubt goes back.
        return None, Decision(verdict=Verdict.INCONCLUSIVE, rule="no data", reason=str(error))
    return trial, decide.decide(trial)


def _go_live(change: Change, remedy: optimize.Remedy, app: App, book: Ledger) -> Decision:
    book.append(Step.APPLIED, {"change": change.id, "arena": "live"})
    remedy.apply(change, app)
    if not remedy.is_applied(change, app):
        raise ApplyFailed(f"{change.id} was applied and is not there", hint="run `hasten recover`, then look")
    live = kinds.look_at_live(change, app)
    _record_trial(book, change, "live", live, None)
    return held(live)


def _record_trial(book: Ledger, change: Change, arena: str, trial: Trial | None, decision: Decision | None) -> None:
    body: dict[str, Any] = {"change": change.id, "arena": arena}
    if trial is not None:
        body["trial"] = msgspec.to_builtins(trial)
    if decision is not None:
        body["decision"] = msgspec.to_builtins(decision)
    book.append(Step.TRIED, body)
