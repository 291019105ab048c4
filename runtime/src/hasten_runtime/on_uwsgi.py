"""
uWSGI: a server written in C that has Python inside. Nothing of it is a function that could be replaced, so the agent
stands where uWSGI will look for the application: in the module that its options name.

The application is loaded before the workers are forked, and Python is told of no fork; so it gets behind the agent in
each process anew, as soon as that has been forked, or with its first request.
"""

from __future__ import annotations

import os
import sys

from hasten_runtime.hooks import after_import
from hasten_runtime.once import reason_of, say_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

#: The options that name the application as `module:callable`.
NAMED_BY = ("module", "wsgi")


def watch() -> None:
    """
    The application is found once uWSGI has read its options. What waits for other servers is among the finders before.
    """
    sys.meta_path.insert(0, _Until())


class _Until:
    """
    A finder that finds nothing: it waits for the first import after uWSGI has begun.
    """

    def __init__(self) -> None:
        self._waits = True

    def find_spec(self, *_: Any) -> None:
        """
        None, always.
        """
        server = sys.modules.get("uwsgi") if self._waits else None
        if server is None:
            return
        # It stays among the finders: Python is going through their list right now.
        self._waits = False
        try:
            _wait_for_applications(server)
        except Exception as error:
            say_once("wrap", "the application runs without the agent: " + reason_of(error))


def _wait_for_applications(server: Any) -> None:
    options = server.opt
    names = [each for option in NAMED_BY for each in _texts(options.get(option))]
    if not names:
        say_once("wrap", "uWSGI loads its application another way than by --module, so it runs without the agent")
    for name in names:
        module, _, attribute = name.partition(":")
        attribute = attribute or (_texts(options.get("callable")) or ["application"])[0]
        after_import(module, _Act(server, attribute))


class _Act:
    """
    What is done with the module of an application.
    """

    def __init__(self, server: Any, attribute: str) -> None:
        self.server = server
        self.attribute = attribute

    def __call__(self, module: ModuleType) -> None:
        """
        Whatever uWSGI will find there is behind the agent.
        """
        _stand_in(self.server, module, self.attribute)


def _stand_in(server: Any, module: ModuleType, attribute: str) -> None:
    app = getattr(module, attribute, None)
    if app is None:
        # Something that is made when it is asked for, or an error of the user's, for uWSGI to explain.
        say_once("wrap", "uWSGI finds " + attribute + " another way, so the application runs without the agent")
        return
    each = InEachProcess(app)
    setattr(module, attribute, each)
    if server.worker_id():
        each.begin()
        return
    earlier = getattr(server, "post_fork_hook", None)

    def post_fork_hook() -> None:
        if earlier is not None:
            earlier()
        each.begin()

    server.post_fork_hook = post_fork_hook


class InEachProcess:
    """
    An application that gets behind the agent in the process that serves it.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self._now = app
        self._pid = 0

    def begin(self) -> None:
        """
        It is behind the agent of this process.
        """
        from hasten_runtime.servers import behind

        self._pid = os.getpid()
        self._now = behind(self.app, "uwsgi", "wsgi")

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """
        One request is answered.
        """
        if self._pid != os.getpid():
            self.begin()
        return self._now(environ, start_response)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.app, name)


def _texts(value: Any) -> list[str]:
    """
    The values of an option: uWSGI has them as bytes, and as a list where it was given more than once.
    """
    if value is None or isinstance(value, bool):
        return []
    values = value if isinstance(value, list) else [value]
    return [each.decode() if isinstance(each, bytes) else str(each) for each in values]
