"""
Executed statements, with their parameters and times, from PostgreSQL's own log.

Reads forward from where it stood, across rotations, without asking the server. What cannot be read is counted and
skipped: a log is written by another program at the same time, and may end in the middle of a line.
"""

import os
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hasten.errors import NotAllowed
from hasten.evidence import StatementSample
from hasten.world.log_entry import Entry, from_json_line, from_plain_lines
from hasten.world.statement_steps import Executions

LIMIT_BYTES = 512 * 1024 * 1024
"""At most so much of a log is read at once; the rest is left for the next read."""

OWN = "hasten:"


@dataclass
class LogRead:
    """
    What one read brought.

    samples: one for each executed statement, in the order in which they ended.
    entries: log entries seen.
    unreadable: lines that are no entry (cut, damaged, another format).
    unreadable_parameters: samples whose parameters were listed but could not be read; they have none.
    own: entries of Hasten's own connections, left out.
    vanished: files that were removed before they were read to their end.
    left_bytes: what was beyond the limit and is still to be read.
    """

    samples: list[StatementSample] = field(default_factory=list)
    entries: int = 0
    unreadable: int = 0
    unreadable_parameters: int = 0
    own: int = 0
    vanished: int = 0
    left_bytes: int = 0


class StatementLog:
    """
    The log in a folder (`.json` files, and plain `.log` files of Hasten's prefix), or in one file.

    Args:
        path: The folder, or the file: the files beside it whose names begin with its own are its rotations.
        database: Only statements executed in it.
    """

    def __init__(self, path: Path, database: str = "") -> None:
        self.path = path
        self.database = database
        self._read_to: dict[tuple[int, int], int] = {}
        self._executions = Executions()

    def skip(self) -> None:
        """
        What was logged until now is not read.

        Raises:
            NotAllowed: the log may not be read.
        """
        self._executions = Executions()
        self._read_to = {key: size for _, key, size in self._files()}

    def settle(self, timeout_s: float = 3.0, quiet_s: float = 0.2) -> None:
        """
        Nothing new has come for a moment, or the time is up: the server's log writer has caught up.
        """
        deadline, before = time.monotonic() + timeout_s, -1
        while before != (now := sum(size for _, _, size in self._files())) and time.monotonic() < deadline:
            before = now
            time.sleep(quiet_s)

    def read(self, limit_bytes: int = LIMIT_BYTES) -> LogRead:
        """
        Everything that was logged since the last read or skip.

        Raises:
            NotAllowed: the log may not be read.
        """
        result = LogRead()
        files = self._files()
        # A file that is gone is forgotten: another may get its identity.
        self._read_to = {key: self._read_to.get(key, 0) for _, key, _ in files}
        for path, key, size in files:
            # A file that is shorter than before was cut to nothing and written anew.
            begin = self._read_to[key] if size >= self._read_to[key] else 0
            if size <= begin:
                continue
            lines = _Lines(path, key, begin, min(size - begin, limit_bytes))
            try:
                for entry in _entries(lines, is_json=".json" in path.name):
                    self._take(entry, result)
            except FileNotFoundError:
                result.vanished += 1
                continue
            limit_bytes -= lines.read_bytes
            self._read_to[key] = begin + lines.read_bytes
            if limit_bytes <= 0:
                result.left_bytes += size - begin - lines.read_bytes
        result.samples.extend(self._executions.finished())
        result.unreadable_parameters += self._executions.unreadable_parameters
        self._executions.unreadable_parameters = 0
        return result

    def _take(self, entry: Entry | None, result: LogRead) -> None:
        if entry is None:
            result.unreadable += 1
            return
        result.entries += 1
        if entry.application_name.startswith(OWN):
            result.own += 1
        elif entry.user and self.database in ("", entry.database):
            self._executions.take(entry)

    def _files(self) -> list[tuple[Path, tuple[int, int], int]]:
        """
        The log's files, oldest first: path, identity, size. A rotated file keeps its identity under its new name.
        """
        try:
            if self.path.is_dir():
                paths = [path for path in self.path.iterdir() if re.search(r"\.(json|log)(\.\d+)?$", path.name)]
            else:
                paths = [path for path in self.path.parent.iterdir() if path.name.startswith(self.path.name)]
            found = []
            for path in paths:
                try:
                    status = path.stat()
                except FileNotFoundError:
                    continue
                if path.suffix not in (".gz", ".xz", ".zst"):
                    found.append((status.st_mtime, path.name, path, (status.st_dev, status.st_ino), status.st_size))
        except FileNotFoundError:
            return []
        except PermissionError as error:
            raise _unreadable(self.path, error) from error
        return [(path, key, size) for _, _, path, key, size in sorted(found)]


@dataclass
class _Lines:
    """
    The whole lines of a file from `begin` on, about `count` bytes of them; a line that is being written stays.

    Raises:
        FileNotFoundError: it is gone, or another file has its name.
        NotAllowed: it may not be read.
    """

    path: Path
    key: tuple[int, int]
    begin: int
    count: int
    read_bytes: int = 0

    def __iter__(self) -> Iterator[bytes]:
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                if (status.st_dev, status.st_ino) != self.key:
                    raise FileNotFoundError(self.path)
                file.seek(self.begin)
                for line in file:
                    if not line.endswith(b"\n") or self.read_bytes >= self.count:
                        return
                    self.read_bytes += len(line)
                    yield line
        except PermissionError as error:
            raise _unreadable(self.path, error) from error


def _unreadable(path: Path, error: OSError) -> NotAllowed:
    return NotAllowed(
        f"PostgreSQL's log {path} may not be read: {error.strerror}",
        hint="let this user read it (often: the group adm), or leave `log` out of [database]",
    )


def _entries(lines: Iterable[bytes], *, is_json: bool) -> Iterator[Entry | None]:
    if not is_json:
        yield from from_plain_lines(lines)
        return
    for line in lines:
        try:
            yield from_json_line(line)
        except ValueError:
            yield None
