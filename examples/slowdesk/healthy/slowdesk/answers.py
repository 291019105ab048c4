"""Answers that are given again until something is written that could change them."""

import time
from collections import OrderedDict
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_KEPT = 500
KEPT_S = 300.0
#: Of these only a change of their own makes a difference; of all others any.
_OWN = {"/api/system-settings": "settings", "/api/auth/session": "people", "/api/reports": "reports"}
_NEVER = ("/api/health",)


class AnswersMiddleware:
    """Gives the same person the same answer to the same question while nothing was written."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: OrderedDict[Any, tuple[int, float, list[Message]]] = OrderedDict()
        self._written = {"settings": 0, "people": 0, "reports": 0, "desk": 0}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith("/api/") or path in _NEVER:
            await self.app(scope, receive, send)
        elif scope["method"] == "GET":
            await self._ask(scope, receive, send)
        else:
            try:
                await self.app(scope, receive, send)
            finally:
                self._note_write(path)

    async def _ask(self, scope: Scope, receive: Receive, send: Send) -> None:
        about = _OWN.get(scope["path"], "desk")
        cookies = b"".join(value for name, value in scope["headers"] if name == b"cookie")
        key = cookies, scope["path"], scope["query_string"]
        written = self._written[about]
        found = self._kept.get(key)
        if found is not None and found[0] == written and found[1] > time.monotonic():
            for message in found[2]:
                await send(message)
            return
        messages: list[Message] = []

        async def send_and_keep(message: Message) -> None:
            messages.append(message)
            await send(message)

        await self.app(scope, receive, send_and_keep)
        if messages and _may_be_kept(messages[0]):
            self._kept[key] = written, time.monotonic() + KEPT_S, messages
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    def _note_write(self, path: str) -> None:
        if path == "/api/auth/login":
            return
        if path.startswith("/api/reports/"):
            changed = ["reports"]
        elif path.startswith(("/api/system-settings", "/api/auth")):
            changed = list(self._written)
        else:
            changed = ["desk"]
        for about in changed:
            self._written[about] += 1


def _may_be_kept(start: Message) -> bool:
    return start["status"] == 200 and not any(name.lower() == b"set-cookie" for name, _ in start["headers"])
