"""
The few changes that a coding makes to headers.
"""

import pytest

from hasten_runtime.http import headers as edit


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], [(b"vary", b"Accept-Encoding")]),
        ([(b"Vary", b"Cookie")], [(b"Vary", b"Cookie, Accept-Encoding")]),
        ([(b"vary", b"Origin"), (b"vary", b"Cookie")], [(b"vary", b"Origin, Accept-Encoding"), (b"vary", b"Cookie")]),
        ([(b"vary", b"")], [(b"vary", b"Accept-Encoding")]),
        ([(b"vary", b"Cookie, ACCEPT-ENCODING")], [(b"vary", b"Cookie, ACCEPT-ENCODING")]),
        ([(b"vary", b"*")], [(b"vary", b"*")]),
    ],
)
def test_vary_is_merged(before: edit.Headers, after: edit.Headers) -> None:
    """
    There is one Vary with Accept-Encoding in it, once, and nothing that was there is lost.
    """
    assert after == edit.with_vary(before)
    assert after == edit.with_vary(after)


@pytest.mark.parametrize(
    ("tag", "expected"), [(b'"a"', b'W/"a"'), (b'W/"a"', b'W/"a"'), (b"not quoted", b"not quoted")]
)
def test_a_strong_tag_becomes_weak(tag: bytes, expected: bytes) -> None:
    """
    Only a strong ETag changes.
    """
    assert [(b"ETag", expected)] == edit.with_weak_etag([(b"ETag", tag)])


def test_lists_are_read_as_one() -> None:
    """
    Several lines of a header are one list, and parameters are left out of its members.
    """
    given = [(b"Cache-Control", b"public, max-age=60"), (b"cache-control", b'No-Transform, private="x"')]

    assert {"public", "max-age", "no-transform", "private"} == edit.tokens(given, b"cache-control")
    assert None is edit.joined(given, b"vary")
    assert b"public, max-age=60" == edit.first(given, b"cache-control")
