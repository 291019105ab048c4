"""
Text travels uncompressed.

What it means: an answer of the API, or a file of the front end, is sent byte by byte although the client said that it
    takes gzip, and text shrinks to a third or less.
Why it costs: on the visitors' network every byte takes its time, and nothing can be shown before it has arrived.
How it is found: an answer with a text content type, no Content-Encoding, and a size after gzip (level 6 for answers,
    9 for built files) that was measured and is at least a tenth smaller. Cost: (bytes sent − bytes after gzip) ÷
    bandwidth of the page profile's network, times requests per day (API) or transfers per day (files of a page; a
    file that may be cached travels on half of the visits only).
Minimum support: three requests to the route in the window; 1,400 bytes, which is one network packet: below it nothing
    is gained.
What could be wrong: a proxy in front of the real application may compress; then measure through that proxy.
    Secrets that are reflected into compressed pages can be guessed (BREACH): leave such pages out. Visitors on faster
    networks gain less than the profile says.
"""

from typing import Any

from hasten.diagnose import _http, _pages, _words, cost
from hasten.diagnose.about import About
from hasten.evidence import BundleAsset, Observation, PageProfile, PageResource, ResponseSample
from hasten.model import Finding, Where
from hasten.target import Target

about = About(
    symptom="uncompressed_response",
    title="Text travels uncompressed",
    phase=1,
    place='the route, or the page, "/"',
    reads=("responses", "pages"),
    minimum={"requests": 3, "bytes": 1400, "saved_share": 0.1},
    treated_by=("quick_wins.compression",),
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
    if sample.gzip_bytes is None or requests < about.minimum["requests"]:
        return None
    if not _is_plain_text(headers, sample.body_bytes, sample.gzip_bytes):
        return None
    saved = sample.body_bytes - sample.gzip_bytes
    per_day = cost.requests_per_day(sample.route, observation)
    return Finding(
        symptom=about.symptom,
        where=Where(kind="route", name=sample.route),
        cost_s_per_day=cost.cost_s_per_day(per_day, saved / bandwidth),
        says=f"{sample.route} sends {_words.size(sample.body_bytes)} of text uncompressed; gzip makes "
        f"{_words.size(sample.gzip_bytes)} of it, which saves each visitor {_words.seconds(saved / bandwidth)}.",
        evidence={
            "path": sample.path,
            "content_type": headers.get("content-type", ""),
            "content_encoding": headers.get("content-encoding", ""),
            "body_bytes": sample.body_bytes,
            "gzip_bytes": sample.gzip_bytes,
            "saved_bytes": saved,
            "requests_per_day": round(per_day, 1),
            "bandwidth_bytes_per_s": round(bandwidth),
            "avoidable_s": round(saved / bandwidth, 4),
        },
    )


def _of_page(page: PageProfile, observation: Observation, bandwidth: float) -> Finding | None:
    run = _pages.typical_run(page)
    if run is None:
        return None
    measured: list[tuple[PageResource, int]] = []
    unknown: list[str] = []
    for resource in _pages.static_resources(run):
        after = _gzip_bytes(resource, observation)
        if after is None:
            if _is_plain_text(resource.headers, resource.body_bytes, 0):
                unknown.append(_pages.path_of(resource.url))
        elif _is_plain_text(resource.headers, resource.body_bytes, after):
            measured.append((resource, after))
    if not measured:
        return None
    saved = sum(resource.body_bytes - after for resource, after in measured)
    per_visit = sum((resource.body_bytes - after) * _http.transfers_per_visit(resource) for resource, after in measured)
    visits = cost.visits_per_day(page, run.resources, observation)
    measured.sort(key=lambda each: each[1] - each[0].body_bytes)
    sent = sum(resource.body_bytes for resource, _ in measured)
    return Finding(
        symptom=about.symptom,
        where=Where(kind="page", name=page.page),
        cost_s_per_day=cost.cost_s_per_day(visits, per_visit / bandwidth),
        says=f"The page {page.page} fetches {_words.size(sent)} of text files uncompressed; gzip makes "
        f"{_words.size(sent - saved)} of them, which saves a first visit {_words.seconds(saved / bandwidth)}.",
        evidence={
            "resources": [_line(resource, after) for resource, after in measured[:10]],
            "resources_affected": len(measured),
            "size_after_gzip_unknown": unknown[:10],
            "saved_bytes": saved,
            "saved_bytes_per_visit": round(per_visit),
            "visits_per_day": visits and round(visits, 1),
            "network": page.network,
            "bandwidth_bytes_per_s": round(bandwidth),
            "avoidable_s": round(per_visit / bandwidth, 4),
        },
    )


def _is_plain_text(headers: dict[str, str], before: int, after: int) -> bool:
    return (
        before >= about.minimum["bytes"]
        and _http.is_compressible(headers)
        and not _http.is_compressed(headers)
        and "no-transform" not in _http.directives(headers)
        and before - after >= about.minimum["saved_share"] * before
    )


def _gzip_bytes(resource: PageResource, observation: Observation) -> int | None:
    """
    What gzip makes of a file, from the build's measurement of the file of that name and size; None if there is none.
    """
    path = _pages.path_of(resource.url)
    wanted = "index.html" if resource.kind.lower() == "document" else path.lstrip("/")
    assets = observation.bundle.assets if observation.bundle else []
    matching = [each for each in assets if _is_same(each, wanted) and each.raw_bytes == resource.body_bytes]
    return matching[0].gzip_bytes if matching else None


def _is_same(asset: BundleAsset, path: str) -> bool:
    return path == asset.path or path.endswith("/" + asset.path)


def _line(resource: PageResource, after: int) -> dict[str, Any]:
    return {
        "path": _pages.path_of(resource.url),
        "content_type": resource.headers.get("content-type", ""),
        "body_bytes": resource.body_bytes,
        "gzip_bytes": after,
    }
