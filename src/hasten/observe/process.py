"""
Memory and CPU of the application's processes over time: a thread looks once a second, with all their children.

CPU is a share of all cores of the machine. Memory is the tree's together, shared pages counted once (PSS where it may
be read); it is read every few seconds only, because the kernel has to walk the page tables for it.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from hasten.errors import NoData
from hasten.evidence import ProcessProfile
from hasten.model import Conditions, Distribution, Measurement, Where
from hasten.world import processes
from hasten.world.process_id import ProcessId

EVERY_S = 1.0
MEMORY_EVERY_S = 3.0
APPLICATION = "application"


@dataclass
class _Watched:
    """
    One named process with what was seen of it.
    """

    role: str
    process: ProcessId | None
    meter: processes.CpuMeter = field(default_factory=processes.CpuMeter)
    cpu_used_s: float = 0.0
    memory: processes.Memory | None = None
    ended: bool = False
    memories: list[int] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    series: list[tuple[float, int, float]] = field(default_factory=list)


class ProcessSampler:
    """
    Watches processes from `start` (or entering the block) until `stop` (or leaving it); then ask `result`.

    Args:
        watched: Name → (role, pid); role is application, database, cache or proxy. PostgreSQL: the postmaster's pid.
        application: The name under which the pooled CPU share is filed.
    """

    def __init__(
        self,
        watched: Mapping[str, tuple[str, int]],
        *,
        application: str = "application",
        every_s: float = EVERY_S,
        memory_every_s: float = MEMORY_EVERY_S,
    ) -> None:
        self._watched = {name: _Watched(role=role, process=ProcessId.of(pid)) for name, (role, pid) in watched.items()}
        self._application = application
        self._every_s, self._memory_every_s = every_s, memory_every_s
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._begun = self._last = 0.0
        self._memory_due = 0.0
        self._pooled: list[float] = []
        self._cost_s = 0.0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """
        The first look was taken, and a thread takes the next ones.
        """
        self._begun = self._last = time.monotonic()
        self._look(is_first=True)
        self._thread = threading.Thread(target=self._run, name="hasten-processes", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """
        The last look was taken; nothing watches any more. May be called twice.
        """
        if self._thread is not None:
            self._stopping.set()
            self._thread.join()
            self._thread = None
            self._memory_due = 0.0
            self._look()

    def result(self) -> tuple[list[Measurement], list[ProcessProfile]]:
        """
        What was seen: memory and CPU per process, and the CPU share of all of them together.

        Raises:
            NoData: none of the processes was there.
        """
        seen = {name: watched for name, watched in self._watched.items() if watched.memories and watched.shares}
        if not seen:
            names = ", ".join(self._watched) or "none named"
            raise NoData(f"no process to watch was running ({names})", hint="name running ones in [application]")
        measurements = [found for name, watched in seen.items() for found in self._measure(name, watched)]
        if len(seen) == len(self._watched) and self._pooled:
            measurements.append(
                Measurement(
                    metric="process.cpu.utilization",
                    unit="1",
                    where=Where(kind="application", name=self._application),
                    distribution=self._exact(self._pooled, sum(w.cpu_used_s for w in seen.values())),
                    conditions=self._conditions(),
                )
            )
        return measurements, [self._profile(name, watched) for name, watched in seen.items()]

    def _run(self) -> None:
        while not self._stopping.wait(max(0.0, self._last + self._every_s - time.monotonic())):
            self._look()

    def _look(self, *, is_first: bool = False) -> None:
        now, begun_s = time.monotonic(), time.thread_time()
        passed_s = 0.0 if is_first else now - self._last
        self._last = now
        is_memory_due = now >= self._memory_due
        if is_memory_due:
            self._memory_due = now + self._memory_every_s
        used_s = sum(self._look_at(watched, pids, now, passed_s, is_memory_due) for watched, pids in self._members())
        if passed_s > 0:
            self._pooled.append(used_s / passed_s / processes.core_count())
        self._cost_s += time.thread_time() - begun_s

    def _members(self) -> list[tuple[_Watched, list[int]]]:
        alive = {name: w.process.pid for name, w in self._watched.items() if w.process and w.process.is_alive()}
        trees = processes.trees(alive.values())
        return [(watched, trees[alive[name]] if name in alive else []) for name, watched in self._watched.items()]

    def _look_at(self, watched: _Watched, pids: list[int], now: float, passed_s: float, is_memory_due: bool) -> float:
        """
        CPU seconds that the process used since the last look.
        """
        if not pids:
            watched.ended = True
            return 0.0
        used_s = watched.meter.used_s(pids)
        if is_memory_due:
            watched.memory = processes.memory(pids)
            watched.memories.append(watched.memory.size_bytes)
        if passed_s > 0:
            share = used_s / passed_s / processes.core_count()
            watched.shares.append(share)
            watched.cpu_used_s += used_s
            size = watched.memory.size_bytes if watched.memory else 0
            watched.series.append((round(now - self._begun, 3), size, round(share, 5)))
        return used_s

    def _measure(self, name: str, watched: _Watched) -> list[Measurement]:
        where = Where(kind="process", name=name)
        conditions = self._conditions(
            role=watched.role,
            memory_kind=watched.memory.kind if watched.memory else "",
            **({"ended": True} if watched.ended else {}),
        )
        return [
            Measurement(
                metric="process.memory.usage",
                unit="By",
                where=where,
                distribution=Distribution.of([float(size) for size in watched.memories]),
                conditions=conditions,
            ),
            Measurement(
                metric="process.cpu.utilization",
                unit="1",
                where=where,
                distribution=self._exact(watched.shares, watched.cpu_used_s),
                conditions=conditions,
            ),
        ]

    def _profile(self, name: str, watched: _Watched) -> ProcessProfile:
        return ProcessProfile(
            name=name,
            role=watched.role,
            pid=watched.process.pid if watched.process else 0,
            memory_max_bytes=max(watched.memories),
            memory_first_bytes=watched.memories[0],
            memory_last_bytes=watched.memories[-1],
            cpu_share=self._share(watched.cpu_used_s),
            series=watched.series,
        )

    def _share(self, used_s: float) -> float:
        return used_s / (self._last - self._begun) / processes.core_count()

    def _exact(self, shares: list[float], used_s: float) -> Distribution:
        # The looks are not equally far apart, so their plain mean would not be the share over the window.
        found = Distribution.of(shares)
        return Distribution(
            count=found.count, mean=self._share(used_s), p50=found.p50, p95=found.p95, p99=found.p99,
            min=found.min, max=found.max,
        )  # fmt: skip

    def _conditions(self, **notes: str | float | bool) -> Conditions:
        window_s = self._last - self._begun
        common = {"cores": processes.core_count(), "window_s": round(window_s, 3)}
        cost = round(self._cost_s / window_s, 5) if window_s else 0.0
        return Conditions(notes={**common, "sampler_cpu_share_of_one_core": cost, **notes})
