"""
A trial's looks, effects and guards, computed from its blocks and facts alone.

A trial that was just played and one from the ledger are judged by the same function, so that a verdict can be computed
again by anyone, years later.
"""

import math
from collections.abc import Callable, Collection, Sequence

import msgspec

from hasten.model import Effect, Grade, Guard, Trial, Where
from hasten.verify import guards, harm, statistics
from hasten.verify.looks import LEAST_PAIRS, looks_of, pairs_needed, totals_of
from hasten.verify.quantiles import quantile_effects
from hasten.verify.resampling import log_ratio
from hasten.verify.sequence import Plan, Played

ROUTE_TIME = "http.client.request.duration"

#: Put into Trial.facts by trials whose blocks hold requests to routes rather than statements.
REQUESTS = {"unit": "request"}

#: The guards of the two families of trials; `identity`, `answers` and the like come from elsewhere, ready made.
OF_STATEMENTS = ("harm", "errors", "rows", "statements", "writes", "size")
OF_REQUESTS = ("harm", "error_rate", "routes")


def bare(change: str, grade: Grade, arena: str, plan: Plan, played: Played) -> Trial:
    """
    A trial as it was played, before it is judged.
    """
    return Trial(
        change=change,
        grade=grade,
        arena=arena,
        seed=plan.seed,
        blocks=played.blocks,
        effect=None,
        weights=dict(plan.weights),
        duration_s=played.seconds,
        least_gain=plan.least_gain,
        level=plan.level,
        ended=played.ended,
    )


def judged(trial: Trial, names: Sequence[str] | None = None) -> Trial:
    """
    The trial with everything that follows from its blocks.

    Args:
        trial: Blocks, weights, seed, level, facts, and guards that came from elsewhere.
        names: The guards to compute, in their order; those that the trial has already, if left out.
    """
    made = [guard.name for guard in trial.guards] if names is None else list(names)
    looks = looks_of(trial.blocks, trial.weights, trial.seed, trial.level)
    effect = _primary(trial)
    trial = msgspec.structs.replace(trial, looks=looks, effect=effect, effects=_effects(trial, effect))
    given = {guard.name: guard for guard in trial.guards}
    computed = [_MADE[name](trial) if name in _MADE else given[name] for name in made]
    others = [guard for name, guard in given.items() if name not in made]
    needs = _needs(trial) if trial.blocks else trial.needs_pairs
    return msgspec.structs.replace(trial, guards=[*computed, *others], needs_pairs=needs)


def is_of_requests(trial: Trial) -> bool:
    """
    Whether its blocks hold requests to routes rather than statements.
    """
    return trial.facts.get("unit") == REQUESTS["unit"]


def support_of(trial: Trial) -> dict[str, int]:
    """
    The requests of each route, in the arm that had fewer.
    """
    found: dict[str, list[int]] = {}
    for block in trial.blocks:
        for arm, samples in enumerate((block.control_samples, block.candidate_samples)):
            for name, seconds in samples.items():
                found.setdefault(name, [0, 0])[arm] += len(seconds)
    return {name: min(counts) for name, counts in sorted(found.items())}


def _primary(trial: Trial) -> Effect | None:
    metric, where = statistics.STATEMENT_TIME, statistics.STATEMENTS
    if is_of_requests(trial):
        metric, where = ROUTE_TIME, Where(kind="application", name="all routes")
    blocks = trial.blocks
    return statistics.effect_of(blocks, trial.weights, trial.seed, level=trial.level, metric=metric, where=where)


def _effects(trial: Trial, primary: Effect | None) -> list[Effect]:
    if is_of_requests(trial):
        routes = statistics.effects_of(trial.blocks, trial.seed, metric=f"{ROUTE_TIME}.mean", kind="route")
        return [*routes, *quantile_effects(trial.blocks, trial.seed, ROUTE_TIME)]
    total_s = trial.facts.get("total_s", 0.0)
    share = statistics.share_of(trial.blocks, trial.weights, trial.facts.get("observed_s", {}), total_s)
    whole = [statistics.database_effect(primary, share, total_s)] if primary is not None and total_s > 0 else []
    return [*whole, *statistics.effects_of(trial.blocks, trial.seed)]


def _needs(trial: Trial) -> int | None:
    totals = totals_of(trial.blocks, trial.weights)
    pairs = totals.shape[1]
    if pairs < LEAST_PAIRS:
        return None
    ratio, error = log_ratio(totals[0], totals[1], trial.seed)
    needed = pairs_needed(float(ratio), float(error), pairs, trial.level)
    return needed if needed and needed > pairs else None


def _single(trial: Trial, kind: str) -> list[Effect]:
    return [each for each in trial.effects if each.where.kind == kind]


def _errors(trial: Trial) -> Guard:
    return guards.errors(trial.blocks, *trial.facts.get("first_errors", [0, 0]))


def _writing(trial: Trial) -> Collection[str]:
    return set(trial.facts.get("writing", []))


def _paid(trial: Trial) -> guards.Paid:
    effect = trial.effect
    saved_s = 0.0 if effect is None else max(0.0, effect.control * (1 - effect.high))
    return guards.Paid(saved_s, trial.weights)


def _error_rate(trial: Trial) -> Guard:
    failed, answered = [0, 0], [0, 0]
    for block in trial.blocks:
        for arm, errors in enumerate((block.control_errors, block.candidate_errors)):
            failed[arm] += errors
        for arm, samples in enumerate((block.control_samples, block.candidate_samples)):
            answered[arm] += sum(len(seconds) for seconds in samples.values())
    return guards.error_rate((failed[0], failed[0] + answered[0]), (failed[1], failed[1] + answered[1]))


def _routes(trial: Trial) -> Guard:
    means = [each for each in _single(trial, "route") if each.metric.endswith(".mean")]
    return guards.routes(means, trial.weights, support_of(trial))


_MADE: dict[str, Callable[[Trial], Guard]] = {
    "harm": lambda trial: harm.harm_of(trial.blocks, trial.weights, trial.facts.get("harm_alpha", harm.ALPHA)),
    "errors": _errors,
    "rows": lambda trial: guards.rows(trial.equivalence),
    "statements": lambda trial: guards.others(
        _single(trial, "statement"), _writing(trial), trial.facts.get("planned_alike", []), _paid(trial)
    ),
    "writes": lambda trial: guards.writes(
        _single(trial, "statement"), _writing(trial), trial.facts.get("unsampled", {})
    ),
    "size": lambda trial: guards.size(trial.facts.get("added_bytes"), trial.facts.get("limit_bytes", math.inf)),
    "error_rate": _error_rate,
    "routes": _routes,
    "memory": lambda trial: guards.memory(*trial.facts.get("memory_bytes", (None, None))),
    "cpu": lambda trial: guards.cpu(*trial.facts.get("cpu_s_per_request", (None, None))),
    "disk": lambda trial: guards.disk(*trial.facts.get("disk_bytes", (None, None))),
}
