"""
aiohttp's client: from asking to the head of the answer, and sessions that are made.
"""

from types import ModuleType
from typing import Any

from hasten_runtime.telemetry.traces import calls, clients
from hasten_runtime.telemetry.traces.calls import Call


def hook(client: ModuleType) -> None:
    """
    Every session's requests are steps, and so is making one.
    """
    calls.replace(client.ClientSession, "_request", _call, is_async=True)
    clients.watch(client.ClientSession, "aiohttp")


def _call(args: tuple[Any, ...], named: dict[str, Any], answer: Any) -> Call:
    session, method, url = args[:3]
    body = [named.get(each) for each in ("data", "json", "params")]
    # What the session adds to every request (base URL, default headers) is known of the answer's request only.
    info = getattr(answer, "request_info", None)
    url = info.url if info is not None else url
    headers = info.headers if info is not None else named.get("headers") or session.headers
    return Call(method, url, body, headers, getattr(answer, "status", None))
