"""
Which process is meant: a pid alone can be another's tomorrow, a pid and the moment of its start cannot.
"""

import contextlib
import os
import signal
from pathlib import Path

import psutil

from hasten.model import Noun
from hasten.world.launch import boot_id, start_ticks


class ProcessId(Noun, frozen=True, kw_only=True):
    """
    One process, for ever: pid, start (kernel clock ticks since boot), and the boot.
    """

    pid: int
    started: int
    boot: str = ""

    @classmethod
    def of(cls, pid: int) -> "ProcessId | None":
        """
        The process that has this pid now; None if there is none, or only a zombie.
        """
        found = start_ticks(pid)
        if found is not None:
            started, state = found
            return None if state in "ZX" else cls(pid=pid, started=started, boot=boot_id())
        if os.path.isdir("/proc/self"):  # noqa: PTH112 - there is a /proc, so the process is not there
            return None
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            if process.status() != psutil.STATUS_ZOMBIE:
                return cls(pid=pid, started=int(process.create_time() * 100), boot="")
        return None

    @classmethod
    def mine(cls) -> "ProcessId":
        """
        This very process.
        """
        found = cls.of(os.getpid())
        assert found is not None
        return found

    def is_alive(self) -> bool:
        """
        Whether this process, and not another with its pid, still runs.
        """
        return ProcessId.of(self.pid) == self

    def ignores(self, signal_number: int) -> bool:
        """
        Whether the process said that it takes no notice of this signal; False where that cannot be seen.
        """
        with contextlib.suppress(OSError, ValueError):
            for line in Path(f"/proc/{self.pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
                if line.startswith("SigIgn:"):
                    return bool(int(line.split()[1], 16) >> (signal_number - 1) & 1)
        return False

    def send(self, signal_number: int) -> bool:
        """
        The process has got the signal; False if it is not there any more.

        Raises:
            PermissionError: it belongs to another user.
        """
        try:
            handle = os.pidfd_open(self.pid) if hasattr(os, "pidfd_open") else None
        except OSError:
            handle = None
        try:
            # With the handle held, the pid cannot pass to another process between the look and the signal.
            if not self.is_alive():
                return False
            if handle is None:
                os.kill(self.pid, signal_number)
            else:
                signal.pidfd_send_signal(handle, signal_number)
        except ProcessLookupError:
            return False
        finally:
            if handle is not None:
                os.close(handle)
        return True
