"""
One statement per row of a list, where one for the whole list would do.

What it means: within one transaction the same statement comes again and again, each time with another key, usually
    because an object's relation is loaded when it is first touched.
Why it costs: each execution pays for the way to the server and back, for planning and for looking from the root of
    the index (or for reading the table) once more.
How it is found: executions of one statement that finds its rows by one value, with different values: in one
    transaction of the server's log, and where the agent runs in one request, with the line of code that makes them.
    Cost: calls per day × the share of executions that are not the first of their transaction × mean time × 0.85,
    because 200 single lookups were measured to take 6.5 times as long as one with `= ANY`; where only requests show
    it, requests per day × the time of all executions but the first × 0.85.
Minimum support: ten executions in one transaction, in the kept sample; that is the least that there were. Ten with
    different values in each of two requests of one route.
What could be wrong: a batch job that works through a list on purpose looks the same. By the log alone, time on the way
    to the server is not in it, and applications without transactions are not seen.
"""

from hasten.diagnose import _repeats, _statements, _traces, _within_request, _words, cost
from hasten.diagnose._traces import Followed
from hasten.diagnose.about import About
from hasten.evidence import Observation
from hasten.model import Finding, Where
from hasten.sql import StatementShape
from hasten.target import Target
from hasten.trace import Seen

about = About(
    symptom="n_plus_one",
    title="One statement per row of a list",
    phase=2,
    place="the query id",
    reads=("statements",),
    minimum={"calls": 10, "executions_per_transaction": 10, "executions_per_request": 10, "requests": 2},
    treated_by=("database.n_plus_one",),
)

#: One lookup of 200 keys took 3.1 ms where 200 lookups took 20.2 ms over a local socket.
BATCHED_SHARE = 1 - 3.1 / 20.2


def find(observation: Observation, target: Target) -> list[Finding]:
    """
    One finding per statement, whoever has seen it.
    """
    seen = _within_request.within_requests(
        observation,
        _other_values,
        least=int(about.minimum["executions_per_request"]),
        least_requests=int(about.minimum["requests"]),
    )
    only = _within_request.Only("A request executes this statement {}, each time with another value", BATCHED_SHARE)
    return _within_request.by_whoever_saw(observation, about, lambda: _in_transactions(observation, target), seen, only)


def _other_values(_: Followed, name: str, steps: list[Seen]) -> list[Seen]:
    """
    All executions but the first that look something else up than those before.
    """
    shape = _traces.shape_of(name)
    if shape.unknown or not _is_lookup(shape):
        return []
    values: set[str] = set()
    others = []
    for step in steps:
        if step.detail and step.detail not in values:
            values.add(step.detail)
            others.append(step)
    return others[1:]


def _in_transactions(observation: Observation, target: Target) -> list[Finding]:
    if _statements.nothing_if_unseen(observation):
        return []
    _statements.need_executions(observation, target, values=True)
    found = []
    for profile, shape in _statements.readable(observation, about.minimum["calls"]):
        seen = _repeats.repeats(profile)
        if seen.most < about.minimum["executions_per_transaction"] or not seen.differing or not _is_lookup(shape):
            continue
        per_day = cost.calls_per_day(profile.calls, observation)
        avoidable_s = seen.differing_share * profile.mean_s * BATCHED_SHARE
        found.append(
            Finding(
                symptom=about.symptom,
                where=Where(kind="statement", name=profile.query_id),
                cost_s_per_day=cost.cost_s_per_day(per_day, avoidable_s),
                says=f"One transaction executes this statement on {_words.listed(shape.tables)} at least {seen.most} "
                f"times, each with another value, {_words.seconds(profile.mean_s)} each; one statement for all of "
                f"them would do: {_words.statement(profile.text, 120)}",
                evidence={
                    "query_id": profile.query_id,
                    "text": profile.text,
                    "tables": shape.tables,
                    "looked_up_by": shape.uses[0].equality,
                    "calls": profile.calls,
                    "calls_per_day": round(per_day, 1),
                    "mean_s": profile.mean_s,
                    "most_in_one_transaction": seen.most,
                    "transactions_seen": seen.transactions,
                    "executions_seen": seen.seen,
                    "repeated_share": round(seen.differing_share, 4),
                    "avoidable_s": round(avoidable_s, 6),
                },
            )
        )
    return found


def _is_lookup(shape: StatementShape) -> bool:
    """
    A read that finds its rows by single values, not by a list.
    """
    if shape.is_write or not shape.uses:
        return False
    by_value = [each for use in shape.uses for each in use.predicates if each.kind == "equality" and each.conjunctive]
    return any(each.operator == "=" and (each.parameters or each.literals) for each in by_value)
