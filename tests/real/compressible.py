"""
A plain ASGI application with a page that travels uncompressed; the tests run it under uvicorn with the agent in it.

/ and /assets/… are files without validators · /api/items is JSON that depends on the session cookie · /health
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

Send = Callable[[dict[str, Any]], Awaitable[None]]

WORDS = ["open", "closed", "customer", "inquiry", "message", "priority", "assigned", "waiting"]
SCRIPT = "".join(f"export const {WORDS[n % 8]}{n} = {n * n} + '{WORDS[n * 5 % 8]}';\n" for n in range(3000)).encode()
STYLE = "".join(f".{WORDS[n % 8]}-{n} {{ margin: {n % 40}px; }}\n" for n in range(1500)).encode()
PAGE = b'<!doctype html><script src="/assets/app-1.js"></script><link href="/assets/app-1.css" rel="stylesheet">'
FILES = {
    "/": (PAGE, b"text/html"),
    "/assets/app-1.js": (SCRIPT, b"text/javascript"),
    "/assets/app-1.css": (STYLE, b"text/css; charset=utf-8"),
}


async def app(scope: dict[str, Any], receive: Any, send: Send) -> None:
    """
    Answers one request.
    """
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["path"] == "/health":
        await _answer(scope, send, b'{"ok": true}', b"application/json")
    elif scope["path"] == "/api/items":
        who = dict(scope["headers"]).get(b"cookie", b"").decode("latin-1")
        items = [{"id": n, "status": WORDS[n % 8], "title": f"{WORDS[n % 7]} {n}"} for n in range(300)]
        body = json.dumps({"for": who, "query": scope["query_string"].decode(), "items": items}).encode()
        await _answer(scope, send, body, b"application/json")
    else:
        body, kind = FILES.get(scope["path"], (b"not found", b"text/plain"))
        await _answer(scope, send, body, kind, status=200 if scope["path"] in FILES else 404)


async def _answer(scope: dict[str, Any], send: Send, body: bytes, kind: bytes, *, status: int = 200) -> None:
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def _live(receive: Any, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return
