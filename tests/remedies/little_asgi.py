"""
An ASGI application of one file, for a web server with Hasten's agent in it: /health, and a page that compresses well.
"""

from collections.abc import Awaitable, Callable
from typing import Any

PAGE = b"<p>the same words over and over</p>\n" * 400


async def app(scope: dict[str, Any], _receive: object, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    """
    One answer.
    """
    if scope["type"] != "http":
        return
    is_page = scope["path"] == "/page"
    body, kind = (PAGE, b"text/html") if is_page else (b"ok", b"text/plain")
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
