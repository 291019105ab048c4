"""
missing_cache_headers: what a browser must fetch again.
"""

from typing import Any

import pytest

from hasten.diagnose import missing_cache_headers

JSON = [("content-type", "application/json")]
SCRIPT = {"content-type": "text/javascript"}


def test_an_answer_without_a_validator_is_sent_again(observed: Any, target: Any, make: Any) -> None:
    """
    4.3 kB again on half of 4,000 requests at 200 kB/s.
    """
    [found] = missing_cache_headers.find(observed(responses=[make.answer(headers=JSON)]), target)

    assert ("route", "GET /api/inquiries") == (found.where.kind, found.where.name)
    assert pytest.approx(2000 * 4300 / 200_000) == found.cost_s_per_day
    assert 0.5 == found.evidence["repeat_share_assumed"]


def test_files_without_headers_are_one_finding_of_the_page(observed: Any, target: Any, make: Any) -> None:
    """
    A hashed file and a picture, both fetched again on half of 4,000 visits.
    """
    entry = make.resource("http://h/assets/index-BwT3xk2a.js", headers=SCRIPT)
    logo = make.resource("http://h/logo.png", kind="image", wire_bytes=10_000, headers={"content-type": "image/png"})

    [found] = missing_cache_headers.find(observed(pages=[make.page(entry, logo, make.fetch)]), target)

    assert ("page", "/") == (found.where.kind, found.where.name)
    assert pytest.approx(2000 * 100_000 / 200_000) == found.cost_s_per_day
    assert (2, 1) == (found.evidence["resources_affected"], found.evidence["hashed_resources_affected"])


def test_a_hashed_file_that_must_be_asked_for_is_named_without_cost(observed: Any, target: Any, make: Any) -> None:
    """
    With an ETag only a round trip is wasted, which is told and not counted.
    """
    entry = make.resource("http://h/assets/index-BwT3xk2a.js", headers=SCRIPT | {"etag": '"x"'})

    [found] = missing_cache_headers.find(observed(pages=[make.page(entry, make.fetch)]), target)

    assert (0.0, 0) == (found.cost_s_per_day, found.evidence["bytes_again"])


def test_good_headers_have_no_finding(observed: Any, target: Any) -> None:
    """
    An ETag on the API, a year and immutable on hashed files.
    """
    assert [] == missing_cache_headers.find(observed(), target)


@pytest.mark.parametrize(
    "change",
    [
        {"headers": [*JSON, ("cache-control", "private, no-store")]},
        {"headers": [*JSON, ("last-modified", "Mon, 23 Nov 2026 00:00:00 GMT")]},
        {"headers": [*JSON, ("cache-control", "max-age=30")]},
        {"method": "POST"},
        {"status": 404},
        {"wire_bytes": 600},
    ],
    ids=["on purpose", "a date", "a lifetime", "not a GET", "an error", "tiny"],
)
def test_what_needs_no_header_has_no_finding(observed: Any, target: Any, make: Any, change: Any) -> None:
    """
    Said on purpose, said otherwise, or not worth saying: silent.
    """
    seen = observed(responses=[make.answer(**{"headers": JSON} | change)])

    assert [] == missing_cache_headers.find(seen, target)


@pytest.mark.parametrize(
    "url",
    ["http://h/error-reporter.js", "http://h/fonts/inter-regular.woff2", "http://h/favicon.ico"],
)
def test_a_plain_name_with_a_validator_is_fine(observed: Any, target: Any, make: Any, url: str) -> None:
    """
    Only a name with a digest in it promises never to change.
    """
    plain = make.resource(url, headers=SCRIPT | {"etag": '"x"'})

    assert [] == missing_cache_headers.find(observed(pages=[make.page(plain, make.fetch)]), target)


def test_below_three_requests_nothing_is_said(observed: Any, target: Any, make: Any) -> None:
    """
    Two requests of a route say nothing about a day.
    """
    few = [make.requests("application", "application", 80), make.requests("GET /api/inquiries", "route", 2)]
    seen = observed(responses=[make.answer(headers=JSON)], measurements=few)

    assert [] == missing_cache_headers.find(seen, target)
