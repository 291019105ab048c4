"""What was asked and answered lately, and no more of it, for support: "what did the agent see when it went wrong?"."""

import time
from collections import deque
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

EXCERPT_BYTES = 4096
KEPT = 200

entries: deque[dict[str, Any]] = deque(maxlen=KEPT)


class JournalMiddleware:
    """Keeps each API request with the beginning of its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self.app(scope, receive, send)
            return
        entry: dict[str, Any] = {
            "at": time.time(),
            "method": scope["method"],
            "path": scope["path"],
            "query": scope["query_string"].decode("latin-1"),
            "agent": next((v for k, v in scope["headers"] if k == b"user-agent"), b"").decode("latin-1"),
            "status": None,
            "answer": bytearray(),
        }

        async def send_and_keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
            elif message["type"] == "http.response.body":
                missing = EXCERPT_BYTES - len(entry["answer"])
                entry["answer"] += message.get("body", b"")[:missing]
            await send(message)

        try:
            await self.app(scope, receive, send_and_keep)
        finally:
            entry["seconds"] = time.time() - entry["at"]
            entry["user_id"] = scope.get("state", {}).get("user_id")
            entries.append(entry)
