"""
Which headers are compared, and how.
"""

import pytest

from hasten.verify.answers import COMPRESSION, Answer, Declared
from hasten.verify.answers.headers import IGNORED, fields_of, owes_vary, without_declared

KEPT = Declared(adds={"etag": ["*"], "cache-control": ["private", "max-age=60"]})


def with_lines(*lines: tuple[str, str]) -> Answer:
    """
    An answer with these headers.
    """
    return Answer(status=200, headers=list(lines))


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (("Vary", "Accept, Cookie"), ("vary", "cookie,accept"), True),
        (("vary", "accept"), ("vary", "accept, cookie"), False),
        (("cache-control", "max-age=60, private"), ("cache-control", "private, max-age=60"), True),
        (("cache-control", "max-age=60"), ("cache-control", "max-age=61"), False),
        (("content-security-policy", "default-src 'self'"), ("content-security-policy", "default-src *"), False),
        (("x-frame-options", "DENY"), ("x-frame-options", "SAMEORIGIN"), False),
        (("location", "/a"), ("location", "/A"), False),
        (("set-cookie", "a=1; Path=/; Secure"), ("set-cookie", "a=1; secure; path=/"), True),
        (("set-cookie", "a=1; Secure"), ("set-cookie", "a=1"), False),
        (("set-cookie", "a=1"), ("set-cookie", "a=2"), False),
        (("set-cookie", "a=1; Expires=Mon"), ("set-cookie", "a=1; Expires=Tue"), True),
        (("set-cookie", "a=1; Expires=Mon"), ("set-cookie", "a=1"), False),
        (("date", "Mon"), ("date", "Tue"), True),
        (("content-security-policy", "a b; a c"), ("content-security-policy", "a c"), False),
    ],
)
def test_headers_are_compared_by_their_meaning(one: tuple[str, str], other: tuple[str, str], is_same: bool) -> None:
    """
    Order and case count only where they say something.
    """
    assert is_same == (fields_of(with_lines(one)) == fields_of(with_lines(other)))


def test_everything_ignored_has_its_reason() -> None:
    """
    The list is closed, and no security header is on it.
    """
    assert all(IGNORED.values())
    assert not {"vary", "set-cookie", "location", "cache-control", "content-security-policy"} & IGNORED.keys()


@pytest.mark.parametrize(
    ("declared", "candidate", "left"),
    [
        (COMPRESSION, {"header:vary": "accept-encoding", "header:content-encoding": "gzip"}, {}),
        (COMPRESSION, {"header:vary": "accept-encoding, cookie"}, {"header:vary": "cookie"}),
        (COMPRESSION, {"header:content-encoding": "exotic"}, {"header:content-encoding": "exotic"}),
        (Declared(), {"header:vary": "accept-encoding"}, {"header:vary": "accept-encoding"}),
        (KEPT, {"header:etag": '"any"'}, {}),
        (KEPT, {"header:cache-control;private": "yes", "header:cache-control;max-age": "60"}, {}),
        (KEPT, {"header:cache-control;public": "yes"}, {"header:cache-control;public": "yes"}),
        (KEPT, {"header:cache-control;max-age": "61"}, {"header:cache-control;max-age": "61"}),
    ],
)
def test_only_what_was_declared_is_taken_off(
    declared: Declared, candidate: dict[str, str], left: dict[str, str]
) -> None:
    """
    A change may add what it said, and nothing beside it.
    """
    assert left == without_declared({}, candidate, declared)


@pytest.mark.parametrize(
    ("coding", "vary", "owes"),
    [
        ("gzip", "", True),
        ("gzip", "cookie", True),
        ("br", "Accept-Encoding", False),
        ("gzip", "*", False),
        ("", "", False),
    ],
)  # fmt: skip
def test_a_chosen_coding_must_be_told(coding: str, vary: str, owes: bool) -> None:
    """
    Who compresses for some clients says that others get something else.
    """
    assert owes == owes_vary(with_lines(), with_lines(("content-encoding", coding), ("vary", vary)))


def test_a_header_that_is_there_is_not_added() -> None:
    """
    Another ETag, or one more directive beside the application's own, is a difference whatever was declared.
    """
    control = {"header:etag": '"a"', "header:cache-control;max-age": "5"}
    candidate = {"header:etag": '"b"', "header:cache-control;max-age": "5", "header:cache-control;private": "yes"}

    assert candidate == without_declared(control, candidate, KEPT)
