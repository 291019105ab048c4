"""
A browser may keep nothing, so it fetches everything again.

What it means: files of the page come without a lifetime (Cache-Control, Expires) and without a validator (ETag,
    Last-Modified), files with a digest in their name are not marked as immutable, or answers of the API to GET have
    no ETag.
Why it costs: a visitor who comes back receives the same bytes once more, over the same network.
How it is found: the headers of each answer. Cost: bytes on the wire ÷ bandwidth of the page profile's network, times
    repeated transfers per day, which is half of all (an assumption: no lab run can tell how many visitors come back).
    A file with a digest in its name counts if it may be kept for less than 30 days and is not immutable: it costs all
    its bytes if it has no validator either, else one round trip, which is not counted.
Minimum support: 1,000 bytes; for the API three requests to the route in the window and status 200.
What could be wrong: `no-store` on an answer of the API is taken as meant and is no finding. An ETag saves bytes, not
    the server's work. Data that changes between two visits is sent again with an ETag too.
"""

from typing import Any

from hasten.diagnose import _http, _pages, _words, cost
from hasten.diagnose.about import About
from hasten.evidence import Observation, PageProfile, PageResource, ResponseSample
from hasten.model import Finding, Where
from hasten.target import Target

about = About(
    symptom="missing_cache_headers",
    title="Browsers may keep nothing",
    phase=1,
    place='the route, or the page, "/"',
    reads=("responses", "pages"),
    minimum={"requests": 3, "bytes": 1000},
    treated_by=("quick_wins.cache_headers",),
)


def find(observation: Observation, target: Target) -> list[Finding]:
    """
    One finding per route, and one per page for all of its files.
    """
    if not observation.responses and not observation.pages:
        return []
    bandwidth = cost.bandwidth_bytes_per_s(observation, target)
    routes = [_of_route(sample, observation, bandwidth) for sample in _http.typical_responses(observation)]
    pages = [_of_page(page, observation, bandwidth) for page in observation.pages]
    return [finding for finding in (*routes, *pages) if finding is not None]


def _of_route(sample: ResponseSample, observation: Observation, bandwidth: float) -> Finding | None:
    headers = _http.as_mapping(sample.headers)
    requests = cost.requests_of(sample.route, observation)
    if sample.method != "GET" or sample.status != 200 or requests < about.minimum["requests"]:
        return None
    if sample.wire_bytes < about.minimum["bytes"] or "no-store" in _http.directives(headers):
        return None
    if not _http.is_sent_again(headers):
        return None
    per_day = cost.requests_per_day(sample.route, observation)
    repeated_s = sample.wire_bytes / bandwidth
    return Finding(
        symptom=about.symptom,
        where=Where(kind="route", name=sample.route),
        cost_s_per_day=cost.cost_s_per_day(per_day * cost.REPEAT_SHARE, repeated_s),
        says=f"{sample.route} has no ETag, so a browser that already has its {_words.size(sample.wire_bytes)} receives "
        f"them again, which takes {_words.seconds(repeated_s)} each time.",
        evidence={
            "path": sample.path,
            "cache_control": headers.get("cache-control", ""),
            "lacks": ["ETag or Last-Modified"],
            "wire_bytes": sample.wire_bytes,
            "requests_per_day": round(per_day, 1),
            "repeat_share_assumed": cost.REPEAT_SHARE,
            "bandwidth_bytes_per_s": round(bandwidth),
            "avoidable_s": round(repeated_s, 4),
        },
    )


def _of_page(page: PageProfile, observation: Observation, bandwidth: float) -> Finding | None:
    run = _pages.typical_run(page)
    if run is None:
        return None
    lacking = [(each, lacks) for each in _pages.static_resources(run) if (lacks := _lacks(each))]
    if not lacking:
        return None
    again = sum(each.wire_bytes for each, _ in lacking if _http.is_sent_again(each.headers))
    visits = cost.visits_per_day(page, run.resources, observation)
    lacking.sort(key=lambda each: -each[0].wire_bytes)
    hashed = sum(1 for each, _ in lacking if _http.is_hashed(each.url))
    return Finding(
        symptom=about.symptom,
        where=Where(kind="page", name=page.page),
        cost_s_per_day=cost.cost_s_per_day(visits, cost.REPEAT_SHARE * again / bandwidth),
        says=f"{len(lacking)} files of the page {page.page} may not be kept by a browser"
        + (f" ({hashed} of them never change under their name)" if hashed else "")
        + f"; coming back means to fetch {_words.size(again)} again, in {_words.seconds(again / bandwidth)}.",
        evidence={
            "resources": [_line(each, lacks) for each, lacks in lacking[:10]],
            "resources_affected": len(lacking),
            "hashed_resources_affected": hashed,
            "bytes_again": again,
            "visits_per_day": visits and round(visits, 1),
            "repeat_share_assumed": cost.REPEAT_SHARE,
            "network": page.network,
            "bandwidth_bytes_per_s": round(bandwidth),
            "avoidable_s": round(again / bandwidth, 4),
        },
    )


def _lacks(resource: PageResource) -> list[str]:
    """
    What the headers of a file should say and do not; [] where there is nothing to gain.
    """
    if resource.body_bytes < about.minimum["bytes"]:
        return []
    headers = resource.headers
    if _http.is_hashed(resource.url):
        lasting = "immutable" in _http.directives(headers) or _http.lifetime_s(headers) >= _http.LONG_LIFE_S
        return [] if lasting else ["Cache-Control: public, max-age=31536000, immutable"]
    if not _http.is_sent_again(headers) or "no-store" in _http.directives(headers):
        return []
    return ["ETag or Last-Modified", "Cache-Control"]


def _line(resource: PageResource, lacks: list[str]) -> dict[str, Any]:
    return {
        "path": _pages.path_of(resource.url),
        "wire_bytes": resource.wire_bytes,
        "cache_control": resource.headers.get("cache-control", ""),
        "etag": resource.headers.get("etag", ""),
        "last_modified": resource.headers.get("last-modified", ""),
        "lacks": lacks,
    }
