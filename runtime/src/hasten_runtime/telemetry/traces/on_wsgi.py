"""
A request of a WSGI application that is traced.

It runs in one thread from begin to end, so the processor time of that thread is its own, unless greenlets share it.
"""

import sys
import time
from _thread import get_ident
from typing import Any

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry.requests import METHODS
from hasten_runtime.telemetry.traces import trace
from hasten_runtime.telemetry.traces.digest import keyed
from hasten_runtime.telemetry.traces.on_asgi import finished, kept, note_headers

_WHO = ("HTTP_AUTHORIZATION", "HTTP_COOKIE", "REMOTE_USER")
_BODILESS = ("GET", "HEAD")


class Traced:
    """
    One request, which leaves a trace.
    """

    def __init__(self, environ: Any, began_ns: int) -> None:
        of = self._trace = trace.Trace(began_ns, time.time(), get_ident())
        method = environ["REQUEST_METHOD"]
        of.method = method if method in METHODS else "_OTHER"
        who = [environ[each].encode("utf-8", "surrogatepass") for each in _WHO if environ.get(each)]
        if who:
            of.identity = keyed(b"\0".join(who)).hexdigest()
        if method in _BODILESS:
            asked = [
                method,
                environ.get("SCRIPT_NAME", ""),
                environ.get("PATH_INFO", ""),
                environ.get("QUERY_STRING", ""),
            ]
            of.asked = keyed("\0".join(asked).encode("utf-8", "surrogatepass")).hexdigest()
        self._is_alone = "gevent" not in sys.modules and "eventlet" not in sys.modules
        self._began_cpu_ns = time.thread_time_ns()
        trace.set_trace(of)
        trace.began(of)

    def started(self, status: int, headers: Any) -> None:
        """
        The answer begins.
        """
        self._trace.status = status
        note_headers(self._trace, ((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers))

    def piece(self, piece: Any, sent_bytes: int) -> None:
        """
        One more piece of the body.
        """
        self._trace.pieces = kept(self._trace.pieces, piece, sent_bytes)

    def unseen(self) -> None:
        """
        What is in the body is not seen here.
        """
        self._trace.pieces = None

    def end(self, name: str, status: int, ended_ns: int, sent_bytes: int) -> None:
        """
        The trace is complete. Never raises.
        """
        of = self._trace
        try:
            if self._is_alone and of.thread == get_ident():
                of.cpu_ns = time.thread_time_ns() - self._began_cpu_ns
            of.status, of.sent_bytes, of.ended_ns = status, sent_bytes, ended_ns
            finished(of, name)
            trace.set_trace(None)
        except Exception as error:
            say_once("traces", "a request is not traced: " + reason_of(error))
