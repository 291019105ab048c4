"""
Bodies are decoded before they are compared.
"""

import gzip
import zlib

import brotli
import pytest

from hasten.verify.answers import Answer
from hasten.verify.answers.bodies import BYTES, HTML, JSON, TEXT, body_of

TEXT_BODY = "é".encode() * 50


def answer(body: bytes, kind: str = "text/plain", coding: str = "") -> Answer:
    """
    An answer of that type and coding.
    """
    lines = [("content-type", kind), *([("content-encoding", coding)] if coding else [])]
    return Answer(status=200, headers=lines, body=body)


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(TEXT_BODY), "gzip"),
        (brotli.compress(TEXT_BODY), "br"),
        (zlib.compress(TEXT_BODY), "deflate"),
        (zlib.compress(TEXT_BODY)[2:-4], "deflate"),
        (brotli.compress(gzip.compress(TEXT_BODY)), "gzip, br"),
        (TEXT_BODY, "identity"),
    ],
    ids=["gzip", "br", "deflate", "raw deflate", "both", "none"],
)
def test_codings_are_undone(body: bytes, coding: str) -> None:
    """
    The same text in any known coding is the same body.
    """
    assert body_of(answer(TEXT_BODY)).value == body_of(answer(body, coding=coding)).value


@pytest.mark.parametrize(("body", "coding"), [(b"x", "zstd"), (b"not gzip", "gzip"), (b"\x0b", "br")])
def test_what_cannot_be_undone_is_compared_as_bytes(body: bytes, coding: str) -> None:
    """
    An unknown coding, or a broken body, is said and not guessed at.
    """
    found = body_of(answer(body, "application/json", coding))

    assert (BYTES, coding) == (found.kind, found.unread)


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("application/json", b'{"a": NaN}', JSON),
        ("application/problem+json; charset=utf-8", b"{}", JSON),
        ("application/json", b"{broken", BYTES),
        ("text/html; charset=iso-8859-1", b"<p>\xe9", HTML),
        ("text/plain; charset=nonsense", b"x", BYTES),
        ("text/css", b"a{}", TEXT),
        ("image/png", b"\x89PNG", BYTES),
        ("", b"x", BYTES),
    ],
)
def test_each_type_is_read_in_its_way(kind: str, body: bytes, expected: str) -> None:
    """
    JSON and HTML are parsed where they are what they say, and everything else is hashed.
    """
    assert expected == body_of(answer(body, kind)).kind


def test_a_charset_is_no_difference() -> None:
    """
    The same characters in another charset are the same text.
    """
    one, other = answer("é".encode(), "text/plain; charset=utf-8"), answer(b"\xe9", "text/plain; charset=latin-1")

    assert body_of(one).value == body_of(other).value
