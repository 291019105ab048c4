"""
Functions whose whole run is one step: rendering a template, making the body of an answer, waiting for a connection.
"""

from time import perf_counter_ns as now
from typing import Any, Callable, NamedTuple, Optional, Union

from hasten_runtime.once import say_once
from hasten_runtime.telemetry.drivers import alike
from hasten_runtime.telemetry.traces import stalls, trace
from hasten_runtime.telemetry.weaving import PREFIX, woven_around

Arguments = tuple[Any, ...]


class Section(NamedTuple):
    """
    What a function's run is called in a trace.

    Attributes:
        name: The step's name, or what makes it of the arguments; an empty one is no step.
        values: What is compared, of the arguments as they are before.
        holds: What holds an event loop that the function is called in, if it is one that waits.
    """

    kind: str
    name: Union[str, Callable[[Arguments], str]]
    values: Optional[Callable[[Arguments], Any]] = None
    holds: Union[str, Callable[[Arguments], str]] = ""


def replace(of: Any, name: str, section: Section, *, is_async: bool = False, is_private: bool = False) -> None:
    """
    The function of that class or module is a step from now on.

    Args:
        is_private: Only its own library calls it, at once awaiting what it gives: it need not look like a coroutine
            function, and costs less where nothing is traced.
    """
    inner = of.__dict__.get(name)
    if inner is None:
        where = f"{getattr(of, '__module__', '')} {of.__name__}".strip()
        say_once(f"section {where}.{name}", f"{where} has no {name}, so traces do not have it")
        return
    setattr(of, name, _within(inner, section) or _around(inner, section, is_async, is_private))


def _within(inner: Callable[..., Any], section: Section) -> Optional[Callable[..., Any]]:
    """
    A step whose name is known is noted by the function itself, which costs nothing to call where nothing is traced.
    """
    if not isinstance(section.name, str) or section.values or section.holds:
        return None
    kind, name = section.kind, section.name

    def note(began_ns: int) -> None:
        trace.record(kind, began_ns, name)

    noting = PREFIX + "note_" + "".join(each if each.isalnum() else "_" for each in name)
    return woven_around(
        inner,
        before="_hasten_began_ns = _hasten_now() if _hasten_trace.under_way else 0",
        finally_=f"if _hasten_began_ns: {noting}(_hasten_began_ns)",
        names={PREFIX + "now": now, PREFIX + "trace": trace, noting: note},
    )


def _around(inner: Callable[..., Any], section: Section, is_async: bool, is_private: bool) -> Callable[..., Any]:
    hooked = (_awaited if is_async else _called)(inner, section)
    return _unless_traced(inner, hooked) if is_private else hooked


def _called(inner: Callable[..., Any], section: Section) -> Callable[..., Any]:
    def timed(*args: Any, **named: Any) -> Any:
        if not (trace.under_way and trace.is_here()):
            return inner(*args, **named)
        began_ns, name, values = now(), _known(section.name, args), _values(section, args)
        try:
            return inner(*args, **named)
        finally:
            _note(section, name, values, began_ns, args)

    return alike(timed, inner)


def _awaited(inner: Callable[..., Any], section: Section) -> Callable[..., Any]:
    async def timed(*args: Any, **named: Any) -> Any:
        if not (trace.under_way and trace.is_here()):
            return await inner(*args, **named)
        began_ns, name, values = now(), _known(section.name, args), _values(section, args)
        try:
            return await inner(*args, **named)
        finally:
            _note(section, name, values, began_ns, args)

    return alike(timed, inner)


def _unless_traced(inner: Callable[..., Any], hooked: Callable[..., Any]) -> Callable[..., Any]:
    def either(*args: Any, **named: Any) -> Any:
        return hooked(*args, **named) if trace.under_way and trace.is_here() else inner(*args, **named)

    return alike(either, inner)


def _known(told: Union[str, Callable[[Arguments], Any]], args: Arguments) -> Any:
    """
    The name, as it is known before: what a template is rendered with may change what it says of itself.
    """
    if isinstance(told, str):
        return told
    try:
        return told(args)
    except Exception as error:
        say_once("sections", "a step of a trace is not known: " + type(error).__name__)
        return ""


def _values(section: Section, args: Arguments) -> Any:
    return None if section.values is None else _known(section.values, args) or None


def _note(section: Section, name: str, values: Any, began_ns: int, args: Arguments) -> None:
    if name:
        trace.record(section.kind, began_ns, name[:200], values)
    if section.holds:
        held = _known(section.holds, args)
        if held:
            stalls.held(began_ns, held)
