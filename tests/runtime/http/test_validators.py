"""
The ETag that is made of an answer.
"""

import gzip
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten_runtime.http.preconditions import known_tags
from hasten_runtime.http.validators import tag_of

HTML = [(b"Content-Type", b"text/html"), (b"x-total", b"7")]
RUNTIME = Path(__file__).parents[3] / "runtime" / "src"


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_equal_bytes_have_equal_tags_and_others_have_others(one: bytes, other: bytes) -> None:
    """
    The tag is well-formed, strong, and says no more and no less than the bytes.
    """
    tag = tag_of(HTML, one)

    assert [tag.decode()] == known_tags(tag.decode())
    assert tag.startswith(b'"')
    assert (one == other) == (tag == tag_of(HTML, other))


@pytest.mark.parametrize(
    "other",
    [
        [(b"content-type", b"text/plain"), (b"x-total", b"7")],
        [(b"content-type", b"text/html"), (b"x-total", b"8")],
        [(b"content-type", b"text/html")],
        [*HTML, (b"content-language", b"de")],
        [*HTML, (b"content-encoding", b"br")],
        [*HTML, (b"access-control-allow-origin", b"https://other")],
        [*HTML, (b"content-security-policy", b"nonce")],
    ],
)
def test_what_a_304_would_not_say_anew_is_part_of_it(other: list[tuple[bytes, bytes]]) -> None:
    """
    Another type, count, language, coding or permission is another answer, though the body be the same.
    """
    assert tag_of(HTML, b"body") != tag_of(other, b"body")


def test_what_is_of_one_exchange_is_not() -> None:
    """
    Order, case, clocks and numbers of requests do not make another answer of it.
    """
    same = [
        (b"X-Total", b"7"), (b"date", b"now"), (b"x-request-id", b"1"), (b"content-type", b"text/html"),
        (b"Cache-Control", b"private"), (b"server-timing", b"app;dur=1"), (b"last-modified", b"then"),
    ]  # fmt: skip

    assert tag_of(HTML, b"body") == tag_of(same, b"body")


def test_headers_do_not_run_into_each_other() -> None:
    """
    The border between a name and its value is part of the tag.
    """
    assert tag_of([(b"x-ab", b"c")], b"") != tag_of([(b"x-a", b"bc")], b"")


def test_the_moment_of_compression_is_left_out() -> None:
    """
    A middleware that compresses says when it did; the tag is weak, for the bytes differ.
    """
    coded = [*HTML, (b"content-encoding", b"gzip")]
    one, other, another = (gzip.compress(body, mtime=at) for body, at in ((b"a", 1), (b"a", 2), (b"b", 1)))
    tag = tag_of(coded, one)

    assert re.fullmatch(rb'W/"[\w-]{22}"', tag)
    assert (tag == tag_of(coded, other)) is True is (tag != tag_of(coded, another))


@pytest.mark.parametrize(("ranges", "is_weak"), [(b"bytes", True), (b"none", False), (b"", False)])
def test_nobody_puts_parts_together_by_it(ranges: bytes, is_weak: bool) -> None:
    """
    If-Range needs a strong ETag, and the application that sends the parts does not know this one.
    """
    assert is_weak is tag_of([*HTML, (b"Accept-Ranges", ranges)], b"body").startswith(b"W/")


def test_every_process_makes_the_same_tag() -> None:
    """
    No seed, process or host is part of it, so that any worker confirms what another one said.
    """
    code = "from hasten_runtime.http.validators import tag_of; print(tag_of([(b'a', b'b')], b'body').decode())"
    found = {
        subprocess.run(
            [sys.executable, "-S", "-c", code], env={"PYTHONPATH": str(RUNTIME), "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout
        for seed in "12"
    }  # fmt: skip

    assert {tag_of([(b"a", b"b")], b"body").decode() + "\n"} == found
