"""
The few changes that a coding makes to headers.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten_runtime.http import headers as edit


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], [(b"vary", b"Accept-Encoding")]),
        ([(b"Vary", b"Cookie")], [(b"Vary", b"Cookie, Accept-Encoding")]),
        (
            [(b"vary", b"Origin"), (b"x", b""), (b"Vary", b"Cookie")],
            [(b"vary", b"Origin, Cookie, Accept-Encoding"), (b"x", b"")],
        ),
        ([(b"vary", b"Cookie, , cookie")], [(b"vary", b"Cookie, Accept-Encoding")]),
        ([(b"vary", b"Origin"), (b"vary", b"*")], [(b"vary", b"*")]),
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


NAMES = st.sampled_from([b"Origin", b"origin", b"Cookie", b"ACCEPT-ENCODING", b"Accept-Language", b"*", b"", b" "])
LINES = st.tuples(st.sampled_from([b"vary", b"Vary", b"VARY", b"x-other"]), st.lists(NAMES, max_size=4).map(b" ,".join))


@given(st.lists(LINES, max_size=6))
def test_whatever_was_said_in_vary_is_said_once(before: edit.Headers) -> None:
    """
    One line, nothing lost and nothing twice, all other headers as they were; merging again changes nothing.
    """
    after = edit.with_vary(before)
    (line,) = [value for key, value in after if key.lower() == b"vary"]
    members = [member.strip().lower() for member in line.split(b",")]
    wanted = {name.encode() for name in edit.tokens(before, b"vary")} | {b"accept-encoding"}

    assert ({b"*"} if b"*" in wanted else wanted) == set(members)
    assert len(members) == len(set(members))
    assert [each for each in before if each[0].lower() != b"vary"] == edit.without(after, b"vary")
    assert after == edit.with_vary(after) == edit.with_one_vary(after)


@given(st.lists(LINES, max_size=6))
def test_several_lines_of_vary_become_one(before: edit.Headers) -> None:
    """
    The same names in one line where there were several; a single line, or none, stays byte by byte.
    """
    after = edit.with_one_vary(before)
    said = [value for key, value in before if key.lower() == b"vary" and value.strip(b" ,")]

    assert {b"*"} & set(said) or edit.tokens(before, b"vary") & edit.tokens(after, b"vary") or not said
    assert len(said) > 1 or before == after
    assert len(said) < 2 or 1 == sum(key.lower() == b"vary" for key, _ in after)
