"""
The same question is asked several times in one transaction.

What it means: the same statement with the same values is executed again before the first answer is out of date.
Why it costs: the server does the same work again, and the page waits for it again.
How it is found: executions with equal text and equal values: in one transaction of the server's log, and where the
    agent runs in one request, with the line of code that makes them; there a write in between starts anew. Cost: calls
    per day × the share of executions that repeat an earlier one × mean time; where only requests show it, requests per
    day × the time of the repeats.
Minimum support: ten logged executions, and three equal ones in one transaction. Three equal ones in each of two
    requests of one route.
What could be wrong: in the log, the transaction may have written what is asked for between the two, so that the answer
    is another one. By the log alone, applications without transactions are not seen.
"""

from collections import Counter

from hasten.diagnose import _repeats, _statements, _traces, _within_request, _words, cost
from hasten.diagnose._traces import Followed
from hasten.diagnose.about import About
from hasten.evidence import Observation
from hasten.model import Finding, Where
from hasten.target import Target
from hasten.trace import Seen

about = About(
    symptom="duplicate_statements",
    title="The same question several times in one request",
    phase=1,
    place="the query id",
    reads=("statements",),
    minimum={"executions": 10, "equal_per_transaction": 3, "equal_per_request": 3, "requests": 2},
    treated_by=("database.query_result_cache",),
)


def find(observation: Observation, target: Target) -> list[Finding]:
    """
    One finding per statement, whoever has seen it.
    """
    seen = _within_request.within_requests(
        observation,
        _equal_values,
        least=int(about.minimum["equal_per_request"]),
        least_requests=int(about.minimum["requests"]),
    )
    only = _within_request.Only("A request asks the same {}, with the same values")
    return _within_request.by_whoever_saw(observation, about, lambda: _in_transactions(observation, target), seen, only)


def _equal_values(request: Followed, _: str, steps: list[Seen]) -> list[Seen]:
    """
    Executions that repeat an earlier one, with nothing written in between.
    """
    writes = [each.begins_ns for each in request.steps if each.kind == "db" and _traces.is_write(each.name)]
    before: dict[str, Seen] = {}
    repeats = []
    for step in steps:
        earlier = before.get(step.detail)
        if step.detail and earlier and not any(earlier.begins_ns <= at <= step.ends_ns for at in writes):
            repeats.append(step)
        before[step.detail] = step
    often = Counter(step.detail for step in repeats)
    return [step for step in repeats if often[step.detail] >= about.minimum["equal_per_request"] - 1]


def _in_transactions(observation: Observation, target: Target) -> list[Finding]:
    if _statements.nothing_if_unseen(observation):
        return []
    _statements.need_executions(observation, target, values=True)
    found = []
    for profile, shape in _statements.readable(observation, about.minimum["executions"]):
        seen = _repeats.repeats(profile)
        most = seen.most_equal
        if seen.seen < about.minimum["executions"] or most < about.minimum["equal_per_transaction"] or shape.is_write:
            continue
        per_day = cost.calls_per_day(profile.calls, observation)
        avoidable_s = seen.equal_share * profile.mean_s
        found.append(
            Finding(
                symptom=about.symptom,
                where=Where(kind="statement", name=profile.query_id),
                cost_s_per_day=cost.cost_s_per_day(per_day, avoidable_s),
                says=f"One transaction asks the same of {_words.listed(shape.tables) or 'the server'} at least {most} "
                f"times, with the same values, {_words.seconds(profile.mean_s)} each: "
                f"{_words.statement(profile.text, 120)}",
                evidence={
                    "query_id": profile.query_id,
                    "text": profile.text,
                    "tables": shape.tables,
                    "calls": profile.calls,
                    "calls_per_day": round(per_day, 1),
                    "mean_s": profile.mean_s,
                    "most_equal_in_one_transaction": most,
                    "transactions_seen": seen.transactions,
                    "executions_seen": seen.seen,
                    "repeated_share": round(seen.equal_share, 4),
                    "avoidable_s": round(avoidable_s, 6),
                },
            )
        )
    return found
