"""
Where traces go: a line of JSON each in a file of this process, which begins anew when it has become long.

A thread that ends with it writes what is finished, so a request does not wait for a disk.
"""

import _thread
import os
import time

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry import pulse
from hasten_runtime.telemetry.traces import document
from hasten_runtime.telemetry.traces.trace import Trace

MOST_BYTES = 1024 * 1024
#: How long the end of a process waits for a thread that is writing.
LAST_S = 1.0
#: Finished and not written, where writing does not keep up.
MOST_WAITING = 50


class _Place:
    folder = ""
    writing = _thread.allocate_lock()
    waiting: list[Trace] = []
    is_new = True


_place = _Place()


def begin(folder: str) -> None:
    """
    Traces go into this folder from now on.
    """
    _place.folder = folder


def write_soon(trace: Trace) -> None:
    """
    The trace is being written, by a thread that ends with it.
    """
    if not _place.folder or len(_place.waiting) >= MOST_WAITING:
        return
    _place.waiting.append(trace)
    if not _place.writing.acquire(False):
        return
    try:
        _thread.start_new_thread(_write_all, (_place.writing,))
    except RuntimeError:
        # No thread can be started, as at the end of the interpreter: the next request's does it, if there is one.
        _place.writing.release()


def write() -> None:
    """
    All that is finished is on disk. Never raises.
    """
    from hasten_runtime.telemetry.traces import sampling

    while _place.waiting:
        began = time.thread_time_ns()
        trace = _place.waiting.pop(0)
        try:
            _append(document.pieces(trace))
        except Exception as error:
            say_once("traces", "no traces are written to " + _place.folder + ": " + reason_of(error))
        sampling.paid(trace.cost_ns + time.thread_time_ns() - began)


def write_last() -> None:
    """
    All that is finished is on disk, for the process is about to end. Never raises.
    """
    # Whoever is writing now writes those, too, if it is given the time.
    if _place.waiting and _place.writing.acquire(True, LAST_S):
        _write_all(_place.writing)


def _append(pieces: "list[str]") -> None:
    os.makedirs(_place.folder, exist_ok=True)
    path = os.path.join(_place.folder, str(os.getpid()) + ".jsonl")
    # What is there at first belongs to a process of the same number that has ended.
    with open(path, "wb" if _place.is_new else "ab", buffering=0) as file:
        _place.is_new = False
        began_at = file.tell()
        line = "".join(pieces).encode("utf-8", "replace")
        if file.write(line) != len(line):
            # The disk is full: half a line would spoil the next one, too.
            file.truncate(began_at)
            raise OSError("the disk is full")
        is_long = file.tell() > MOST_BYTES
    if is_long:
        os.replace(path, path[: -len("jsonl")] + "1.jsonl")


def _write_all(lock: _thread.LockType) -> None:
    try:
        write()
    except Exception as error:
        say_once("traces", "no traces are written: " + reason_of(error))
    finally:
        lock.release()
    if _place.waiting and lock.acquire(False):
        # One that was finished after the last look, and found this thread still at it.
        _write_all(lock)


def forget() -> None:
    """
    This process has written nothing yet.
    """
    # The lock may have been held by a thread of the parent, which is not here.
    _place.writing = _thread.allocate_lock()
    _place.waiting = []
    _place.is_new = True


pulse.after_fork(forget)
