"""
Drives an ASGI application without a server: one request, everything that it sends back, in order.
"""

import asyncio
import json
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hasten_runtime.http import holding

Headers = list[tuple[bytes, bytes]]
App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

RULE = {"id": "all", "kind": "compression", "match": {"paths": ["/{rest:path}"]}}
TAKES_GZIP = [(b"accept-encoding", b"gzip")]
TEXT = b"the same words, again and again: inquiry, message, customer. " * 200


def hold_at_most(monkeypatch: pytest.MonkeyPatch, size_bytes: int) -> None:
    """
    All answers together may hold back so many bytes, and hold none yet.
    """
    holding._sizes.update(dict.fromkeys(holding._sizes, 0))
    monkeypatch.setattr(holding, "MOST_BYTES", size_bytes)


@dataclass
class Sent:
    """
    What came back for one request.
    """

    messages: list[dict[str, Any]] = field(default_factory=list)
    error: BaseException | None = None

    @property
    def status(self) -> int:
        """
        The status of the answer.
        """
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        """
        The headers with lower-case names; several of one name are joined.
        """
        found: dict[str, str] = {}
        for name, value in self.messages[0].get("headers", []):
            key = name.decode().lower()
            found[key] = f"{found[key]}, {value.decode()}" if key in found else value.decode()
        return found

    @property
    def body(self) -> bytes:
        """
        The bytes of the body as a client would get them.
        """
        return b"".join(each.get("body", b"") for each in self.messages if each["type"] == "http.response.body")

    @property
    def text(self) -> bytes:
        """
        The body after its coding.
        """
        return zlib.decompress(self.body, 31) if self.headers.get("content-encoding") == "gzip" else self.body


def scope_of(
    path: str = "/", *, method: str = "GET", headers: Sequence[tuple[bytes, bytes]] = (), query: bytes = b""
) -> dict[str, Any]:
    """
    The scope of an HTTP request.
    """
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": list(headers),
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
        "root_path": "",
    }


async def ask(app: App, scope: dict[str, Any], received: Sequence[dict[str, Any]] = ()) -> Sent:
    """
    What the application sends for this scope; an error that it raises is kept.
    """
    sent = Sent()
    waiting = [*received, {"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}]

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.messages.append(message)

    try:
        await app(scope, receive, send)
    except Exception as error:
        sent.error = error
    return sent


def asked(app: App, *args: Any, **named: Any) -> Sent:
    """
    The same, for one request by itself.
    """
    return asyncio.run(ask(app, scope_of(*args, **named)))


def answering(
    *bodies: bytes, status: int = 200, headers: Sequence[tuple[bytes, bytes]] = (), length: bool = True
) -> App:
    """
    An application that always answers with these pieces.
    """

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        declared = [(b"content-length", b"%d" % sum(map(len, bodies)))] if length else []
        await send({"type": "http.response.start", "status": status, "headers": [*headers, *declared]})
        for number, body in enumerate(bodies, start=1):
            more = number < len(bodies)
            await send({"type": "http.response.body", "body": body, "more_body": more})

    return app


def write_policy(path: Path, rules: Sequence[Any] = (RULE,), *, revision: int = 1, trial: Any = None) -> None:
    """
    A policy is in the file.
    """
    document = {"version": 1, "revision": revision, "rules": list(rules)}
    new = path.with_suffix(".new")
    new.write_text(json.dumps({**document, "trial": trial} if trial else document))
    new.replace(path)


def trial(**changed: Any) -> dict[str, Any]:
    """
    The section of a candidate with the rule for everything.
    """
    given = {
        "id": "t1", "key": "k" * 20, "share": 0.0, "split": "request", "block_s": 5.0, "seed": 1, "lease_s": 10.0,
        "expires_at": 2e9, "rules": [RULE],
    }  # fmt: skip
    return {**given, **changed}
