"""
Stands in front of an answer and notes the request when the answer begins; nothing of the answer but its status is seen.
"""

from collections.abc import Awaitable
from typing import Any, Callable

from hasten_runtime.http.environ import Environ, scope_of
from hasten_runtime.once import reason_of, say_once
from hasten_runtime.policy import Record
from hasten_runtime.recorder.notes import noted
from hasten_runtime.telemetry import routes
from hasten_runtime.telemetry.request import doing_now

Scope = dict[str, Any]
Send = Callable[[Any], Awaitable[None]]


def asgi(record: Record, scope: Scope, send: Send) -> Send:
    """
    What takes the place of `send`: the same, or one that notes the request first.
    """
    try:
        note = noted(record, scope, _below_root(scope))
    except Exception as error:
        _say(error)
        return send
    if note is None:
        return send
    path, root = scope["path"], scope.get("root_path")

    def send_and_note(message: Any) -> Awaitable[None]:
        try:
            if message["type"] == "http.response.start":
                status = message["status"]
                note(status, routes.name_of(scope, path, root, status) if scope.get("route") else "")
        except Exception as error:
            _say(error)
        return send(message)

    return send_and_note


def wsgi(record: Record, environ: Environ, start_response: Callable[..., Any]) -> Callable[..., Any]:
    """
    What takes the place of `start_response`.
    """
    try:
        scope = scope_of(environ)
        path, root = scope["path"], environ.get("SCRIPT_NAME", "")
        note = noted(record, scope, path)
    except Exception as error:
        _say(error)
        return start_response
    if note is None:
        return start_response

    def start_and_note(status: str, headers: Any, *exc_info: Any) -> Any:
        try:
            number = int(status[:3])
            told = _told(environ)
            note(number, routes.name_of({"root_path": root, **told}, path, root, number) if told.get("route") else "")
        except Exception as error:
            _say(error)
        return start_response(status, headers, *exc_info)

    return start_and_note


def _told(environ: Environ) -> Scope:
    """
    What the framework has told of the route by now: Flask's rule, or what Django's was noted as.
    """
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    if rule is not None:
        return {"route": routes.template_of(environ.get("SCRIPT_NAME", "") + str(rule.rule))}
    return doing_now().scope or {}


def _below_root(scope: Scope) -> str:
    """
    The path as the server was asked for it: a prefix that a proxy took away is put in front by the server.
    """
    path: str = scope["path"]
    root = scope.get("root_path") or ""
    return path[len(root) :] if root and path.startswith(root + "/") else path


def _say(error: Exception) -> None:
    say_once("recorder", "a request is not recorded: " + reason_of(error))
