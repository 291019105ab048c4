"""
The snapshot: what this process has counted so far, in a file of its own that is replaced as a whole.

No thread waits for its time: one that did would not be there after a fork, and would make forking a warning from Python
3.12 on. A request or a statement that finds a snapshot due starts a thread that writes one and ends. So that the last
requests before a pause are seen too, an event loop looks once more a moment later; where none is, a thread that ends
with it does, in a worker of a server only. And at its end a process writes once more.

The last one is written at the end of the interpreter. A process that is killed leaves what it had written two seconds
before; what an earlier process of the same number has left is set aside, for its counts belong to the application too.

Writing takes turns with the application line by line, and the next snapshot is put off for two hundred times the
processor time that this one took: all of it costs a worker at most half a percent.
"""

import _thread
import atexit
import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

from hasten_runtime import TELEMETRY_VERSION, __version__
from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry import process, pulse, requests, statements
from hasten_runtime.telemetry.histogram import Histogram
from hasten_runtime.telemetry.traces import database, file, sampling, stalls

EVERY_S = 2.0
#: When nobody has come since a snapshot.
LOOK_AFTER_S = 1.1 * EVERY_S
#: Of the processor time that a snapshot took, until the next.
REST = 200
#: Of one file. What has taken least time is left out, and how much that is, is said.
MOST_BYTES = 4 * 1024 * 1024

_now = time.perf_counter_ns
_began_at = time.time()


class _Place:
    folder = ""
    server = ""
    writing = _thread.allocate_lock()
    is_watched = False
    is_last_awaited = False
    is_begun = False
    written: tuple[int, int] = (0, 0)


_place = _Place()


def begin(server: str = "") -> None:
    """
    Snapshots of this process go beside its report from now on; without a policy there is no such place.

    Args:
        server: Which server runs the application, where one does.
    """
    policy = os.environ.get("HASTEN_POLICY")
    if not policy:
        return
    workers = os.environ.get("HASTEN_WORKERS") or os.path.join(os.path.dirname(policy), "workers")
    _place.folder = os.path.join(workers, "telemetry")
    _place.server = server or _place.server
    if not _place.is_last_awaited:
        _place.is_last_awaited = True
        atexit.register(write_last)
    pulse.on_beat(write_soon)
    pulse.due_ns = 0
    if server:
        sampling.begin(workers)


def write_soon() -> None:
    """
    A snapshot is being written, by a thread that ends with it, unless one is already.
    """
    pulse.due_ns = _now() + int(EVERY_S * 1e9)
    if not _place.folder or not _place.writing.acquire(False):
        return
    try:
        _thread.start_new_thread(_write, (_place.writing,))
    except RuntimeError:
        # No thread can be started, as at the end of the interpreter: then this snapshot is not written.
        _place.writing.release()
    _look_again()


def write() -> None:
    """
    The snapshot is on disk. Never raises.
    """
    began, folder = time.thread_time(), _place.folder
    try:
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, str(os.getpid()) + ".json")
        if not _place.is_begun:
            _set_aside(folder, path)
            _place.is_begun = True
        _place.written = _extent()
        with open(path + ".new", "w", encoding="utf-8") as new:
            for piece in document():
                new.write(piece)
                # Lets go of the interpreter: a request never waits for more than one line.
                time.sleep(0)
        os.replace(path + ".new", path)
    except Exception as error:
        say_once("export", "no telemetry is written to " + folder + ": " + reason_of(error))
    pulse.due_ns = _now() + int(max(EVERY_S, REST * (time.thread_time() - began)) * 1e9)


def write_last() -> None:
    """
    What this process has counted and traced is on disk, if it is not yet: it is about to end. Never raises.
    """
    try:
        # A thread may be writing still; it is not waited for longer than an ending worker has.
        if _place.folder and _extent() != _place.written and _place.writing.acquire(True, file.LAST_S):
            _write(_place.writing)
        file.write()
    except Exception as error:
        say_once("export", "the last telemetry of a process is not written: " + reason_of(error))


def document() -> Iterator[str]:
    """
    The snapshot as JSON, a line at a time.
    """
    head: dict[str, Any] = {
        "version": TELEMETRY_VERSION,
        "pid": os.getpid(),
        "server": _place.server,
        "agent": __version__,
        "python": sys.version.split()[0],
        "began_at": _began_at,
        "at": time.time(),
    }
    head.update(_of_the_process())
    yield json.dumps(head)[:-1] + ',\n"http.server.request.duration": [\n'
    left = [MOST_BYTES // 4, 0]
    yield from _lines(requests.counted(), _route, left)
    left[0] += MOST_BYTES * 3 // 4
    yield '],\n"db.client.operation.duration": [\n'
    yield from _lines(statements.counted(), _statement, left)
    yield '],\n"left_out": ' + str(left[1]) + "}\n"


def _of_the_process() -> dict[str, Any]:
    return {
        "process": process.used(),
        "connections": {"opened": database.opened},
        "hasten.event_loop.stall.duration": [
            {"place": place, "count": of.count, **_histogram(of)} for place, of in list(stalls.by_place.items())
        ],
    }


def _lines(counted: Any, form: Any, left: list[int]) -> Iterator[str]:
    """
    A line for each, those with the most time first, until `left[0]` bytes are used up; `left[1]` counts the rest.
    """
    comma = ""
    for each in sorted(counted, key=lambda one: -one.sum_ns):
        line = comma + json.dumps(form(each), separators=(",", ":")) + "\n"
        left[0] -= len(line)
        if left[0] < 0:
            left[1] += 1
        else:
            comma = ","
            yield line


def _route(of: requests.Route) -> dict[str, Any]:
    return {
        "http.route": of.name,
        "http.request.method": of.method,
        "status_class": of.status,
        "http.server.response.body.size": of.sent_bytes,
        "statements": of.statements,
        "most_statements": of.most_statements,
        "database_ns": of.database_ns,
        **_histogram(of),
    }


def _statement(of: statements.Statement) -> dict[str, Any]:
    return {
        "db.system.name": "postgresql",
        "db.operation.name": of.operation,
        "db.query.text": of.text,
        "errors": of.errors,
        "callers": list(of.callers),
        **_histogram(of),
    }


def _histogram(of: Histogram) -> dict[str, Any]:
    return {"sum_ns": of.sum_ns, "buckets": [number for bucket in of.buckets() for number in bucket]}


def _extent() -> tuple[int, int]:
    """
    What changes with whatever is counted.
    """
    return (
        sum(each.sum_ns for each in requests.counted()),
        sum(each.sum_ns for each in statements.counted()),
    )


def _set_aside(folder: str, path: str) -> None:
    """
    What stands under this process's name is another one's: it keeps its counts under a name that nobody will have.
    """
    if os.path.exists(path):
        os.replace(path, os.path.join(folder, f"{os.getpid()}-{time.time_ns()}.json"))


def _write(lock: _thread.LockType) -> None:
    try:
        write()
    except Exception as error:
        say_once("export", "no telemetry is written: " + reason_of(error))
    finally:
        lock.release()


def _look_again() -> None:
    """
    Somebody looks once more after a while: the event loop that runs here, or a thread where a server has none.
    """
    if _place.is_watched:
        return
    asyncio = sys.modules.get("asyncio")
    loop = None if asyncio is None else asyncio._get_running_loop()
    if loop is not None:
        _place.is_watched = True
        loop.call_later(LOOK_AFTER_S, _look)
    elif _place.server:
        _place.is_watched = True
        try:
            _thread.start_new_thread(_look_later, ())
        except RuntimeError:
            _place.is_watched = False


def _look_later() -> None:
    try:
        time.sleep(LOOK_AFTER_S)
        _look()
    except Exception as error:
        say_once("export", "telemetry is not looked after: " + reason_of(error))


def _look() -> None:
    _place.is_watched = False
    try:
        if _now() < pulse.due_ns or _place.writing.locked():
            _look_again()
        elif _place.folder and _extent() != _place.written:
            write_soon()
    except Exception as error:
        say_once("export", "telemetry is not looked after: " + reason_of(error))


def forget() -> None:
    """
    This process has written nothing yet.
    """
    global _began_at
    _began_at = time.time()
    # The lock may have been held by a thread of the parent, which is not here.
    _place.writing = _thread.allocate_lock()
    _place.is_watched = False
    _place.is_begun = False
    _place.written = (0, 0)
    if _place.folder:
        pulse.due_ns = 0


pulse.after_fork(forget)
