"""
A statement takes longer than the objective.

What it means: the database needs more time for this statement than db_p95_ms allows, on average or for its slowest
    calls.
Why it costs: whoever waits for the page waits for it, and a connection and a processor are taken meanwhile.
How it is found: totals from pg_stat_statements, percentiles from the server's log. Cost: calls per day × the time per
    call beyond the objective: the mean of it over the logged calls where there are 20, else mean − objective, else a
    twentieth of p95 − objective, which is the least that one call in twenty costs.
Minimum support: five calls in the window if the mean is above the objective; 20 timed calls if only p95 is.
What could be wrong: the time includes waiting for locks and for a processor under the load of the run. Calls per day
    are as many times those of the window as a day's requests are those of the load.
"""

from typing import Any

from hasten.diagnose import _plan, _statements, _words, cost
from hasten.diagnose.about import About
from hasten.evidence import Observation, StatementProfile
from hasten.model import Finding, Where
from hasten.sql import StatementShape
from hasten.target import Target

about = About(
    symptom="slow_statement",
    title="A statement is slower than the objective",
    phase=2,
    place="the query id",
    reads=("statements",),
    minimum={"calls": 5, "timed_calls": 20},
    treated_by=("database.indexes", "database.query_rewrites", "database.materialized_views"),
)


def find(observation: Observation, target: Target) -> list[Finding]:
    """
    One finding per statement.
    """
    if _statements.nothing_if_unseen(observation):
        return []
    limit_s = target.objectives.db_p95_ms / 1000
    total_s = sum(profile.total_s for profile in observation.statements)
    found = []
    for profile, shape in _statements.readable(observation, about.minimum["calls"]):
        avoidable_s = beyond_s(profile, limit_s)
        if avoidable_s > 0:
            found.append(_finding(profile, shape, avoidable_s, limit_s, total_s, observation))
    return found


def beyond_s(profile: StatementProfile, limit_s: float) -> float:
    """
    The time per call beyond the limit, as measured; 0 where the support is too small to say.
    """
    timed = [sample.seconds for sample in profile.samples if sample.error is None]
    if len(timed) >= about.minimum["timed_calls"]:
        slow = profile.mean_s > limit_s or (profile.p95_s or 0.0) > limit_s
        return sum(max(0.0, each - limit_s) for each in timed) / len(timed) if slow else 0.0
    if profile.mean_s > limit_s:
        return profile.mean_s - limit_s
    if profile.p95_s is not None and profile.timed_calls >= about.minimum["timed_calls"]:
        return max(0.0, 0.05 * (profile.p95_s - limit_s))
    return 0.0


def _finding(
    profile: StatementProfile,
    shape: StatementShape,
    avoidable_s: float,
    limit_s: float,
    total_s: float,
    observation: Observation,
) -> Finding:
    per_day = cost.calls_per_day(profile.calls, observation)
    tail = ""
    if profile.p95_s is not None and profile.timed_calls >= about.minimum["timed_calls"]:
        tail = f", one call in twenty more than {_words.seconds(profile.p95_s)}"
    evidence: dict[str, Any] = {
        "query_id": profile.query_id,
        "text": profile.text,
        "tables": shape.tables,
        "calls": profile.calls,
        "calls_per_day": round(per_day, 1),
        "mean_s": profile.mean_s,
        "p50_s": profile.p50_s,
        "p95_s": profile.p95_s,
        "p99_s": profile.p99_s,
        "timed_calls": profile.timed_calls,
        "objective_s": limit_s,
        "avoidable_s": round(avoidable_s, 6),
        "rows_per_call": round(profile.rows / profile.calls, 1),
        "share_of_database_time": round(profile.total_s / total_s, 4) if total_s else None,
    }
    if profile.plan:
        evidence["plan"] = _plan.summary(profile.plan)
    return Finding(
        symptom=about.symptom,
        where=Where(kind="statement", name=profile.query_id),
        cost_s_per_day=cost.cost_s_per_day(per_day, avoidable_s),
        says=f"A statement on {_words.listed(shape.tables) or 'no table'} takes {_words.seconds(profile.mean_s)} on "
        f"average{tail}; the objective is {_words.seconds(limit_s)}. It was called "
        f"{_words.times(profile.calls)}: {_words.statement(profile.text, 120)}",
        evidence=evidence,
    )
