"""
One answer of each route, without credentials, and what compression would make of it.
"""

import zlib

import brotli

from hasten.evidence import ResponseSample
from hasten.log import REDACTED, redact
from hasten.world.load.connection import Exchange
from hasten.world.load.plan import LoadPlan
from hasten.world.load.result import Outcome

#: Level of nginx's and most frameworks' examples; what a server would spend per answer.
GZIP_LEVEL = 6


class Samples:
    """
    Keeps the first good answer of each route, or the last bad one where no good one came.
    """

    def __init__(self, plan: LoadPlan) -> None:
        self._plan = plan
        self._wanted = {request.name for request in plan.requests}
        self._names = [request.name for request in plan.requests]
        self._kept: dict[str, tuple[Exchange, Outcome, float]] = {}

    def wants(self, request: int) -> bool:
        """
        Whether this request's route has no good answer yet.
        """
        return self._names[request] in self._wanted

    def take(self, exchange: Exchange, outcome: Outcome, at: float) -> None:
        """
        The answer is kept if its route still needs one; it is worked up after the run.
        """
        name = self._names[exchange.request]
        if name not in self._wanted:
            return
        if outcome is Outcome.ANSWERED and exchange.headers is not None and exchange.status < 400:
            self._wanted.discard(name)
        self._kept[name] = (exchange, outcome, at)

    def all(self) -> list[ResponseSample]:
        """
        The samples, by route.
        """
        return [self._sample(name, *kept) for name, kept in sorted(self._kept.items())]

    def _sample(self, name: str, exchange: Exchange, outcome: Outcome, at: float) -> ResponseSample:
        request = self._plan.requests[exchange.request]
        body = b"".join(exchange.body) if exchange.body is not None else None
        plain = decoded(body, exchange.encoding.decode("latin-1")) if body is not None else None
        return ResponseSample(
            route=name,
            method=request.method,
            path=redact(request.path),
            principal=request.principal,
            status=exchange.status,
            headers=redacted_headers(exchange.headers or []),
            body_bytes=len(plain) if plain is not None else max(0, exchange.decoded),
            wire_bytes=exchange.wire,
            gzip_bytes=gzip_size(plain) if plain else None,
            seconds=at - (exchange.sent or exchange.intended),
            error=None if outcome is Outcome.ANSWERED else outcome.name.lower(),
        )


def redacted_headers(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """
    The headers with lower-case names and without the values of credentials.

    Of a cookie its name and attributes stay: whether one is set decides what may be cached.
    """
    found = []
    for name, value in headers:
        name = name.lower()
        if name == "set-cookie":
            cookie, _, attributes = value.partition(";")
            value = f"{cookie.partition('=')[0]}={REDACTED}" + (f";{attributes}" if attributes else "")
        else:
            value = str(redact({name: value})[name])
        found.append((name, value))
    return found


def decoded(body: bytes, encoding: str) -> bytes | None:
    """
    The body before its content encoding, or None where that is not known here.
    """
    try:
        if encoding in ("", "identity"):
            return body
        if encoding in ("gzip", "x-gzip"):
            return zlib.decompress(body, wbits=31)
        if encoding == "deflate":
            return zlib.decompress(body)
        if encoding == "br":
            return bytes(brotli.decompress(body))
    except (zlib.error, brotli.error):
        return None
    return None


def gzip_size(body: bytes) -> int:
    """
    How many bytes gzip would make of it.
    """
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 31)
    return len(packer.compress(body)) + len(packer.flush())
