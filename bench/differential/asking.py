"""
The requests of a run: many kinds, drawn from a seed, as the bytes that go over the wire.

Nothing between here and the server normalizes them: repeated and odd headers, chunks, pipelining, clients that go away.
"""

import random
from collections.abc import Iterator
from typing import NamedTuple

from bench.differential.applications import Application

HOST = ("Host", "example.test")
#: Drawn one by one for each request, each with this chance.
HEADER_CHANCE = 0.12
HEADERS: list[tuple[str, str]] = [
    ("Accept-Encoding", "gzip"), ("Accept-Encoding", "gzip, deflate, br"), ("Accept-Encoding", "br;q=0.5, gzip;q=0.1"),
    ("Accept-Encoding", "identity, gzip;q=0"), ("Cookie", "session=1; name=desk"), ("Authorization", "Bearer x"),
    ("Range", "bytes=10-99"), ("Range", "bytes=-500"), ("Range", "bytes=999999-"), ("Range", "lines=1-2"),
    ("If-None-Match", '"v1"'), ("If-None-Match", 'W/"v2", "v7"'), ("If-None-Match", "*"), ("If-Match", '"v1"'),
    ("If-Modified-Since", "Mon, 02 Jan 2040 10:00:00 GMT"), ("If-Range", '"v1"'), ("Cache-Control", "no-transform"),
    ("Accept", "text/html, */*;q=0.1"), ("Accept-Language", "de, en;q=0.5"), ("Content-Type", "application/json"),
    ("Content-Type", "application/x-www-form-urlencoded"), ("TE", "trailers"), ("Origin", "http://elsewhere.test"),
    ("X-Twice", "first"), ("X-Twice", "second"), ("X-Empty", ""), ("X-Latin", "\xe9t\xe9 \xfc"), ("X_Under", "score"),
    ("x-long", "v" * 3000), ("X-Forwarded-For", "10.1.2.3"), ("User-Agent", "differ/1"), ("Prefer", "respond-async"),
    ("X-Blank", "  in between  "), ("Sec-Fetch-Mode", "navigate"), ("Upgrade-Insecure-Requests", "1"),
]  # fmt: skip
METHODS = ["GET"] * 12 + ["HEAD"] * 4 + ["POST"] * 4 + ["PUT", "DELETE", "PATCH", "OPTIONS", "BREW", "PROPFIND"]
QUERIES = ["", "", "", "?q=list", "?a=1&a=2", "?q=%C3%BC%20+x", "?%00=%FF", "?", "?q=" + "long" * 200, "?q=<b>'\""]
#: Paths that no application knows, in forms that a server must bring over unchanged.
STRANGE = [
    "/j%C3%BCrgen", "//double//slash", "/a/../b", "/%2e%2e/etc", "/semi;colon=1", "/sp%20ace", "/%FF%FE", "/~t'!()*",
]  # fmt: skip
SIZES = [0, 1, 20, 700, 9_000, 70_000]
LARGE = 1_500_000
#: Answers of another length than they say: whatever followed on their connection would be taken for a part of them.
#: And one that does not fit into a connection, which a server that closes before the next request is read cuts.
ALONE = ("/broken/", "/late/", "/large")
#: What no server takes for a request.
MALFORMED = [
    b"GET / HTTP/9.9\r\n\r\n", b"GARBAGE\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
]  # fmt: skip


class Request(NamedTuple):
    """
    One request.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    pieces: int = 0
    version: str = "HTTP/1.1"

    @property
    def head(self) -> bytes:
        """
        The request line and the headers.
        """
        lines = [f"{self.method} {self.target} {self.version}", *(f"{name}: {value}" for name, value in self.headers)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    @property
    def framed(self) -> bytes:
        """
        The body as it is sent: in so many chunks, or as it is.
        """
        if not self.pieces:
            return self.body
        size = max(1, len(self.body) // self.pieces)
        chunks = [self.body[at : at + size] for at in range(0, len(self.body), size)]
        return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


class Exchange(NamedTuple):
    """
    What happens on one connection.

    way: `once`, `alive` (one after the other), `pipelined` (all at once), `expects` (100-continue), `leaves` (goes away
        in the middle of the answer), `half` (goes away in the middle of its own body), `raw` (no request), `talks` (a
        websocket).
    frames: What is said after the requests; on a websocket one by one, each when the one before it was answered.
    case: The name of what the application notes meanwhile; its notes are part of what is compared.
    ends: Where in its text the server may cut the answer, by chance; none where it has no choice.
    """

    way: str
    requests: tuple[Request, ...]
    case: str = ""
    frames: tuple[bytes, ...] = ()
    ends: tuple[int, ...] = ()

    @property
    def methods(self) -> list[str]:
        """
        What a reader of the answers has to know.
        """
        return [request.method for request in self.requests]


def exchanges(application: Application, count: int, seed: int) -> Iterator[Exchange]:
    """
    So many requests for an application, or a few more: the same for the same seed.
    """
    source = random.Random(f"{application.name} {seed}")
    made = number = 0
    while made < count:
        number += 1
        found = _exchange(application, source, f"c{number}")
        made += max(1, len(found.requests))
        yield found


def _exchange(application: Application, source: random.Random, case: str) -> Exchange:
    chance = source.random()
    if chance < 0.03 and application.noted:
        return _noted(application, source, case)
    if chance < 0.05 and application.waits:
        target = source.choice(application.waits).replace("{case}", case)
        return Exchange("leaves", (Request("GET", target, (HOST,)),), case)
    if chance < 0.07 and application.sockets:
        target = source.choice(application.sockets)
        is_noted = "{case}" in target
        request = Request("GET", target.replace("{case}", case), upgrade())
        return Exchange("talks", (request,), case if is_noted else "", said(source))
    if chance < 0.08:
        return Exchange("raw", (), frames=(source.choice(MALFORMED),))
    if chance < 0.09 and application.uploads:
        request = _request(application, source)._replace(
            method="POST", target=source.choice(application.uploads), body=b"x" * 400, pieces=0, version="HTTP/1.1"
        )
        return Exchange("half", (_finished(request, True),))
    if chance < 0.11 and application.uploads:
        expecting = Request("POST", application.uploads[0], (("Expect", "100-continue"),), b"y" * 5000)
        return Exchange("expects", (_finished(expecting, True),))
    way, number = "once", 1
    if chance < 0.30:
        way, number = "alive", source.randint(2, 6)
    elif chance < 0.38:
        way, number = "pipelined", source.randint(2, 4)
    requests = [_request(application, source) for _ in range(number)]
    alone = [request for request in requests if request.target.startswith(ALONE)]
    if alone:
        way, number, requests = "once", 1, alone[:1]
    if number > 1:
        # The last of the earlier protocol would close the connection before its time.
        requests = [request._replace(version="HTTP/1.1") for request in requests]
    finished = tuple(_finished(each, at == number) for at, each in enumerate(requests, start=1))
    return Exchange(way, finished, ends=_ends(application, finished[0]) if way == "once" else ())


def _ends(application: Application, request: Request) -> tuple[int, ...]:
    """
    Where the server may cut the answer: HEAD is answered with a head, whatever becomes of the body.
    """
    path = request.target.partition("?")[0]
    return application.cuts.get(path, ()) if request.method != "HEAD" else ()


def _noted(application: Application, source: random.Random, case: str) -> Exchange:
    target = source.choice(application.noted).replace("{case}", case)
    return Exchange("once", (_finished(Request("GET", target, tuple(_headers(source))), True),), case)


def _request(application: Application, source: random.Random) -> Request:
    method = source.choice(METHODS)
    path = source.choice(application.paths) if source.random() < 0.95 else source.choice(STRANGE)
    body, pieces = b"", 0
    if method in ("POST", "PUT", "PATCH") or source.random() < 0.03:
        size = source.choice(SIZES) if source.random() < 0.98 else LARGE
        body = source.randbytes(size)
        pieces = source.randint(1, 5) if source.random() < 0.3 else 0
    # What a server still sends after an unread body, and does not fit into the connection, is cut where chance has it.
    if path == "/large" or (application.leaves_bodies and not path.startswith(("/upload/whole", "/echo"))):
        body, pieces = b"", 0
    version = "HTTP/1.0" if source.random() < 0.05 and not pieces else "HTTP/1.1"
    return Request(method, path + source.choice(QUERIES), tuple(_headers(source)), body, pieces, version)


def _headers(source: random.Random) -> list[tuple[str, str]]:
    found = [header for header in HEADERS if source.random() < HEADER_CHANCE]
    if source.random() < 0.3:
        found.append(("Accept-Encoding", "gzip"))
    source.shuffle(found)
    return found


def _finished(request: Request, is_last: bool) -> Request:
    """
    The request with the headers that its connection and its body ask for.
    """
    more = [HOST]
    if request.pieces:
        more.append(("Transfer-Encoding", "chunked"))
    elif request.body or request.method in ("POST", "PUT", "PATCH"):
        more.append(("Content-Length", str(len(request.body))))
    if is_last and request.version == "HTTP/1.1":
        more.append(("Connection", "close"))
    return request._replace(headers=(*more, *request.headers))


def upgrade() -> tuple[tuple[str, str], ...]:
    """
    The headers that ask for a websocket.
    """
    key = ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
    return (HOST, ("Connection", "Upgrade"), ("Upgrade", "websocket"), key, ("Sec-WebSocket-Version", "13"))


def said(source: random.Random) -> tuple[bytes, ...]:
    """
    The frames of a client that says a few things and leaves in one way or the other.
    """
    texts = [source.choice(["hello", "w\xc3\xb6rds", "x" * 300, "y" * 70_000]) for _ in range(3)]
    frames = [_frame(1, text.encode("latin-1")) for text in texts]
    last = source.choice([_frame(1, b"bye"), _frame(8, b"\x03\xe8"), _frame(8, b"\x0f\xa0left"), _frame(1, b"break")])
    return (*frames, last)


def _frame(code: int, text: bytes) -> bytes:
    size, mask = len(text), b"\x01\x02\x03\x04"
    if size < 126:
        told = bytes([128 | size])
    elif size < 65_536:
        told = b"\xfe" + size.to_bytes(2, "big")
    else:
        told = b"\xff" + size.to_bytes(8, "big")
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(text))
    return bytes([128 | code]) + told + mask + masked
