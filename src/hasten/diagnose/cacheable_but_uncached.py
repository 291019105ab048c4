"""
The same answer is computed again for somebody who has asked before.

What it means: a GET of the same address by the same person is answered with the same bytes as before, and the handler
    has asked the database or other services anew to make them.
Why it costs: the visitor waits for work whose result was there; the database does it again.
How it is found: followed GETs of one worker with equal address and credentials; those whose answer equals that of the
    one before, although there were statements or calls in between. Authentication is not counted. Cost: requests per
    day × the share that repeats an earlier one × the mean time beyond authentication.
Minimum support: five repeats in a route, nine of ten with the same answer, four of five computed again (a cache that
    hears of writes computes some again); 10 ms each. Answers that set a cookie, may not be stored, are kept by the
    browser already, or whose request has written something do not count.
What could be wrong: what did not change while it was looked at may change in the next minute: a cache has to hear of
    writes, or say for how long its answers may be old. The test traffic may repeat itself more than users do.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from hasten.diagnose import _traces, _words, cost
from hasten.diagnose._http import directives
from hasten.diagnose._traces import Followed
from hasten.diagnose.about import About
from hasten.evidence import Observation
from hasten.model import Finding, Where
from hasten.target import Target

about = About(
    symptom="cacheable_but_uncached",
    title="The same answer is computed again",
    phase=1,
    place='the route, "GET /api/settings"',
    reads=("traces",),
    minimum={"repeats": 5, "same_share": 0.9, "computed_share": 0.8, "mean_s": 0.010},
    treated_by=("quick_wins.response_cache",),
)


@dataclass
class _Repeats:
    """
    Requests that ask what was asked before: all of them, those with the same answer, and of these the computed ones.
    """

    all: int = 0
    same: int = 0
    computed: list[Followed] = field(default_factory=list)


def find(observation: Observation, target: Target) -> list[Finding]:  # noqa: ARG001 - one signature for all
    """
    One finding per route.
    """
    found = []
    for route, requests in _traces.followed(observation).items():
        if not route.startswith("GET "):
            continue
        repeats = _repeats(_traces.succeeded(requests))
        if repeats.all < about.minimum["repeats"] or repeats.same < about.minimum["same_share"] * repeats.all:
            continue
        if len(repeats.computed) < max(1.0, about.minimum["computed_share"] * repeats.all):
            continue
        mean_s = sum(each.seconds - each.auth_s for each in repeats.computed) / len(repeats.computed)
        if mean_s >= about.minimum["mean_s"]:
            found.append(_finding(route, requests, repeats, mean_s, observation))
    return found


def _repeats(requests: list[Followed]) -> _Repeats:
    answers: dict[tuple[int, str, str], str] = defaultdict(str)
    found = _Repeats()
    for request in requests:
        trace = request.trace
        if not trace.asked or not trace.answer or not _may_be_kept(request):
            continue
        who = trace.pid, trace.identity, trace.asked
        if answers[who]:
            found.all += 1
            if trace.answer == answers[who]:
                found.same += 1
                if _has_worked(request):
                    found.computed.append(request)
        answers[who] = trace.answer
    return found


def _may_be_kept(request: Followed) -> bool:
    said = directives({"cache-control": request.trace.cache_control})
    if "no-store" in said or said.get("max-age", "0") != "0" or request.trace.sets_cookie:
        return False
    return not any(step.kind == "db" and _traces.is_write(step.name) for step in request.steps)


def _has_worked(request: Followed) -> bool:
    """
    The handler asked somebody, beyond who it is that asks.
    """
    return any(
        not step.is_auth and (step.kind == "http" or (step.kind == "db" and _traces.is_question(step.name)))
        for step in request.steps
    )


def _finding(
    route: str, requests: list[Followed], repeats: _Repeats, mean_s: float, observation: Observation
) -> Finding:
    per_day = cost.requests_per_day(route, observation)
    share = len(repeats.computed) / len(requests)
    return Finding(
        symptom=about.symptom,
        where=Where(kind="route", name=route),
        cost_s_per_day=cost.cost_s_per_day(per_day * share, mean_s),
        says=f"{route} was asked {repeats.all} times for what the same person had asked before: "
        f"{repeats.same} answers were the same, {len(repeats.computed)} of them computed again in "
        f"{_words.seconds(mean_s)} beyond authentication.",
        evidence={
            "requests_followed": len(requests),
            "repeats": repeats.all,
            "same_answers": repeats.same,
            "computed_again": len(repeats.computed),
            "people": len({each.trace.identity for each in requests}),
            "cache_control": _traces.most_common(each.trace.cache_control for each in requests),
            "requests_per_day": round(per_day, 1),
            "avoidable_s": round(mean_s, 6),
        },
    )
