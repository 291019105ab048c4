"""
What the two instances of a trial use: processor time for the same requests, and memory after them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hasten.application import App
from hasten.model import Guard
from hasten.world import processes
from hasten.world.refusals import parts_of

#: The same requests may take this much more processor time or memory with the change.
WORSE_RATIO = 1.2
#: … but less than this is nobody's business, and cannot be told from chance.
LEAST_CPU_S = 0.3
LEAST_BYTES = 16_000_000


@dataclass
class Usage:
    """
    Watches the processes of one instance, its database included; `look` adds what was used since the last look.
    """

    app: App
    cpu_s: float = 0.0
    _meter: processes.CpuMeter = field(default_factory=processes.CpuMeter)

    def begin(self) -> None:
        """
        What was used so far does not count.
        """
        self.look()
        self.cpu_s = 0.0

    def look(self) -> float:
        """
        Processor seconds since the last look; 0 the first time.
        """
        used_s = self._meter.used_s(self._pids([*self._own(), *self._database()]))
        self.cpu_s += used_s
        return used_s

    def memory_bytes(self) -> int:
        """
        What the application's own processes hold now.
        """
        return processes.memory(self._pids(self._own())).size_bytes

    def _own(self) -> list[int]:
        return [pid for role, pid in self.app.processes.values() if role == "application"]

    def _database(self) -> list[int]:
        """
        The private server of its clone, which nobody else uses; none where it is somebody else's.
        """
        if self.app.store is None:
            return []
        port = str(parts_of(self.app.store.dsn).get("port", ""))
        running = self.app.supervisor.running
        return [each.pid for name, each in running.items() if name.startswith("clone-") and str(each.spec.port) == port]

    def _pids(self, roots: Sequence[int]) -> list[int]:
        return [pid for members in processes.trees(roots).values() for pid in members]


def cpu(control_s: float, candidate_s: float) -> Guard:
    """
    The candidate does not use much more processor time for the same requests.
    """
    return _not_more("cpu", control_s, candidate_s, least=LEAST_CPU_S, says=lambda value: f"{value:.2f} s")


def memory(control_bytes: int, candidate_bytes: int) -> Guard:
    """
    The candidate's processes do not hold much more memory after the same requests.
    """
    return _not_more(
        "memory", control_bytes, candidate_bytes, least=LEAST_BYTES, says=lambda value: f"{value / 1e6:.0f} MB"
    )


def _not_more(name: str, control: float, candidate: float, *, least: float, says: Callable[[float], str]) -> Guard:
    if control <= 0 or candidate <= 0:
        return Guard(name=name, ok=None, detail="it could not be read", limit=WORSE_RATIO)
    ratio = candidate / control
    return Guard(
        name=name,
        ok=ratio <= WORSE_RATIO or candidate - control <= least,
        detail=f"{says(candidate)} with the change, {says(control)} without it",
        value=ratio,
        limit=WORSE_RATIO,
    )
