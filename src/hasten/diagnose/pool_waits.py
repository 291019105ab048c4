"""
Requests wait for a connection of the pool.

What it means: all connections are taken when a request wants one, and it waits until somebody gives one back.
Why it costs: the database may have nothing to do meanwhile; at the peak the waiting is longer than the work.
How it is found: the time that followed requests spend getting a connection from a pool; where the pool opens a new
    one for them, only the time until then. Cost: requests per day × that time.
Minimum support: ten requests that wait at least a millisecond, a twentieth of those that use the pool; 5 ms as the mean
    of all that use it.
What could be wrong: the pool is small on purpose, to protect the database; more connections may make all statements
    slower. A request that keeps its connection while it does something else makes the others wait: then the cure is
    to give it back earlier.
"""

from collections import defaultdict

from hasten.diagnose import _traces, _words, cost
from hasten.diagnose._traces import Followed
from hasten.diagnose.about import About
from hasten.evidence import Observation
from hasten.model import Distribution, Finding, Where
from hasten.target import Target
from hasten.trace import Seen

about = About(
    symptom="pool_waits",
    title="Requests wait for a connection of the pool",
    phase=4,
    place="the pool's library",
    reads=("traces",),
    minimum={"waiting_requests": 10, "share": 0.05, "mean_s": 0.005, "wait_s": 0.001},
    treated_by=("backend.connection_pool",),
)


def find(observation: Observation, target: Target) -> list[Finding]:  # noqa: ARG001 - one signature for all
    """
    One finding per kind of pool.
    """
    routes = _traces.followed(observation)
    waits: dict[str, list[tuple[Followed, float]]] = defaultdict(list)
    for requests in routes.values():
        for request in requests:
            of_pool: dict[str, float] = defaultdict(float)
            for step in request.steps:
                if step.kind == "pool":
                    of_pool[step.name] += _waited_s(step, request)
            for name, waited_s in of_pool.items():
                waits[name].append((request, waited_s))
    found = [_of_pool(name, waited, routes, observation) for name, waited in sorted(waits.items())]
    return [finding for finding in found if finding is not None]


def _waited_s(pool: Seen, request: Followed) -> float:
    """
    The step's time; of one in which a connection was opened, only until then: what follows is setting it up.
    """
    opened_ns = [
        step.begins_ns
        for step in request.steps
        if step.kind == "connect" and step.begins_ns >= pool.begins_ns and step.ends_ns <= pool.ends_ns
    ]
    return (min(opened_ns, default=pool.ends_ns) - pool.begins_ns) / 1e9


def _of_pool(
    name: str, waits: list[tuple[Followed, float]], routes: dict[str, list[Followed]], observation: Observation
) -> Finding | None:
    waiting = [seconds for _, seconds in waits if seconds >= about.minimum["wait_s"]]
    mean_s = sum(seconds for _, seconds in waits) / len(waits)
    if len(waiting) < max(about.minimum["waiting_requests"], about.minimum["share"] * len(waits)):
        return None
    if mean_s < about.minimum["mean_s"]:
        return None
    cost_s = sum(
        cost.requests_per_day(request.trace.route, observation) * seconds / len(routes[request.trace.route])
        for request, seconds in waits
    )
    spread = Distribution.of(waiting)
    places = (step.place for request, _ in waits for step in request.steps if step.kind == "pool" and step.name == name)
    return Finding(
        symptom=about.symptom,
        where=Where(kind="application", name=name),
        cost_s_per_day=cost_s,
        says=f"{len(waiting)} of {len(waits)} requests wait for a connection of {name}, "
        f"{_words.seconds(spread.mean or 0.0)} each; the mean of all is {_words.seconds(mean_s)}.",
        evidence={
            "requests_with_pool": len(waits),
            "waiting_requests": len(waiting),
            "wait_p50_s": spread.p50,
            "wait_p95_s": spread.p95,
            "caller": _traces.most_common(places),
            "avoidable_s": round(mean_s, 6),
        },
    )
