"""
What is done at the boundary of each server: the place where it holds its application and is about to serve it.

Each function is called with the server's module right after its import. It replaces one function there by one that
does the same and puts the agent in front of the application, in the process that serves it: a parent that only loads
the application (gunicorn's `--preload`, the reloaders) never reports as a worker and opens nothing that is forked.
"""

from functools import wraps
from typing import Any

from hasten_runtime.once import say_once
from hasten_runtime.servers import behind


def uvicorn(module: Any) -> None:
    """
    `Config.load` leaves the application behind the agent. What it leaves is ASGI 3 for every kind of application.
    """
    load = module.Config.load

    @wraps(load)
    def load_and_wrap(self: Any, *args: Any, **named: Any) -> Any:
        loaded = load(self, *args, **named)
        self.loaded_app = behind(self.loaded_app, "uvicorn", "asgi")
        return loaded

    module.Config.load = load_and_wrap


def gunicorn(module: Any) -> None:
    """
    A worker that has loaded its application has it behind the agent; workers of other servers look after themselves.
    """
    kinds = {
        "gunicorn.workers.sync": ("SyncWorker", "wsgi"),
        "gunicorn.workers.gthread": ("ThreadWorker", "wsgi"),
        "gunicorn.workers.base_async": ("AsyncWorker", "wsgi"),
        "gunicorn.workers.gasgi": ("ASGIWorker", "asgi"),
    }
    name, interface = kinds[module.__name__]
    worker = getattr(module, name)
    load = worker.load_wsgi

    @wraps(load)
    def load_and_wrap(self: Any) -> None:
        load(self)
        # The attribute is named after the interface.
        setattr(self, interface, behind(getattr(self, interface), "gunicorn", interface))

    worker.load_wsgi = load_and_wrap


def waitress(module: Any) -> None:
    """
    `create_server`, which `serve` and `waitress-serve` call too, gets the application behind the agent.
    """
    create = module.create_server

    @wraps(create)
    def create_server(application: Any, *args: Any, **named: Any) -> Any:
        # None is an error of the user's, for waitress to explain.
        if application is not None:
            application = behind(application, "waitress", "wsgi")
        return create(application, *args, **named)

    module.create_server = create_server


def django(module: Any) -> None:
    """
    The server of `runserver` serves its application behind the agent; the process that watches for changes has none.
    """
    server = module.WSGIServer
    set_app = server.set_app

    @wraps(set_app)
    def set_wrapped(self: Any, application: Any) -> None:
        set_app(self, behind(application, "django", "wsgi"))

    server.set_app = set_wrapped


def werkzeug(module: Any) -> None:
    """
    The server of `flask run` and `run_simple` serves its application behind the agent.
    """
    server = module.BaseWSGIServer
    serve = server.serve_forever

    @wraps(serve)
    def serve_wrapped(self: Any, *args: Any, **named: Any) -> Any:
        if self.multiprocess:
            say_once("wrap", "werkzeug forks a process for each request, so the application runs without the agent")
        else:
            self.app = behind(self.app, "werkzeug", "wsgi")
        return serve(self, *args, **named)

    server.serve_forever = serve_wrapped


def hypercorn(module: Any) -> None:
    """
    A worker on asyncio, uvloop or trio serves its application behind the agent.
    """
    serve = module.worker_serve
    asgi = "trio" if module.__name__ == "hypercorn.trio.run" else "asgi"

    @wraps(serve)
    def worker_serve(app: Any, *args: Any, **named: Any) -> Any:
        interface = {"ASGIWrapper": asgi, "WSGIWrapper": "wsgi"}.get(type(app).__name__)
        if interface is None:
            say_once("wrap", "this hypercorn holds its application another way, which runs without the agent")
        else:
            app.app = behind(app.app, "hypercorn", interface)
        return serve(app, *args, **named)

    module.worker_serve = worker_serve


def daphne(module: Any) -> None:
    """
    Its server, which Channels' `runserver` runs too, serves its application behind the agent.
    """
    server = module.Server
    run = server.run

    @wraps(run)
    def run_wrapped(self: Any) -> Any:
        self.application = behind(self.application, "daphne", "asgi")
        return run(self)

    server.run = run_wrapped


def granian_asgi(module: Any) -> None:
    """
    A worker for ASGI calls its application through the agent.
    """
    _granian(module, "asgi")


def granian_wsgi(module: Any) -> None:
    """
    A worker for WSGI calls its application through the agent.
    """
    _granian(module, "wsgi")


def _granian(module: Any, interface: str) -> None:
    wrapper = module._callback_wrapper

    @wraps(wrapper)
    def callback_wrapper(callback: Any, *args: Any, **named: Any) -> Any:
        return wrapper(behind(callback, "granian", interface), *args, **named)

    module._callback_wrapper = callback_wrapper


def uwsgi(_: Any) -> None:
    """
    uWSGI as a module of Python; what it is to serve is found in its options.
    """
    from hasten_runtime import on_uwsgi

    on_uwsgi.watch()
