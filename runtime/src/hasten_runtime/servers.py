"""
Where the agent meets an application: at the server's boundary, once per server, whatever the framework.

Known so far: uvicorn, in one process, with `--workers` and with `--reload`.
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


def watch() -> None:
    """
    Servers that are imported from now on hand their application to the agent, if a policy is named.
    """
    if os.environ.get("HASTEN_POLICY"):
        drivers.watch()
        after_import("uvicorn.config", hook_uvicorn)


def hook_uvicorn(module: ModuleType) -> None:
    """
    `Config.load` leaves the application behind the agent. What it leaves is ASGI 3 for every kind of application.
    """
    config = module.Config
    load = config.load

    def load_and_wrap(self: Any, *args: Any, **named: Any) -> Any:
        loaded = load(self, *args, **named)
        try:
            self.loaded_app = wrapped(self.loaded_app, "uvicorn")
        except Exception as error:
            say_once("wrap", "the application runs without the agent: " + reason_of(error))
        return loaded

    load_and_wrap.__wrapped__ = load  # type: ignore[attr-defined]
    load_and_wrap.__doc__ = load.__doc__
    config.load = load_and_wrap


def wrapped(app: Any, server: str) -> Any:
    """
    The application behind the agent; one that is there already stays as it is.
    """
    from hasten_runtime.handshake import Handshake
    from hasten_runtime.http.asgi import Agent
    from hasten_runtime.standing import Standing

    if isinstance(app, Agent):
        return app
    path = os.environ["HASTEN_POLICY"]
    handshake = Handshake(os.environ.get("HASTEN_WORKERS") or os.path.join(os.path.dirname(path), "workers"), server)
    standing = Standing(path, os.environ.get("HASTEN_STOP") or None, handshake.tell)
    standing.policy()
    return Agent(app, standing, observer(server))


def observer(server: str) -> Any:
    """
    What counts the requests of an ASGI application, and says where; None where telemetry is switched off.
    """
    if not drivers.is_wanted():
        return None
    from hasten_runtime.telemetry import export, requests

    export.begin(server)
    return requests.observed
