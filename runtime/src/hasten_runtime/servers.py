"""
Where the agent meets an application: at the server's boundary, once per server, whatever the framework.

Read at the boot of every Python process: it waits for the modules of the servers that it knows, and imports nothing.
What is done in each of them is in `boundaries`.
"""

from __future__ import annotations

import os

from hasten_runtime.hooks import after_import
from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry import drivers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

#: The module that is waited for → the function of `boundaries` that is called with it.
KNOWN = {
    "uvicorn.config": "uvicorn",
    "gunicorn.workers.sync": "gunicorn",
    "gunicorn.workers.gthread": "gunicorn",
    "gunicorn.workers.base_async": "gunicorn",
    "gunicorn.workers.gasgi": "gunicorn",
    "waitress.server": "waitress",
    "django.core.servers.basehttp": "django",
    "werkzeug.serving": "werkzeug",
    "hypercorn.asyncio.run": "hypercorn",
    "granian.asgi": "granian_asgi",
    "granian.wsgi": "granian_wsgi",
}


def watch() -> None:
    """
    Servers that are imported from now on hand their application to the agent, if a policy is named.
    """
    if os.environ.get("HASTEN_POLICY"):
        drivers.watch()
        for name in KNOWN:
            after_import(name, _hook)


def _hook(module: ModuleType) -> None:
    from hasten_runtime import boundaries

    getattr(boundaries, KNOWN[module.__name__])(module)


def behind(app: Any, server: str, interface: str) -> Any:
    """
    The application behind the agent. One that is there already, or cannot be put there, stays as it is.

    Args:
        app: The application, as the server loaded it.
        server: For the report of this worker.
        interface: `asgi` or `wsgi`.
    """
    try:
        if type(app).__module__.startswith("hasten_runtime."):
            return app
        return _wrapped(app, server, interface)
    except Exception as error:
        say_once("wrap", "the application runs without the agent: " + reason_of(error))
        return app


def _wrapped(app: Any, server: str, interface: str) -> Any:
    from hasten_runtime.handshake import Handshake
    from hasten_runtime.standing import Standing

    path = os.environ["HASTEN_POLICY"]
    handshake = Handshake(os.environ.get("HASTEN_WORKERS") or os.path.join(os.path.dirname(path), "workers"), server)
    standing = Standing(path, os.environ.get("HASTEN_STOP") or None, handshake.tell)
    standing.policy()
    if interface == "wsgi":
        from hasten_runtime.http import wsgi

        return wsgi.Agent(app, standing)
    from hasten_runtime.http import asgi

    return asgi.Agent(app, standing, observer(server))


def observer(server: str) -> Any:
    """
    What counts the requests of an ASGI application, and says where; None where telemetry is switched off.
    """
    if not drivers.is_wanted():
        return None
    from hasten_runtime.telemetry import export, requests

    export.begin(server)
    return requests.observed
