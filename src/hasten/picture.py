"""
Where a request's time goes, per route, and whether the parts add up to what was measured from outside.

Each nanosecond of a trace belongs to one part: that of the most specific step under way at that moment. Steps enclose
each other (a pool that opens a connection, a template that loads from the database) and run side by side, so simply
adding them up would count time twice. What no step covers is the application's own code. What the load generator
measured for the same request beyond its time in the worker is `outside`: the way there and back, and waiting before
the worker took it.

    parts of a route = mean over its traces that the load generator has sent, each weighted by how many requests of
                       about its latency it is an example of
    check            = their sum against the mean that the load generator measured over all requests of the route
"""

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable

from msgspec.structs import replace

from hasten.evidence import Observation
from hasten.model import Noun
from hasten.trace import Seen, Trace, Traces, seen

#: The parts in the order in which they are shown.
PARTS = (
    "database", "connecting", "pool", "auth", "upstream", "redis", "serialization", "template", "waiting",
    "application", "outside",
)  # fmt: skip
#: Kind → its part; the most specific first. What waits for a socket says more than what waits for that.
_PART_OF = {
    "db": "database",
    "redis": "redis",
    "http": "upstream",
    "connect": "connecting",
    "client": "connecting",
    "pool": "pool",
    "serialize": "serialization",
    "template": "template",
    "chain": "auth",  # between the steps of the authentication chain; made here
    "thread": "waiting",
    "loop": "waiting",
}
_RANK = {kind: rank for rank, kind in enumerate(_PART_OF)}
#: The picture adds up if its sum is within this of what was measured.
TOLERANCE = 0.05
#: Of fewer requests a mean says little, weighted or not: with twelve it was within 5 % on slowdesk, with six 17 % off.
LEAST_TRACES = 10

_LATENCY = "http.client.request.duration"
_ERRORS = "hasten.api.error_ratio"


class RoutePicture(Noun, frozen=True, kw_only=True):
    """
    The mean request of one route, in seconds.

    parts: by part, only those that are there. inside_s: in the worker. measured_s: by the load generator, over all.
    error: by how much the sum differs from that, as a share; None where nothing can be compared.
    adds_up: None where the question cannot be answered; `why` says why not, or why they differ.
    """

    route: str
    traces: int
    requests: int
    parts: dict[str, float]
    inside_s: float
    measured_s: float | None = None
    error: float | None = None
    adds_up: bool | None = None
    why: str = ""

    @property
    def total_s(self) -> float:
        """
        The sum of the parts.
        """
        return sum(self.parts.values())


def pictures(observation: Observation) -> list[RoutePicture]:
    """
    The routes of an observation that have traces, those that take most time first.
    """
    if observation.traces is None:
        return []
    measured = {
        m.where.name: (m.distribution.count, m.distribution.mean)
        for m in observation.measurements
        if m.metric == _LATENCY and m.where.kind == "route"
    }
    failed = {
        m.where.name: int(m.distribution.total or 0)
        for m in observation.measurements
        if m.metric == _ERRORS and m.where.kind == "route"
    }
    found = []
    for route, traces in by_route(observation.traces).items():
        picture = _of_route(route, traces, observation.traces, *measured.get(route, (0, None)))
        if picture.adds_up is False and failed.get(route):
            # What was given up counts with the time that it had waited, and no answer has ended it.
            many = f"{failed[route]} of {picture.requests} requests failed or were given up, and no trace is of these"
            picture = replace(picture, why=many)
        found.append(picture)
    return sorted(found, key=lambda each: -each.total_s * (each.requests or each.traces))


def inside(traces: Traces) -> list[RoutePicture]:
    """
    The same of traces alone, without anybody who measured from outside.
    """
    found = [
        replace(_of_route(route, some, traces, 0, None), why="inside the worker only")
        for route, some in by_route(traces).items()
    ]
    return sorted(found, key=lambda each: -each.total_s * each.traces)


def by_route(traces: Traces) -> dict[str, list[Trace]]:
    """
    The traces of each route, by the name of the route.
    """
    found: dict[str, list[Trace]] = defaultdict(list)
    for trace in traces.taken:
        found[trace.route].append(trace)
    return dict(sorted(found.items()))


def swept(duration_ns: int, steps: Iterable[Seen]) -> dict[str, int]:
    """
    The nanoseconds of a request by part; they add up to its duration.
    """
    steps = list(steps)
    events: list[tuple[int, int, tuple[int, int]]] = []
    for kind, begins_ns, ends_ns, is_auth in [*_marked(steps), *_chains(steps)]:
        begins_ns, ends_ns = max(0, begins_ns), min(duration_ns, ends_ns)
        if ends_ns > begins_ns:
            # Of two steps of a kind, side by side, the one of authentication is told first.
            slot = (_RANK[kind], 0 if is_auth else 1)
            events += [(begins_ns, 1, slot), (ends_ns, -1, slot)]
    events.sort()
    found: dict[str, int] = defaultdict(int)
    under_way: dict[tuple[int, int], int] = defaultdict(int)
    slots: list[tuple[int, int]] = []
    at_ns = 0
    for moment_ns, change, slot in [*events, (duration_ns, 0, (0, 0))]:
        while slots and not under_way[slots[0]]:
            heapq.heappop(slots)
        if moment_ns > at_ns:
            found[_part(slots[0]) if slots else "application"] += moment_ns - at_ns
            at_ns = moment_ns
        if change > 0 and not under_way[slot]:
            heapq.heappush(slots, slot)
        under_way[slot] += change
    return dict(found)


def _part(slot: tuple[int, int]) -> str:
    rank, other = slot
    return list(_PART_OF.values())[rank] if other else "auth"


def _marked(steps: list[Seen]) -> Iterable[tuple[str, int, int, bool]]:
    return [(each.kind, each.begins_ns, each.ends_ns, each.is_auth) for each in steps if each.kind in _RANK]


def _chains(steps: list[Seen]) -> Iterable[tuple[str, int, int, bool]]:
    """
    From the first to the last step of authentication in each solving of dependencies: what lies between is its code.
    """
    for whole in (each for each in steps if each.kind == "dependencies"):
        auth = [
            each
            for each in steps
            if each.is_auth and each.begins_ns >= whole.begins_ns and each.ends_ns <= whole.ends_ns
        ]
        if auth:
            yield "chain", min(each.begins_ns for each in auth), max(each.ends_ns for each in auth), True


def _of_route(route: str, traces: list[Trace], names: Traces, requests: int, measured_s: float | None) -> RoutePicture:
    paired = [trace for trace in traces if trace.measured_s is not None]
    used = paired or traces
    total = sum(trace.stands_for for trace in used)
    parts: dict[str, float] = defaultdict(float)
    for trace in used:
        share = trace.stands_for / total
        for part, duration_ns in swept(trace.duration_ns, seen(names, trace)).items():
            parts[part] += share * duration_ns / 1e9
        if trace.measured_s is not None:
            parts["outside"] += share * max(0.0, trace.measured_s - trace.duration_ns / 1e9)
    found = RoutePicture(
        route=route,
        traces=len(used),
        requests=requests,
        parts={part: parts[part] for part in PARTS if parts[part] > 0},
        inside_s=sum(trace.stands_for * trace.duration_ns for trace in used) / 1e9 / total,
        measured_s=measured_s,
    )
    return _checked(found, paired, names)


def _checked(found: RoutePicture, paired: list[Trace], names: Traces) -> RoutePicture:
    """
    The picture with the answer to whether it adds up, or with why that cannot be said.
    """
    if found.measured_s is None:
        return replace(found, why="the load has no route of that name")
    if not paired:
        return replace(found, why="no trace could be paired with a request of the load")
    error = found.total_s / found.measured_s - 1 if found.measured_s else 0.0
    if len(paired) < LEAST_TRACES:
        few = f"{len(paired)} traces are too few to stand for {found.requests} requests"
        return replace(found, error=error, why=few)
    if abs(error) <= TOLERANCE:
        return replace(found, error=error, adds_up=True)
    return replace(found, error=error, adds_up=False, why=_why(found, paired, names))


def _why(found: RoutePicture, paired: list[Trace], names: Traces) -> str:
    """
    Why the traced requests took another time than all of them.
    """
    times = [trace.measured_s or 0.0 for trace in paired]
    mean = sum(times) / len(times)
    spread = math.sqrt(sum((each - mean) ** 2 for each in times) / (len(times) - 1))
    chance = 2 * spread / math.sqrt(len(times))
    if len(paired) < found.requests and chance >= abs(found.total_s - (found.measured_s or 0.0)):
        return (
            f"{len(paired)} of {found.requests} requests were traced, and these differ so much among themselves that"
            " chance explains the difference"
        )
    if names.unread:
        lost = ", ".join(f"{count} {reason}" for reason, count in sorted(names.unread.items()))
        return f"traces are missing: {lost}"
    return f"the {len(paired)} traced requests took another time than all {found.requests}"
