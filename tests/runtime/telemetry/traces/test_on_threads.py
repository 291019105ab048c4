"""
Waiting for threads.
"""

import asyncio
import asyncio.base_events
import time
from functools import partial

import anyio
import anyio.to_thread
import pytest

from hasten_runtime.telemetry.traces import on_threads, trace
from hasten_runtime.telemetry.traces.trace import Trace

WORK_S = 0.03


@pytest.fixture(autouse=True)
def hooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Waiting for a thread is a step.
    """
    loop = asyncio.base_events.BaseEventLoop
    monkeypatch.setattr(loop, "run_in_executor", loop.run_in_executor)
    monkeypatch.setattr(anyio.to_thread, "run_sync", anyio.to_thread.run_sync)
    on_threads.hook_anyio(anyio.to_thread)
    on_threads.hook_asyncio(asyncio.base_events)


def waits_ms(of: Trace, name: str) -> list[float]:
    """
    How long it waited for threads of that library, the shortest first.
    """
    return sorted((each[2] - each[1]) / 1e6 for each in of.steps if (each[0], each[3]) == ("thread", name))


def test_the_second_waits_until_the_first_is_done(of: Trace) -> None:
    """
    With one thread; what runs in it belongs to the request.
    """

    def work() -> str:
        time.sleep(WORK_S)
        trace.record("db", 0, "SELECT 1")
        return "done"

    async def main() -> list[str]:
        limiter = anyio.CapacityLimiter(1)
        run = partial(anyio.to_thread.run_sync, work, limiter=limiter)
        return await asyncio.gather(run(), run())

    assert ["done", "done"] == asyncio.run(main())
    quick, slow = waits_ms(of, "anyio")
    assert quick < slow
    assert WORK_S * 1e3 <= slow
    assert 2 == sum(each[0] == "db" for each in of.steps)


def test_executors_are_watched(of: Trace) -> None:
    """
    Of asyncio itself, with what is handed to them.
    """

    async def main() -> int:
        return await asyncio.to_thread(int, "7") + await asyncio.get_running_loop().run_in_executor(None, int, "7")

    assert 14 == asyncio.run(main())
    assert 2 == len(waits_ms(of, "asyncio"))


def test_without_a_trace_the_function_is_handed_on(of: Trace) -> None:
    """
    The very same one.
    """
    trace.ended(of)

    assert len is on_threads._told(len, "x")


def test_what_begins_after_the_answer_is_no_step(of: Trace) -> None:
    """
    It runs all the same.
    """
    begin = on_threads._told(int, "x")
    of.ended_ns = 1

    assert 7 == begin("7")
    assert [] == of.steps
