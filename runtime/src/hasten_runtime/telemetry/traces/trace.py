"""
The trace of the request that is under way, and how a step is added to it.

Hooks ask `under_way` first, a number of this module: while no request is being traced, that is all they pay.
"""

import _thread
from contextvars import Context, ContextVar
from time import perf_counter_ns as now
from typing import Any, Optional

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry import pulse
from hasten_runtime.telemetry.callers import Frame, own_frames
from hasten_runtime.telemetry.traces.digest import digest_of

MOST_STEPS = 2_000

#: Kind, begin, end, name, digest of the values, rows, own frames. Names are made readable when the trace is written.
Step = tuple[str, int, int, Any, str, int, tuple[Frame, ...]]

#: How many requests of this process are being traced right now.
under_way = 0
_open: list["Trace"] = []
_opening = _thread.allocate_lock()


class Trace:
    """
    What one request did.

    Attributes:
        ended_ns: When its answer was complete; 0 until then. What happens later is no part of it.
        cost_ns: What adding steps has cost, for the budget.
        sights: Where the event loop was seen while this request held it, and when.
        loads: The relations that it has loaded, as `relations` knows them; None without any.
        pieces: Of the answer's body, until it is digested; None where it is too long for that.
    """

    __slots__ = (
        "asked", "at", "began_ns", "cache_control", "cost_ns", "cpu_ns", "ended_ns", "identity", "left_out", "loads",
        "method", "pieces", "route", "sent_bytes", "sets_cookie", "sights", "status", "steps", "thread",
    )  # fmt: skip

    def __init__(self, began_ns: int, at: float, thread: int) -> None:
        self.began_ns, self.at, self.thread = began_ns, at, thread
        self.ended_ns = self.cost_ns = self.left_out = self.sent_bytes = self.status = 0
        self.cpu_ns = -1
        self.route = self.method = self.identity = self.asked = self.cache_control = ""
        self.sets_cookie = False
        self.pieces: Optional[list[bytes]] = []
        self.steps: list[Step] = []
        self.sights: list[tuple[int, tuple[Frame, ...]]] = []
        self.loads: Any = None

    def add(self, step: Step) -> None:
        """
        The step is part of the trace, unless there are too many.
        """
        if len(self.steps) < MOST_STEPS:
            self.steps.append(step)
        else:
            self.left_out += 1


_current: ContextVar[Optional[Trace]] = ContextVar("hasten_trace", default=None)
#: From now on, in this context and those that come from it, steps are added to this trace.
set_trace = _current.set
reset_trace = _current.reset


def current() -> Optional[Trace]:
    """
    The trace of the request that is under way here; None where it is not traced, or has its answer.
    """
    trace = _current.get()
    return None if trace is None or trace.ended_ns else trace


def here() -> Optional[Trace]:
    """
    The trace of the request that this is done for, even if that has its answer already.
    """
    return _current.get()


def is_here() -> bool:
    """
    Whether what is under way here is being traced. Asked once `under_way` says that anything is. Never raises.
    """
    try:
        return current() is not None
    except Exception as error:
        say_once("trace", "steps of a trace are missing: " + reason_of(error))
        return False


def record(kind: str, began_ns: int, name: Any, values: Any = None, rows: int = -1) -> None:
    """
    A step that began then and ends now is in the trace of the request under way, if there is one. Never raises.

    Args:
        values: What the step was given. Only a keyed hash of it is kept.
    """
    try:
        ended_ns = now()
        trace = current()
        if trace is None:
            return
        detail = "" if values is None else digest_of(values)
        trace.add((kind, began_ns, ended_ns, name, detail, rows, own_frames()))
        trace.cost_ns += now() - ended_ns
    except Exception as error:
        say_once("trace " + kind, "a step of a trace is missing: " + reason_of(error))


def of_context(context: Context) -> Optional[Trace]:
    """
    The trace of a request that may be under way elsewhere.
    """
    return context.get(_current)


def began(of: Trace) -> None:
    """
    One more request is being traced.
    """
    global under_way
    with _opening:
        _open.append(of)
        under_way = len(_open)


def ended(of: Trace) -> bool:
    """
    Whether it was still being traced, which it is not any more.
    """
    global under_way
    with _opening:
        was_open = of in _open
        if was_open:
            _open.remove(of)
        under_way = len(_open)
    return was_open


def drop_before(began_ns: int) -> None:
    """
    Requests that began before then are not traced any longer: streams that go on are not to keep others from it.
    """
    for each in [one for one in _open if one.began_ns < began_ns]:
        each.ended_ns = now()
        ended(each)


def forget() -> None:
    """
    No request is being traced.
    """
    global under_way, _opening
    # The lock may have been held by a thread of the parent, which is not here.
    _opening = _thread.allocate_lock()
    _open.clear()
    under_way = 0
    set_trace(None)


pulse.after_fork(forget)
