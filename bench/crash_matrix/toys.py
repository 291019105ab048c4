"""
Hasten with the toy remedies of the tests in its catalogue, and with a trial that is real in all but its verdict.

The matrix is about the steps of a change. A trial of minutes says no more about them than one that sets up the arena of
its kind, has both sides answer once, and is then taken for a gain.
"""

from collections.abc import Callable
from typing import Any, cast

import msgspec
from tests.remedies import compressed_twins, more_threads

from hasten import decide, kinds, optimize, sides
from hasten.application import App
from hasten.model import Change, Decision, Grade, Guard, Kind, Trial, Verdict
from hasten.optimize import Remedy
from hasten.verify.trial import Terms
from hasten.world.http import check_health
from hasten.world.policy_file import Rule, with_rule
from hasten.world.working_copy import copy_folder

TOYS = {"toy.files": cast(Remedy, compressed_twins), "toy.process": cast(Remedy, more_threads)}
STAND_IN = "stand-in"


def install() -> None:
    """
    The catalogue of this process has the toys too.
    """
    known = {**optimize.catalogue(), **TOYS}
    optimize._found = lambda: known  # type: ignore[assignment]


def shorten_trials(middle: Callable[[App], None]) -> None:
    """
    Trials of files, processes and policies are stand-ins; in the middle of each, `middle` is called.
    """
    full, judge = kinds.run_trial, decide.decide

    def run_trial(change: Change, remedy: Remedy, app: App, terms: Terms, progress: kinds.Progress) -> Trial:
        if change.kind is Kind.SCHEMA:
            return full(change, remedy, app, terms, progress)
        if change.kind is Kind.POLICY:
            _in_policy(change, app, middle)
        else:
            _side_by_side(change, remedy, app, middle)
        guards = [Guard(name="answers", ok=True, detail="both sides answered")]
        return Trial(change=change.id, grade=Grade.A, arena=STAND_IN, seed=1, blocks=[], effect=None, guards=guards)

    def judged(trial: Trial, **named: Any) -> Decision:
        if trial.arena == STAND_IN:
            return Decision(verdict=Verdict.KEEP, rule="stand-in", reason="both sides answered")
        return judge(trial, **named)

    kinds.run_trial = run_trial
    decide.decide = judged


def _side_by_side(change: Change, remedy: Remedy, app: App, middle: Callable[[App], None]) -> None:
    with sides.beside(app) as both:
        for side in (both.control, both.candidate):
            copy_folder(app.root, side.root, leave_out=[app.state_dir])
        remedy.apply(change, both.candidate.app)
        running = [both.control.start(), both.candidate.start()]
        for _ in range(2):
            for each in running:
                check_health(each.url, "/health")
            middle(app)


def _in_policy(change: Change, app: App, middle: Callable[[App], None]) -> None:
    rules = with_rule(app.policy.read().rules, msgspec.convert(change.after["rule"], Rule))
    with app.policy.candidate(rules, name=change.id, seed=1):
        check_health(app.url, "/health")
        middle(app)
        check_health(app.url, "/health")
