"""
What the two instances of a trial use: processor time for the same requests, and memory after them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hasten.application import App
from hasten.world import processes
from hasten.world.refusals import parts_of


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
