"""
A connection to Chromium over its DevTools protocol: commands, answers and events on one web socket.

One thread reads. Events are handed to the listeners while somebody waits for an answer (`call`) or for
time to pass (`wait`), never in between, so listeners need no locks.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import websocket

from hasten.errors import HastenError, NoData, Unreachable

Listener = Callable[[str, str, dict[str, Any]], None]
"""Called with the event's name, its session ("" for the browser itself) and its parameters."""


class CommandFailed(NoData):
    """
    The browser understood a command and refused it.
    """


class DevTools:
    """
    The open connection. Close it, or use it as a context manager.
    """

    def __init__(self, url: str, *, timeout_s: float = 20.0) -> None:
        try:
            # The Origin header is left out: Chromium refuses origins that it was not told about.
            self._socket = websocket.create_connection(
                url, timeout=timeout_s, suppress_origin=True, http_no_proxy=["*"], enable_multithread=False
            )
        except (OSError, websocket.WebSocketException) as error:
            raise Unreachable(f"the browser does not answer at {url}: {error}", hint="run again") from error
        self._last_id = 0
        self._answers: dict[int, dict[str, Any]] = {}
        self._wanted: set[int] = set()
        self.listeners: list[Listener] = []

    def __enter__(self) -> "DevTools":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """
        The connection is closed; the browser goes on running.
        """
        try:
            self._socket.close(timeout=1)
        except (OSError, websocket.WebSocketException):
            return

    def send(self, method: str, params: dict[str, Any] | None = None, *, session: str = "") -> int:
        """
        The command is on its way; nobody waits for its answer. Safe inside of a listener.
        """
        self._last_id += 1
        message: dict[str, Any] = {"id": self._last_id, "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        try:
            self._socket.send(json.dumps(message))
        except (OSError, websocket.WebSocketException) as error:
            raise _gone(error) from error
        return self._last_id

    def call(
        self, method: str, params: dict[str, Any] | None = None, *, session: str = "", timeout_s: float = 30.0
    ) -> dict[str, Any]:
        """
        The command's result, once the browser has carried it out.

        Raises:
            CommandFailed: the browser refused. Unreachable: it is gone, or silent for `timeout_s`.
        """
        asked = self.begin(method, params, session=session)
        deadline = time.monotonic() + timeout_s
        while (answer := self.answer(asked)) is None:
            if time.monotonic() > deadline:
                self._wanted.discard(asked)
                raise Unreachable(f"the browser gave no answer to {method} within {timeout_s:g} s", hint="run again")
            self.wait(min(1.0, max(0.01, deadline - time.monotonic())))
        return answer

    def begin(self, method: str, params: dict[str, Any] | None = None, *, session: str = "") -> int:
        """
        A number with which `answer` gives the command's result, later.
        """
        asked = self.send(method, params, session=session)
        self._wanted.add(asked)
        return asked

    def answer(self, asked: int) -> dict[str, Any] | None:
        """
        The result of a command that was begun, or None as long as there is none.
        """
        message = self._answers.pop(asked, None)
        if message is None:
            return None
        if "error" in message:
            raise CommandFailed(f"the browser refused: {message['error'].get('message', 'no reason given')}")
        result: dict[str, Any] = message.get("result", {})
        return result

    def wait(self, timeout_s: float) -> bool:
        """
        One message was taken in (True), or none came for `timeout_s` (False).
        """
        self._socket.settimeout(max(0.001, timeout_s))
        try:
            text = self._socket.recv()
        except websocket.WebSocketTimeoutException:
            return False
        except (OSError, websocket.WebSocketException) as error:
            raise _gone(error) from error
        if not text:
            raise _gone(None)
        self._take(json.loads(text))
        return True

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            if message["id"] in self._wanted:
                self._wanted.discard(message["id"])
                self._answers[message["id"]] = message
            return
        for listener in list(self.listeners):
            listener(message["method"], message.get("sessionId", ""), message.get("params", {}))


def _gone(error: Exception | None) -> HastenError:
    because = f": {error}" if error and str(error) else ""
    return Unreachable(f"the browser went away{because}", hint="run again; if it happens twice, look at free memory")
