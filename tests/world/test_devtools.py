"""
The DevTools connection against a web socket server that says what a test tells it to say.
"""

import base64
import hashlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest

from hasten.errors import Unreachable
from hasten.world.devtools import CommandFailed, DevTools

Answer = Callable[[dict[str, object]], list[dict[str, object]] | None]
ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Browser:
    """
    Speaks just enough of RFC 6455: one client, text frames. `answer` maps a command to messages, None hangs up.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self._listener.getsockname()[1]}/devtools/browser/1"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop(self) -> None:
        self._listener.close()
        self._thread.join(10)

    def _serve(self) -> None:
        client, _ = self._listener.accept()
        with client, client.makefile("rb") as stream:
            headers = dict(line.split(b": ") for line in iter(lambda: stream.readline().strip(), b"") if b": " in line)
            digest = hashlib.sha1(headers[b"Sec-WebSocket-Key"] + ACCEPT).digest()
            client.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
            )
            while (message := self._read(stream)) is not None:
                answers = self._answer(message)
                if answers is None:
                    return
                for answer in answers:
                    body = json.dumps(answer).encode()
                    client.sendall(b"\x81\x7e" + struct.pack(">H", len(body)) + body)

    @staticmethod
    def _read(stream: object) -> dict[str, object] | None:
        head = stream.read(2)  # type: ignore[attr-defined]
        if len(head) < 2 or head[0] & 15 != 1:
            return None
        length = head[1] & 127
        if length == 126:
            (length,) = struct.unpack(">H", stream.read(2))  # type: ignore[attr-defined]
        mask, body = stream.read(4), stream.read(length)  # type: ignore[attr-defined]
        return json.loads(bytes(byte ^ mask[index % 4] for index, byte in enumerate(body)))  # type: ignore[no-any-return]


@pytest.fixture
def connect() -> Iterator[Callable[[Answer], DevTools]]:
    opened: list[tuple[Browser, DevTools]] = []

    def with_answer(answer: Answer) -> DevTools:
        browser = Browser(answer)
        opened.append((browser, DevTools(browser.url, timeout_s=5.0)))
        return opened[-1][1]

    yield with_answer
    for browser, devtools in opened:
        devtools.close()
        browser.stop()


def test_a_call_gives_the_result_of_its_own_command(connect: Callable[[Answer], DevTools]) -> None:
    """
    Events and answers to others are not taken for the answer.
    """
    devtools = connect(
        lambda asked: [
            {"method": "Page.loaded", "params": {}},
            {"id": 999, "result": {"is": "another's"}},
            {"id": asked["id"], "result": {"echo": asked["method"]}},
        ]
    )

    assert {"echo": "Browser.getVersion"} == devtools.call("Browser.getVersion", timeout_s=5.0)


def test_listeners_hear_events_with_their_session(connect: Callable[[Answer], DevTools]) -> None:
    """
    An event reaches every listener while somebody waits, with the session it came from.
    """
    heard: list[tuple[str, str, dict[str, object]]] = []
    devtools = connect(
        lambda asked: [
            {"method": "Network.x", "sessionId": "s1", "params": {"a": 1}},
            {"id": asked["id"], "result": {}},
        ]
    )
    devtools.listeners.append(lambda *event: heard.append(event))

    devtools.call("Network.enable", timeout_s=5.0)

    assert [("Network.x", "s1", {"a": 1})] == heard


def test_a_refusal_says_what_the_browser_said(connect: Callable[[Answer], DevTools]) -> None:
    """
    An error answer becomes an error with its message.
    """
    devtools = connect(lambda asked: [{"id": asked["id"], "error": {"message": "no such method"}}])

    with pytest.raises(CommandFailed, match="no such method"):
        devtools.call("Page.fly", timeout_s=5.0)


def test_silence_ends_after_the_timeout(connect: Callable[[Answer], DevTools]) -> None:
    """
    A browser that does not answer is unreachable after the time that was given.
    """
    devtools = connect(lambda _: [])

    with pytest.raises(Unreachable, match=r"no answer to Page.sleep within 0.2 s"):
        devtools.call("Page.sleep", timeout_s=0.2)


def test_a_browser_that_hangs_up_is_gone(connect: Callable[[Answer], DevTools]) -> None:
    """
    A closed connection is an error with a hint, not a wait.
    """
    devtools = connect(lambda _: None)

    with pytest.raises(Unreachable, match="went away"):
        devtools.call("Browser.close", timeout_s=5.0)


def test_nobody_at_the_address_is_unreachable() -> None:
    """
    Where no browser listens, connecting says so.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(Unreachable, match="does not answer"):
        DevTools(f"ws://127.0.0.1:{port}/", timeout_s=2.0)
