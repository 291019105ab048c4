"""
What is written down of the requests of one recording in this process, and when no more is.

A line for each request in `workers/recordings/<id>/<pid>.jsonl`, with what was seen until then: how many requests there
were of which few are recorded; where none is, that alone now and then. A thread that ends when nothing is left writes
them: no request waits for a disk.
"""

import _thread
import itertools
import json
import os
import time
from typing import Any, Callable, Optional

from hasten_runtime.arms import drawn
from hasten_runtime.once import reason_of, say_once
from hasten_runtime.policy import Record
from hasten_runtime.recorder.harmless import Withheld, headers_of, path_of, query_of
from hasten_runtime.recorder.label import label_of

VERSION = 1
METHODS = frozenset(("GET", "HEAD"))
#: Between two lines of counts.
COUNTS_EVERY_S = 1.0
#: Lines that wait for the disk; a disk that is slower than that gets no more.
MOST_WAITING = 1_000

Note = Callable[[int, str], None]

_numbers = itertools.count()


class Notes:
    """
    The recording of one process.

    Args:
        record: As the policy has it.
        folder: Where its files are.
        clock: Seconds that only grow.
    """

    def __init__(self, record: Record, folder: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.record = record
        self._folder = folder
        self._clock = clock
        self._lines: list[bytes] = []
        self._writing = _thread.allocate_lock()
        self._left = record.most_bytes
        self._tokens, self._filled_at = max(1.0, record.per_s), clock()
        self._counts_at = clock() + COUNTS_EVERY_S
        self._is_over = False
        self.counts: dict[str, Any] = {"since": time.time(), "requests": 0, "others": 0, "kept": 0, "over": 0}
        self.withheld: dict[str, int] = {}
        self.counts["withheld"] = self.withheld

    def noted(self, scope: dict[str, Any], path: str) -> Optional[Note]:
        """
        What notes this request once its status is known; None where it is not to be noted.
        """
        if self._is_over:
            return None
        if scope["method"] not in METHODS:
            self.counts["others"] += 1
            return None
        self.counts["requests"] += 1
        self._count()
        label = label_of(scope["headers"], self.record.key, self.record.cookies)
        if not self._is_drawn(label):
            return None
        if not self._has_room():
            self.counts["over"] += 1
            return None
        try:
            return self._noting(self._line(scope, path, label))
        except Withheld as reason:
            self.withheld[str(reason)] = self.withheld.get(str(reason), 0) + 1
            return None

    def _line(self, scope: dict[str, Any], path: str, label: str) -> dict[str, Any]:
        query = scope.get("query_string", b"").decode("latin-1")
        path = path_of(path, uuids=self.record.uuids)
        query = query_of(query, uuids=self.record.uuids, allowed=self.record.parameters)
        return {
            "version": VERSION,
            "at": time.time(),
            "http.request.method": scope["method"],
            "path": path + "?" + query if query else path,
            "identity": label,
            "headers": headers_of(scope["headers"]),
        }

    def _noting(self, line: dict[str, Any]) -> Note:
        is_noted = False

        def note(status: int, route: str) -> None:
            nonlocal is_noted
            # An answer that begins anew, as PEP 3333 lets it, was asked for once.
            if not is_noted:
                is_noted = True
                self.counts["kept"] += 1
                self._add({**line, "http.route": route, "http.response.status_code": status, "seen": self.counts})

        return note

    def _is_drawn(self, label: str) -> bool:
        """
        All requests of a visitor, or none: their order is worth more than a few of each.
        """
        # A label looks like chance already, and nobody without the key can choose his.
        chance = int(label, 16) / 2.0**64 if label else drawn(os.getpid(), b"%d" % next(_numbers))
        return chance < self.record.share

    def _has_room(self) -> bool:
        now, most = self._clock(), max(1.0, self.record.per_s)
        self._tokens = min(most, self._tokens + (now - self._filled_at) * self.record.per_s)
        self._filled_at = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def _count(self) -> None:
        if self._clock() >= self._counts_at:
            self._counts_at = self._clock() + COUNTS_EVERY_S
            self._add({"version": VERSION, "at": time.time(), "seen": self.counts})

    def _add(self, line: dict[str, Any]) -> None:
        data = (json.dumps(line, separators=(",", ":")) + "\n").encode()
        if len(data) > self._left or len(self._lines) >= MOST_WAITING:
            self.counts["over"] += 1
            return
        self._left -= len(data)
        self._lines.append(data)
        if self._writing.acquire(False):
            try:
                _thread.start_new_thread(self._write, ())
            except RuntimeError:
                # No thread can be started, as at the end of the interpreter; the next line tries again.
                self._writing.release()

    def _write(self) -> None:
        while True:
            try:
                self._append()
            except Exception as error:
                # A disk that is full stays out of it from now on.
                self._is_over = True
                say_once("recorder", "no more is recorded in " + self._folder + ": " + reason_of(error))
            finally:
                self._writing.release()
            # What came between the last look and the release would wait for the next request.
            if self._is_over or not self._lines or not self._writing.acquire(False):
                return

    def _append(self) -> None:
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        path = os.path.join(self._folder, str(os.getpid()) + ".jsonl")
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        file = os.open(path, flags, 0o600)
        try:
            while self._lines:
                # One write for each line: one that is cut short by the end of the process is the last one.
                os.write(file, self._lines[0])
                del self._lines[0]
        finally:
            os.close(file)


_now: Optional[Notes] = None


def noted(record: Record, scope: dict[str, Any], path: str) -> Optional[Note]:
    """
    What notes a request of the recording that the policy has now; None where it is not to be noted.
    """
    global _now
    if _now is None or _now.record.id != record.id:
        if os.environ.get("HASTEN_TELEMETRY", "") == "0":
            # Who wants nothing to be counted wants nothing to be recorded.
            return None
        _now = Notes(record, _folder(record.id))
    # The policy may have been read again, with other bounds for the same recording.
    _now.record = record
    return _now.noted(scope, path)


def forget() -> None:
    """
    Nothing was recorded in this process yet.
    """
    global _now
    _now = None


def _folder(name: str) -> str:
    policy = os.environ["HASTEN_POLICY"]
    workers = os.environ.get("HASTEN_WORKERS") or os.path.join(os.path.dirname(policy), "workers")
    return os.path.join(workers, "recordings", name)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget)
