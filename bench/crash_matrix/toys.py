"""
Hasten with the toy remedies of the tests in its catalogue, and with a trial that is real in all but its verdict.

The matrix is about the steps of a change. A trial of minutes says no more about them than one that sets up the arena of
its kind, has both sides answer once (a schema's: sixteen rounds), and is then taken for a gain.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import msgspec
from tests.remedies import compressed_twins, more_threads

from hasten import decide, kinds, optimize, sides
from hasten.application import App
from hasten.model import PLANNED_PAIRS, Change, Decision, Grade, Guard, Kind, Trial, Verdict
from hasten.optimize import Remedy
from hasten.verify.trial import Terms
from hasten.world.http import check_health
from hasten.world.policy_file import Rule, with_rule
from hasten.world.working_copy import copy_folder

TOYS = {"toy.files": cast(Remedy, compressed_twins), "toy.process": cast(Remedy, more_threads)}


#: On a busy machine sixteen rounds take what they take.
PATIENCE_S = 120.0


def install() -> None:
    """
    The catalogue of this process has the toys too.
    """
    known = {**optimize.catalogue(), **TOYS}
    optimize._found = lambda: known  # type: ignore[assignment]


def shorten_trials(middle: Callable[[App], None]) -> None:
    """
    Trials are short and end as a gain; in the middle of them `middle` is called, but for those on two clones.
    """
    full = kinds.run_trial

    def run_trial(change: Change, remedy: Remedy, app: App, terms: Terms, progress: kinds.Progress) -> Trial:
        if change.kind is Kind.SCHEMA:
            short = replace(terms, calibrated=False, most_pairs=PLANNED_PAIRS[0], time_budget_s=PATIENCE_S)
            on_clones = app.target.allow.clones
            return full(change, remedy, app, short, progress if on_clones else _telling(lambda: middle(app), progress))
        if change.kind is Kind.POLICY:
            _in_policy(change, app, middle)
        else:
            _side_by_side(change, remedy, app, middle)
        guards = [Guard(name="answers", ok=True, detail="both sides answered")]
        arena = kinds.arena_of(change, app)
        return Trial(change=change.id, grade=Grade.A, arena=arena, seed=1, blocks=[], effect=None, guards=guards)

    def decided(_trial: Trial, **_named: Any) -> Decision:
        return Decision(verdict=Verdict.KEEP, rule="matrix", reason="the steps are on trial, and not the change")

    kinds.run_trial = run_trial
    decide.decide = decided


def _telling(middle: Callable[[], None], progress: kinds.Progress) -> kinds.Progress:
    """
    The progress that calls `middle` when a few pairs have been played.
    """

    def told(done: float, what: str) -> None:
        progress(done, what)
        if what.startswith("pair 5,"):
            middle()

    return told


def _side_by_side(change: Change, remedy: Remedy, app: App, middle: Callable[[App], None]) -> None:
    with sides.beside(app) as both:
        for side in (both.control, both.candidate):
            copy_folder(app.root, side.root, leave_out=sides.not_copied(app))
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
