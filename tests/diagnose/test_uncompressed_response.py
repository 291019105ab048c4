"""
uncompressed_response: text without Content-Encoding, by measured sizes.
"""

from typing import Any

import msgspec
import pytest

from hasten.diagnose import uncompressed_response
from hasten.evidence import BundleAsset

PLAIN = [("content-type", "application/json")]
BARE = {"content-type": "text/javascript; charset=utf-8"}


def test_a_plain_answer_costs_the_bytes_that_gzip_saves(observed: Any, target: Any, make: Any) -> None:
    """
    16 kB saved at 200 kB/s, 4,000 times a day.
    """
    seen = observed(responses=[make.answer(headers=PLAIN, wire_bytes=20_200)])

    [found] = uncompressed_response.find(seen, target)

    assert ("route", "GET /api/inquiries") == (found.where.kind, found.where.name)
    assert pytest.approx(4000 * 16_000 / 200_000) == found.cost_s_per_day
    assert "sends 20 kB of text uncompressed; gzip makes 4 kB of it" in found.says


def test_plain_files_of_a_page_are_one_finding(observed: Any, target: Any, make: Any) -> None:
    """
    The file's size after gzip comes from the build; without caching headers it travels on every visit.
    """
    entry = make.resource("http://127.0.0.1:8000/assets/index-BwT3xk2a.js", headers=BARE, wire_bytes=300_200)

    [found] = uncompressed_response.find(observed(pages=[make.page(entry, make.fetch)]), target)

    assert ("page", "/") == (found.where.kind, found.where.name)
    assert pytest.approx(4000 * 210_000 / 200_000) == found.cost_s_per_day
    assert 300_000 == found.evidence["resources"][0]["body_bytes"]


def test_a_file_that_browsers_keep_travels_on_half_of_the_visits(observed: Any, target: Any, make: Any) -> None:
    """
    Caching halves the cost of not compressing.
    """
    kept = BARE | {"cache-control": "public, max-age=31536000, immutable"}
    entry = make.resource("http://127.0.0.1:8000/assets/index-BwT3xk2a.js", headers=kept)

    [found] = uncompressed_response.find(observed(pages=[make.page(entry, make.fetch)]), target)

    assert pytest.approx(4000 * 105_000 / 200_000) == found.cost_s_per_day


def test_a_file_whose_compressed_size_is_unknown_is_not_costed(observed: Any, target: Any, make: Any) -> None:
    """
    A file that is not of this build has no measured size after gzip, so it is named and not counted.
    """
    entry = make.resource("http://127.0.0.1:8000/assets/index-BwT3xk2a.js", headers=BARE)
    other = make.resource("http://127.0.0.1:8000/legacy.js", headers=BARE)

    [found] = uncompressed_response.find(observed(pages=[make.page(entry, other, make.fetch)]), target)

    assert 1 == found.evidence["resources_affected"]
    assert ["/legacy.js"] == found.evidence["size_after_gzip_unknown"]


def test_compressed_answers_have_no_finding(observed: Any, target: Any) -> None:
    """
    What carries a content encoding is fine.
    """
    assert [] == uncompressed_response.find(observed(), target)


@pytest.mark.parametrize(
    "change",
    [
        {"body_bytes": 1200, "gzip_bytes": 400},
        {"body_bytes": 20_000, "gzip_bytes": 18_500},
        {"headers": [("content-type", "image/png")]},
        {"headers": [*PLAIN, ("cache-control", "no-transform")]},
        {"status": 500},
        {"gzip_bytes": None},
    ],
    ids=["one packet", "hardly shrinks", "an image", "must not be changed", "an error", "size not measured"],
)
def test_what_compression_does_not_help_has_no_finding(observed: Any, target: Any, make: Any, change: Any) -> None:
    """
    Small, dense, foreign, forbidden, failed or unmeasured: silent.
    """
    seen = observed(responses=[make.answer(**{"headers": PLAIN} | change)])

    assert [] == uncompressed_response.find(seen, target)


def test_below_three_requests_nothing_is_said(observed: Any, target: Any, make: Any) -> None:
    """
    Two requests of a route say nothing about a day.
    """
    few = [make.requests("application", "application", 80), make.requests("GET /api/inquiries", "route", 2)]
    seen = observed(responses=[make.answer(headers=PLAIN)], measurements=few)

    assert [] == uncompressed_response.find(seen, target)


def test_index_html_is_matched_with_the_built_one(observed: Any, target: Any, make: Any) -> None:
    """
    The document of a single-page application is index.html under every route.
    """
    document = make.resource(
        "http://127.0.0.1:8000/",
        kind="document",
        body_bytes=6000,
        wire_bytes=6200,
        headers={"content-type": "text/html"},
    )
    seen = observed(pages=[make.page(document, make.fetch)])
    index = BundleAsset(path="index.html", kind="document", raw_bytes=6000, gzip_bytes=2000, brotli_bytes=1800)
    seen = msgspec.structs.replace(seen, bundle=msgspec.structs.replace(seen.bundle, assets=[index]))

    [found] = uncompressed_response.find(seen, target)

    assert 4000 == found.evidence["saved_bytes"]


def test_several_samples_of_a_route_are_one_finding(observed: Any, target: Any, make: Any) -> None:
    """
    The answer in the middle by size stands for the route; an error does not.
    """
    sizes = [(30_000, 200), (20_000, 200), (40_000, 200), (9_000, 500)]
    samples = [make.answer(headers=PLAIN, body_bytes=size, status=status) for size, status in sizes]

    [found] = uncompressed_response.find(observed(responses=samples), target)

    assert 30_000 == found.evidence["body_bytes"]
