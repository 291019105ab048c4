"""
What running processes use: CPU time and memory of a process with all its children, read without disturbing them.

Processes start and end while they are looked at; one that is gone is simply not counted any more.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from hasten.world.registry import TOKEN_VARIABLE

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_HAS_PROC = Path("/proc/self/stat").exists()


@dataclass(frozen=True)
class Memory:
    """
    Memory of a set of processes. `kind` says how it was counted: "pss", or "rss" where PSS may not be read.
    """

    size_bytes: int
    kind: str


def core_count() -> int:
    """
    How many cores this machine has.
    """
    return os.cpu_count() or 1


def trees(roots: Iterable[int]) -> dict[int, list[int]]:
    """
    The pids of each root's tree, itself first, in one pass over all processes. A tree ends at another root.
    """
    wanted = list(dict.fromkeys(roots))
    children: dict[int, list[int]] = {}
    alive = set()
    for pid, parent in _parents().items():
        alive.add(pid)
        children.setdefault(parent, []).append(pid)
    return {root: _below(root, children, set(wanted)) if root in alive else [] for root in wanted}


class CpuMeter:
    """
    Adds up the CPU time of a tree of processes whose members come and go.

    The kernel adds the time of a child that ended to its parent's, once the parent waits for it; what was already
    counted while the child lived must not be counted again.
    """

    def __init__(self) -> None:
        self._last: dict[int, tuple[float, float]] = {}
        self._owed_s = 0.0

    def used_s(self, pids: Iterable[int]) -> float:
        """
        CPU seconds that were used since the last call; 0 the first time.
        """
        now = {pid: times for pid in pids if (times := _cpu_times(pid)) is not None}
        last, self._last = self._last, now
        if not last:
            return 0.0
        own_s = sum(own - last.get(pid, (0.0, 0.0))[0] for pid, (own, _) in now.items())
        waited_s = sum(waited - last[pid][1] for pid, (_, waited) in now.items() if pid in last)
        counted_s = sum(sum(times) for pid, times in last.items() if pid not in now)
        # A child may end between two reads of the same look: its parent has its time one look later.
        ended_s, owed_s = waited_s - counted_s, self._owed_s
        self._owed_s = min(0.0, ended_s)
        return max(0.0, own_s) + max(0.0, ended_s + owed_s)


def is_run_as(pid: int, argv: Sequence[str], env: Mapping[str, str], *, was: Sequence[str]) -> bool:
    """
    Whether a process of Hasten's was started with these arguments and (at least) these variables.

    Args:
        was: What is on record of its start; this decides where the program has written over its own arguments.
    """
    try:
        process = psutil.Process(pid)
        words, variables = process.cmdline(), process.environ()
    except psutil.Error:
        return False
    if TOKEN_VARIABLE not in variables:
        return list(was) == list(argv)
    # A script is run by its interpreter, whose name comes first.
    has_words = words[-len(argv) + 1 :] == list(argv[1:]) if len(argv) > 1 else True
    return list(was) == list(argv) and has_words and all(variables.get(name) == value for name, value in env.items())


def memory(pids: Iterable[int]) -> Memory:
    """
    Memory of all these processes together, shared pages counted once: their proportional shares (PSS) summed.

    Where these may not be read (another user's process, or no Linux) resident memory is taken instead, with the
    shared part of the process that has most of it counted once: PostgreSQL's buffers are not there per backend.
    """
    members = list(pids)
    shares = [_pss(pid) for pid in members]
    if all(share is not None for share in shares) and shares:
        return Memory(sum(share or 0 for share in shares), "pss")
    resident = [_resident(pid) for pid in members]
    private = sum(rss - shared for rss, shared in resident)
    return Memory(private + max((shared for _, shared in resident), default=0), "rss")


def _below(root: int, children: dict[int, list[int]], others: set[int]) -> list[int]:
    found = [root]
    for pid in found:
        found += [child for child in children.get(pid, ()) if child not in others and child not in found]
    return found


def _parents() -> dict[int, int]:
    if _HAS_PROC:
        return {pid: int(fields[1]) for pid in psutil.pids() if (fields := _stat(pid)) is not None}
    return {process.pid: process.info["ppid"] or 0 for process in psutil.process_iter(["ppid"])}


def _stat(pid: int) -> list[str] | None:
    """
    The fields of /proc/<pid>/stat after the name, so state is 0, parent 1, user time 11; None if it is gone.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in parentheses may hold anything, spaces and parentheses too.
    fields = text.rpartition(")")[2].split()
    return fields if len(fields) > 14 else None


def _cpu_times(pid: int) -> tuple[float, float] | None:
    """
    Seconds that the process used itself, and those of its children that ended; None if it is gone.
    """
    fields = _stat(pid)
    if fields is not None:
        own, waited = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
        return own / _TICKS_PER_S, waited / _TICKS_PER_S
    if _HAS_PROC:
        return None
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return None
    return float(times.user + times.system), float(times.children_user + times.children_system)


def _pss(pid: int) -> int | None:
    """
    Proportional share in bytes; 0 for a process that is gone, None where it may not be read.
    """
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0 if _HAS_PROC and _stat(pid) is None else None
    except OSError:
        return None
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _resident(pid: int) -> tuple[int, int]:
    """
    Resident and, of that, shared bytes; zeros for a process that is gone.
    """
    try:
        words = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
        return int(words[1]) * _PAGE_BYTES, int(words[2]) * _PAGE_BYTES
    except (OSError, IndexError, ValueError):
        pass
    try:
        return int(psutil.Process(pid).memory_info().rss), 0
    except psutil.Error:
        return 0, 0
