"""
Event loops that were held: how long, and which line of the application held them, as far as traced requests saw it.
"""

import sys
from time import perf_counter_ns as now
from typing import Any

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry import pulse
from hasten_runtime.telemetry.callers import Frame, own_frames
from hasten_runtime.telemetry.histogram import Histogram
from hasten_runtime.telemetry.traces import trace

#: A loop that is held so long is noticed by whoever else waits for it.
LEAST_NS = 20_000_000
#: A call that is known to wait is a mistake in an event loop, however short; shorter ones need no step of their own.
LEAST_OF_A_CALL_NS = 1_000_000
MOST_PLACES = 100
UNSEEN = "(not seen)"
OTHERS = "(other places)"

#: By the nearest line of the application.
by_place: dict[str, Histogram] = {}


def held(began_ns: int, name: str) -> None:
    """
    If an event loop runs in this thread, whoever began then has held it until now: a step of the request under way.

    Args:
        name: What held it: a synchronous call of a library that is known to wait for something.
    """
    try:
        ended_ns = now()
        if ended_ns - began_ns >= LEAST_OF_A_CALL_NS and is_in_a_loop():
            of = trace.current()
            if of is not None:
                frames = own_frames()
                of.add(("stall", began_ns, ended_ns, name, "", -1, frames))
                if ended_ns - began_ns >= LEAST_NS:
                    count(ended_ns - began_ns, frames)
    except Exception as error:
        say_once("stalls", "a stall is not noticed: " + reason_of(error))


def is_in_a_loop() -> bool:
    """
    Whether this thread is running an event loop, and so is holding it up right now.
    """
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None


def count(duration_ns: int, frames: tuple[Frame, ...]) -> None:
    """
    One more stall is counted, at the place that caused it.
    """
    place = "{}:{} {}".format(*frames[0]) if frames else UNSEEN
    if len(by_place) >= MOST_PLACES and place not in by_place:
        place = OTHERS
    by_place.setdefault(place, Histogram()).add(duration_ns)


class Stepped:
    """
    An awaitable that does what the one in it does, and notices how long each of its steps keeps the event loop.

    Args:
        inner: What is awaited: the application at work on a request.
        of: The request's trace.
    """

    def __init__(self, inner: Any, of: trace.Trace) -> None:
        self._inner = inner
        self._trace = of

    def __await__(self) -> Any:
        inner = self._inner.__await__()
        if not hasattr(inner, "send"):
            # An iterator and no more; nobody can be sent or thrown anything there.
            return (yield from inner)
        step, given = inner.send, None
        while True:
            began_ns = now()
            try:
                asked = step(given)
            except StopIteration as end:
                return end.value
            finally:
                duration_ns = now() - began_ns
                if duration_ns >= LEAST_NS:
                    self._held(began_ns, began_ns + duration_ns)
            try:
                given = yield asked
                step = inner.send
            except GeneratorExit:
                inner.close()
                raise
            except BaseException as error:
                step, given = inner.throw, error

    def _held(self, began_ns: int, ended_ns: int) -> None:
        """
        The stall is in the trace, as far as it is not known already.
        """
        of = self._trace
        try:
            ended_ns = min(ended_ns, of.ended_ns or ended_ns)
            for from_ns, to_ns in _gaps(of, began_ns, ended_ns):
                if to_ns - from_ns >= LEAST_NS:
                    of.add(("stall", from_ns, to_ns, "the event loop was held", "", -1, ()))
                    count(to_ns - from_ns, ())
        except Exception as error:
            say_once("stalls", "a stall is not noticed: " + reason_of(error))


def _gaps(of: trace.Trace, began_ns: int, ended_ns: int) -> list[tuple[int, int]]:
    """
    What is left of this time without the stalls that steps have told of themselves.
    """
    known = sorted((each[1], each[2]) for each in of.steps if each[0] == "stall" and each[1] >= began_ns)
    found = []
    for from_ns, to_ns in known:
        found.append((began_ns, from_ns))
        began_ns = max(began_ns, to_ns)
    return [*found, (began_ns, ended_ns)]


def forget() -> None:
    """
    No loop was held yet.
    """
    by_place.clear()


pulse.after_fork(forget)
