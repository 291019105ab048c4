"""
Calls to other services as steps: whatever library makes them, the outermost one that is known tells.

A library that is called by another one (urllib3 by requests, `http.client` by urllib3) is silent meanwhile, so one call
is one step. A synchronous call where an event loop runs holds it, and is a stall as well.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from time import perf_counter_ns as now
from typing import Any, Callable, NamedTuple

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry.drivers import alike
from hasten_runtime.telemetry.traces import stalls, trace
from hasten_runtime.telemetry.traces.naming import call_name

#: With these a service tells one caller from another.
_CREDENTIALS = ("authorization", "cookie", "x-api-key", "proxy-authorization")

#: Whether a call is under way here that will tell of itself.
_is_inside: ContextVar[bool] = ContextVar("hasten_call", default=False)


class Call(NamedTuple):
    """
    What is compared of a call, and how it went; what cannot be known is None.
    """

    method: Any
    url: Any
    body: Any = None
    headers: Any = None
    status: Any = None


#: Makes the call out of the arguments, and of the result if there is one.
Describe = Callable[[tuple[Any, ...], dict[str, Any], Any], Call]


def replace(of: Any, name: str, describe: Describe, *, is_async: bool = False) -> None:
    """
    The method of that class is a step from now on.
    """
    inner = of.__dict__.get(name)
    if inner is None:
        say_once(f"call {of.__name__}.{name}", f"{of.__module__} has no {of.__name__}.{name}, so traces do not have it")
        return
    setattr(of, name, (_awaited if is_async else _called)(inner, describe))


def _called(inner: Callable[..., Any], describe: Describe) -> Callable[..., Any]:
    def call(*args: Any, **named: Any) -> Any:
        if not (trace.under_way and trace.is_here()) or _is_inside.get():
            return inner(*args, **named)
        began_ns, result, token = now(), None, _is_inside.set(True)
        try:
            result = inner(*args, **named)
            return result
        finally:
            _is_inside.reset(token)
            note(began_ns, describe, args, named, result)
            stalls.held(began_ns, "a synchronous call")

    return alike(call, inner)


def _awaited(inner: Callable[..., Any], describe: Describe) -> Callable[..., Any]:
    async def call(*args: Any, **named: Any) -> Any:
        if not (trace.under_way and trace.is_here()) or _is_inside.get():
            return await inner(*args, **named)
        began_ns, result, token = now(), None, _is_inside.set(True)
        try:
            result = await inner(*args, **named)
            return result
        finally:
            _is_inside.reset(token)
            note(began_ns, describe, args, named, result)

    return alike(call, inner)


def is_inside() -> bool:
    """
    Whether a call is under way that will tell of itself.
    """
    return _is_inside.get()


def note(began_ns: int, describe: Describe, *told: Any) -> None:
    """
    The call that began then is over: a step of the request under way. Never raises.
    """
    try:
        call = describe(*told)
        values = (str(call.method), str(call.url), call.body, _credentials(call.headers))
        name = call_name(call.method, call.url)
        trace.record("http", began_ns, name, values, call.status if isinstance(call.status, int) else -1)
    except Exception as error:
        say_once("calls", "a call to another service is missing in a trace: " + reason_of(error))


def _credentials(headers: Any) -> list[Any]:
    """
    As whom the service is called.
    """
    if headers is None:
        return []
    pairs: Iterable[Any] = headers.items() if hasattr(headers, "items") else headers
    return [[str(name).lower(), value] for name, value in pairs if str(name).lower() in _CREDENTIALS]
