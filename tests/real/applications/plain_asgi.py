"""
A plain ASGI 3 callable with an answer of each kind: no framework between the server and it.

What only some servers can do (early hints, trailers, files that the server opens) is done where the scope says so.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import rows
from contents import EVENTS, FILE, FIXED, NOTES, ODD_STATUSES, PIECES, TEXT, Broken, digest, echoed, forked

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Answer = Callable[[dict[str, Any], Receive, Send, str], Awaitable[None]]

#: Set by each request: nothing of another one may be seen.
OWN: ContextVar[str] = ContextVar("own", default="nobody's")


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """
    Answers one request, one websocket or the server's life.
    """
    if scope["type"] == "lifespan":
        await _live(scope, receive, send)
    elif scope["type"] == "websocket":
        await _talk(scope, receive, send)
    else:
        kind, _, rest = scope["path"].lstrip("/").partition("/")
        await ANSWERS.get(kind, _fixed)(scope, receive, send, rest)


async def _live(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        if kind == "lifespan.startup" and "state" in scope:
            scope["state"]["begun"] = "with the server"
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


async def _talk(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    case = scope["query_string"].decode("latin-1")
    NOTES.add(case, (await receive())["type"])
    if scope["path"] == "/ws/denied":
        NOTES.add(case, "done denied")
        await send({"type": "websocket.close", "code": 4003})
        return
    await send({"type": "websocket.accept", "headers": [(b"x-case", case.encode("latin-1"))]})
    while True:
        message = await receive()
        NOTES.add(case, message["type"])
        if message["type"] == "websocket.disconnect":
            NOTES.add(case, f"done {message.get('code')}")
            return
        if message.get("text") == "break":
            NOTES.add(case, "done broken")
            raise Broken("in a websocket")
        if message.get("text") == "bye":
            NOTES.add(case, "done by itself")
            await send({"type": "websocket.close", "code": 4001})
            return
        said = {name: message[name] for name in ("text", "bytes") if message.get(name) is not None}
        await send({"type": "websocket.send", **said})


async def _start(send: Send, status: int, headers: list[tuple[str, str]], **more: Any) -> None:
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": pairs, **more})


async def _whole(scope: dict[str, Any], send: Send, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    if status >= 200 and status not in (204, 304):
        headers = [*headers, ("Content-Length", str(len(body)))]
    await _start(send, status, headers)
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def _json(scope: dict[str, Any], send: Send, body: bytes) -> None:
    await _whole(scope, send, 200, [("Content-Type", "application/json")], body)


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError("the client went away")
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def _fixed(scope: dict[str, Any], receive: Receive, send: Send, rest: str) -> None:
    name = scope["path"].lstrip("/")
    status, headers, body = FIXED.get(name, FIXED["missing"])
    await _whole(scope, send, status, headers, body)


async def _items(scope: dict[str, Any], receive: Receive, send: Send, rest: str) -> None:
    query = scope["query_string"].decode("latin-1")
    await _json(scope, send, json.dumps({"id": rest, "query": query, "items": TEXT.decode().split("\n")}).encode())


async def _echo(scope: dict[str, Any], receive: Receive, send: Send, rest: str) -> None:
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    query = scope["query_string"].decode("latin-1")
    await _json(scope, send, echoed(scope["method"], scope["path"], query, headers, await _body(receive)))


async def _upload(scope: dict[str, Any], receive: Receive, send: Send, rest: str) -> None:
    if rest == "unread":
        await _json(scope, send, b'{"read": false}')
        return
    try:
        body = await _body(receive)
    except ConnectionError as error:
        NOTES.add(rest, f"done {type(error).__name__}")
        raise
    await _json(scope, send, digest(body))


async def _stream(scope: dict[str, Any], receive: Receive, send: Send, rest: str) -> None:
    await _start(send, 200, [("Content-Type", "text/plain")])
    for piece in PIECES:
        body = b"" if scope["method"] == "HEAD" else piece
        await send({"type": "http.response.body", "body": body, "more_body": True})
        await asyncio.sleep(0)
    await send({"type": "http.response.body"})


async def _events(scope: dict[str, Any], receive: Receive, send: Send, rest: str) -> None:
    await _start(send, 200, [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache")])
    for event in EVENTS:
        await send({"type": "http.response.body", "body": event, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _status(scope: dict[str, Any], receive: Receive, send: Send, rest: str) -> None:
    await _whole(scope, send, int(rest), [("X-Status", ODD_STATUSES.get(int(rest), "-"))], b"an odd one")


async def _broken(scope: dict[str, Any], receive: Receive, send: Send, rest: str) -> None:
    if rest == "middle":
        await _start(send, 200, [("Content-Type", "text/plain")])
        await send({"type": "http.response.body", "body": PIECES[2], "more_body": True})
    elif rest == "begun":
        await _start(send, 200, [("Content-Type", "text/plain"), ("Content-Length", "4000")])
    elif rest == "silent":
        return
    elif rest == "twice":
        await _whole(scope, send, 200, [], TEXT)
        await _whole(scope, send, 200, [], TEXT)
    elif rest == "long":
        await _start(send, 200, [("Content-Length", "4")])
        await send({"type": "http.response.body", "body": b"longer than said"})
    elif rest == "short":
        await _start(send, 200, [("Content-Length", "400")])
        await send({"type": "http.response.body", "body": b"shorter than said"})
    elif rest == "unknown":
        await send({"type": "http.response.of.nobody"})
    elif rest == "after":
        await _whole(scope, send, 200, [("Content-Type", "text/plain")], TEXT)
    raise Broken(rest)


async def _wait(scope: dict[str, Any], receive: Receive, send: Send, rest: str) -> None:
    """
    A stream whose client goes away: what the application is told of it, and what its sending does afterwards.
    """
    await _body(receive)
    await _start(send, 200, [("Content-Type", "text/plain")])
    await send({"type": "http.response.body", "body": PIECES[1], "more_body": True})
    NOTES.add(rest, (await receive())["type"])
    try:
        await send({"type": "http.response.body", "body": PIECES[2], "more_body": True})
        NOTES.add(rest, "sent")
    except Exception as error:
        NOTES.add(rest, type(error).__name__)
    NOTES.add(rest, "done")


async def _later(scope: dict[str, Any], receive: Receive, send: Send, rest: str) -> None:
    """
    Work that goes on after the answer, in the same task and in another one.
    """
    OWN.set(rest)

    async def aside() -> None:
        await asyncio.sleep(0.005)
        NOTES.add(rest, f"done {OWN.get()}")

    _tasks.add(task := asyncio.create_task(aside()))
    await _whole(scope, send, 202, [("Content-Type", "text/plain")], b"later")
    NOTES.add(rest, "after the answer")
    task.add_done_callback(_tasks.discard)


_tasks: set[Any] = set()


async def _seen(scope: dict[str, Any], receive: Receive, send: Send, rest: str) -> None:
    await _json(scope, send, NOTES.of(rest))


async def _extended(scope: dict[str, Any], receive: Receive, send: Send, rest: str) -> None:
    """
    What a server offers beyond the core: early hints, trailers, a file that it sends by itself.
    """
    offers = scope.get("extensions") or {}
    if "http.response.early_hint" in offers:
        await send({"type": "http.response.early_hint", "links": [b"</app.css>; rel=preload; as=style"]})
    if rest == "informational":
        hints = [(b"link", b"</a.css>; rel=preload")]
        await send({"type": "http.response.informational", "status": 103, "headers": hints})
    if "http.response.pathsend" in offers:
        await _start(send, 200, [("Content-Type", "text/plain"), ("Content-Length", str(FILE.stat().st_size))])
        await send({"type": "http.response.pathsend", "path": str(FILE)})
        return
    has_trailers = "http.response.trailers" in offers
    told = json.dumps({"offers": sorted(offers), "state": dict(scope.get("state") or {})}).encode()
    await _start(send, 200, [("Content-Type", "application/json")], **({"trailers": True} if has_trailers else {}))
    await send({"type": "http.response.body", "body": told})
    if has_trailers:
        await send({"type": "http.response.trailers", "headers": [(b"x-checked", b"yes")]})


async def _visible(scope: dict[str, Any], receive: Receive, send: Send, rest: str) -> None:
    """
    What an application can find out about where it runs.
    """
    task = asyncio.current_task()
    told = {
        "scope": type(scope).__qualname__,
        "keys": list(scope),
        "task": task is not None and not task.cancelled() and task.get_coro() is not None,
        "own": OWN.get(),
        "tasks": len(asyncio.all_tasks()) > 0,
    }
    await _json(scope, send, json.dumps(told).encode())


async def _fork(scope: dict[str, Any], receive: Receive, send: Send, rest: str) -> None:
    await _json(scope, send, forked())


async def _rows(scope: dict[str, Any], receive: Receive, send: Send, rest: str) -> None:
    """
    What a database says, through the driver that is named.
    """
    found = await rows.asked_in_a_loop() if rest == "asyncpg" else rows.asked(rest)
    await _json(scope, send, json.dumps(found).encode())


ANSWERS: dict[str, Answer] = {
    "items": _items, "echo": _echo, "upload": _upload, "stream": _stream, "events": _events, "status": _status,
    "broken": _broken, "wait": _wait, "later": _later, "seen": _seen, "extended": _extended, "visible": _visible,
    "rows": _rows, "fork": _fork,
}  # fmt: skip
