"""
Another service is asked the same thing again.

What it means: one request makes the same call several times, or requests one after another make a call whose address
    and credentials have not changed.
Why it costs: each call waits for the network and for the other service, and loads it.
How it is found: GET and HEAD calls of followed requests with equal address and credentials: within one request, or in
    requests of one worker. Calls of authentication are repeated_auth. Cost: requests per day × the calls that repeat
    an earlier one × their mean time.
Minimum support: the same call twice in each of three requests of a route; or 20 calls, of which four fifths repeat an
    earlier one, with a mean of 5 ms.
What could be wrong: between two requests the other service's answer may have changed: whether it may be kept for a
    while only a person can say. Calls that send something are not counted, even where they only ask.
"""

from collections import defaultdict
from collections.abc import Iterable

from hasten.diagnose import _traces, _words, cost
from hasten.diagnose._traces import Followed
from hasten.diagnose.about import About
from hasten.evidence import Observation
from hasten.model import Finding, Where
from hasten.target import Target
from hasten.trace import Seen

about = About(
    symptom="repeated_upstream_call",
    title="Another service is asked the same again",
    phase=1,
    place='the call, "GET rates.example:443/latest"',
    reads=("traces",),
    minimum={"calls": 20, "repeated_share": 0.8, "mean_s": 0.005, "equal_per_request": 2, "requests": 3},
    treated_by=("database.query_result_cache",),
)


def find(observation: Observation, target: Target) -> list[Finding]:  # noqa: ARG001 - one signature for all
    """
    One finding per call.
    """
    routes = _traces.followed(observation)
    by_name: dict[str, dict[str, list[Followed]]] = defaultdict(dict)
    for route, requests in routes.items():
        for name in sorted({step.name for request in requests for step in _calls(request)}):
            by_name[name][route] = requests
    found = [_of_call(name, of, observation) for name, of in sorted(by_name.items())]
    return [finding for finding in found if finding is not None]


def _calls(request: Followed, name: str = "") -> list[Seen]:
    """
    Calls that only ask, that were answered, and whose values are known.
    """
    return [
        each
        for each in request.steps
        if each.kind == "http"
        and not each.is_auth
        and each.detail
        and each.name.startswith(("GET ", "HEAD "))
        and 0 <= each.rows < 400
        and name in ("", each.name)
    ]


def _of_call(name: str, routes: dict[str, list[Followed]], observation: Observation) -> Finding | None:
    within = {route: sum(_has_equal(request, name) for request in requests) for route, requests in routes.items()}
    is_within = any(count >= about.minimum["requests"] for count in within.values())
    requests = sorted((each for some in routes.values() for each in some), key=lambda each: each.trace.at)
    repeats = list(_repeats(requests, name, across=not is_within))
    calls = sum(len(_calls(request, name)) for request in requests)
    mean_s = sum(step.seconds for _, step in repeats) / len(repeats) if repeats else 0.0
    is_across = calls >= about.minimum["calls"] and len(repeats) >= about.minimum["repeated_share"] * calls
    if not is_within and not (is_across and mean_s >= about.minimum["mean_s"]):
        return None
    cost_s = sum(
        cost.requests_per_day(request.trace.route, observation) * step.seconds / len(routes[request.trace.route])
        for request, step in repeats
    )
    place = _traces.most_common(step.place for _, step in repeats)
    how = "several times in one request" if is_within else "in one request after another"
    return Finding(
        symptom=about.symptom,
        where=Where(kind="upstream", name=name),
        cost_s_per_day=cost_s,
        says=f"{name} is called {how} with the same address"
        + (f", from {place}" if place else "")
        + f": {len(repeats)} of {calls} calls repeat an earlier one, {_words.seconds(mean_s)} each.",
        evidence={
            "calls": calls,
            "repeated": len(repeats),
            "within_one_request": is_within,
            "routes": sorted(routes),
            "caller": place,
            "avoidable_s": round(mean_s, 6),
        },
    )


def _has_equal(request: Followed, name: str) -> bool:
    details = [each.detail for each in _calls(request, name)]
    return any(details.count(each) >= about.minimum["equal_per_request"] for each in set(details))


def _repeats(requests: list[Followed], name: str, *, across: bool) -> Iterable[tuple[Followed, Seen]]:
    """
    The calls that repeat an earlier one of the same request, or with `across` of the same worker.
    """
    asked: dict[int, set[str]] = defaultdict(set)
    for request in requests:
        before = asked[request.trace.pid] if across else set()
        for step in _calls(request, name):
            if step.detail in before:
                yield request, step
            before.add(step.detail)
