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
    "hypercorn.trio.run": "hypercorn",
    "daphne.server": "daphne",
    "granian.asgi": "granian_asgi",
    "granian.wsgi": "granian_wsgi",
    "pyuwsgi": "uwsgi",
}


def watch() -> None:
    """
    Servers that are imported from now on hand their application to the agent, if a policy is named.
    """
    if os.environ.get("HASTEN_POLICY"):
        drivers.watch()
        for name in KNOWN:
            after_import(name, _hook)
        if _is_uwsgi():
            from hasten_runtime import on_uwsgi

            on_uwsgi.watch()


def _is_uwsgi() -> bool:
    """
    Whether this program is uWSGI with Python inside, and not a Python.
    """
    try:
        return os.path.basename(os.readlink("/proc/self/exe")).startswith("uwsgi")
    except OSError:
        return False


def _hook(module: ModuleType) -> None:
    from hasten_runtime import boundaries

    getattr(boundaries, KNOWN[module.__name__])(module)


def behind(app: Any, server: str, interface: str) -> Any:
    """
    The application behind the agent. One that is there already, or cannot be put there, stays as it is.

    Args:
        app: The application, as the server loaded it.
        server: For the report of this worker.
        interface: `asgi`, `wsgi`, or `trio` for ASGI on trio's event loop.
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

        return wsgi.Agent(app, standing, observer(server, interface))
    from hasten_runtime.http import asgi

    if interface == "trio":
        from hasten_runtime.http import on_trio

        counting = observer(server, interface)
        return asgi.Agent(app, standing, counting, on_trio.TrioVariants(), on_trio.in_a_thread)
    return asgi.Agent(app, standing, observer(server, interface))


def observer(server: str, interface: str) -> Any:
    """
    What counts the requests of an application, and says where; None where telemetry is switched off.
    """
    if not drivers.is_wanted():
        return None
    from hasten_runtime.telemetry import export

    export.begin(server)
    if interface == "wsgi":
        from hasten_runtime.telemetry import wsgi_requests

        return wsgi_requests.observed
    from hasten_runtime.telemetry import requests

    return requests.observed
