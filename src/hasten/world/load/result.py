"""
What a load brought home: one record per request, in columns, and what follows from them.
"""

import math
import sys
from array import array
from collections.abc import Iterator
from datetime import datetime
from enum import IntEnum, IntFlag
from typing import TypeAlias

import msgspec

from hasten.evidence import ResponseSample
from hasten.model import Distribution, Noun, now


class Outcome(IntEnum):
    """
    How a request ended.
    """

    UNSENT = 0  # the run was interrupted before its turn or before its end
    ANSWERED = 1  # a whole answer came; its status may still be an error
    TIMEOUT = 2  # given up after timeout_s
    CONNECT = 3  # no connection could be had
    RESET = 4  # the connection ended before the answer did
    PROTOCOL = 5  # what came is not HTTP
    DROPPED = 6  # the queue for a slot was full
    EXPIRED = 7  # the principal's session had expired: this is not the route's answer


class Flag(IntFlag):
    """
    Facts about an answer.
    """

    CACHE_HIT = 1  # something in front of the handler says it answered
    NEW_CONNECTION = 2
    RETRIED = 4  # sent again, because a kept connection turned out to be closed
    WARMUP = 8


#: name → array type code. Times in seconds; `intended` from the start, the others from `intended`.
COLUMNS = {
    "route": "H",
    "intended": "d",
    "lateness": "d",
    "sent": "d",
    "ttfb": "d",
    "latency": "d",
    "status": "H",
    "outcome": "B",
    "flags": "B",
    "wire": "Q",
    "decoded": "q",
}
FAILED = frozenset({Outcome.TIMEOUT, Outcome.CONNECT, Outcome.RESET, Outcome.PROTOCOL, Outcome.DROPPED})
Column: TypeAlias = "array[float] | array[int]"


def is_error(outcome: int, status: int) -> bool:
    """
    Whether a user would say that it did not work: no answer, or the server's own fault (5xx).
    """
    return outcome in FAILED or status >= 500


class Records(Noun, frozen=True, kw_only=True):
    """
    All requests in the order of their intended moments; each column little-endian (`COLUMNS`).

    `ttfb`, `sent` and `latency` are NaN where that moment never came; `decoded` is -1 where unknown.
    """

    count: int
    columns: dict[str, bytes]

    @classmethod
    def of(cls, columns: "dict[str, Column]") -> "Records":
        """
        Records from filled columns of equal length.
        """
        return cls(
            count=len(columns["route"]),
            columns={name: _swapped(columns[name]).tobytes() for name in COLUMNS},
        )

    def floats(self, name: str) -> "array[float]":
        """
        A column of seconds.
        """
        found: array[float] = array("d")
        found.frombytes(self.columns[name])
        return _swapped(found)  # type: ignore[return-value]

    def ints(self, name: str) -> "array[int]":
        """
        A column of whole numbers.
        """
        found: array[int] = array(COLUMNS[name])
        found.frombytes(self.columns[name])
        return _swapped(found)  # type: ignore[return-value]


def _swapped(values: Column) -> Column:
    if sys.byteorder == "big":
        values = array(values.typecode, values)
        values.byteswap()
    return values


class Window(Noun, frozen=True, kw_only=True):
    """
    A few seconds of the run. `rejected`: the generator itself was too late to be believed.
    """

    start_s: float
    end_s: float
    requests: int
    errors: int
    p50_s: float | None
    p95_s: float | None
    lateness_p99_s: float | None
    limit_s: float
    rejected: bool


class LoadProgress(Noun, frozen=True, kw_only=True):
    """
    How far a run is; `p95_s` is of the latest answers. Without counts only the time is known.
    """

    elapsed_s: float
    total_s: float
    planned: int = 0
    sent: int = 0
    answered: int = 0
    errors: int = 0
    in_flight: int = 0
    waiting: int = 0
    p95_s: float | None = None

    @property
    def fraction(self) -> float:
        """
        The share of the run that is over, 0 to 1.
        """
        return min(1.0, self.elapsed_s / self.total_s) if self.total_s else 1.0

    @property
    def text(self) -> str:
        """
        One line for people.
        """
        if not self.planned:
            return f"{self.elapsed_s:.0f} of {self.total_s:.0f} s"
        parts = [f"{self.answered}/{self.planned} answered", f"{self.in_flight} in flight"]
        if self.p95_s is not None:
            parts.append(f"p95 {self.p95_s * 1000:.0f} ms")
        if self.errors:
            parts.append(f"{self.errors} errors")
        return ", ".join(parts)


class LoadResult(Noun, frozen=True, kw_only=True):
    """
    One run. Latency counts from the intended moment unless `closed_loop`.

    Requests of rejected windows and of the warm-up are in `records`, and in no number that follows from them.
    """

    engine: str = "hasten"
    closed_loop: bool = False
    routes: list[str]
    methods: list[str]
    records: Records
    windows: list[Window] = []
    samples: list[ResponseSample] = []
    seconds: float = 0.0
    generator_cpu_s: float = 0.0
    connections: int = 0
    interrupted: bool = False
    started_at: datetime = msgspec.field(default_factory=now)

    @property
    def rejected_share(self) -> float:
        """
        The share of windows in which the generator was too late.
        """
        return sum(window.rejected for window in self.windows) / len(self.windows) if self.windows else 0.0

    def counted(self, route: str | None = None) -> Iterator[int]:
        """
        The indexes of the records that count: measured time, windows that were not rejected, really sent or dropped.
        """
        flags, outcome, routes = self.records.ints("flags"), self.records.ints("outcome"), self.records.ints("route")
        intended = self.records.floats("intended")
        rejected = [(window.start_s, window.end_s) for window in self.windows if window.rejected]
        for index in range(self.records.count):
            if flags[index] & Flag.WARMUP or outcome[index] == Outcome.UNSENT:
                continue
            if route is not None and self.routes[routes[index]] != route:
                continue
            if any(start <= intended[index] < end for start, end in rejected):
                continue
            yield index

    def latencies(self, route: str | None = None) -> list[float]:
        """
        Seconds from the intended moment to the end of the answer.

        Answers below 500, and requests that were given up with the time they had waited (it is a lower bound: leaving
        them out would make a hanging server look fast). Fast failures are not here; `errors` counts them.
        """
        outcome, status = self.records.ints("outcome"), self.records.ints("status")
        latency = self.records.floats("latency")
        return [
            latency[index]
            for index in self.counted(route)
            if outcome[index] == Outcome.TIMEOUT or (outcome[index] == Outcome.ANSWERED and status[index] < 500)
        ]

    def latency(self, route: str | None = None) -> Distribution:
        """
        The distribution of `latencies`.
        """
        return Distribution.of(self.latencies(route))

    def lateness(self) -> Distribution:
        """
        How late the generator was with its own sending, over the whole measured time, rejected windows included.
        """
        flags, outcome = self.records.ints("flags"), self.records.ints("outcome")
        values = self.records.floats("lateness")
        return Distribution.of(
            [
                value
                for index, value in enumerate(values)
                if not flags[index] & Flag.WARMUP and outcome[index] != Outcome.UNSENT and not math.isnan(value)
            ]
        )

    def requests(self, route: str | None = None) -> int:
        """
        How many requests counted.
        """
        return sum(1 for _ in self.counted(route))

    def errors(self, route: str | None = None) -> int:
        """
        How many of them were not answered, or answered with 5xx.
        """
        outcome, status = self.records.ints("outcome"), self.records.ints("status")
        return sum(is_error(outcome[index], status[index]) for index in self.counted(route))

    def outcomes(self, route: str | None = None) -> dict[str, int]:
        """
        Counts by kind of end: ANSWERED, TIMEOUT, …, and the status classes "4xx" and "5xx" among the answers.
        """
        outcome, status = self.records.ints("outcome"), self.records.ints("status")
        counts: dict[str, int] = {}
        for index in self.counted(route):
            names = [Outcome(outcome[index]).name]
            if outcome[index] == Outcome.ANSWERED and status[index] >= 400:
                names.append(f"{status[index] // 100}xx")
            for name in names:
                counts[name] = counts.get(name, 0) + 1
        return counts

    def cache_hits(self, route: str | None = None) -> tuple[int, int]:
        """
        (hits, cacheable): GETs answered with 200 or 304, and how many of them came without asking the handler.
        """
        outcome, status = self.records.ints("outcome"), self.records.ints("status")
        flags, routes = self.records.ints("flags"), self.records.ints("route")
        hits = cacheable = 0
        for index in self.counted(route):
            if self.methods[routes[index]] != "GET" or outcome[index] != Outcome.ANSWERED:
                continue
            if status[index] in (200, 304):
                cacheable += 1
                hits += bool(flags[index] & Flag.CACHE_HIT)
        return hits, cacheable
