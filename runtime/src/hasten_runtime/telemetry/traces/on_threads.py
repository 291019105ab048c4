"""
Threads that a request hands work to: how long it waits until one is free.

Frameworks run endpoints that are no coroutines in such threads, and there are only so many of them (40 in Starlette,
one in Django). What runs there belongs to the request.
"""

from time import perf_counter_ns as now
from types import ModuleType
from typing import Any, Callable

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry.drivers import alike
from hasten_runtime.telemetry.traces import trace


def hook_anyio(to_thread: ModuleType) -> None:
    """
    Waiting for one of anyio's threads, which are Starlette's too, is a step.
    """
    inner = to_thread.run_sync

    async def run_sync(func: Any, *args: Any, **named: Any) -> Any:
        return await inner(_told(func, "anyio"), *args, **named)

    to_thread.run_sync = alike(run_sync, inner)  # type: ignore[attr-defined]


def hook_asyncio(base_events: ModuleType) -> None:
    """
    Waiting for a thread of an executor is a step.
    """
    inner = base_events.BaseEventLoop.run_in_executor

    def run_in_executor(self: Any, executor: Any, func: Any, *args: Any) -> Any:
        return inner(self, executor, _told(func, "asyncio"), *args)

    base_events.BaseEventLoop.run_in_executor = alike(run_in_executor, inner)


def _told(func: Any, name: str) -> Any:
    """
    The function, which notes when it begins if a request under way waits for that.
    """
    try:
        of = trace.current() if trace.under_way else None
        return func if of is None or not callable(func) else _noting(func, of, name)
    except Exception as error:
        say_once("threads", "a wait for a thread is missing in a trace: " + reason_of(error))
        return func


def _noting(func: Callable[..., Any], of: trace.Trace, name: str) -> Callable[..., Any]:
    asked_ns = now()

    def begin(*args: Any) -> Any:
        try:
            if not of.ended_ns:
                of.add(("thread", asked_ns, now(), name, "", -1, ()))
        except Exception as error:
            say_once("threads", "a wait for a thread is missing in a trace: " + reason_of(error))
        return func(*args)

    return begin
