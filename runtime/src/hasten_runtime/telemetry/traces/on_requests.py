"""
requests: what a session sends, redirects included.
"""

from types import ModuleType
from typing import Any

from hasten_runtime.telemetry.traces import calls
from hasten_runtime.telemetry.traces.calls import Call


def hook(sessions: ModuleType) -> None:
    """
    Every session's requests are steps.
    """
    calls.replace(sessions.Session, "send", _call)


def _call(args: tuple[Any, ...], named: dict[str, Any], answer: Any) -> Call:
    request = named["request"] if len(args) < 2 else args[1]
    return Call(request.method, request.url, request.body, request.headers, getattr(answer, "status_code", None))
