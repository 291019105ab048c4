"""
One HTTP/1.1 connection: a raw asyncio protocol with httptools' parser, and nothing per request that is not measured.
"""

import asyncio
import zlib
from time import monotonic
from typing import Any, Protocol

import brotli
import httptools

from hasten.world.load.result import Outcome

#: Methods that may be sent a second time without doing their work twice (RFC 9110 §9.2.2).
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
#: Bodies above this are not kept for a sample.
SAMPLE_LIMIT_BYTES = 16 * 1024 * 1024


class Exchange:
    """
    One request and what is known of its answer so far. Moments are of the monotonic clock.
    """

    __slots__ = (
        "body", "connection", "decoded", "encoding", "first", "headers", "hit", "index", "intended", "request",
        "retried", "sent", "status", "wire",
    )  # fmt: skip

    def __init__(self, index: int, request: int, intended: float) -> None:
        self.index = index
        self.request = request
        self.intended = intended
        self.sent = self.first = 0.0
        self.connection: Connection | None = None
        self.retried = False
        self.keep_nothing()

    def keep_nothing(self) -> None:
        """
        What came so far is forgotten.
        """
        self.status = self.wire = self.decoded = 0
        self.hit = False
        self.encoding = b""
        self.headers: list[tuple[str, str]] | None = None
        self.body: list[bytes] | None = None


class Owner(Protocol):
    """
    Who gives the connection its requests.
    """

    def finished(self, exchange: Exchange, connection: "Connection", at: float, *, reusable: bool) -> None:
        """
        The whole answer is there since `at`.
        """

    def failed(self, exchange: Exchange, outcome: Outcome, *, stale: bool) -> None:
        """
        There will be no answer; `stale`: a kept connection was closed before a byte of it came.
        """


class Connection(asyncio.Protocol):
    """
    Carries one request at a time and tells its owner how it ended.
    """

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._parser: Any = None
        self._exchange: Exchange | None = None
        self._at = 0.0
        self._is_head = self._has_length = self._headers_done = False
        self._decoder: Any = None
        self._tail = b""
        self.served = 0
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """
        Ready for its first request.
        """
        self._transport = transport  # type: ignore[assignment]
        self._parser = httptools.HttpResponseParser(self)

    def send(self, exchange: Exchange, data: bytes, *, is_head: bool) -> None:
        """
        The request is written; the owner hears of its end.
        """
        assert self._transport is not None
        self._exchange = exchange
        self._is_head = is_head
        exchange.connection = self
        exchange.sent = monotonic()
        self._transport.write(data)

    def abort(self) -> None:
        """
        The connection is gone at once and the owner hears nothing more of it.
        """
        self._exchange = None
        self.closed = True
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """
        Bytes came; the moment is taken before anything is done with them.
        """
        self._at = monotonic()
        exchange = self._exchange
        if exchange is None:
            self.abort()  # nobody asked
            return
        if not exchange.first:
            exchange.first = self._at
        exchange.wire += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._end_with(Outcome.PROTOCOL)

    def on_message_begin(self) -> None:
        """
        (httptools) A status line begins.
        """
        self._has_length = self._headers_done = False
        self._decoder, self._tail = None, b""

    def on_header(self, name: bytes, value: bytes) -> None:
        """
        (httptools) One header; only those that count are looked at.
        """
        exchange = self._exchange
        if exchange is None:
            return
        name = name.lower()
        if name in _LOOKED_AT:
            if name == b"content-encoding":
                exchange.encoding = value.strip().lower()
            elif name in (b"content-length", b"transfer-encoding"):
                self._has_length = True
            else:
                exchange.hit = exchange.hit or says_hit(name, value)
        if exchange.headers is not None:
            exchange.headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """
        (httptools) The body follows, if there is one.
        """
        exchange = self._exchange
        if exchange is None:
            return
        exchange.status = self._parser.get_status_code()
        if exchange.status < 200:
            # 100 and 103 announce the answer, they are not it.
            if exchange.headers:
                exchange.headers.clear()
            return
        self._headers_done = True
        if exchange.encoding == b"br":
            self._decoder = brotli.Decompressor()
        elif exchange.encoding == b"deflate":
            self._decoder = zlib.decompressobj()
        if self._is_head:
            # The parser would wait for the body that the headers describe, so it is not used again.
            self._complete(reusable=False)

    def on_body(self, chunk: bytes) -> None:
        """
        (httptools) A piece of the body: its size counts, and its bytes only for a sample.
        """
        exchange = self._exchange
        if exchange is None:
            return
        if not exchange.encoding or exchange.encoding == b"identity":
            exchange.decoded += len(chunk)
        elif exchange.encoding in (b"gzip", b"x-gzip"):
            self._tail = (self._tail + chunk)[-4:]
        else:
            self._decode(exchange, chunk)
        if exchange.body is not None:
            exchange.body.append(chunk)
            if exchange.wire > SAMPLE_LIMIT_BYTES:
                exchange.body = None

    def _decode(self, exchange: Exchange, chunk: bytes) -> None:
        if self._decoder is None or exchange.decoded < 0:
            exchange.decoded = -1
            return
        try:
            decode = self._decoder.process if exchange.encoding == b"br" else self._decoder.decompress
            exchange.decoded += len(decode(chunk))
        except (brotli.error, zlib.error):
            exchange.decoded = -1

    def on_message_complete(self) -> None:
        """
        (httptools) The answer is whole.
        """
        if self._exchange is not None and self._exchange.status >= 200:
            self._complete(reusable=self._parser.should_keep_alive())

    def _complete(self, *, reusable: bool) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is None:
            return
        if exchange.encoding in (b"gzip", b"x-gzip"):
            # The last four bytes of a gzip stream are the length of what went in (RFC 1952 §2.3.1).
            exchange.decoded = int.from_bytes(self._tail, "little") if len(self._tail) == 4 else 0
        self.served += 1
        if not reusable:
            self.closed = True
            if self._transport is not None:
                self._transport.close()
        self._owner.finished(exchange, self, self._at, reusable=reusable)

    def eof_received(self) -> None:
        """
        The server will send no more: a body without a length ends here.
        """
        if self._exchange is not None and self._headers_done and not self._has_length:
            self._at = monotonic()
            self._complete(reusable=False)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- asyncio's signature
        """
        The connection is gone; a request that was on it has failed.
        """
        self._end_with(Outcome.RESET)
        # Collection of cycles is off while load runs, so this one is taken apart by hand.
        self._parser = self._transport = self._decoder = None

    def _end_with(self, outcome: Outcome) -> None:
        exchange, self._exchange = self._exchange, None
        self.closed = True
        if self._transport is not None:
            self._transport.abort()
        if exchange is not None:
            stale = outcome is Outcome.RESET and self.served > 0 and not exchange.first
            self._owner.failed(exchange, outcome, stale=stale)


_LOOKED_AT = frozenset(
    {b"content-encoding", b"content-length", b"transfer-encoding", b"cache-status", b"age", b"x-cache"}
)


def says_hit(name: bytes, value: bytes) -> bool:
    """
    Whether a header says that a cache answered: Cache-Status with `hit`, Age above 0, X-Cache with HIT.
    """
    if name == b"age":
        return value.strip().isdigit() and int(value) > 0
    if name == b"x-cache":
        return b"hit" in value.lower() and b"miss" not in value.lower()
    # RFC 9211: a list of caches, the one nearest to the origin first, each with parameters.
    return any(b"hit" in [part.strip() for part in cache.split(b";")[1:]] for cache in value.lower().split(b","))
