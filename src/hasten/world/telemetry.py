"""
What the agents in the application have counted: the snapshots of the workers that live, merged.

`docs/telemetry.md` describes a snapshot. What is told here is what the present workers have seen since they began;
`world.ended` keeps the counts of those that have ended.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from hasten.model import Noun
from hasten.world.workers import is_of

VERSION = 1
#: A bucket's number is 64 × bit length + slot: 64 slots of equal width for each power of two of nanoseconds.
SUB_BUCKETS = 64
LEAST_BITS = 7

Line = TypeVar("Line")


class RouteLine(
    Noun,
    frozen=True,
    kw_only=True,
    rename={"route": "http.route", "method": "http.request.method", "sent_bytes": "http.server.response.body.size"},
):
    """
    The requests of one route, method and class of status, in one worker.
    """

    route: str
    method: str
    status_class: int
    sent_bytes: int
    statements: int
    most_statements: int
    database_ns: int
    sum_ns: int
    buckets: list[int]


class StatementLine(
    Noun,
    frozen=True,
    kw_only=True,
    rename={"system": "db.system.name", "operation": "db.operation.name", "text": "db.query.text"},
):
    """
    The executions of one statement, in one worker.
    """

    system: str
    operation: str
    text: str
    errors: int
    callers: list[str]
    sum_ns: int
    buckets: list[int]


class ProcessLine(Noun, frozen=True, kw_only=True):
    """
    The worker itself, when it wrote its snapshot. Not every system tells a process its memory.
    """

    rss_bytes: int | None = None
    requests: int = 0


class ConnectionLine(Noun, frozen=True, kw_only=True):
    """
    The database connections of a worker since it began.
    """

    opened: int


class StallLine(Noun, frozen=True, kw_only=True):
    """
    How often, and how long, a line of the application has held the event loop of one worker.
    """

    place: str
    count: int
    sum_ns: int


class Snapshot(
    Noun,
    frozen=True,
    kw_only=True,
    rename={
        "routes": "http.server.request.duration",
        "statements": "db.client.operation.duration",
        "stalls": "hasten.event_loop.stall.duration",
    },
):
    """
    What one process has counted.
    """

    version: int
    pid: int
    server: str
    agent: str
    python: str
    began_at: float
    at: float
    routes: list[RouteLine]
    statements: list[StatementLine]
    left_out: int
    process: ProcessLine | None = None
    connections: ConnectionLine | None = None
    stalls: list[StallLine] = []


class Durations(Noun, frozen=True, kw_only=True):
    """
    How often, and how long. Quantiles are within 1 % of the true ones, count and total are exact.
    """

    count: int
    total_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


class Route(Noun, frozen=True, kw_only=True):
    """
    The requests of one route, method and class of status ("2xx").
    """

    route: str
    method: str
    status: str
    took: Durations
    sent_bytes: int
    statements: int
    most_statements: int
    database_ms: float


class Statement(Noun, frozen=True, kw_only=True):
    """
    The executions of one statement, and lines of the application that execute it.
    """

    text: str
    system: str
    operation: str
    took: Durations
    errors: int
    callers: list[str]


class Telemetry(Noun, frozen=True, kw_only=True):
    """
    What all workers have counted together, the dearest first. `since`: when the first of them began (Unix time).
    """

    workers: list[int]
    since: float | None
    at: float | None
    routes: list[Route]
    statements: list[Statement]
    left_out: int


def folder_of(workers_dir: Path) -> Path:
    """
    Where the snapshots are, given where the workers report.
    """
    return workers_dir / "telemetry"


def snapshots(folder: Path) -> list[Snapshot]:
    """
    The snapshots of the processes that still run, by pid; everything else is left alone.
    """
    found = [each for path in folder.glob("*.json") if (each := read(path)) and is_of(each.pid, each.at)]
    return sorted(found, key=lambda each: each.pid)


def merged(found: list[Snapshot]) -> Telemetry:
    """
    The counts of all workers as if one had counted.
    """
    routes = _grouped((line for each in found for line in each.routes), _of_route)
    statements = _grouped((line for each in found for line in each.statements), _of_statement)
    return Telemetry(
        workers=[each.pid for each in found],
        since=min((each.began_at for each in found), default=None),
        at=max((each.at for each in found), default=None),
        routes=sorted(map(_route, routes), key=lambda each: -each.took.total_ms),
        statements=sorted(map(_statement, statements), key=lambda each: -each.took.total_ms),
        left_out=sum(each.left_out for each in found),
    )


def durations(lines: Iterable[RouteLine | StatementLine]) -> Durations:
    """
    The durations of all these lines together.
    """
    counts: Counter[int] = Counter()
    sum_ns = 0
    for line in lines:
        sum_ns += line.sum_ns
        for number, count in zip(line.buckets[::2], line.buckets[1::2], strict=True):
            counts[number] += count
    ordered = sorted(counts.items())
    return Durations(
        count=counts.total(),
        total_ms=sum_ns / 1e6,
        p50_ms=_quantile_ns(ordered, 50) / 1e6,
        p95_ms=_quantile_ns(ordered, 95) / 1e6,
        p99_ms=_quantile_ns(ordered, 99) / 1e6,
    )


def _quantile_ns(ordered: list[tuple[int, int]], percent: int) -> float:
    """
    By nearest rank: the middle of the bucket in which that many percent of all are reached.
    """
    rank = -(-percent * sum(count for _, count in ordered) // 100)
    for number, count in ordered:
        rank -= count
        if rank <= 0:
            bits, slot = divmod(number, SUB_BUCKETS)
            shift = bits - LEAST_BITS
            return float((SUB_BUCKETS + slot) << shift) + ((1 << shift) - 1) / 2
    return 0.0


def _of_route(line: RouteLine) -> tuple[str, str, int]:
    return line.route, line.method, line.status_class


def _of_statement(line: StatementLine) -> tuple[str, str]:
    return line.system, line.text


def _grouped(lines: Iterable[Line], key: Callable[[Line], object]) -> list[list[Line]]:
    groups: dict[object, list[Line]] = {}
    for line in lines:
        groups.setdefault(key(line), []).append(line)
    return list(groups.values())


def _route(lines: list[RouteLine]) -> Route:
    first = lines[0]
    return Route(
        route=first.route,
        method=first.method,
        status=f"{first.status_class}xx",
        took=durations(lines),
        sent_bytes=sum(line.sent_bytes for line in lines),
        statements=sum(line.statements for line in lines),
        most_statements=max(line.most_statements for line in lines),
        database_ms=sum(line.database_ns for line in lines) / 1e6,
    )


def _statement(lines: list[StatementLine]) -> Statement:
    first = lines[0]
    return Statement(
        text=first.text,
        system=first.system,
        operation=first.operation,
        took=durations(lines),
        errors=sum(line.errors for line in lines),
        callers=list(dict.fromkeys(caller for line in lines for caller in line.callers)),
    )


def read(path: Path) -> Snapshot | None:
    """
    The snapshot in a file; None where it holds none that is understood.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Snapshot)
    except (msgspec.MsgspecError, OSError):
        return None
    return found if found.version == VERSION else None
