"""
What requests do inside of the application, while it is loaded: the agents' traces, and what workers say of themselves.

A thread collects once a second, because files of traces begin anew and those of ended workers are gone. Of each route
only as many traces are kept as a picture needs, each as likely as any other, so that the evidence stays small.
Where the load generator sent a request itself, the trace gets what it measured for that very request: they are
paired by the moment at which the answer ended.
"""

import bisect
import random
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from hasten.errors import NoData
from hasten.trace import Stall, Trace, Traces, WorkerProfile
from hasten.world import telemetry
from hasten.world.load import LoadResult
from hasten.world.load.result import Outcome
from hasten.world.traces import TraceFiles, TraceLine, folder_of

EVERY_S = 1.0
#: A mean over so many is within 10 % of the truth where requests differ by as much as they take.
MOST_PER_ROUTE = 100
MOST_ROUTES = 200
#: All steps together take some 4 MB of JSON, those of one route 0.6.
MOST_STEPS = 60_000
MOST_STEPS_PER_ROUTE = 8_000
MOST_SERIES = 600
#: Two clocks of one machine, and the way of an answer through both ends of a socket.
EARLY_S = 0.005
LATE_S = 5.0
#: An agent writes its snapshot at most every two seconds.
LAST_SNAPSHOT_S = 2.5


class TraceSampler:
    """
    Collects traces from entering the block until leaving it; then ask `result`.

    Args:
        workers_dir: Where the application's workers report.
    """

    def __init__(self, workers_dir: Path, *, every_s: float = EVERY_S, seed: int = 1) -> None:
        self._workers_dir, self._every_s = workers_dir, every_s
        self._files = TraceFiles(folder_of(workers_dir), from_now=True)
        self._chance = random.Random(seed)  # noqa: S311 – which traces are kept is no secret
        self._kept: dict[str, list[TraceLine]] = {}
        self._read: Counter[str] = Counter()
        self._snapshots: dict[int, list[telemetry.Snapshot]] = defaultdict(list)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hasten-traces", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        if error is None and self._snapshots:
            # What the last requests did is written by and by.
            time.sleep(LAST_SNAPSHOT_S)
        self._look()

    def result(self, load: LoadResult | None = None) -> tuple[Traces, list[WorkerProfile]]:
        """
        The traces that were kept, with what the load measured for them, and the workers.

        Raises:
            NoData: no worker has left a trace.
        """
        kept = [line for lines in self._kept.values() for line in lines]
        if not kept:
            raise NoData(
                "no worker of the application has left a trace",
                hint="run the application with the agent: `agent = true` on its process in [application]",
            )
        return as_evidence(kept, load, self._read.total(), dict(self._files.unread)), self._workers()

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            self._look()

    def _look(self) -> None:
        for line in self._files.read():
            self._keep(line)
        for snapshot in telemetry.snapshots(telemetry.folder_of(self._workers_dir)):
            series = self._snapshots[snapshot.pid]
            if not series or snapshot.at > series[-1].at:
                series.append(snapshot)
                if len(series) > MOST_SERIES:
                    # Every other one: half as fine, over the whole time.
                    del series[1:-1:2]

    def _keep(self, line: TraceLine) -> None:
        """
        Each trace of a route is as likely to be kept as any other (a reservoir).
        """
        name = f"{line.method} {line.route}"
        if name not in self._kept and len(self._kept) >= MOST_ROUTES:
            self._files.unread["of more routes than are kept"] += 1
            return
        lines = self._kept.setdefault(name, [])
        self._read[name] += 1
        if len(lines) < MOST_PER_ROUTE:
            lines.append(line)
        elif (place := self._chance.randrange(self._read[name])) < MOST_PER_ROUTE:
            lines[place] = line

    def _workers(self) -> list[WorkerProfile]:
        return [_profile(series) for _, series in sorted(self._snapshots.items())]


def as_evidence(lines: Iterable[TraceLine], load: LoadResult | None, read: int, unread: dict[str, int]) -> Traces:
    """
    Lines of the agent as evidence: names once for all, routes as the load names them, few enough of each route.
    """
    names: dict[str, int] = {}
    by_route: dict[str, list[Trace]] = defaultdict(list)
    routes = {_template(route): route for route in load.routes} if load is not None else {}
    for line in lines:
        own = f"{line.method} {line.route}"
        route = routes.get(_template(own), own)
        by_route[route].append(_trace(line, route, names))
    taken: list[Trace] = []
    for route, traces in sorted(by_route.items()):
        taken += _few(traces if load is None else _paired(traces, load, route))
    taken.sort(key=lambda trace: trace.at)
    return Traces(names=list(names), taken=_within(taken, MOST_STEPS), read=read, unread=unread)


def _trace(line: TraceLine, route: str, names: dict[str, int]) -> Trace:
    number = [names.setdefault(name, len(names)) for name in line.names]
    steps = [
        msgspec.structs.replace(step, name=number[step.name], stack=[number[place] for place in step.stack])
        for step in line.steps
    ]
    return Trace(
        route=route, pid=line.pid, at=line.at, status=line.status, duration_ns=line.duration_ns, cpu_ns=line.cpu_ns,
        sent_bytes=line.sent_bytes, identity=line.identity, asked=line.asked, answer=line.answer,
        cache_control=line.cache_control, sets_cookie=line.sets_cookie, steps=steps, left_out=line.left_out,
    )  # fmt: skip


def _template(route: str) -> str:
    # Two that name the same path may call its variables otherwise.
    return re.sub(r"\{[^}]*\}", "{}", route)


def _few(traces: list[Trace]) -> list[Trace]:
    return _within(sorted(traces, key=lambda trace: trace.at), MOST_STEPS_PER_ROUTE)


def _within(traces: list[Trace], most: int) -> list[Trace]:
    """
    Evenly over time, as many as have that many steps together.
    """
    steps = sum(len(trace.steps) for trace in traces)
    if steps <= most:
        return traces
    wanted = max(1, len(traces) * most // steps)
    return [traces[number * len(traces) // wanted] for number in range(wanted)]


def _paired(traces: list[Trace], load: LoadResult, route: str) -> list[Trace]:
    """
    The traces with what the load measured: each request once, and the one whose answer ended with the trace's.
    """
    answers = _answers(load, route)
    ends = [end for end, _ in answers]
    near = []
    for number, trace in enumerate(traces):
        ended = trace.at + trace.duration_ns / 1e9
        first = bisect.bisect_left(ends, ended - EARLY_S)
        for place in range(first, bisect.bisect_right(ends, ended + LATE_S)):
            end, latency_s = answers[place]
            if end - latency_s <= trace.at + EARLY_S:
                near.append((abs(end - ended), number, place))
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, number, place in sorted(near):
        if number not in pairs and place not in taken:
            pairs[number] = place
            taken.add(place)
    return [
        msgspec.structs.replace(trace, measured_s=answers[pairs[number]][1]) if number in pairs else trace
        for number, trace in enumerate(traces)
    ]


def _answers(load: LoadResult, route: str) -> list[tuple[float, float]]:
    """
    When each answer of a route had come, and how long it had taken since the request was due; the earliest first.
    """
    outcome, intended = load.records.ints("outcome"), load.records.floats("intended")
    latency, began = load.records.floats("latency"), load.started_at.timestamp()
    return sorted(
        (began + intended[index] + latency[index], latency[index])
        for index in load.counted(route)
        if outcome[index] == Outcome.ANSWERED
    )


def _profile(series: list[telemetry.Snapshot]) -> WorkerProfile:
    last = series[-1]
    return WorkerProfile(
        pid=last.pid,
        server=last.server,
        series=[
            (round(each.at - series[0].at, 3), each.process.rss_bytes, each.process.requests or _requests(each))
            for each in series
            if each.process is not None
        ],
        connections_opened=last.connections.opened if last.connections else None,
        stalls=[Stall(place=each.place, count=each.count, total_s=each.sum_ns / 1e9) for each in last.stalls],
    )


def _requests(snapshot: telemetry.Snapshot) -> int:
    return sum(sum(line.buckets[1::2]) for line in snapshot.routes)
