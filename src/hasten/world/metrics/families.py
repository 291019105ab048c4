"""
The counts as metrics: families with points, named as OpenTelemetry names them, before anybody's format.

What OpenTelemetry has no name for begins with `hasten.`. Its metric for statements has the summary of a statement
(`SELECT orders`) and not its text, so that a thousand statements are not a thousand series; texts are there on demand.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Literal, TypeVar

from hasten.model import Noun
from hasten.sql import read_statement
from hasten.world.ended import Counted, Ended, added_stalls, opened
from hasten.world.metrics.bounds import BOUNDS_S, counted
from hasten.world.telemetry import RouteLine, Snapshot, StallLine, StatementLine

Kind = Literal["counter", "gauge", "histogram"]
Labels = tuple[tuple[str, str], ...]
Line = TypeVar("Line", RouteLine, StatementLine)

#: OpenTelemetry's bound for db.query.summary.
LONGEST_SUMMARY = 255
#: A text is cut to this where it is wanted as a label.
LONGEST_TEXT = 1_000


class Point(Noun, frozen=True, kw_only=True):
    """
    One series: its labels, and a value, or the counts in the buckets of BOUNDS_S with the sum of what was counted.
    """

    labels: Labels = ()
    value: float = 0
    counts: list[int] = []

    @property
    def count(self) -> int:
        """
        How many values a histogram has counted.
        """
        return sum(self.counts)


class Family(Noun, frozen=True, kw_only=True):
    """
    One metric. `value` of a histogram's points is the sum; `unit` is UCUM's, as OpenTelemetry writes it.
    """

    name: str
    kind: Kind
    unit: str
    says: str
    points: list[Point]

    @property
    def bounds(self) -> tuple[float, ...]:
        """
        The upper bounds of a histogram's buckets, each belonging to its bucket.
        """
        return BOUNDS_S if self.kind == "histogram" else ()


class Metrics(Noun, frozen=True, kw_only=True):
    """
    All families at one moment, and since when they count (Unix time).
    """

    families: list[Family]
    since: float | None
    at: float


def metrics_of(found: Counted, at: float, *, texts: bool = False) -> Metrics:
    """
    Everything that was counted, the ended workers' counts in it. A family without any count is not there.

    Args:
        at: Now.
        texts: Whether each statement is a series of its own, with its text.
    """
    began = [each.began_at for each in found.living] + [each for each in (found.ended.began_at,) if each is not None]
    families = [
        *_requests([*found.ended.routes, *(line for each in found.living for line in each.routes)]),
        *_statements([*found.ended.statements, *(line for each in found.living for line in each.statements)], texts),
        *_workers(found.living, found.ended),
        *_processes(found.living, found.ended),
    ]
    return Metrics(families=[each for each in families if each.points], since=min(began, default=None), at=at)


def _requests(lines: list[RouteLine]) -> list[Family]:
    groups = _grouped(lines, _route_labels)

    def total(name: str, unit: str, says: str, of: Callable[[RouteLine], float]) -> Family:
        points = [Point(labels=labels, value=sum(map(of, group))) for labels, group in groups.items()]
        return Family(name=name, kind="counter", unit=unit, says=says, points=points)

    return [
        _durations("http.server.request.duration", "Duration of HTTP server requests.", groups),
        total(
            "hasten.http.server.response.body.size",
            "By",
            "Bytes of answers.",
            lambda each: each.sent_bytes,
        ),
        total("hasten.http.server.statements", "{statement}", "Statements of requests.", lambda each: each.statements),
        total(
            "hasten.http.server.database.time",
            "s",
            "Time of the statements of requests.",
            lambda each: each.database_ns / 1e9,
        ),
    ]


def _statements(lines: list[StatementLine], texts: bool) -> list[Family]:
    groups = _grouped(lines, _text_labels if texts else _statement_labels)
    errors = [Point(labels=labels, value=sum(line.errors for line in group)) for labels, group in groups.items()]
    return [
        _durations("db.client.operation.duration", "Duration of database client operations.", groups),
        Family(
            name="hasten.db.client.operation.errors",
            kind="counter",
            unit="{error}",
            says="Database client operations that failed.",
            points=errors,
        ),
    ]


def _workers(living: list[Snapshot], ended: Ended) -> list[Family]:
    def one(name: str, kind: Kind, unit: str, says: str, value: float) -> Family:
        return Family(name=name, kind=kind, unit=unit, says=says, points=[Point(value=value)])

    return [
        one("hasten.workers", "gauge", "{worker}", "Workers that run and have counted something.", len(living)),
        one("hasten.workers.ended", "counter", "{worker}", "Workers that have ended, counts kept.", ended.workers),
        one(
            "hasten.telemetry.left_out",
            "gauge",
            "{line}",
            "Lines of little time that found no place in a snapshot.",
            sum(each.left_out for each in living),
        ),
    ]


def _processes(living: list[Snapshot], ended: Ended) -> list[Family]:
    """
    What the workers say of themselves; where none says it, nothing is told.
    """
    stalls = sorted(added_stalls([*ended.stalls, *(line for each in living for line in each.stalls)]), key=_place_of)
    places: list[Labels] = [(("code.place", line.place),) for line in stalls]
    count = ended.connections + opened(living)
    memory = [
        Point(labels=(("process.pid", str(each.pid)),), value=each.process.rss_bytes)
        for each in living
        if each.process is not None and each.process.rss_bytes is not None
    ]

    def counter(name: str, unit: str, says: str, points: list[Point]) -> Family:
        return Family(name=name, kind="counter", unit=unit, says=says, points=points)

    return [
        Family(name="process.memory.usage", kind="gauge", unit="By", says="Memory in use.", points=memory),
        counter(
            "hasten.db.client.connections.opened",
            "{connection}",
            "Database connections that were opened.",
            [Point(value=count)] if count else [],
        ),
        counter(
            "hasten.event_loop.stalls",
            "{stall}",
            "Times that a line of the application held the event loop.",
            [Point(labels=place, value=line.count) for place, line in zip(places, stalls, strict=True)],
        ),
        counter(
            "hasten.event_loop.stall.time",
            "s",
            "Time that a line of the application held the event loop.",
            [Point(labels=place, value=line.sum_ns / 1e9) for place, line in zip(places, stalls, strict=True)],
        ),
    ]


def _place_of(line: StallLine) -> str:
    return line.place


def _durations(name: str, says: str, groups: dict[Labels, list[Line]]) -> Family:
    points = []
    for labels, group in groups.items():
        counts = [sum(column) for column in zip(*(counted(line.buckets) for line in group), strict=True)]
        points.append(Point(labels=labels, value=sum(line.sum_ns for line in group) / 1e9, counts=counts))
    return Family(name=name, kind="histogram", unit="s", says=says, points=points)


def _grouped(lines: Iterable[Line], labels_of: Callable[[Line], Labels]) -> dict[Labels, list[Line]]:
    groups: dict[Labels, list[Line]] = {}
    for line in lines:
        groups.setdefault(labels_of(line), []).append(line)
    return dict(sorted(groups.items()))


def _route_labels(line: RouteLine) -> Labels:
    return (
        ("http.request.method", line.method),
        ("http.route", line.route),
        ("http.response.status_class", f"{line.status_class}xx"),
    )


def _statement_labels(line: StatementLine) -> Labels:
    return (
        ("db.system.name", line.system),
        ("db.operation.name", line.operation),
        ("db.query.summary", summary_of(line.operation, line.text)),
    )


def _text_labels(line: StatementLine) -> Labels:
    return (*_statement_labels(line), ("db.query.text", line.text[:LONGEST_TEXT]))


@lru_cache(maxsize=8_192)
def summary_of(operation: str, text: str) -> str:
    """
    The operation and the tables of a statement, as far as its text can be read: `SELECT orders customers`.
    """
    if not operation:
        return text[:LONGEST_SUMMARY]
    # The agents write `?` for every value, which PostgreSQL's parser takes for an operator.
    shape = read_statement(text.replace("?", "NULL"))
    tables = list(dict.fromkeys(shape.tables)) if not shape.unknown else []
    return " ".join([operation, *tables])[:LONGEST_SUMMARY]
