"""
Watching event loops.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from time import perf_counter_ns as now
from typing import Any

import pytest

from hasten_runtime.telemetry import pulse
from hasten_runtime.telemetry.traces import attendant, trace
from hasten_runtime.telemetry.traces.stalls import Stepped
from hasten_runtime.telemetry.traces.trace import Trace

LONG_S = 0.15


def busy() -> None:
    """
    The processor is busy; other threads have their turn.
    """
    until = time.perf_counter() + LONG_S
    while time.perf_counter() < until:
        sum(range(100))


async def request(work: Callable[[], Awaitable[Any]]) -> Trace:
    """
    The trace of a request that does this, in a task of its own as servers have it.
    """

    async def main() -> Trace:
        of = Trace(now(), time.time(), threading.get_ident())
        trace.set_trace(of)
        trace.began(of)
        attendant.attend(of)
        await Stepped(work(), of)
        of.ended_ns = now()
        trace.ended(of)
        return of

    return await asyncio.create_task(main())


def is_over() -> bool:
    """
    Whether the thread has ended, within a while.
    """
    until = time.monotonic() + 10
    while attendant._lock.locked() and time.monotonic() < until:
        time.sleep(0.005)
    return not attendant._lock.locked()


def seen(made: Callable[[], Coroutine[Any, Any, Trace]], kind: str, least_s: float) -> list[Any]:
    """
    Steps of that kind and length with the place of the work, and all that are of another kind.

    On a machine that is busy with something else the watch may come too late; then there is another try.
    """
    for _ in range(20):
        steps = asyncio.run(made()).steps
        found = [each for each in steps if each[6] and each[6][0][2] == "busy" and each[2] - each[1] > least_s * 1e9]
        others = [each for each in steps if each[0] != kind]
        if found and not others:
            break
    return [*found, *others]


async def holds() -> None:
    """
    Holds the loop with work of its own.
    """
    busy()


async def holds_in_a_task() -> None:
    """
    The same in a task that belongs to the request.
    """
    await asyncio.create_task(holds())
    await asyncio.sleep(0.02)


async def waits() -> None:
    """
    Does nothing for a while.
    """
    await asyncio.sleep(LONG_S * 2)


def test_the_line_that_holds_the_loop_is_seen() -> None:
    """
    The stall of a request's own work has its place.
    """
    ((kind, *_, frames),) = seen(lambda: request(holds), "stall", 0.9 * LONG_S)

    assert ("stall", "busy", "holds") == (kind, frames[0][2], frames[1][2])
    assert is_over()


def test_work_in_a_task_of_the_request_is_its_own() -> None:
    """
    It is found by the task's context, and has its place.
    """
    ((kind, *_, frames),) = seen(lambda: request(holds_in_a_task), "stall", 0.5 * LONG_S)

    assert ("stall", "busy", "holds") == (kind, frames[0][2], frames[1][2])


def test_who_waits_for_another_has_waited_for_the_loop() -> None:
    """
    With the place of what held it.
    """

    async def main() -> Trace:
        waiting = asyncio.create_task(request(waits))
        await asyncio.sleep(0.03)
        await asyncio.create_task(holds())
        return await waiting

    ((kind, *_, frames),) = seen(main, "loop", 0.5 * LONG_S)

    assert ("loop", "busy", "holds") == (kind, frames[0][2], frames[1][2])


def test_an_idle_loop_is_nobodys_wait() -> None:
    """
    A request that waits for something else has no such step.
    """
    assert [] == asyncio.run(request(waits)).steps
    assert is_over()


def test_where_all_are_quick_few_are_attended() -> None:
    """
    After a number of quick requests one of some, until there is a slow one.
    """

    async def main() -> list[int]:
        attended = []
        for _ in range(attendant.QUICK_ONES + 2 * attendant.ONE_OF):
            of = Trace(now(), time.time(), threading.get_ident())
            before = len(attendant._watched)
            attendant.attend(of)
            attended.append(len(attendant._watched) - before)
            of.ended_ns = now()
            attendant.saw(1_000)
        attendant.saw(attendant.QUICK_NS + 1)
        attendant.attend(Trace(now(), time.time(), threading.get_ident()))
        return [sum(attended), attendant._quick_ones]

    attended, quick = asyncio.run(main())

    assert attendant.QUICK_ONES < attended <= attendant.QUICK_ONES + 4
    assert 0 == quick


def test_without_a_loop_nobody_is_attended(of: Trace) -> None:
    """
    No thread is started.
    """
    attendant.attend(of)

    assert ([], False) == (attendant._watched, attendant._lock.locked())


def test_without_a_thread_nothing_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    At the end of the interpreter no thread can be started, and the request goes on.
    """

    def fail(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(attendant._thread, "start_new_thread", fail)
    of = asyncio.run(request(holds))

    assert [()] == [each[6] for each in of.steps]


def test_a_fault_is_said_and_ends_the_watch(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The request is not touched by it.
    """
    monkeypatch.setattr(attendant, "_trace_of", lambda task: 1 / 0)
    of = asyncio.run(request(holds))

    assert is_over()
    assert [()] == [each[6] for each in of.steps]
    assert "event loops are not watched: ZeroDivisionError" in capsys.readouterr().err


def test_a_child_watches_nothing() -> None:
    """
    The thread is the parent's.
    """
    attendant._lock.acquire()
    pulse.forget()

    assert not attendant._lock.locked()
