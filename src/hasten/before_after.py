"""
A change that cannot be made in a copy: measured before, made by a person, measured after (`hasten verify --pause`).

Between the two the machine, the data and the users have moved on. So this is grade C: it can show that something got
worse, and never that it got better.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Any

import msgspec

from hasten import instances
from hasten.application import App
from hasten.log import operation
from hasten.model import Block, Decision, Grade, Guard, Step, Trial, Verdict
from hasten.observe.api import observe_api
from hasten.record.ledger import Ledger
from hasten.verify.answers import CANDIDATE, CONTROL, CONTROL_AGAIN, Answer, ComparisonPlan, compare_answers, guard
from hasten.verify.answers.arms import arms_at
from hasten.verify.guards import error_rate
from hasten.verify.pacing import shares_of
from hasten.verify.sequence import Progress
from hasten.world.load import LoadRequest, LoadResult
from hasten.world.principals import Sessions
from hasten.world.traffic import SAFE_METHODS, read_traffic

#: The plan's own criterion for going back: more than 20 % worse than before.
LIMIT = 1.2
#: Requests whose answers are kept to be compared, the most frequent ones.
MOST_ANSWERS = 200

Answers = dict[tuple[str, str, str, bytes], tuple[Answer, Answer]]


def before_and_after(
    app: App, make: Callable[[], None], book: Ledger, progress: Progress, *, restart: Callable[[], App]
) -> tuple[Trial, Decision]:
    """
    The application was measured before and after a person made a change; trial and decision are in the ledger.

    Args:
        make: Returns when the change is made.
        restart: Starts the application anew, so that the change is in it.

    Raises:
        ConfigError, Unreachable, NotAllowed, NoData, TooNoisy: the application cannot be measured.
    """
    book.read()
    start = monotonic()
    with operation("verify.before_and_after") as result:
        requests = _requests(app)
        kept = _answers(app, requests)
        before = _load(app, lambda done, what: progress(0.45 * done, f"before: {what}"))
        make()
        app = restart()
        after = _load(app, lambda done, what: progress(0.5 + 0.45 * done, f"after: {what}"))
        trial = trial_of(before, after, shares_of(requests), monotonic() - start)
        trial = _with_answers(trial, app, requests, kept)
        decision = decided(trial)
        result["verdict"] = decision.verdict
        body: dict[str, Any] = {"trial": trial, "decision": decision, "command": []}
        book.append(Step.VERIFIED, {"name": "a change by hand", **msgspec.to_builtins(body)})
    return trial, decision


def trial_of(before: LoadResult, after: LoadResult, shares: dict[str, float], seconds: float) -> Trial:
    """
    One pair, one after the other.
    """
    times = [{route: found for route in shares if (found := load.latencies(route))} for load in (before, after)]
    routes = sorted(times[0].keys() & times[1].keys())
    means = [{route: math.fsum(each[route]) / len(each[route]) for route in routes} for each in times]
    block = Block(
        index=0,
        order="control first",
        control=means[0],
        candidate=means[1],
        control_errors=before.errors(),
        candidate_errors=after.errors(),
        control_samples={route: times[0][route] for route in routes},
        candidate_samples={route: times[1][route] for route in routes},
    )
    weights = {route: shares[route] for route in routes}
    return Trial(
        change="by hand",
        grade=Grade.C,
        arena="live",
        seed=1,
        blocks=[block] if routes else [],
        effect=None,
        guards=[
            error_rate((before.errors(), before.requests()), (after.errors(), after.requests())),
            _time(means, weights),
        ],
        weights=weights,
        duration_s=seconds,
        notes=["before and after on a machine that drifts: grade C proves no gain"],
    )


def decided(trial: Trial) -> Decision:
    """
    Worse, or not known: before and after can say nothing else.
    """
    for each in trial.guards:
        if each.ok is False:
            return Decision(verdict=Verdict.ROLL_BACK, rule=f"guard:{each.name}", reason=each.detail)
    measured = next((each.detail for each in trial.guards if each.name == "time"), "nothing was measured")
    reason = f"{measured}; but before and after on a drifting machine is no proof (grade C)"
    return Decision(verdict=Verdict.INCONCLUSIVE, rule="grade", reason=reason)


def restarted(app: App) -> App:
    """
    The processes that Hasten runs were started anew; what somebody else runs is as it is.
    """
    if not app.target.application.processes:
        return app
    url = app.store.dsn if app.store is not None else ""
    ground = instances.Ground(app.root, app.state_dir, url)
    instances.stop(app.target, ground, app.supervisor)
    address, pids = instances.start(app.target, ground, app.supervisor)
    return replace(app, url=address, processes={**app.processes, **pids})


def _time(means: list[dict[str, float]], weights: dict[str, float]) -> Guard:
    before, after = (math.fsum(weights[route] * each[route] for route in weights) for each in means)
    if before <= 0:
        return Guard(name="time", ok=None, detail="no route was timed before and after", limit=LIMIT)
    ratio = after / before
    share = math.fsum(weights.values())
    detail = f"{before / share * 1000:.3g} ms before, {after / share * 1000:.3g} ms after (× {ratio:.3g})"
    return Guard(name="time", ok=ratio <= LIMIT, detail=detail, value=ratio, limit=LIMIT)


def _requests(app: App) -> list[LoadRequest]:
    return read_traffic(app.target, base_url=app.url, folder=app.root).requests


def _load(app: App, progress: Progress) -> LoadResult:
    sessions = Sessions(app.target, app.url)
    return observe_api(app.url, app.target, sessions, progress, folder=app.root, probe_budget_s=0.0).load


def _answers(app: App, requests: list[LoadRequest]) -> Answers:
    """
    What is answered now, twice: what differs between the two is noise.
    """
    found: Answers = {}
    with arms_at({CONTROL: app.url}, app.target, timeout_s=app.target.traffic.timeout_s) as ask:
        for request in [each for each in requests if each.method in SAFE_METHODS][:MOST_ANSWERS]:
            found[_key(request)] = ask(CONTROL, request), ask(CONTROL, request)
    return found


def _with_answers(trial: Trial, app: App, requests: list[LoadRequest], kept: Answers) -> Trial:
    """
    The trial with what is answered now compared with what was answered before.
    """
    with arms_at({CANDIDATE: app.url}, app.target, timeout_s=app.target.traffic.timeout_s) as live:

        def ask(arm: str, request: LoadRequest) -> Answer:
            if arm == CANDIDATE:
                return live(arm, request)
            return kept[_key(request)][(CONTROL, CONTROL_AGAIN).index(arm)]

        asked = [request for request in requests if _key(request) in kept]
        found = compare_answers(asked, ask, ComparisonPlan(known=asked, rounds=1))
    guards = [guard(found), *trial.guards]
    return msgspec.structs.replace(trial, equivalence=found.as_data(), guards=guards)


def _key(request: LoadRequest) -> tuple[str, str, str, bytes]:
    return request.method, request.path, request.principal, request.body
