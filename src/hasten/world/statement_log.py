"""
Executed statements, with their parameters and times, from PostgreSQL's own log.

Reads forward from where it stood, across rotations, without asking the server. What cannot be read is counted and
skipped: a log is written by another program at the same time, and may end in the middle of a line.
"""

import os
import re
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hasten.errors import NotAllowed
from hasten.evidence import StatementSample
from hasten.world.log_entry import Entry, from_json_line, from_plain_lines, lists_parameters, parse_parameters

LIMIT_BYTES = 512 * 1024 * 1024
"""At most so much of a log is read at once; the rest is left for the next read."""

KEPT_SESSIONS = 20_000
KEPT_PENDING = 200

OWN = "hasten:"

_DURATION = re.compile(
    r"duration: (?P<ms>\d+(?:\.\d+)?) ms"
    r"(?:  (?P<step>statement|parse|bind|execute fetch from|execute)(?: (?P<name>.*?))?: (?P<text>.*))?",
    re.DOTALL,
)
_ERRORS = ("ERROR", "FATAL", "PANIC")


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
        self._pairs = _Pairs()

    def skip(self) -> None:
        """
        What was logged until now is not read.

        Raises:
            NotAllowed: the log may not be read.
        """
        self._pairs = _Pairs()
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
        result.samples.extend(self._pairs.finished())
        result.unreadable_parameters += self._pairs.unreadable_parameters
        self._pairs.unreadable_parameters = 0
        return result

    def _take(self, entry: Entry | None, result: LogRead) -> None:
        if entry is None:
            result.unreadable += 1
            return
        result.entries += 1
        if entry.application_name.startswith(OWN):
            result.own += 1
        elif entry.user and self.database in ("", entry.database):
            self._pairs.take(entry)

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


class _Pairs:
    """
    Puts the steps of one execution together: parse and bind are logged before execute, fetches after it.
    """

    def __init__(self) -> None:
        self.unreadable_parameters = 0
        self._done: list[dict[str, Any]] = []
        # By session: seconds of parse and bind by text, and the last execution, which fetches are added to.
        self._pending: OrderedDict[str, dict[str, float]] = OrderedDict()
        self._last: dict[str, dict[str, Any]] = {}

    def take(self, entry: Entry) -> None:
        """
        The entry counts, if it is a step of an execution or its error.
        """
        if entry.severity in _ERRORS:
            if entry.statement:
                self._add(entry, entry.statement, 0.0, entry.context, error=entry.sqlstate)
            return
        found = _DURATION.match(entry.message)
        if found is None or not found["step"]:
            return
        seconds, text = float(found["ms"]) / 1000, found["text"]
        if found["step"] in ("parse", "bind"):
            waiting = self._of(entry.session)
            waiting[text] = waiting.get(text, 0.0) + seconds
        elif found["step"] == "execute fetch from" and self._last.get(entry.session, {}).get("text") == text:
            self._last[entry.session]["seconds"] += seconds
        else:
            self._add(entry, text, seconds, entry.detail)

    def finished(self) -> list[StatementSample]:
        """
        The executions so far, which are then forgotten; steps still waiting for theirs are kept.
        """
        done, self._done, self._last = self._done, [], {}
        return [StatementSample(**fields) for fields in done]

    def _add(self, entry: Entry, text: str, seconds: float, listed: str, error: str | None = None) -> None:
        parameters: list[str | None] = []
        if lists_parameters(listed):
            try:
                parameters = parse_parameters(listed)
            except ValueError:
                self.unreadable_parameters += 1
        fields = {
            "at": entry.at,
            "query_id": entry.query_id,
            "text": text,
            "parameters": parameters,
            "seconds": seconds + self._of(entry.session).pop(text, 0.0),
            "database": entry.database,
            "user": entry.user,
            "application_name": entry.application_name,
            "session": entry.session,
            "transaction": entry.transaction,
            "error": error,
        }
        self._done.append(fields)
        self._last[entry.session] = fields

    def _of(self, session: str) -> dict[str, float]:
        waiting = self._pending.setdefault(session, {})
        self._pending.move_to_end(session)
        if len(waiting) > KEPT_PENDING:
            waiting.pop(next(iter(waiting)))
        if len(self._pending) > KEPT_SESSIONS:
            self._pending.popitem(last=False)
        return waiting
