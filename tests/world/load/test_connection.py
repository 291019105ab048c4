"""
hasten.world.load.connection
"""

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import pytest

from hasten.world.load.connection import says_hit
from hasten.world.load.plan import LoadRequest
from hasten.world.load.result import Flag

Exchange = Callable[..., Any]
TEXT = b"the same words again and again " * 200


def one(exchange: Exchange, answer: Callable[[Any], None], method: str = "GET") -> dict[str, Any]:
    """
    The record of a single request.
    """
    run = exchange(lambda peer, *_: answer(peer), duration_s=0.01, requests=[LoadRequest(method=method)])
    result = run.result
    names = ("status", "decoded", "wire", "flags")
    found: dict[str, Any] = {name: result.records.ints(name)[0] for name in names}
    return {**found, "outcomes": result.outcomes(), "sample": result.samples[0]}


def raw(*pieces: bytes, close: bool = False) -> Callable[[Any], None]:
    """
    An answer written byte by byte.
    """

    def write(peer: Any) -> None:
        peer.transport.write(b"".join(pieces))
        if close:
            peer.transport.close()

    return write


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("br", brotli.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)),
        ("identity", TEXT),
    ],
)
def test_the_decoded_size_is_that_of_the_content(exchange: Exchange, encoding: str, body: bytes) -> None:
    """
    Bytes on the wire and bytes of the content are both known.
    """
    found = one(exchange, lambda peer: peer.say(body, "200 OK", f"Content-Encoding: {encoding}"))

    assert len(TEXT) == found["decoded"]
    assert len(TEXT) == found["sample"].body_bytes
    assert found["wire"] > len(body)


def test_an_unknown_encoding_has_an_unknown_size(exchange: Exchange) -> None:
    """
    What cannot be decoded is not guessed.
    """
    assert -1 == one(exchange, lambda peer: peer.say(b"?", "200 OK", "Content-Encoding: zstd"))["decoded"]


def test_chunked_answers_are_put_together(exchange: Exchange) -> None:
    """
    The content's size is that of the chunks, without their framing.
    """
    found = one(exchange, raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"))

    assert (5, {"ANSWERED": 1}) == (found["decoded"], found["outcomes"])


def test_a_body_without_a_length_ends_with_the_connection(exchange: Exchange) -> None:
    """
    HTTP/1.0 style answers are whole when the server closes.
    """
    found = one(exchange, raw(b"HTTP/1.0 200 OK\r\n\r\nall of it", close=True))

    assert (9, {"ANSWERED": 1}) == (found["decoded"], found["outcomes"])


def test_a_cut_body_is_no_answer(exchange: Exchange) -> None:
    """
    Fewer bytes than promised is an error.
    """
    found = one(exchange, raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", close=True))

    assert {"RESET": 1} == {name: count for name, count in found["outcomes"].items() if name == "RESET"}


def test_what_is_not_http_is_said_to_be_so(exchange: Exchange) -> None:
    """
    Garbage is a protocol error.
    """
    assert {"PROTOCOL": 1} == one(exchange, raw(b"SSH-2.0-nonsense\r\n"))["outcomes"]


def test_early_hints_are_not_the_answer(exchange: Exchange) -> None:
    """
    103 announces; the 200 after it counts.
    """
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    found = one(exchange, raw(hints, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))

    assert (200, [("content-length", "2")]) == (found["status"], found["sample"].headers)


def test_head_and_304_have_no_body(exchange: Exchange) -> None:
    """
    Their Content-Length describes a body that does not come.
    """
    head = one(exchange, raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"), "HEAD")
    unchanged = one(exchange, raw(b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"))

    assert ({"ANSWERED": 1}, {"ANSWERED": 1}) == (head["outcomes"], unchanged["outcomes"])
    assert unchanged["flags"] & Flag.CACHE_HIT


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (b"age", b"3", True),
        (b"age", b"0", False),
        (b"age", b"soon", False),
        (b"x-cache", b"HIT", True),
        (b"x-cache", b"Hit from cloudfront", True),
        (b"x-cache", b"MISS", False),
        (b"cache-status", b"nginx; hit; ttl=3", True),
        (b"cache-status", b"origin; fwd=miss, edge; hit", True),
        (b"cache-status", b"whithit; fwd=uri-miss", False),
    ],
)
def test_a_hit_is_what_a_header_says(name: bytes, value: bytes, expected: bool) -> None:
    """
    Age, X-Cache and Cache-Status (RFC 9211) are understood.
    """
    assert expected is says_hit(name, value)


def test_a_connection_that_the_server_closes_is_not_used_again(exchange: Exchange) -> None:
    """
    Connection: close is obeyed; the next request opens another and meets no error.
    """
    run = exchange(lambda peer, *_: peer.say(b"ok", "200 OK", "Connection: close"), max_in_flight=1, duration_s=0.03)

    assert ({"ANSWERED": 3}, 3) == (run.result.outcomes(), run.result.connections)
