"""
httpx: requests of its clients, redirects and authentication included, and clients that are made.
"""

from types import ModuleType
from typing import Any

from hasten_runtime.telemetry.traces import calls, clients
from hasten_runtime.telemetry.traces.calls import Call


def hook(httpx: ModuleType) -> None:
    """
    Every client's requests are steps, and so is making one.
    """
    calls.replace(httpx.Client, "send", _call)
    calls.replace(httpx.AsyncClient, "send", _call, is_async=True)
    for client in (httpx.Client, httpx.AsyncClient):
        clients.watch(client, "httpx")


def _call(args: tuple[Any, ...], named: dict[str, Any], answer: Any) -> Call:
    request = named["request"] if len(args) < 2 else args[1]
    # A body that is streamed is not there; the object that streams it has no hash, so the call has none.
    body = getattr(request, "_content", request.stream)
    return Call(request.method, request.url, body, request.headers, getattr(answer, "status_code", None))
