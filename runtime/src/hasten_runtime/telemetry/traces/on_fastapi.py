"""
FastAPI: solving the dependencies of an endpoint, which encloses whatever they do (who is asking, a database session).
"""

from time import perf_counter_ns as now
from types import ModuleType
from typing import Any, Callable

from hasten_runtime.once import say_once
from hasten_runtime.telemetry.drivers import alike
from hasten_runtime.telemetry.traces import trace


def hook(routing: ModuleType) -> None:
    """
    The two functions that FastAPI's endpoints call by these names leave a step.
    """
    for name, kind in (("solve_dependencies", "dependencies"), ("serialize_response", "serialize")):
        inner = getattr(routing, name, None)
        if inner is None:
            say_once(f"fastapi {name}", f"this FastAPI has no {name}, so traces do not have it")
        else:
            setattr(routing, name, _step(inner, kind, f"fastapi.{name}"))


def _step(inner: Callable[..., Any], kind: str, title: str) -> Callable[..., Any]:
    async def timed(*args: Any, **named: Any) -> Any:
        if not trace.under_way:
            return await inner(*args, **named)
        began_ns = now()
        try:
            return await inner(*args, **named)
        finally:
            trace.record(kind, began_ns, title)

    return alike(timed, inner)
