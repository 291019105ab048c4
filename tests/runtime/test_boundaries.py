"""
What is done at each server's boundary, on what is needed of each server; the real ones are in tests/real.
"""

import asyncio
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from hasten_runtime import boundaries


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    An application behind the agent is a tuple that says so.
    """
    monkeypatch.setattr(boundaries, "behind", lambda app, server, interface: ("agent", app, server, interface))


def module(name: str, **content: Any) -> ModuleType:
    """
    A module with that content.
    """
    found = ModuleType(name)
    for key, value in content.items():
        setattr(found, key, value)
    return found


def test_what_uvicorn_loads_is_behind_the_agent() -> None:
    """
    `load` gives back what it gave, and says what it said.
    """

    class Config:
        def load(self) -> str:
            """
            Load it.
            """
            self.loaded_app = "app"
            return "loaded"

    boundaries.uvicorn(module("uvicorn.config", Config=Config))
    config: Any = Config()

    assert ("loaded", ("agent", "app", "uvicorn", "asgi")) == (config.load(), config.loaded_app)
    assert "Load it." in (Config.load.__doc__ or "")


@pytest.mark.parametrize(
    ("name", "worker", "interface"),
    [
        ("gunicorn.workers.sync", "SyncWorker", "wsgi"),
        ("gunicorn.workers.gthread", "ThreadWorker", "wsgi"),
        ("gunicorn.workers.base_async", "AsyncWorker", "wsgi"),
        ("gunicorn.workers.gasgi", "ASGIWorker", "asgi"),
    ],
)
def test_what_a_worker_of_gunicorn_loads_is_behind_the_agent(name: str, worker: str, interface: str) -> None:
    """
    Only in workers of that kind: one that brings its own server (uvicorn's) inherits from what is left alone.
    """

    class Base:
        def load_wsgi(self) -> None:
            """
            Load it.
            """
            self.wsgi = self.asgi = "app"

    kind: Any = type(worker, (Base,), {})
    boundaries.gunicorn(module(name, **{worker: kind}))
    one, other = kind(), Base()
    one.load_wsgi()
    other.load_wsgi()

    assert ("agent", "app", "gunicorn", interface) == getattr(one, interface)
    assert ("app", "app") == (other.wsgi, other.asgi)


def test_waitress_creates_its_server_for_the_agent() -> None:
    """
    A missing application stays missing: the error is waitress's to explain.
    """
    found = module("waitress.server", create_server=lambda application, **named: (application, named))
    boundaries.waitress(found)

    assert (("agent", "app", "waitress", "wsgi"), {"port": 1}) == found.create_server("app", port=1)
    assert (None, {}) == found.create_server(application=None)


def test_djangos_server_serves_the_agent() -> None:
    """
    The server of the standard library, which others use for other things, is left alone.
    """

    class Plain:
        def set_app(self, application: Any) -> None:
            """
            Remember it.
            """
            self.application = application

    class Server(Plain):
        pass

    boundaries.django(module("django.core.servers.basehttp", WSGIServer=Server))
    plain, server = Plain(), Server()
    plain.set_app("app")
    server.set_app("app")

    assert ("app", ("agent", "app", "django", "wsgi")) == (plain.application, server.application)


@pytest.mark.parametrize("forks", [False, True])
def test_werkzeugs_server_serves_the_agent(forks: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """
    When it begins to serve, not before: the process that watches for changes makes a server, too. One that forks for
    each request would have a new worker each time, so it is left alone and that is said.
    """

    class Server:
        app: Any = "app"
        multiprocess = forks

        def serve_forever(self, poll_interval: float = 0.5) -> float:
            """
            Serve.
            """
            return poll_interval

    boundaries.werkzeug(module("werkzeug.serving", BaseWSGIServer=Server))
    server = Server()

    assert "app" == server.app
    assert 0.1 == server.serve_forever(poll_interval=0.1)
    assert ("app" if forks else ("agent", "app", "werkzeug", "wsgi")) == server.app
    assert forks == ("forks a process" in capsys.readouterr().err)


@pytest.mark.parametrize(
    ("loop", "kind", "interface"),
    [
        ("asyncio", "ASGIWrapper", "asgi"),
        ("asyncio", "WSGIWrapper", "wsgi"),
        ("asyncio", "Other", None),
        ("trio", "ASGIWrapper", "trio"),
        ("trio", "WSGIWrapper", "wsgi"),
    ],
)
def test_a_worker_of_hypercorn_serves_the_agent(
    loop: str, kind: str, interface: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Inside hypercorn's own wrapper, on either event loop; what is held another way is left alone, and that is said.
    """

    async def worker_serve(app: Any, config: Any, *, sockets: Any = None) -> Any:
        return app, config, sockets

    found = module(f"hypercorn.{loop}.run", worker_serve=worker_serve)
    boundaries.hypercorn(found)
    wrapper = type(kind, (SimpleNamespace,), {})(app="app")
    served, *rest = asyncio.run(found.worker_serve(wrapper, "config", sockets="sockets"))

    assert ["config", "sockets"] == rest
    assert (("agent", "app", "hypercorn", interface) if interface else "app") == served.app
    assert (interface is None) == ("another way" in capsys.readouterr().err)


def test_daphnes_server_serves_the_agent() -> None:
    """
    When it begins to run, not before: what only makes a server is no worker.
    """

    class Server:
        application = "app"

        def run(self) -> str:
            """
            Run it.
            """
            return "ran"

    boundaries.daphne(module("daphne.server", Server=Server))
    server = Server()

    assert "app" == server.application
    assert ("ran", ("agent", "app", "daphne", "asgi")) == (server.run(), server.application)


@pytest.mark.parametrize("interface", ["asgi", "wsgi"])
def test_a_worker_of_granian_calls_the_agent(interface: str) -> None:
    """
    The other arguments are passed on.
    """
    found = module(f"granian.{interface}", _callback_wrapper=lambda *given: given)
    getattr(boundaries, f"granian_{interface}")(found)

    assert (("agent", "app", "granian", interface), {}, None) == found._callback_wrapper("app", {}, None)


def test_uwsgi_as_a_module_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What it serves is found in its options, which it has not read when it is imported.
    """
    watched: list[bool] = []
    monkeypatch.setattr("hasten_runtime.on_uwsgi.watch", lambda: watched.append(True))
    boundaries.uwsgi(module("pyuwsgi"))

    assert [True] == watched
