"""
Who somebody is and what they may do is found out anew for every request.

What it means: each request asks an identity provider or the database for the same person, session and rights, with the
    same values as the requests before it.
Why it costs: every request of every route waits for it first, for an answer that changes a few times a year.
How it is found: steps of followed requests that belong to authentication by the words of the code, paths and tables
    that they come from (auth, permission, principal, introspect …), with the same values as in an earlier request of
    the same worker and the same credentials. Cost: requests per day of each route × the time of its authentication.
Minimum support: ten requests that repeat it, half of those with credentials, over two routes; 3 ms each, and more than
    one cheap look-up: a call to another service, or two statements.
What could be wrong: authentication is recognized by names; what is called otherwise is not seen. Rights that must be
    true to the second may not be kept at all.
"""

from collections import defaultdict
from typing import Any

from hasten.diagnose import _traces, _words, cost
from hasten.diagnose._traces import Followed
from hasten.diagnose.about import About
from hasten.evidence import Observation
from hasten.model import Finding, Where
from hasten.target import Target
from hasten.trace import Seen

about = About(
    symptom="repeated_auth",
    title="Authentication is done anew for every request",
    phase=1,
    place="the application's name",
    reads=("traces",),
    minimum={"requests": 10, "share": 0.5, "routes": 2, "mean_s": 0.003, "statements": 2},
    treated_by=("quick_wins.auth_cache",),
)

_ASKING = frozenset({"db", "http", "redis"})


def find(observation: Observation, target: Target) -> list[Finding]:
    """
    At most one finding, of the whole application.
    """
    routes = _traces.followed(observation)
    known = [each for requests in routes.values() for each in requests if each.trace.identity]
    repeating = _repeating(known)
    if len(repeating) < max(about.minimum["requests"], about.minimum["share"] * len(known)):
        return []
    if len({each.trace.route for each in repeating}) < about.minimum["routes"]:
        return []
    mean_s = sum(each.auth_s for each in repeating) / len(repeating)
    if mean_s < about.minimum["mean_s"]:
        return []
    return [_finding(routes, repeating, len(known), mean_s, observation, target)]


def _repeating(requests: list[Followed]) -> list[Followed]:
    """
    The requests that ask what an earlier one of the same person, in the same worker, has asked.
    """
    asked: dict[tuple[int, str], set[tuple[str, str]]] = defaultdict(set)
    found = []
    for request in sorted(requests, key=lambda each: each.trace.at):
        before = asked[request.trace.pid, request.trace.identity]
        steps = _questions(request)
        again = [each for each in steps if (each.name, each.detail) in before]
        if any(each.kind == "http" for each in again) or len(again) >= about.minimum["statements"]:
            found.append(request)
        before.update((each.name, each.detail) for each in steps)
    return found


def _questions(request: Followed) -> list[Seen]:
    return [
        each
        for each in request.steps
        if each.is_auth
        and each.detail
        and each.kind in _ASKING
        and (each.kind != "db" or _traces.is_question(each.name))
    ]


def _finding(
    routes: dict[str, list[Followed]],
    repeating: list[Followed],
    known: int,
    mean_s: float,
    observation: Observation,
    target: Target,
) -> Finding:
    auth_s: dict[str, float] = defaultdict(float)
    for request in repeating:
        auth_s[request.trace.route] += request.auth_s
    per_day = {route: cost.requests_per_day(route, observation) for route in auth_s}
    asked = _asked(repeating)
    clients = sum(step.is_auth and step.kind == "client" for request in repeating for step in request.steps)
    places = list(dict.fromkeys(str(line["caller"]) for line in asked if line["caller"]))
    return Finding(
        symptom=about.symptom,
        where=Where(kind="application", name=target.application.name),
        cost_s_per_day=sum(per_day[route] * total_s / len(routes[route]) for route, total_s in auth_s.items()),
        says=f"{len(repeating)} of {known} requests with credentials ask again who it is and what they may do, "
        f"{_words.seconds(mean_s)} each"
        + (f" (at {_words.listed(places[:3])})" if places else "")
        + (", with a new HTTP client every time" if clients >= len(repeating) / 2 else "")
        + "; the answers were known from the requests before.",
        evidence={
            "asked": asked,
            "repeating_requests": len(repeating),
            "requests_with_credentials": known,
            "routes": sorted(auth_s),
            "new_http_clients_per_request": round(clients / len(repeating), 2),
            "requests_per_day": round(sum(per_day.values()), 1),
            "avoidable_s": round(mean_s, 6),
        },
    )


def _asked(requests: list[Followed]) -> list[dict[str, Any]]:
    """
    What is asked, the dearest first.
    """
    by_name: dict[str, list[Seen]] = defaultdict(list)
    for request in requests:
        for step in request.steps:
            if step.is_auth and step.kind in ("client", "connect", *_ASKING):
                by_name[f"{step.kind}: {_words.statement(step.name, 160)}"].append(step)
    lines = [
        {
            "what": name,
            "caller": _traces.most_common(step.place for step in steps),
            "per_request": round(len(steps) / len(requests), 2),
            "s_per_request": round(sum(step.seconds for step in steps) / len(requests), 6),
        }
        for name, steps in by_name.items()
    ]
    return sorted(lines, key=lambda line: -float(str(line["s_per_request"])))[:10]
