"""
Where traces go: a line of JSON each in a file of this process, which begins anew when it has become long.

A thread that ends with it writes what was finished in half a second: so no request waits for a disk, and a thread,
which costs as much as writing, is started once for several.
"""

import _thread
import os
import time

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry import pulse
from hasten_runtime.telemetry.traces import document, relations
from hasten_runtime.telemetry.traces.trace import Trace

MOST_BYTES = 1024 * 1024
TOGETHER_S = 0.5
#: How long one thread waits for another one that is writing, at the end of a process too.
LAST_S = 1.0
#: Finished and not written, where writing does not keep up.
MOST_WAITING = 50


class _Place:
    folder = ""
    writing = _thread.allocate_lock()
    #: Held by the thread that will write.
    coming = _thread.allocate_lock()
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
        relations.let_go(trace)
        return
    _place.waiting.append(trace)
    if not _place.coming.acquire(False):
        return
    try:
        _thread.start_new_thread(_write_later, (_place.coming,))
    except RuntimeError:
        # No thread can be started, as at the end of the interpreter: the next request's does it, if there is one.
        _place.coming.release()


def write() -> None:
    """
    All that is finished is on disk, by this thread or by one that is at it. Never raises.
    """
    if not _place.writing.acquire(True, LAST_S):
        return
    try:
        _write_all()
    finally:
        _place.writing.release()


def _write_all() -> None:
    from hasten_runtime.telemetry.traces import sampling

    while _place.waiting:
        began = time.thread_time_ns()
        batch = _place.waiting[:]
        del _place.waiting[: len(batch)]
        try:
            _append([line for line in map(_line, batch) if line])
        except Exception as error:
            say_once("traces", "no traces are written to " + _place.folder + ": " + reason_of(error))
        try:
            sampling.paid(sum([each.cost_ns for each in batch]) + time.thread_time_ns() - began)
        except Exception as error:
            say_once("traces paid", "what traces cost is not counted: " + reason_of(error))


def _line(trace: Trace) -> bytes:
    try:
        return "".join(document.pieces(trace)).encode("utf-8", "replace")
    except Exception as error:
        say_once("traces", "a trace is not written: " + reason_of(error))
        return b""


def _append(lines: "list[bytes]") -> None:
    folder = _place.folder
    if not folder:
        # Switched off since the trace was finished: not even a file where the process happens to be.
        return
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, str(os.getpid()) + ".jsonl")
    # What is there at first belongs to a process of the same number that has ended.
    with open(path, "wb" if _place.is_new else "ab", buffering=0) as file:
        _place.is_new = False
        for line in lines:
            began_at = file.tell()
            if file.write(line) != len(line):
                # The disk is full: half a line would spoil the next one, too.
                file.truncate(began_at)
                raise OSError("the disk is full")
        is_long = file.tell() > MOST_BYTES
    if is_long:
        os.replace(path, path[: -len("jsonl")] + "1.jsonl")


def _write_later(coming: _thread.LockType) -> None:
    try:
        time.sleep(TOGETHER_S)
        # What is finished from here on needs a thread of its own, for this one may have looked already.
        coming.release()
        write()
    except Exception as error:
        say_once("traces", "no traces are written: " + reason_of(error))


def forget() -> None:
    """
    This process has written nothing yet.
    """
    # The locks may have been held by threads of the parent, which are not here.
    _place.writing, _place.coming = _thread.allocate_lock(), _thread.allocate_lock()
    _place.waiting = []
    _place.is_new = True


pulse.after_fork(forget)
