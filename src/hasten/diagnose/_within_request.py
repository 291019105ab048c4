"""
Statements that come back within one request, as the agent saw it: with other values, or with the same ones.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from hasten.diagnose import _traces, _words, cost
from hasten.diagnose._traces import Followed
from hasten.diagnose.about import About
from hasten.errors import NoData
from hasten.evidence import Observation
from hasten.model import Finding, Where
from hasten.trace import Seen

#: Executions of one statement in one request → those that need not have been.
Repeating = Callable[[Followed, str, list[Seen]], list[Seen]]


@dataclass(frozen=True)
class Only:
    """
    How to tell what only requests show.

    Args:
        says: With {} where it is seen.
        avoidable_share: Of the repeats' time.
    """

    says: str
    avoidable_share: float = 1.0


@dataclass
class InRoute:
    """
    What one route does with one statement. repeated_s: the sum over all its requests.
    """

    requests: int = 0
    most: int = 0
    executions: int = 0
    repeated: int = 0
    repeated_s: float = 0.0
    places: list[str] = field(default_factory=list)


@dataclass
class Within:
    """
    A statement that comes back within requests, by route; `followed`: the requests of each route that were looked at.
    """

    name: str
    routes: dict[str, InRoute] = field(default_factory=dict)
    followed: dict[str, int] = field(default_factory=dict)

    def avoidable_s_per_day(self, observation: Observation) -> float:
        """
        What the repeats take in a day.
        """
        return sum(
            cost.requests_per_day(route, observation) * each.repeated_s / self.followed[route]
            for route, each in self.routes.items()
        )

    @property
    def worst(self) -> tuple[str, InRoute]:
        """
        The route in which it comes most often in one request.
        """
        return max(self.routes.items(), key=lambda item: item[1].most)

    def evidence(self) -> list[dict[str, Any]]:
        """
        One line for each route, the worst first.
        """
        lines = sorted(self.routes.items(), key=lambda item: -item[1].most)
        return [
            {
                "route": route,
                "most_in_one_request": each.most,
                "requests_with_it": each.requests,
                "requests_followed": self.followed[route],
                "executions": each.executions,
                "repeated": each.repeated,
                "caller": _traces.most_common(each.places),
            }
            for route, each in lines[:10]
        ]


def within_requests(observation: Observation, repeating: Repeating, *, least: int, least_requests: int) -> list[Within]:
    """
    Statements that at least so many requests of one route execute at least so often more than they need.
    """
    found: dict[str, Within] = {}
    for route, requests in _traces.followed(observation).items():
        of_route: dict[str, InRoute] = defaultdict(InRoute)
        for request in requests:
            _look(request, of_route, repeating, least)
        for name, each in of_route.items():
            if each.requests >= least_requests:
                whole = found.setdefault(name, Within(name))
                whole.routes[route], whole.followed[route] = each, len(requests)
    return sorted(found.values(), key=lambda each: each.name)


def _look(request: Followed, of_route: dict[str, InRoute], repeating: Repeating, least: int) -> None:
    by_name: dict[str, list[Seen]] = defaultdict(list)
    for step in request.questions:
        by_name[step.name].append(step)
    for name, steps in by_name.items():
        repeated = repeating(request, name, steps) if len(steps) >= least else []
        if len(repeated) < least - 1:
            continue
        each = of_route[name]
        each.requests += 1
        each.most = max(each.most, len(repeated) + 1)
        each.executions += len(steps)
        each.repeated += len(repeated)
        each.repeated_s += sum(step.seconds for step in repeated)
        each.places += [step.place for step in repeated]


def by_whoever_saw(
    observation: Observation, about: About, logged: Callable[[], list[Finding]], seen: list[Within], only: Only
) -> list[Finding]:
    """
    One finding per statement, from the server's log, from the requests that were followed, or from both.

    Raises:
        NoData: neither of them is there.
    """
    try:
        findings = logged()
    except NoData:
        if observation.traces is None:
            raise
        findings = []
    found, rest = _joined(findings, seen, observation)
    return found + [_finding_of(within, observation, about.symptom, only) for within in rest]


def _joined(
    findings: list[Finding], seen: list[Within], observation: Observation
) -> tuple[list[Finding], list[Within]]:
    """
    The findings of the server's log with what requests tell of the same statements, and what only requests tell.
    """
    profiles = _traces.profiles_of(observation)
    by_place = {finding.where.name: finding for finding in findings}
    rest = []
    for within in seen:
        profile = profiles.get(_traces.folded(within.name))
        finding = by_place.get(profile.query_id) if profile else None
        if finding is None:
            rest.append(within)
            continue
        by_place[finding.where.name] = msgspec.structs.replace(
            finding,
            says=f"{finding.says} ({seen_in(within)})",
            evidence=finding.evidence | {"requests": within.evidence()},
        )
    return list(by_place.values()), rest


def seen_in(within: Within) -> str:
    """
    Where it comes from, for people.
    """
    route, each = within.worst
    place = _traces.most_common(each.places)
    return f"{each.most} times in one {route}" + (f", from {place}" if place else "")


def _finding_of(within: Within, observation: Observation, symptom: str, only: Only) -> Finding:
    """
    A finding that only requests tell.
    """
    profile = _traces.profiles_of(observation).get(_traces.folded(within.name))
    shape = _traces.shape_of(within.name)
    return Finding(
        symptom=symptom,
        where=Where(kind="statement", name=profile.query_id if profile else _words.statement(within.name, 120)),
        cost_s_per_day=within.avoidable_s_per_day(observation) * only.avoidable_share,
        says=f"{only.says.format(seen_in(within))}: {_words.statement(within.name, 120)}",
        evidence={
            "query_id": profile.query_id if profile else None,
            "text": profile.text if profile else within.name,
            "tables": [] if shape.unknown else shape.tables,
            "requests": within.evidence(),
        },
    )
