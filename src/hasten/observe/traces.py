"""
What requests do inside of the application, while it is loaded: the agents' traces, and what workers say of themselves.

A thread collects once a second, because files of traces begin anew and those of ended workers are gone. Of each route
only as many traces are kept as a picture needs, each as likely as any other, so that the evidence stays small.
Where the load generator sent a request itself, the trace gets what it measured for that very request: they are
paired by the moment at which the answer ended.
"""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from hasten.errors import NoData
from hasten.observe.pairing import paired
from hasten.trace import Stall, Trace, Traces, WorkerProfile
from hasten.world import telemetry
from hasten.world.load import LoadResult
from hasten.world.traces import TraceFiles, TraceLine, folder_of

EVERY_S = 1.0
#: A mean over so many is within 10 % of the truth where requests differ by as much as they take.
MOST_PER_ROUTE = 100
MOST_ROUTES = 200
#: Of all routes together, some 4 MB of JSON; what one does not need others may have.
MOST_STEPS = 60_000
MOST_SERIES = 600
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
        try:
            self._collect()
        except OSError as error:
            # A folder that may not be looked into is a missing part of the evidence, and no reason to end the run.
            self._files.unread[error.strerror or type(error).__name__] += 1

    def _collect(self) -> None:
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
    routes = [] if load is None else load.routes
    for line in lines:
        route = load_route(f"{line.method} {line.route}", routes)
        by_route[route].append(_trace(line, route, names))
    taken: list[Trace] = []
    most = _most_per_route({route: sum(len(trace.steps) for trace in traces) for route, traces in by_route.items()})
    for route, traces in sorted(by_route.items()):
        few = _within(sorted(traces, key=lambda trace: trace.at), most)
        taken += few if load is None else paired(few, load, route)
    taken.sort(key=lambda trace: trace.at)
    return Traces(names=list(names), taken=taken, read=read, unread=unread)


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


def load_route(own: str, routes: list[str]) -> str:
    """
    The route of the load that an agent's is; its own name where the load has none that fits.

    Variables may be called otherwise, and where no framework names the route the agent has a path: then that of the
    fewest variables which matches it.
    """
    if own in routes:
        return own
    parts = own.partition("?")[0].split("/")
    fitting = [
        route
        for route in routes
        if len(wanted := route.partition("?")[0].split("/")) == len(parts) and all(map(_fits, wanted, parts))
    ]
    return min(fitting, key=lambda route: (route.count("{"), route), default=own)


def _fits(wanted: str, part: str) -> bool:
    return wanted == part or (wanted.startswith("{") and part != "")


def _most_per_route(steps: dict[str, int]) -> int:
    """
    The steps that each route may have, so that all have no more than MOST_STEPS.
    """
    left, many = MOST_STEPS, len(steps)
    for count in sorted(steps.values()):
        if count * many > left:
            return left // many
        left, many = left - count, many - 1
    return MOST_STEPS


def _within(traces: list[Trace], most: int) -> list[Trace]:
    """
    Evenly over time, as many as have that many steps together.
    """
    steps = sum(len(trace.steps) for trace in traces)
    if steps <= most:
        return traces
    wanted = max(1, len(traces) * most // steps)
    return [traces[number * len(traces) // wanted] for number in range(wanted)]


def _profile(series: list[telemetry.Snapshot]) -> WorkerProfile:
    last = series[-1]
    return WorkerProfile(
        pid=last.pid,
        server=last.server,
        series=[
            (round(each.at - series[0].at, 3), each.process.rss_bytes, each.process.requests or _requests(each))
            for each in series
            if each.process is not None and each.process.rss_bytes is not None
        ],
        connections_opened=last.connections.opened if last.connections else None,
        stalls=[Stall(place=each.place, count=each.count, total_s=each.sum_ns / 1e9) for each in last.stalls],
    )


def _requests(snapshot: telemetry.Snapshot) -> int:
    return sum(sum(line.buckets[1::2]) for line in snapshot.routes)
