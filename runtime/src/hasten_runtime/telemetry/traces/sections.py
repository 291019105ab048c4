"""
Functions whose whole run is one step: rendering a template, making the body of an answer.
"""

from time import perf_counter_ns as now
from typing import Any, Callable, Union

from hasten_runtime.once import say_once
from hasten_runtime.telemetry.drivers import alike
from hasten_runtime.telemetry.traces import trace

#: The step's name, or what makes it of the arguments; an empty one is no step.
Name = Union[str, Callable[[tuple[Any, ...]], str]]


def replace(of: Any, name: str, kind: str, title: Name, *, is_async: bool = False) -> None:
    """
    The function of that class or module is a step of that kind from now on.
    """
    inner = of.__dict__.get(name)
    if inner is None:
        where = f"{getattr(of, '__module__', '')} {of.__name__}".strip()
        say_once(f"section {where}.{name}", f"{where} has no {name}, so traces do not have it")
        return
    setattr(of, name, (_awaited if is_async else _called)(inner, kind, title))


def _called(inner: Callable[..., Any], kind: str, title: Name) -> Callable[..., Any]:
    def timed(*args: Any, **named: Any) -> Any:
        if not trace.under_way:
            return inner(*args, **named)
        began_ns, known = now(), _known(title, args)
        try:
            return inner(*args, **named)
        finally:
            if known:
                trace.record(kind, began_ns, known)

    return alike(timed, inner)


def _awaited(inner: Callable[..., Any], kind: str, title: Name) -> Callable[..., Any]:
    async def timed(*args: Any, **named: Any) -> Any:
        if not trace.under_way:
            return await inner(*args, **named)
        began_ns, known = now(), _known(title, args)
        try:
            return await inner(*args, **named)
        finally:
            if known:
                trace.record(kind, began_ns, known)

    return alike(timed, inner)


def _known(title: Name, args: tuple[Any, ...]) -> str:
    """
    The name, as it is known before: what a template is rendered with may change what it says of itself.
    """
    if isinstance(title, str):
        return title
    try:
        return title(args)[:200]
    except Exception as error:
        say_once("sections", "a step of a trace has no name: " + type(error).__name__)
        return ""
