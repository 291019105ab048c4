"""
Watches the event loop while a traced request is under way: what holds it, and for how long.

A thread that ends with the request asks the loop for a sign of life every hundredth of a second. While none comes it
looks which line the loop's thread is at, and for whom: of a request that holds the loop itself that line becomes the
place of its stall; a request that waits meanwhile has waited for the loop.

The thread costs more than all the rest of a trace. So where all requests have been quick for a while, and none could be
seen at anything, only one of some is attended until there is a slow one again.

A wait is told only where the thread saw somebody else at work. It sees the loop every hundredth of a second, so the
first hundredth of a wait may be missing, and shorter ones are not seen.
"""

import _thread
import gc
import sys
import time
from contextvars import Context
from time import perf_counter_ns as now
from typing import Any, NamedTuple, Optional

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry import pulse
from hasten_runtime.telemetry.callers import Frame
from hasten_runtime.telemetry.traces import sampling, stacks, stalls, trace

#: Quick requests end before the first look, and cost a thread that sleeps once.
FIRST_S = 0.005
EVERY_S = 0.01
#: A request that takes longer is looked at less and less often, and then no more.
SHARE_OF_AGE = 1 / 50
LONGEST_NS = 10_000_000_000
LEAST_WAIT_NS = 5_000_000
#: A request that takes longer is a slow one; after so many quick ones, one of how many is attended.
QUICK_NS = 10_000_000
QUICK_ONES = 16
ONE_OF = 8
#: What a look costs the loop is about what it costs the thread.
BOTH_SIDES = 2
_STEP = (stalls.Stepped.__await__.__code__.co_filename, stalls.Stepped.__await__.__code__.co_name)


class Sight(NamedTuple):
    """
    What was seen of a loop that gave no sign of life: whose task it was at, and where.
    """

    of: Optional[trace.Trace]
    frames: tuple[Frame, ...]
    is_own_step: bool


class Watched:
    """
    A loop that a traced request runs on.
    """

    __slots__ = ("loop", "of", "seen", "sent_ns", "thread")

    def __init__(self, of: trace.Trace, loop: Any, thread: int) -> None:
        self.of, self.loop, self.thread = of, loop, thread
        self.sent_ns = 0
        self.seen: list[Sight] = []

    def look(self, at_ns: int) -> None:
        """
        The loop is asked for a sign of life, or seen at what keeps it from giving one.
        """
        if not self.sent_ns:
            self.sent_ns = at_ns
            self.loop.call_soon_threadsafe(self.answer)
            return
        asyncio = sys.modules["asyncio"]
        task = asyncio.current_task(self.loop)
        lines = stacks.of_thread(self.thread)
        if task is None or not lines:
            return
        of, frames = _trace_of(task), stacks.own_frames(lines)
        sight = Sight(of, frames, any((file, function) == _STEP for file, _, function in lines))
        self.seen.append(sight)
        if of is self.of and sight.is_own_step:
            of.sights.append((at_ns, frames))

    def answer(self) -> None:
        """
        The loop gives a sign of life: how long that has taken, and because of whom. Called by the loop.
        """
        try:
            sent_ns, answered_ns, seen = self.sent_ns, now(), self.seen
            self.sent_ns, self.seen = 0, []
            if answered_ns - sent_ns >= LEAST_WAIT_NS and seen and not self.of.ended_ns:
                self._note(max(sent_ns, self.of.began_ns), answered_ns, seen)
        except Exception as error:
            say_once("attendant", "a wait for the event loop is not noticed: " + reason_of(error))

    def _note(self, from_ns: int, to_ns: int, seen: list[Sight]) -> None:
        others = [each for each in seen if each.of is not self.of]
        if 2 * len(others) >= len(seen):
            self.of.add(("loop", from_ns, to_ns, "something else", "", -1, others[0].frames))
        elif not any(each.is_own_step for each in seen):
            # In a task of its own: what such a task does is not seen step by step.
            stalls.add_rest(self.of, from_ns, to_ns, seen[0].frames)


_watched: list[Watched] = []
_lock = _thread.allocate_lock()
_quick_ones = 0


def saw(duration_ns: int) -> None:
    """
    A request that was traced has taken that long.
    """
    global _quick_ones
    _quick_ones = 0 if duration_ns > QUICK_NS else _quick_ones + 1


def attend(of: trace.Trace) -> None:
    """
    The event loop of this thread is watched until the trace has ended, if there may be something to see.
    """
    if _quick_ones > QUICK_ONES and _quick_ones % ONE_OF:
        return
    asyncio = sys.modules.get("asyncio")
    loop = None if asyncio is None else asyncio._get_running_loop()
    if loop is None:
        return
    _watched.append(Watched(of, loop, _thread.get_ident()))
    if _lock.acquire(False):
        try:
            _thread.start_new_thread(_attend, (_lock,))
        except RuntimeError:
            # No thread can be started: then nothing is seen.
            _watched.clear()
            _lock.release()


def _attend(lock: _thread.LockType) -> None:
    began_ns = time.thread_time_ns()
    try:
        pause_s = FIRST_S
        while _watched:
            time.sleep(pause_s)
            pause_s = _look(now())
        sampling.paid(BOTH_SIDES * (time.thread_time_ns() - began_ns))
    except Exception as error:
        say_once("attendant", "event loops are not watched: " + reason_of(error))
        _watched.clear()
    finally:
        lock.release()
    if _watched and lock.acquire(False):
        # One that came after the last look, and found this thread still at it.
        _attend(lock)


def _look(at_ns: int) -> float:
    """
    Each loop is looked at; the seconds until the next look.
    """
    youngest_ns = LONGEST_NS
    for each in _watched[:]:
        age_ns = at_ns - each.of.began_ns
        if each.of.ended_ns or age_ns > LONGEST_NS or each.loop.is_closed():
            _watched.remove(each)
            continue
        try:
            each.look(at_ns)
        except RuntimeError:
            if not each.loop.is_closed():
                raise
            # It was closed a moment ago.
            _watched.remove(each)
        youngest_ns = min(youngest_ns, age_ns)
    return max(EVERY_S, SHARE_OF_AGE * youngest_ns / 1e9) if _watched else 0.0


def _trace_of(task: Any) -> Optional[trace.Trace]:
    """
    The trace of the request that a task of another thread works for.
    """
    if hasattr(task, "get_context"):
        contexts = [task.get_context()]
    else:
        # Python before 3.12 keeps the context of a task to itself; the garbage collector knows it.
        contexts = [each for each in gc.get_referents(task) if isinstance(each, Context)]
    return next((trace.of_context(each) for each in contexts), None)


def forget() -> None:
    """
    No loop is watched.
    """
    global _lock, _quick_ones
    _quick_ones = 0
    # The lock may have been held by a thread of the parent, which is not here.
    _lock = _thread.allocate_lock()
    _watched.clear()


pulse.after_fork(forget)
