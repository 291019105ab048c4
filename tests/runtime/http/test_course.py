"""
What becomes of an answer, without anything that carries it.
"""

import json
from typing import Any

import pytest
from tests.runtime.driving import RULE, TAKES_GZIP, TEXT, scope_of

from hasten_runtime.http.course import HOLD, PLAIN, STREAM, WHOLE, Course, Request
from hasten_runtime.policy import Policy, read_policy

JSON = (b"content-type", b"application/json")
SCRIPT = (b"content-type", b"text/javascript")


def course_of(headers: Any = TAKES_GZIP, **given: Any) -> Course:
    """
    The course of an answer to such a request, under the rule for everything.
    """
    return Course(Request(policy().rules[0], scope_of(headers=headers, **given), ()))


def length(times: int) -> tuple[bytes, bytes]:
    """
    The declared length of so many texts.
    """
    return b"content-length", b"%d" % (times * len(TEXT))


def policy() -> Policy:
    """
    The rule for everything, with gzip alone and for dynamic answers too.
    """
    rule = {**RULE, "settings": {"codings": ["gzip"], "dynamic": True}}
    return read_policy(json.dumps({"version": 1, "revision": 1, "rules": [rule]}).encode())


@pytest.mark.parametrize(
    ("headers", "pieces", "expected"),
    [
        ([JSON], [(TEXT, False)], [WHOLE]),
        ([JSON], [(b"small", False)], [PLAIN]),
        ([JSON], [(TEXT, True)], [STREAM]),
        ([SCRIPT, length(2)], [(TEXT, True), (TEXT, False)], [HOLD, WHOLE]),
        ([SCRIPT, length(3)], [(TEXT, True), (TEXT, False)], [HOLD, PLAIN]),
        ([SCRIPT, length(1)], [(TEXT, True), (TEXT, True)], [HOLD, PLAIN]),
        ([SCRIPT], [(TEXT, True)], [STREAM]),
    ],
)
def test_the_pieces_decide(headers: Any, pieces: Any, expected: list[str]) -> None:
    """
    What is all there is compressed whole, a file of a declared length is waited for, and the rest is a stream.
    """
    course = course_of()

    assert course.begin(200, headers) is None
    assert expected == [course.take(piece, more=more) for piece, more in pieces]


def test_what_passes_keeps_its_headers() -> None:
    """
    The very list comes back, so that whoever carries it can leave everything as it is.
    """
    given = [(b"content-type", b"image/png")]

    assert given is course_of().begin(200, given)
    assert given is course_of().begin(404, given)
    assert course_of().begin(200, [JSON], trailers=True) == [JSON]


def test_who_takes_no_coding_is_told_that_others_do() -> None:
    """
    Nothing is waited for, and Vary is there.
    """
    assert [JSON, (b"vary", b"Accept-Encoding")] == course_of(headers=[]).begin(200, [JSON])


def test_the_headers_of_both_forms() -> None:
    """
    Plain bytes keep length and ETag; coded ones have their own length, a weak ETag and no ranges.
    """
    course = course_of()
    given = [SCRIPT, (b"etag", b'"v"'), (b"content-length", b"%d" % len(TEXT)), (b"accept-ranges", b"bytes")]
    course.begin(200, given)

    assert [*given, (b"vary", b"Accept-Encoding")] == course.plain_headers()
    assert [
        SCRIPT,
        (b"etag", b'W/"v"'),
        (b"vary", b"Accept-Encoding"),
        (b"content-encoding", b"gzip"),
        (b"content-length", b"7"),
    ] == course.coded_headers(7)


def test_beside_a_secret_the_body_is_searched() -> None:
    """
    A known user's answer is whole before it is decided, and a stream of it stays plain.
    """
    known = [*TAKES_GZIP, (b"cookie", b"s=1")]
    found = []
    for query, more in ((b"q=other%20words", False), (b"q=customer", False), (b"", True)):
        course = course_of(headers=known, query=query)
        course.begin(200, [JSON])
        found.append(course.take(TEXT, more=more))

    assert [WHOLE, PLAIN, PLAIN] == found
