"""
Requests of WSGI applications, counted as those of ASGI applications are.

The duration is from the moment when the server calls the application to the moment when the application hands over the
last piece of its answer: of a list that is when it returns, of anything else when the declared length is reached or the
iterable ends. What knows its own length (a list, a tuple) and what the server sends by itself (`wsgi.file_wrapper`)
reach the server as the very objects that they are.
"""

from collections.abc import Iterable
from time import perf_counter_ns as now
from typing import Any

from hasten_runtime.http.environ import path_of
from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry import requests, routes, statements
from hasten_runtime.telemetry.request import NO_ROOM, OUTSIDE, Doing, begun, set_doing
from hasten_runtime.telemetry.traces import sampling, trace

Environ = dict[str, Any]


def observed(app: Any, environ: Environ, start_response: Any) -> Iterable[bytes]:
    """
    What the application returns for the request, which is counted when it is over.
    """
    one = None
    try:
        one = Counted(environ, start_response)
    except Exception as error:
        say_once("requests", "a request is not counted: " + reason_of(error))
    if one is None:
        untouched: Iterable[bytes] = app(environ, start_response)
        return untouched
    try:
        result: Iterable[bytes] = app(environ, one.start)
    except BaseException:
        one.fail()
        raise
    try:
        result = one.of(result)
    except Exception as error:
        say_once("requests", "a request is not counted: " + reason_of(error))
    return result


class Counted:
    """
    One request that is under way.

    Attributes:
        doing: What it executes, and what its answer says of it; OUTSIDE once it is over.
        length: What the answer says of its own length; -1 if nothing.
        trace: What is traced of it; None for most.
    """

    __slots__ = ("_environ", "_rule", "_start_response", "began_ns", "doing", "length", "path", "root", "trace")

    def __init__(self, environ: Environ, start_response: Any) -> None:
        self._environ, self._start_response = environ, start_response
        self.path, self.root = path_of(environ), environ.get("SCRIPT_NAME", "")
        self.length = -1
        self._rule: Any = None
        self.doing = begun(statements.room)
        set_doing(self.doing)
        self.trace: Any = None
        self.began_ns = now()
        if self.began_ns >= sampling.due_ns:
            self.trace, self.doing.room = sampling.traced_wsgi(environ, self.began_ns), NO_ROOM
        if trace.under_way and self.trace is None:
            # This thread may have begun one whose answer nobody has closed.
            trace.set_trace(None)

    def start(self, status: str, headers: Any, *exc_info: Any) -> Any:
        """
        What the application calls in place of the server's function.
        """
        try:
            self.doing.status = int(status[:3])
            # Flask, and others on Werkzeug, have found the rule by now, and forget it before the answer is over.
            request = self._environ.get("werkzeug.request")
            if request is not None:
                self._rule = getattr(request, "url_rule", None)
            for name, value in headers:
                if len(name) == 14 and name.lower() == "content-length":
                    self.length = int(value)
            if self.trace is not None:
                self.trace.started(self.doing.status, headers)
        except Exception as error:
            say_once("start_response", "the beginning of an answer is not counted: " + reason_of(error))
        return self._start_response(status, headers, *exc_info)

    def of(self, result: Any) -> Iterable[bytes]:
        """
        What the server gets for what the application has returned.
        """
        untouched: Iterable[bytes] = result
        try:
            if type(result) in (list, tuple):
                for piece in result:
                    self.piece(piece)
                self.end()
            elif hasattr(result, "__len__") or _is_file(result, self._environ):
                # Nobody here sees what is in it.
                self.doing.sent_bytes = max(0, self.length)
                if self.trace is not None:
                    self.trace.unseen()
                self.end()
            else:
                return Pieces(result, self)
        except Exception as error:
            say_once("requests", "a request is not counted: " + reason_of(error))
        return untouched

    def piece(self, piece: bytes) -> None:
        """
        One more piece is on its way to the server.
        """
        doing = self.doing
        doing.sent_bytes += len(piece)
        if 0 <= self.length <= doing.sent_bytes and not doing.ended_ns:
            doing.ended_ns = now()
        if self.trace is not None:
            self.trace.piece(piece, doing.sent_bytes)

    def fail(self) -> None:
        """
        The application has raised something in place of an answer. Never raises.
        """
        try:
            self.doing.status = self.doing.status or 500
            self.end()
        except Exception as error:
            say_once("requests", "a request is not counted: " + reason_of(error))

    def end(self) -> None:
        """
        The request is over and counted, once. Never raises.
        """
        try:
            doing, self.doing = self.doing, OUTSIDE
            if doing is OUTSIDE:
                return
            set_doing(OUTSIDE)
            doing.ended_ns = doing.ended_ns or now()
            name = self._name(doing)
            if self.trace is not None:
                self.trace.end(name, doing.status, doing.ended_ns, doing.sent_bytes)
            requests.over(name, self._environ["REQUEST_METHOD"], self.began_ns, doing)
        except Exception as error:
            say_once("requests", "a request is not counted: " + reason_of(error))

    def _name(self, doing: Doing) -> str:
        root = self._environ.get("SCRIPT_NAME", "")
        scope = doing.scope or {}
        if self._rule is not None:
            scope = {"route": routes.template_of(root + str(self._rule.rule))}
        return routes.name_of({"root_path": root, **scope}, self.path, self.root, doing.status)


class Pieces:
    """
    What the server goes through in place of what the application returned.

    Args:
        result: That.
        of: The request that ends with it.
    """

    def __init__(self, result: Iterable[bytes], of: Counted) -> None:
        self._result = result
        self._pieces: Any = None
        self._of = of

    def __iter__(self) -> "Pieces":
        return self

    def __next__(self) -> bytes:
        of = self._of
        try:
            if self._pieces is None:
                self._pieces = iter(self._result)
            piece: bytes = next(self._pieces)
        except StopIteration:
            of.end()
            raise
        except BaseException:
            of.fail()
            raise
        try:
            of.piece(piece)
        except Exception as error:
            say_once("pieces", "a piece of an answer is not counted: " + reason_of(error))
        return piece

    def close(self) -> None:
        """
        Nobody asks for more.
        """
        try:
            close = getattr(self._result, "close", None)
            if close is not None:
                close()
        finally:
            self._of.end()


def _is_file(result: Any, environ: Environ) -> bool:
    wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(wrapper, type) and isinstance(result, wrapper)
