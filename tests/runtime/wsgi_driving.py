"""
Drives a WSGI application without a server: one request, everything that comes back, in order, as PEP 3333 has it.
"""

import io
import sys
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.runtime.driving import RULE, write_policy

from hasten_runtime.http.wsgi import Agent
from hasten_runtime.standing import Standing

Pairs = Sequence[tuple[str, str]]
App = Callable[[dict[str, Any], Any], Iterable[bytes]]

TAKES_GZIP = {"HTTP_ACCEPT_ENCODING": "gzip"}


@dataclass
class Sent:
    """
    What a server would have sent.

    pieces: The bytes as they were handed over, by `write` and by the iterable, without the empty ones.
    begun_in_time: Whether `start_response` was called before the application returned.
    """

    status: str = ""
    pairs: list[tuple[str, str]] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    begun_in_time: bool = False
    closed: int = 0
    error: BaseException | None = None
    result: Any = None

    @property
    def headers(self) -> dict[str, str]:
        """
        The headers with lower-case names; several of one name are joined.
        """
        found: dict[str, str] = {}
        for name, value in self.pairs:
            found[name.lower()] = f"{found[name.lower()]}, {value}" if name.lower() in found else value
        return found

    @property
    def body(self) -> bytes:
        """
        The bytes of the body as a client would get them.
        """
        return b"".join(self.pieces)

    @property
    def text(self) -> bytes:
        """
        The body after its coding, as far as it came.
        """
        if self.headers.get("content-encoding") != "gzip":
            return self.body
        return zlib.decompressobj(31).decompress(self.body)

    @property
    def seen(self) -> Any:
        """
        All that a client sees, and how the server learned of it.
        """
        return self.status, self.pairs, self.pieces, self.begun_in_time, repr(self.error)


class Server:
    """
    One request's side of a server.
    """

    def __init__(self) -> None:
        self.sent = Sent()

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        """
        The status and headers are set, unless they are out already.
        """
        if exc_info is not None and self.sent.pieces:
            raise exc_info[1]
        if exc_info is None and self.sent.status:
            raise AssertionError("headers are set already")
        assert type(status) is str and type(headers) is list
        assert all(type(name) is str and type(value) is str for name, value in headers)
        self.sent.status, self.sent.pairs = status, list(headers)
        return self.write

    def write(self, piece: bytes) -> None:
        """
        The piece is out.
        """
        assert self.sent.status, "write before start_response"
        assert type(piece) is bytes
        if piece:
            self.sent.pieces.append(piece)


def environ_of(path: str = "/", *, method: str = "GET", query: str = "", **more: str) -> dict[str, Any]:
    """
    The environ of a request.
    """
    return {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr,
        "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False, **more,
    }  # fmt: skip


def asked(app: App, path: str = "/", **given: Any) -> Sent:
    """
    What comes back for one request; an error that the application raises is kept.
    """
    return served(app, environ_of(path, **given))


def served(app: App, environ: dict[str, Any]) -> Sent:
    """
    The same for an environ.
    """
    server = Server()
    sent = server.sent
    try:
        result = sent.result = app(environ, server.start_response)
        sent.begun_in_time = bool(sent.status)
        try:
            for piece in result:
                server.write(piece)
        finally:
            if hasattr(result, "close"):
                result.close()
                sent.closed += 1
    except Exception as error:
        sent.error = error
    return sent


def answering(*bodies: bytes, status: str = "200 OK", headers: Pairs = (), length: bool = True) -> App:
    """
    An application that always answers with these pieces, from a generator if there is more than one.
    """

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        declared = [("Content-Length", str(sum(map(len, bodies))))] if length else []
        start_response(status, [*headers, *declared])
        return list(bodies) if len(bodies) < 2 else (body for body in bodies)

    return app


def agent_for(app: App, folder: Path) -> Agent:
    """
    An agent that looks at the policy of this folder.
    """
    return Agent(app, Standing(str(folder / "policy.json"), None, lambda _: None))


def behind(app: App, folder: Path, **settings: Any) -> Agent:
    """
    The application behind an agent that obeys the rule `compression` with these settings.
    """
    write_policy(folder / "policy.json", [{**RULE, "settings": {"codings": ["gzip"], **settings}}])
    return agent_for(app, folder)
