"""
What headers say.
"""

from typing import Any

import pytest

from hasten.diagnose import _http as http


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("text/html; charset=utf-8", True),
        ("application/json", True),
        ("application/problem+json", True),
        ("Application/JavaScript", True),
        ("image/svg+xml", True),
        ("application/wasm", True),
        ("font/ttf", True),
        ("font/woff2", False),
        ("image/png", False),
        ("application/zip", False),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", False),
        ("", False),
    ],
)
def test_text_is_compressible_and_what_is_packed_is_not(kind: str, expected: bool) -> None:
    """
    By content type.
    """
    assert expected == http.is_compressible({"content-type": kind})


@pytest.mark.parametrize(("value", "expected"), [("gzip", True), ("br", True), ("identity", False), ("", False)])
def test_identity_is_no_compression(value: str, expected: bool) -> None:
    """
    Content-Encoding: identity sends bytes as they are.
    """
    assert expected == http.is_compressed({"content-encoding": value})


@pytest.mark.parametrize(
    ("headers", "again"),
    [
        ({}, True),
        ({"cache-control": "no-store", "etag": "x"}, True),
        ({"cache-control": "no-cache"}, True),
        ({"cache-control": "no-cache", "etag": "x"}, False),
        ({"cache-control": "max-age=0"}, True),
        ({"cache-control": 'public, max-age="60"'}, False),
        ({"expires": "0"}, True),
        ({"expires": "Mon, 23 Nov 2026 00:00:00 GMT"}, False),
        ({"last-modified": "Mon, 23 Nov 2026 00:00:00 GMT"}, False),
    ],
)
def test_what_is_sent_again_on_the_next_visit(headers: dict[str, str], again: bool) -> None:
    """
    Without validator and lifetime, or with no-store, all bytes travel again.
    """
    assert again == http.is_sent_again(headers)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("index-BwT3xk2a.js", True),
        ("main.3f2a1b9c.css", True),
        ("index-DiwrgTda.js", True),
        ("logo_a8f5f167f44f4964e6c998dee827110c.png", True),
        ("error-reporter.js", False),
        ("jquery-3.7.1.min.js", False),
        ("UPPERCASE-CHANGELOG.js", False),
        ("favicon.ico", False),
    ],
)
def test_a_digest_in_a_file_s_name_is_recognized(name: str, expected: bool) -> None:
    """
    Digits or mixed case in a long last part; words are no digests.
    """
    assert expected == http.is_hashed(f"http://h/assets/{name}?v=1")


def test_headers_of_one_name_are_joined() -> None:
    """
    As HTTP allows.
    """
    assert {"vary": "accept, cookie"} == http.as_mapping([("vary", "accept"), ("vary", "cookie")])


def test_the_answer_in_the_middle_stands_for_its_route(observed: Any, make: Any) -> None:
    """
    Of two the smaller; errors and failures stand for nothing.
    """
    samples = [
        make.answer(body_bytes=900),
        make.answer(body_bytes=500),
        make.answer(body_bytes=1, status=500),
        make.answer(route="GET /b", error="timeout"),
    ]

    assert [500] == [each.body_bytes for each in http.typical_responses(observed(responses=samples))]
