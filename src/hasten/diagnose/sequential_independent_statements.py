"""
Statements that do not need each other's answers wait for each other.

What it means: a request asks the database one thing after another, and the later questions were complete before the
    first was answered: nothing of that answer is in them.
Why it costs: their times add up; asked at the same time, or in one statement, the request waits for the slowest only.
How it is found: statements that every followed request of a route executes, one after the other. A later one counts as
    independent only where its values cannot come from an earlier answer: it has none, or exactly these values were
    given to a statement that had begun before that answer came. Cost: requests per day × (the time of all − the time
    of the slowest).
Minimum support: five requests of the route, in all of which it holds; values that differ between them; 20 ms and a
    tenth of the request to be saved.
What could be wrong: a later statement may only make sense if an earlier one finds something, as after a check of rights
    of the application's own; authentication is left out. Only hashes of all values of a statement are known, so most
    independent statements are not recognized. Side by side they need more connections.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass

from hasten.diagnose import _traces, _words, cost
from hasten.diagnose._traces import Followed
from hasten.diagnose.about import About
from hasten.evidence import Observation
from hasten.model import Finding, Where
from hasten.target import Target
from hasten.trace import Seen

about = About(
    symptom="sequential_independent_statements",
    title="Statements that do not need each other wait for each other",
    phase=4,
    place='the route, "GET /api/dashboard"',
    reads=("traces",),
    minimum={"requests": 5, "saved_s": 0.020, "saved_share": 0.10},
    treated_by=("backend.async_processing",),
)

#: More than so often in one request is a lookup per row, and another symptom.
_MOST_EXECUTIONS = 9
_MOST_STATEMENTS = 40

#: A statement and its number among its equals in the request.
Key = tuple[str, int]
Steps = dict[Key, Seen]


@dataclass
class _Route:
    """
    The statements that all requests of a route have; `known`: the values that were in use before each, by request.
    """

    keys: list[Key]
    pids: list[int]
    requests: list[Steps]
    known: list[dict[Key, frozenset[str]]]


def find(observation: Observation, target: Target) -> list[Finding]:  # noqa: ARG001 - one signature for all
    """
    One finding per route.
    """
    found = []
    for route, requests in _traces.followed(observation).items():
        good = _traces.succeeded(requests)
        if len(good) < about.minimum["requests"]:
            continue
        group, saved_s = _best_group(_common(good))
        mean_s = sum(each.seconds for each in good) / len(good)
        if saved_s >= max(about.minimum["saved_s"], about.minimum["saved_share"] * mean_s):
            found.append(_finding(route, good, group, saved_s, mean_s, observation))
    return found


def _common(requests: list[Followed]) -> _Route:
    all_steps = [_by_key(each) for each in requests]
    keys = [key for key in all_steps[0] if all(key in steps for steps in all_steps)]
    known = [_known(request, steps) for request, steps in zip(requests, all_steps, strict=True)]
    return _Route(keys[:_MOST_STATEMENTS], [each.trace.pid for each in requests], all_steps, known)


def _by_key(request: Followed) -> Steps:
    """
    The questions of a request in their order; without authentication, lookups per row, and what was asked before.
    """
    by_name: dict[str, list[Seen]] = defaultdict(list)
    asked: set[tuple[str, str]] = set()
    found: Steps = {}
    for step in request.questions:
        by_name[step.name].append(step)
    for step in request.questions:
        of_name = by_name[step.name]
        is_again = (step.name, step.detail) in asked
        asked.add((step.name, step.detail))
        if not step.is_auth and not is_again and len(of_name) <= _MOST_EXECUTIONS:
            found[step.name, of_name.index(step)] = step
    return found


def _known(request: Followed, steps: Steps) -> dict[Key, frozenset[str]]:
    """
    Per statement, the values that were in use when it began, its own among them.
    """
    used: list[tuple[int, str]] = [(each.begins_ns, each.detail) for each in request.steps if each.kind == "db"]
    return {
        key: frozenset(detail for begins_ns, detail in used if detail and begins_ns <= step.begins_ns)
        for key, step in steps.items()
    }


def _best_group(of: _Route) -> tuple[list[Key], float]:
    """
    The statements of which none needs another's answer, with the most to save; and how much.
    """
    best: tuple[list[Key], float] = ([], 0.0)
    for number, first in enumerate(of.keys):
        group = [first]
        for key in of.keys[number + 1 :]:
            if all(_is_independent(of, key, earlier) for earlier in group):
                group.append(key)
        saved_s = sum(_saved_s([steps[key] for key in group]) for steps in of.requests) / len(of.requests)
        if saved_s > best[1]:
            best = group, saved_s
    return best


def _is_independent(of: _Route, later: Key, earlier: Key) -> bool:
    """
    Whether in no request anything of the later statement can come from the answer to the earlier one.
    """
    if "?" not in later[0]:
        return True
    values = [(pid, steps[later].detail) for pid, steps in zip(of.pids, of.requests, strict=True)]
    # What is the same in all requests could be the same by accident; other workers have other hashes for it.
    if not any(count > 1 for count in Counter(pid for pid, _ in set(values)).values()):
        return False
    return all(steps[later].detail in known[earlier] for steps, known in zip(of.requests, of.known, strict=True))


def _saved_s(steps: list[Seen]) -> float:
    """
    What the request would not wait for if all of them were asked at once; overlaps are waited for once already.
    """
    waited_ns, until_ns = 0, 0
    for begins_ns, ends_ns in sorted((each.begins_ns, each.ends_ns) for each in steps):
        waited_ns += max(0, ends_ns - max(begins_ns, until_ns))
        until_ns = max(until_ns, ends_ns)
    return waited_ns / 1e9 - max(each.seconds for each in steps)


def _finding(
    route: str, requests: list[Followed], group: list[Key], saved_s: float, mean_s: float, observation: Observation
) -> Finding:
    per_day = cost.requests_per_day(route, observation)
    steps = {key: [_by_key(request)[key] for request in requests] for key in group}
    lines = [
        {
            "statement": _words.statement(key[0], 200),
            "caller": _traces.most_common(each.place for each in found),
            "mean_s": round(sum(each.seconds for each in found) / len(found), 6),
        }
        for key, found in steps.items()
    ]
    places = list(dict.fromkeys(str(line["caller"]) for line in lines if line["caller"]))
    return Finding(
        symptom=about.symptom,
        where=Where(kind="route", name=route),
        cost_s_per_day=cost.cost_s_per_day(per_day, saved_s),
        says=f"{route} executes {len(group)} statements one after the other that do not need each other's answers"
        + (f" ({_words.listed(places[:3])})" if places else "")
        + f"; together they would take {_words.seconds(saved_s)} less of {_words.seconds(mean_s)}.",
        evidence={
            "statements": lines,
            "requests_followed": len(requests),
            "requests_per_day": round(per_day, 1),
            "mean_s": round(mean_s, 6),
            "avoidable_s": round(saved_s, 6),
        },
    )
