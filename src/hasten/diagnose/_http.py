"""
What response headers say about compression and caching. Header names are in lower case.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from hasten.diagnose.cost import REPEAT_SHARE
from hasten.evidence import Observation, PageResource, ResponseSample

#: A validator or a lifetime this long and a browser need not fetch a file again for weeks.
LONG_LIFE_S = 30 * 86_400

_COMPRESSIBLE = re.compile(
    r"text/|application/(json|javascript|x-javascript|ecmascript|xml|wasm|manifest\+json|ld\+json|graphql)"
    r"|application/[\w.-]+\+(json|xml)|image/(svg\+xml|bmp|x-icon|vnd\.microsoft\.icon)|font/(ttf|otf)",
    re.IGNORECASE,
)
#: The last part of a built file's name, as bundlers write it: index-BwT3xk2a.js, main.3f2a1b9c.css.
_HASHED = re.compile(r"[-._]([A-Za-z0-9_-]{8,64})\.[a-z0-9]{1,5}$")

Headers = Mapping[str, str]


def as_mapping(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """
    Headers by name; several of one name are joined, as HTTP allows.
    """
    found: dict[str, str] = {}
    for name, value in headers:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def is_compressible(headers: Headers) -> bool:
    """
    The content type is one that text compression shrinks.
    """
    return bool(_COMPRESSIBLE.match(headers.get("content-type", "").strip()))


def is_compressed(headers: Headers) -> bool:
    """
    The answer came with a content encoding.
    """
    return headers.get("content-encoding", "identity").strip().lower() not in ("", "identity")


def directives(headers: Headers) -> dict[str, str]:
    """
    Cache-Control taken apart: {"max-age": "60", "no-store": ""}.
    """
    parts = (part.strip().partition("=") for part in headers.get("cache-control", "").lower().split(","))
    return {name: value.strip('"') for name, _, value in parts if name}


def lifetime_s(headers: Headers) -> float:
    """
    For how long a browser may use it without asking; 0 where it must ask, or nothing is said.
    """
    said = directives(headers)
    if "no-store" in said or "no-cache" in said:
        return 0.0
    if said.get("max-age", "").isdigit():
        return float(said["max-age"])
    return 1.0 if "expires" in headers and headers["expires"].strip() not in ("", "0", "-1") else 0.0


def has_validator(headers: Headers) -> bool:
    """
    A browser that has it can ask whether it changed, and be told so in a few bytes.
    """
    return "etag" in headers or "last-modified" in headers


def is_hashed(url: str) -> bool:
    """
    The file's name holds a digest of its content, so that it never changes under this name.
    """
    found = _HASHED.search(urlsplit(url).path)
    if not found:
        return False
    token = found.group(1)
    return any(letter.isdigit() for letter in token) or (token != token.lower() and token != token.upper())


def is_sent_again(headers: Headers) -> bool:
    """
    A browser that has it must fetch all of it again on the next visit.
    """
    if "no-store" in directives(headers):
        return True
    return not has_validator(headers) and lifetime_s(headers) <= 0


def transfers_per_visit(resource: PageResource) -> float:
    """
    How often the bytes travel per visit, given that some visitors have them already.
    """
    return 1.0 if is_sent_again(resource.headers) else 1.0 - REPEAT_SHARE


def typical_responses(observation: Observation) -> list[ResponseSample]:
    """
    One good answer of each route: the one in the middle by its size, the smaller where there are two.
    """
    by_route: dict[str, list[ResponseSample]] = {}
    for sample in observation.responses:
        if 200 <= sample.status < 400 and sample.error is None:
            by_route.setdefault(sample.route, []).append(sample)
    for samples in by_route.values():
        samples.sort(key=lambda sample: (sample.body_bytes, sample.path, sample.principal))
    return [samples[(len(samples) - 1) // 2] for _, samples in sorted(by_route.items())]
