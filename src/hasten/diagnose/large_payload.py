"""
An answer of the API is larger than a page can use.

What it means: one request brings 100 kB or more of data, for a list of which a screen shows a few dozen lines.
Why it costs: the server builds it, the network carries it, the browser parses it, for every visitor.
How it is found: the sampled answer of each route, by its size before compression. Cost: the bytes on the wire beyond
    the share that 100 kB would take, ÷ bandwidth of the page profile's network, times requests per day. What building
    and parsing them takes is not in it.
Minimum support: three requests to the route in the window, and 100 kB in a text format (a report or an image that is
    downloaded on purpose is no finding).
What could be wrong: the sample is one answer of the route; others may be smaller. Data that is all needed (a chart's
    points) can only be compressed and cached, not cut.
"""

from hasten.diagnose import _http, _words, cost
from hasten.diagnose.about import About
from hasten.evidence import Observation, ResponseSample
from hasten.model import Finding, Where
from hasten.target import Target

about = About(
    symptom="large_payload",
    title="An answer is larger than a page can use",
    phase=1,
    place='the route, "GET /api/inquiries"',
    reads=("responses",),
    minimum={"requests": 3, "bytes": 100_000},
    treated_by=("quick_wins.compression", "quick_wins.response_cache"),
)


def find(observation: Observation, target: Target) -> list[Finding]:
    """
    One finding per route.
    """
    if not observation.responses:
        return []
    bandwidth = cost.bandwidth_bytes_per_s(observation, target)
    found = [_of_route(sample, observation, bandwidth) for sample in _http.typical_responses(observation)]
    return [finding for finding in found if finding is not None]


def _of_route(sample: ResponseSample, observation: Observation, bandwidth: float) -> Finding | None:
    headers = _http.as_mapping(sample.headers)
    limit = about.minimum["bytes"]
    requests = cost.requests_of(sample.route, observation)
    if sample.body_bytes < limit or requests < about.minimum["requests"]:
        return None
    if not _http.is_compressible(headers) or "attachment" in headers.get("content-disposition", ""):
        return None
    excess = sample.wire_bytes * (1 - limit / sample.body_bytes)
    per_day = cost.requests_per_day(sample.route, observation)
    return Finding(
        symptom=about.symptom,
        where=Where(kind="route", name=sample.route),
        cost_s_per_day=cost.cost_s_per_day(per_day, excess / bandwidth),
        says=f"{sample.route} answers with {_words.size(sample.body_bytes)}; all beyond {_words.size(limit)} takes a "
        f"visitor {_words.seconds(excess / bandwidth)} to receive.",
        evidence={
            "path": sample.path,
            "content_type": headers.get("content-type", ""),
            "content_encoding": headers.get("content-encoding", ""),
            "body_bytes": sample.body_bytes,
            "wire_bytes": sample.wire_bytes,
            "gzip_bytes": sample.gzip_bytes,
            "limit_bytes": int(limit),
            "requests_per_day": round(per_day, 1),
            "bandwidth_bytes_per_s": round(bandwidth),
            "avoidable_s": round(excess / bandwidth, 4),
        },
    )
