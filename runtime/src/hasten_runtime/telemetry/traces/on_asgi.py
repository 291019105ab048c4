"""
A request of an ASGI application that is traced.

Who asked, what was asked and what was answered are hashed as they pass; every message goes on as it came.
"""

import time
from _thread import get_ident
from collections.abc import Awaitable
from time import perf_counter_ns as now
from typing import Any, Optional

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry import routes
from hasten_runtime.telemetry.request import doing_now
from hasten_runtime.telemetry.requests import GONE, METHODS
from hasten_runtime.telemetry.traces import attendant, file, relations, trace
from hasten_runtime.telemetry.traces.digest import keyed
from hasten_runtime.telemetry.traces.stalls import Stepped

#: Of an answer that is hashed, …
MOST_BYTES = 1024 * 1024
#: … and how long it may take: longer ones are streams.
LONGEST_NS = 10_000_000_000

_WHO = (b"authorization", b"cookie")
_BODILESS = ("GET", "HEAD")


class Traced:
    """
    The application for one request, which leaves a trace.
    """

    def __init__(self, app: Any, began_ns: int) -> None:
        self._app = app
        self._trace = trace.Trace(began_ns, time.time(), get_ident())
        self._asked: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """
        The request is answered, and its trace is being written.
        """
        path, root, token = "", None, None
        try:
            path, root = scope["path"], scope.get("root_path")
            self._begin(scope)
            heard, watched = self._receiving(receive), self._sending(send)
            token = trace.set_trace(self._trace)
            trace.began(self._trace)
            attendant.attend(self._trace)
        except Exception as error:
            say_once("traces", "a request is not traced: " + reason_of(error))
        if token is None:
            return await self._app(scope, receive, send)  # type: ignore[no-any-return]
        try:
            await Stepped(self._app(scope, heard, watched), self._trace)
        except BaseException as error:
            self._trace.status = self._trace.status or (500 if isinstance(error, Exception) else GONE)
            raise
        finally:
            self._end(doing_now().scope or scope, path, root, token)

    def _begin(self, scope: Any) -> None:
        of = self._trace
        of.method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        who = [value for wanted in _WHO for name, value in scope["headers"] if name == wanted]
        if who:
            of.identity = keyed(b"\0".join(who)).hexdigest()
        asked = keyed(scope["method"].encode() + b" " + scope["path"].encode("utf-8", "surrogatepass"))
        asked.update(b"?" + scope.get("query_string", b""))
        if of.method in _BODILESS:
            of.asked = asked.hexdigest()
        else:
            self._asked = asked

    def _end(self, scope: Any, path: str, root: Any, token: Any) -> None:
        """
        The trace is complete.
        """
        try:
            of = self._trace
            of.ended_ns = of.ended_ns or now()
            finished(of, routes.name_of(scope, path, root, of.status))
            trace.reset_trace(token)
        except Exception as error:
            say_once("traces", "a request is not traced: " + reason_of(error))

    def _receiving(self, receive: Any) -> Any:
        if self._asked is None:
            return receive

        async def received() -> Any:
            message = await receive()
            try:
                self._note_asked(message)
            except Exception as error:
                say_once("traces", "a body is not compared: " + reason_of(error))
            return message

        return received

    def _note_asked(self, message: Any) -> None:
        if message["type"] == "http.request" and self._asked is not None:
            self._asked.update(message.get("body", b""))
            if not message.get("more_body"):
                self._trace.asked, self._asked = self._asked.hexdigest(), None

    def _sending(self, send: Any) -> Any:
        def sent(message: Any) -> Awaitable[None]:
            try:
                self._note_answered(message)
            except Exception as error:
                say_once("traces", "an answer is not traced: " + reason_of(error))
            done: Awaitable[None] = send(message)
            return done

        return sent

    def _note_answered(self, message: Any) -> None:
        of, kind = self._trace, message["type"]
        if kind == "http.response.start":
            of.status = message["status"]
            note_headers(of, message.get("headers", ()))
        elif kind == "http.response.body":
            body = message.get("body", b"")
            of.sent_bytes += len(body)
            of.pieces = kept(of.pieces, body, of.sent_bytes)
            if not message.get("more_body"):
                of.ended_ns = now()
        elif kind.startswith("http.response."):
            # A file that the server sends by itself: nobody here sees what is in it.
            of.pieces = None


def note_headers(of: trace.Trace, headers: Any) -> None:
    """
    What the answer's headers say about keeping it is in the trace.
    """
    for name, value in headers:
        lower = name.lower()
        if lower == b"cache-control":
            of.cache_control = bytes(value).decode("latin-1")[:100]
        elif lower == b"set-cookie":
            of.sets_cookie = True


def kept(pieces: Optional[list[bytes]], body: Any, sent_bytes: int) -> Optional[list[bytes]]:
    """
    The pieces with one more; None once they are too long. They live until the trace is written.
    """
    if pieces is None or sent_bytes > MOST_BYTES:
        return None
    if body:
        pieces.append(bytes(body))
    return pieces


def finished(of: trace.Trace, name: str) -> None:
    """
    The trace is complete, and is being written unless it was given up.
    """
    was_open = trace.ended(of)
    attendant.saw(of.ended_ns - of.began_ns)
    of.route = name
    if of.ended_ns - of.began_ns > LONGEST_NS:
        of.pieces = None
    if was_open:
        file.write_soon(of)
    else:
        relations.let_go(of)
