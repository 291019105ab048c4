"""
Requests open a database connection of their own.

What it means: a connection is opened for a request and thrown away after it, where one that is kept would do.
Why it costs: connecting, signing in and finding out about the server takes many times as long as a short statement, the
    new connection knows no prepared statement, and at the peak the server runs out of connections.
How it is found: followed requests that use the database and open a connection, once the worker has served some. Cost:
    requests per day × the time of opening, with what drivers and ORMs ask a new connection about its server.
Minimum support: ten requests that use the database after the first ten of their worker; half of them open one.
What could be wrong: a worker that has just begun, or whose traffic grows, opens connections for its pool; with few
    requests per thread that can look like this. A pooler outside of the process makes opening cheaper, and then the
    cost says so.
"""

import re
from collections import defaultdict
from collections.abc import Iterable

from hasten.diagnose import _traces, _words, cost
from hasten.diagnose._traces import Followed
from hasten.diagnose.about import About
from hasten.evidence import Observation
from hasten.model import Finding, Where
from hasten.target import Target

about = About(
    symptom="connection_per_request",
    title="Requests open a database connection of their own",
    phase=4,
    place="the application's name",
    reads=("traces",),
    minimum={"requests": 10, "share": 0.5},
    treated_by=("backend.connection_pool",),
)

#: Requests of a worker in which it may be filling its pool.
_WARMING = 10
_SET_UP = re.compile(r"\bpg_catalog\b|\bpg_type\b|\bversion ?\(|\bcurrent_schema\b|^SHOW ", re.IGNORECASE)


def find(observation: Observation, target: Target) -> list[Finding]:
    """
    At most one finding, of the whole application.
    """
    routes = _traces.followed(observation)
    using = _warm(each for requests in routes.values() for each in requests if _uses_database(each))
    opening = [each for each in using if _opened(each)]
    if len(using) < about.minimum["requests"] or len(opening) < about.minimum["share"] * len(using):
        return []
    cost_s = sum(
        cost.requests_per_day(each.trace.route, observation) * _spent_s(each) / len(routes[each.trace.route])
        for each in opening
    )
    mean_s = sum(map(_spent_s, opening)) / len(opening)
    opened = sum(map(_opened, opening)) / len(opening)
    places = [step.place for each in opening for step in each.steps if step.kind == "connect"]
    place = _traces.most_common(places)
    counted = [each.connections_opened for each in observation.workers if each.connections_opened is not None]
    return [
        Finding(
            symptom=about.symptom,
            where=Where(kind="application", name=target.application.name),
            cost_s_per_day=cost_s,
            says=f"{len(opening)} of {len(using)} requests that use the database open {_words.count(round(opened, 1))} "
            "connections of their own"
            + (f", mostly from {place}" if place else "")
            + f", which takes {_words.seconds(mean_s)} each time.",
            evidence={
                "requests_with_database": len(using),
                "requests_opening": len(opening),
                "connections_per_request": round(opened, 2),
                "caller": place,
                "callers": sorted(set(places))[:20],
                "opened_by_workers": sum(counted) if counted else None,
                "avoidable_s": round(mean_s, 6),
            },
        )
    ]


def _warm(requests: Iterable[Followed]) -> list[Followed]:
    """
    The requests of each worker without its first.
    """
    of_worker: dict[int, list[Followed]] = defaultdict(list)
    for request in requests:
        of_worker[request.trace.pid].append(request)
    return [
        request for found in of_worker.values() for request in sorted(found, key=lambda each: each.trace.at)[_WARMING:]
    ]


def _uses_database(request: Followed) -> bool:
    return any(step.kind in ("db", "connect") for step in request.steps)


def _opened(request: Followed) -> int:
    return sum(step.kind == "connect" for step in request.steps)


def _spent_s(request: Followed) -> float:
    return sum(
        step.seconds
        for step in request.steps
        if step.kind == "connect" or (step.kind == "db" and _SET_UP.search(step.name))
    )
