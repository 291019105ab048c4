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
                of.add(("stall", began_ns, ended_ns, name, "", -1, own_frames()))
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
        try:
            of = self._trace
            frames = _most_seen([frames for at_ns, frames in of.sights if began_ns <= at_ns <= ended_ns])
            add_rest(of, began_ns, min(ended_ns, of.ended_ns or ended_ns), frames)
            of.sights.clear()
        except Exception as error:
            say_once("stalls", "a stall is not noticed: " + reason_of(error))


def add_rest(of: trace.Trace, began_ns: int, ended_ns: int, frames: tuple[Frame, ...]) -> None:
    """
    The loop was held by this request all that time: what is long and not known yet is in its trace.
    """
    known = sorted((each[1], each[2]) for each in of.steps if each[0] == "stall" and each[2] > began_ns)
    for from_ns, to_ns in [*known, (ended_ns, ended_ns)]:
        if min(from_ns, ended_ns) - began_ns >= LEAST_NS:
            of.add(("stall", began_ns, min(from_ns, ended_ns), "the event loop was held", "", -1, frames))
        began_ns = max(began_ns, to_ns)


def outermost(steps: list[trace.Step]) -> list[trace.Step]:
    """
    The steps, by their beginning, without stalls within stalls: a call that waits may be made of others.
    """
    found = []
    held_until_ns = 0
    for each in sorted(steps, key=_order):
        if each[0] == "stall":
            if each[2] <= held_until_ns:
                continue
            held_until_ns = each[2]
        found.append(each)
    return found


def count_all(steps: list[trace.Step]) -> None:
    """
    The stalls among these steps are counted at the places that caused them, if others noticed them.
    """
    for kind, from_ns, to_ns, _, _, _, frames in steps:
        if kind == "stall" and to_ns - from_ns >= LEAST_NS:
            count(to_ns - from_ns, frames)


def _order(step: trace.Step) -> tuple[int, int]:
    return step[1], -step[2]


def _most_seen(sights: list[tuple[Frame, ...]]) -> tuple[Frame, ...]:
    return max(sights, key=sights.count) if sights else ()


def forget() -> None:
    """
    No loop was held yet.
    """
    by_place.clear()


pulse.after_fork(forget)
