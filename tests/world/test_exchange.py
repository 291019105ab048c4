"""
hasten.world.exchange
"""

import gzip
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hasten.errors import ConfigError, Unreachable
from hasten.world.exchange import Exchange


def test_nothing_is_decoded_or_followed(application: Any) -> None:
    """
    The body is what was on the wire, every header line is there, and a redirect is an answer.
    """
    packed = gzip.compress(b"word " * 100)
    lines = [("content-encoding", "gzip"), ("set-cookie", "a=1"), ("set-cookie", "b=2"), ("location", "/b")]
    application.routes["GET", "/a"] = lambda _: (302, lines, packed)
    with Exchange(application.url) as exchange:
        answer = exchange.ask("GET", "/a", {})

    assert (302, packed) == (answer.status, answer.body)
    assert ["a=1", "b=2"] == [value for name, value in answer.headers if name == "set-cookie"]
    assert answer.seconds > 0


def test_only_what_is_given_is_sent(application: Any) -> None:
    """
    No cookie is remembered, no coding offered, and no name told that was not given.
    """
    application.routes["GET", "/a"] = lambda _: (200, [("set-cookie", "sid=1; Path=/")], b"")
    with Exchange(application.url) as exchange:
        exchange.ask("GET", "/a", {"x-one": "1"})
        exchange.ask("GET", "/a", {"x-one": "2"})
    sent = [headers for _, _, headers, _ in application.asked]

    assert [{"host", "x-one"}] * 2 == [set(headers) - {"connection"} for headers in sent]


def test_another_host_and_a_body_can_be_named(application: Any) -> None:
    """
    Host is what the request says, and a body arrives whole.
    """
    application.on("PUT", "/a")
    with Exchange(application.url) as exchange:
        exchange.ask("PUT", "/a", {"host": "other.invalid"}, b"all of it")
    _, _, headers, body = application.asked[0]

    assert ("other.invalid", b"all of it") == (headers["host"], body)


def test_many_may_ask_at_once(application: Any) -> None:
    """
    Threads share an exchange.
    """
    application.on("GET", "/a")
    with Exchange(application.url) as exchange, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: exchange.ask("GET", "/a", {}).status, range(40)))

    assert [200] * 40 == found


def test_silence_is_an_error_with_a_hint() -> None:
    """
    Whoever takes a connection and says nothing is named.
    """
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        with Exchange(f"http://127.0.0.1:{deaf.getsockname()[1]}", timeout_s=0.2) as exchange:
            with pytest.raises(Unreachable) as raised:
                exchange.ask("GET", "/a", {})

    assert raised.value.hint


@pytest.mark.parametrize("address", ["ftp://127.0.0.1", "127.0.0.1:80", "http://"])
def test_an_address_is_checked(address: str) -> None:
    """
    Only http and https can be asked.
    """
    with pytest.raises(ConfigError):
        Exchange(address)
