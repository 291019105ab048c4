"""
The traces that the agents in the application write, read as they come.

`docs/telemetry.md` describes a line. Only files of workers that run are read: one that has ended may belong to another
application of the same process number. A line that is torn is read once the rest of it is there; what cannot be read
is counted with its reason, and stops nothing.
"""

import os
from collections import Counter
from pathlib import Path

import msgspec

from hasten.noun import Noun
from hasten.trace import Step
from hasten.world.workers import is_of

VERSION = 1
#: A line holds at most 2,000 steps of some 70 bytes, and their names of at most 2,000 characters each.
MOST_LINE_BYTES = 8 * 1024 * 1024
#: A file begins anew after 1 MiB, so this is more than there can be of one worker between two looks.
MOST_BYTES_AT_ONCE = 16 * 1024 * 1024


class TraceLine(
    Noun,
    frozen=True,
    kw_only=True,
    rename={"route": "http.route", "method": "http.request.method", "status": "http.response.status_code"},
):
    """
    One traced request, as a worker writes it.
    """

    version: int
    at: float
    pid: int
    route: str
    method: str
    status: int
    duration_ns: int
    cpu_ns: int = -1
    sent_bytes: int = 0
    identity: str = ""
    asked: str = ""
    answer: str = ""
    cache_control: str = ""
    sets_cookie: bool = False
    names: list[str] = []
    steps: list[Step] = []
    left_out: int = 0


class _Version(Noun, frozen=True, kw_only=True):
    version: int


def folder_of(workers_dir: Path) -> Path:
    """
    Where the traces are, given where the workers report.
    """
    return workers_dir / "traces"


class TraceFiles:
    """
    The traces of one folder, each given out once.

    Attributes:
        unread: What could not be read, by reason.
    """

    def __init__(self, folder: Path, *, from_now: bool = False) -> None:
        """
        Nothing is read yet.

        Args:
            from_now: Leave out what is there already.
        """
        self._folder = folder
        self._read_to: dict[int, tuple[int, int]] = {}  # pid → the file's inode, and how far it was read
        self.unread: Counter[str] = Counter()
        if from_now:
            self.read()
            self.unread.clear()

    def read(self) -> list[TraceLine]:
        """
        The traces that were written since the last call, by all workers that run.
        """
        found: list[TraceLine] = []
        for path in sorted(self._folder.glob("*.jsonl")):
            if path.stem.isdigit():
                found += self._new_of(path, int(path.stem))
        return found

    def _new_of(self, path: Path, pid: int) -> list[TraceLine]:
        try:
            if not is_of(pid, path.stat().st_mtime):
                self._read_to.pop(pid, None)
                return []
            return self._lines(self._new_bytes(path, pid), pid)
        except OSError as error:
            self.unread[error.strerror or type(error).__name__] += 1
            return []

    def _new_bytes(self, path: Path, pid: int) -> bytes:
        """
        Whole lines that were not read yet: the rest of the file before, if a new one was begun, and what is in this.
        """
        inode, offset = self._read_to.get(pid, (0, 0))
        with path.open("rb") as file:
            now = os.fstat(file.fileno())
            before = b""
            if now.st_ino != inode or now.st_size < offset:
                before = self._rest(path.with_suffix(".1.jsonl"), inode, offset)
                offset = 0
            skipped = max(0, now.st_size - offset - MOST_BYTES_AT_ONCE)
            if skipped:
                self.unread["more than could be read"] += 1
            file.seek(offset + skipped)
            data = file.read(MOST_BYTES_AT_ONCE)
        whole = data[: data.rfind(b"\n") + 1]
        self._read_to[pid] = (now.st_ino, offset + skipped + len(whole))
        return before + whole

    def _rest(self, path: Path, inode: int, offset: int) -> bytes:
        """
        What was added to a file before it was put aside; all of what was put aside before the first look.
        """
        try:
            with path.open("rb") as file:
                is_the_one = not inode or os.fstat(file.fileno()).st_ino == inode
                if not is_the_one:
                    self.unread["overwritten before it was read"] += 1
                file.seek(offset if is_the_one else 0)
                return file.read(MOST_BYTES_AT_ONCE)
        except FileNotFoundError:
            return b""

    def _lines(self, data: bytes, pid: int) -> list[TraceLine]:
        found = []
        for line in data.split(b"\n"):
            if not line:
                continue
            trace = self._decoded(line)
            if trace is None:
                continue
            if trace.pid == pid:
                found.append(trace)
            else:
                self.unread["of another process"] += 1
        return found

    def _decoded(self, line: bytes) -> TraceLine | None:
        try:
            if len(line) > MOST_LINE_BYTES:
                self.unread["too long"] += 1
                return None
            if msgspec.json.decode(line, type=_Version).version != VERSION:
                self.unread["of another version"] += 1
                return None
            trace = msgspec.json.decode(line, type=TraceLine)
        except msgspec.MsgspecError:
            self.unread["not readable"] += 1
            return None
        if not _is_sound(trace):
            self.unread["not readable"] += 1
            return None
        return trace


def _is_sound(trace: TraceLine) -> bool:
    """
    Whether all numbers of names are names, and no time is negative.
    """
    known = range(len(trace.names))
    return trace.duration_ns >= 0 and all(
        step.name in known and step.duration_ns >= 0 and all(place in known for place in step.stack)
        for step in trace.steps
    )
