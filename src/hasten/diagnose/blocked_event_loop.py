"""
A coroutine holds the event loop: meanwhile nobody else is served.

What it means: code of an `async def` waits for a synchronous driver or HTTP client, or computes, without letting go.
Why it costs: all other requests of the worker stand still for as long, also those that need nothing of it.
How it is found: the agent sees a synchronous call on the thread of a running loop, and every section of 20 ms and more
    that does not let go, with the code that holds it; the finding is at the outermost function seen. Cost: what others
    wait for it, as measured in their own traces where they were traced; at least requests per day × arrivals per
    second × half the square of the time that one holds it, which is what requests that come by chance wait.
Minimum support: five requests with it, a third of those of a route; 10 ms each together.
What could be wrong: on a crowded machine a section is long because the worker was not given a processor; such ones do
    not come in a third of a route's requests, unless the machine is always crowded. At little traffic it costs little.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from hasten.authentication import passes_on
from hasten.diagnose import _traces, _words, cost
from hasten.diagnose._traces import Followed
from hasten.diagnose.about import About
from hasten.evidence import Observation
from hasten.model import Finding, Where
from hasten.target import Target
from hasten.trace import Seen

about = About(
    symptom="blocked_event_loop",
    title="A coroutine holds the event loop",
    phase=4,
    place='the file and the function, "shop/auth.py current_user"',
    reads=("traces",),
    minimum={"requests": 5, "share": 0.33, "held_s": 0.010},
    treated_by=("backend.async_processing",),
)


@dataclass
class _Holder:
    """
    One function that holds the loop; `held_s`: of each request that it does so in, by route.
    """

    held_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    steps: list[Seen] = field(default_factory=list)


def find(observation: Observation, target: Target) -> list[Finding]:  # noqa: ARG001 - one signature for all
    """
    One finding per function.
    """
    routes = _traces.followed(observation)
    holders: dict[str, _Holder] = defaultdict(_Holder)
    for route, requests in routes.items():
        for request in requests:
            _note(request, route, holders)
    if holders:
        _traces.scale_known(observation)
    found = [_of_place(place, holder, routes, observation) for place, holder in sorted(holders.items())]
    return [finding for finding in found if finding is not None]


def _note(request: Followed, route: str, holders: dict[str, _Holder]) -> None:
    held_s: dict[str, float] = defaultdict(float)
    for step in request.steps:
        if step.kind == "stall" and step.places:
            place = _holder_of(step)
            held_s[place] += step.seconds
            holders[place].steps.append(step)
    for place, seconds in held_s.items():
        holders[place].held_s[route].append(seconds)


def _holder_of(step: Seen) -> str:
    """
    The outermost function of the application's own that is on the stack, middlewares aside.
    """
    own = [place for place in step.places if not passes_on(place)] or [step.places[0]]
    return _traces.without_line(own[-1])


def _of_place(
    place: str, holder: _Holder, routes: dict[str, list[Followed]], observation: Observation
) -> Finding | None:
    regular = {
        route: held for route, held in holder.held_s.items() if len(held) >= about.minimum["share"] * len(routes[route])
    }
    each_s = [seconds for held in regular.values() for seconds in held]
    mean_s = sum(each_s) / len(each_s) if each_s else 0.0
    if len(each_s) < about.minimum["requests"] or mean_s < about.minimum["held_s"]:
        return None
    per_day = {route: cost.requests_per_day(route, observation) for route in routes}
    per_s = sum((observation.requests_per_day or per_day).values()) / cost.DAY_S
    by_chance = sum(
        per_day[route] * sum(per_s * seconds**2 / 2 for seconds in held) / len(routes[route])
        for route, held in regular.items()
    )
    waited = sum(per_day[route] * _waited_s(requests) / len(requests) for route, requests in routes.items())
    calls = _traces.most_common(f"{step.name} ({step.place})" for step in holder.steps)
    return Finding(
        symptom=about.symptom,
        where=Where(kind="code", name=place),
        cost_s_per_day=max(by_chance, waited * _share(holder, routes)),
        says=f"{place} holds the event loop for {_words.seconds(mean_s)} in each of {len(each_s)} requests, mostly by "
        f"{calls}; nobody else is served meanwhile.",
        evidence={
            "mean_held_s": round(mean_s, 6),
            "most_held_s": round(max(each_s), 6),
            "requests_with_it": len(each_s),
            "routes": sorted(regular),
            "lines": sorted({step.place for step in holder.steps})[:10],
            "what": sorted({step.name for step in holder.steps})[:10],
            "others_waited_s_per_day": round(waited, 3),
            "counted_by_workers": _counted(observation, {step.place for step in holder.steps}),
        },
    )


def _waited_s(requests: list[Followed]) -> float:
    return sum(step.seconds for request in requests for step in request.steps if step.kind == "loop")


def _share(holder: _Holder, routes: dict[str, list[Followed]]) -> float:
    """
    This function's share of all the time that the loop was held.
    """
    held_s = [
        step.seconds
        for requests in routes.values()
        for request in requests
        for step in request.steps
        if step.kind == "stall"
    ]
    return sum(step.seconds for step in holder.steps) / sum(held_s) if sum(held_s) else 0.0


def _counted(observation: Observation, places: set[str]) -> dict[str, float]:
    """
    What the workers have counted at these lines, in all requests and not only in those that were followed.
    """
    stalls = [stall for worker in observation.workers for stall in worker.stalls if stall.place in places]
    return {
        "count": sum(stall.count for stall in stalls),
        "total_s": round(sum(stall.total_s for stall in stalls), 3),
    }
