"""
`http.client`, and with it `urllib.request`: from sending a request to the head of its answer.
"""

from time import perf_counter_ns as now
from types import ModuleType
from typing import Any, Callable

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry.drivers import alike
from hasten_runtime.telemetry.traces import calls, stalls, trace
from hasten_runtime.telemetry.traces.calls import Call

#: Where a connection keeps what it was asked for, while a traced request is under way.
_ASKED = "_hasten_asked"


def hook(client: ModuleType) -> None:
    """
    Every request of a connection is a step.
    """
    connection = client.HTTPConnection
    connection.request = _asked(connection.request)
    connection.getresponse = _answered(connection.getresponse)


def _asked(inner: Callable[..., Any]) -> Callable[..., Any]:
    def request(self: Any, method: Any, url: Any, *args: Any, **named: Any) -> Any:
        if trace.under_way and trace.is_here() and not calls.is_inside():
            try:
                given = {**dict(zip(("body", "headers"), args)), **named}
                setattr(self, _ASKED, (now(), method, url, given.get("body"), given.get("headers")))
            except Exception as error:
                say_once("http.client", "a call is missing in a trace: " + reason_of(error))
        return inner(self, method, url, *args, **named)

    return alike(request, inner)


def _answered(inner: Callable[..., Any]) -> Callable[..., Any]:
    def getresponse(self: Any) -> Any:
        asked = self.__dict__.pop(_ASKED, None) if trace.under_way else None
        answer = None
        try:
            answer = inner(self)
            return answer
        finally:
            if asked is not None:
                calls.note(asked[0], _call, self, asked, answer)
                stalls.held(asked[0], "a synchronous call")

    return alike(getresponse, inner)


def _call(connection: Any, asked: Any, answer: Any) -> Call:
    _, method, url, body, headers = asked
    if "://" not in url:
        port = "" if connection.port in (80, 443) else f":{connection.port}"
        url = f"http://{connection.host}{port}{url}"
    return Call(method, url, body, headers, getattr(answer, "status", None))
