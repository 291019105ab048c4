"""
Clients that are made: a new HTTP client or a new TLS context for each request costs milliseconds each time.
"""

from time import perf_counter_ns as now
from typing import Any, Callable

from hasten_runtime.telemetry.drivers import alike
from hasten_runtime.telemetry.traces import stalls, trace


def watched(inner: Callable[..., Any], library: str) -> Callable[..., Any]:
    """
    The same function; making a client with it is a step of the request under way.
    """

    def make(*args: Any, **named: Any) -> Any:
        if not (trace.under_way and trace.is_here()):
            return inner(*args, **named)
        began_ns = now()
        try:
            return inner(*args, **named)
        finally:
            trace.record("client", began_ns, library)
            stalls.held(began_ns, "making a client")

    return alike(make, inner)


def watch(of: type, library: str) -> None:
    """
    Making an object of this class is a step from now on.
    """
    of.__init__ = watched(of.__init__, library)  # type: ignore[misc]
