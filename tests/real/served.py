"""
One application in every form that a server takes; the matrix of servers runs them with the agent in front.

/ is a text · /stream is one in pieces: the second one comes once the file named in SERVED_GATE is there · all else is
missing. Each answer says in X-Pid which process it is from.
"""

import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

TEXT = "".join(f"line {number} of an answer that travels well\n" for number in range(200)).encode()
PIECES = [b"first " * 400, b"second " * 400]
KIND = "application/json"
PATIENCE_S = 20.0

Send = Callable[[dict[str, Any]], Awaitable[None]]


def found(path: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """
    Status, headers and body for this path.
    """
    # The process is busy for a moment, so that the next request is another worker's.
    time.sleep(0.01)
    status, body = (200, TEXT) if path == "/" else (404, b"missing")
    return status, [*own(), ("Content-Length", str(len(body)))], body


def own() -> list[tuple[str, str]]:
    """
    The headers of every answer.
    """
    return [("Content-Type", KIND), ("X-Pid", str(os.getpid()))]


def _is_closed(until: float) -> bool:
    gate = Path(os.environ["SERVED_GATE"])
    return not gate.exists() and time.monotonic() < until


async def asgi(scope: dict[str, Any], receive: Any, send: Send) -> None:
    """
    Answers one request of an ASGI server.
    """
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["path"] == "/stream":
        await _begin(send, 200, own())
        await send({"type": "http.response.body", "body": PIECES[0], "more_body": True})
        await _open()
        await send({"type": "http.response.body", "body": PIECES[1], "more_body": False})
    else:
        status, headers, body = found(scope["path"])
        await _begin(send, status, headers)
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def _begin(send: Send, status: int, headers: list[tuple[str, str]]) -> None:
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": pairs})


async def _open() -> None:
    # Not above: a server for WSGI has no event loop.
    import asyncio

    sleep: Any = asyncio.sleep
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        sleep = sys.modules["trio"].sleep
    until = time.monotonic() + PATIENCE_S
    while _is_closed(until):
        await sleep(0.005)


async def _live(receive: Any, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


def wsgi(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """
    Answers one request of a WSGI server.
    """
    if environ["PATH_INFO"] == "/stream":
        start_response("200 OK", own())
        return pieces()
    status, headers, body = found(environ["PATH_INFO"])
    start_response("200 OK" if status == 200 else "404 Not Found", headers)
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]


def pieces() -> Iterator[bytes]:
    """
    The pieces of a stream.
    """
    yield PIECES[0]
    until = time.monotonic() + PATIENCE_S
    while _is_closed(until):
        time.sleep(0.005)
    yield PIECES[1]


async def pieces_in_a_loop() -> AsyncIterator[bytes]:
    """
    The pieces of a stream, for a framework that has an event loop.
    """
    yield PIECES[0]
    await _open()
    yield PIECES[1]


def flask_app() -> Any:
    """
    The same in Flask.
    """
    from flask import Flask, Response

    app = Flask(__name__)

    @app.get("/", defaults={"path": ""})
    @app.get("/<path:path>")
    def answer(path: str) -> Response:
        if path == "stream":
            return Response(pieces(), headers=own())
        status, headers, body = found(f"/{path}")
        return Response(body, status, headers)

    return app
