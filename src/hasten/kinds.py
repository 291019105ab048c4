"""
What differs between the kinds of change: where each is tried first, how, and how the live application is looked at.

The steps, their entries in the ledger and the way back are the same for all of them (cycle, way_back).
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from time import monotonic

from hasten import sides, silence
from hasten.application import App
from hasten.errors import HastenError, NotAllowed
from hasten.log import operation
from hasten.model import Change, Guard, Kind, Trial
from hasten.optimize import Remedy
from hasten.record.history import LIVE_ARENAS
from hasten.verify import switch_back, watch
from hasten.verify.pair import pair_of
from hasten.verify.policy_trial import run_policy_trial
from hasten.verify.policy_watch import watch_policy
from hasten.verify.side_by_side import run_side_by_side
from hasten.verify.trial import Terms, run_schema_trial
from hasten.world import agent, lineage, workers
from hasten.world.http import check_health
from hasten.world.working_copy import copy_folder

Progress = Callable[[float, str], None]

#: In a copy nobody is hurt while harm is looked into, so it is not believed as soon as on the live application.
HARM_ALPHA = 0.01
ARENAS = {Kind.SCHEMA: "clone", Kind.FILES: "instance", Kind.PROCESS: "instance", Kind.POLICY: "split"}


def arena_of(change: Change, app: App) -> str:
    """
    Where a change is tried first.
    """
    if change.kind is Kind.SCHEMA and not app.target.allow.clones:
        return switch_back.ARENA
    return ARENAS[change.kind]


def is_live(arena: str) -> bool:
    """
    Whether the live application has something of a change that is in this arena.
    """
    return arena in LIVE_ARENAS


def require(change: Change, app: App) -> None:
    """
    Nothing happens if this kind of change can be begun here.

    Raises:
        NotAllowed, ConfigError, Unreachable: it cannot; nothing was begun.
    """
    if change.kind is Kind.SCHEMA:
        app.database.require_create()
    elif change.kind is Kind.PROCESS:
        _ = app.servers
    elif change.kind is Kind.POLICY and not app.url:
        raise NotAllowed(
            "a rule is tried in the running application, and it does not run",
            hint="run `hasten apply` where hasten.toml says how the application is started, or where it answers",
        )
    elif change.kind is Kind.POLICY and not workers.alive(app.policy.workers_dir):
        raise _unheard(app)


def _unheard(app: App) -> NotAllowed:
    """
    Nobody would obey a rule, and why, as far as the processes of the application tell.
    """
    says = f"no worker of the application reports to {app.policy.workers_dir}, so nobody would obey a rule"
    hint = (
        "start it with `hasten run -- PROGRAM`, or `agent = true` on its process; python -I, a start script that sets "
        "PYTHONPATH itself and a server that docs/agent.md does not name leave the agent out"
    )
    with suppress(HastenError):
        boot, reports = agent.boot_folder(), app.policy.workers_dir
        roots = [pid for role, pid in app.processes.values() if role != "database"]
        seen = [program for pid in roots for program in lineage.programs(pid, "", boot, reports)]
        cause = silence.causes(seen, boot)[0]
        if seen and cause.is_certain:
            return NotAllowed(f"{says}: {cause.says}", hint=cause.hint, cause=cause.kind)
    return NotAllowed(says, hint=hint)


def run_trial(change: Change, remedy: Remedy, app: App, terms: Terms, progress: Progress) -> Trial:
    """
    Control against candidate, in the arena of this kind of change.

    Raises:
        NoData: nothing can be compared.
        ApplyFailed, NotAllowed, Unreachable, ConfigError: there can be no trial here.
    """
    if arena_of(change, app) == switch_back.ARENA:
        return switch_back.run_switch_back(change, remedy, app, terms, progress)
    if change.kind is Kind.SCHEMA:
        return run_schema_trial(change, remedy, app, terms, progress)
    if change.kind is Kind.POLICY:
        return run_policy_trial(change, remedy, app, plan=terms.plan(), progress=progress)
    return _instance_trial(change, remedy, app, terms, progress)


def look_at_live(change: Change, app: App) -> Trial:
    """
    A look at the live application after a change went in: grade C, so it can veto and never keep.

    Raises:
        HastenError: it cannot be looked at.
    """
    if change.kind is Kind.SCHEMA:
        return watch.watch(change, app)
    if change.kind is Kind.POLICY:
        return watch_policy(change, app)
    start = monotonic()
    guard = _answers(app)
    return watch.looked_at(change, [guard], monotonic() - start)


def _instance_trial(change: Change, remedy: Remedy, app: App, terms: Terms, progress: Progress) -> Trial:
    with operation("trial.change", change=change.id, kind=change.kind, seed=terms.seed), sides.beside(app) as both:
        progress(0.02, "copying the folder twice")
        for side in (both.control, both.candidate):
            copy_folder(app.root, side.root, leave_out=sides.not_copied(app))
        progress(0.08, f"applying the change to one copy: {change.where.name}")
        remedy.apply(change, both.candidate.app)
        progress(0.12, "starting both instances")
        pair = pair_of(both.control.start(), both.candidate.start(), folder=app.root, may_write=both.may_write)
        pair.notes[:0] = both.notes
        plan = replace(terms.plan(), harm_alpha=HARM_ALPHA)
        return run_side_by_side(change.id, pair, plan, lambda done, what: progress(0.15 + 0.85 * done, what))


def _answers(app: App) -> Guard:
    """
    Whether the application, as it is now, starts and answers.
    """
    limit = "answers below 500"
    if app.fleet is None and not app.url:
        return Guard(name="answers", ok=None, detail="hasten.toml does not say where the application answers")
    is_ours = app.fleet is not None and not app.fleet.is_started
    try:
        url = app.fleet.start() if app.fleet is not None and is_ours else app.url
        status = check_health(url, app.target.application.health).status
    except HastenError as error:
        return Guard(name="answers", ok=False, detail=f"the application does not answer: {error}")
    finally:
        if app.fleet is not None and is_ours:
            app.fleet.stop()
    return Guard(name="answers", ok=status < 500, detail=f"{limit}: {status}", value=float(status), limit=500.0)
