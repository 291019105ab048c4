"""
What the example applications answer with, and what they remember of each case: the same words in every framework.

Nothing of it depends on the time, the process or chance, so two servers of one application can be compared byte by
byte. `/seen/<case>` tells what the application saw of a case: what it received, in which order things were closed.
"""

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WORDS = ["open", "closed", "customer", "inquiry", "message", "priority", "assigned", "waiting"]
TEXT = "".join(f"line {number} of an answer that travels well\n" for number in range(120)).encode()
LINES = "".join(f"<p>{word} {n}</p>" for n in range(40) for word in WORDS)
PAGE = f"<!doctype html><title>Désk</title>{LINES}".encode()
SCRIPT = "".join(f"export const {WORDS[n % 8]}{n} = {n * n};\n" for n in range(400)).encode()
PIECES = [f"{WORDS[n % 8]} {n} ".encode() * (40 * n) for n in range(6)]
EVENTS = [f"id: {n}\ndata: {WORDS[n]}\n\n".encode() for n in range(5)]
#: A picture as far as anybody looks at it: bytes that do not shrink.
PICTURE = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(200))
#: A file that lies beside this one and changes with it only.
FILE = Path(__file__).with_name("picture.txt")
#: name → status, headers and body of an answer that is always the same.
FIXED: dict[str, tuple[int, list[tuple[str, str]], bytes]] = {
    "": (200, [("Content-Type", "text/plain; charset=utf-8")], TEXT),
    "page": (200, [("Content-Type", "text/html; charset=utf-8"), ("Vary", "Cookie")], PAGE),
    "app-3f2a1b9c.js": (
        200,
        [("Content-Type", "text/javascript"), ("Last-Modified", "Mon, 02 Jan 2023 10:00:00 GMT")],
        SCRIPT,
    ),
    "picture": (200, [("Content-Type", "image/png"), ("Cache-Control", "public, max-age=60")], PICTURE),
    "tagged": (200, [("Content-Type", "application/json"), ("ETag", '"v1"')], json.dumps(WORDS * 60).encode()),
    "weak": (200, [("Content-Type", "text/css"), ("ETag", 'W/"v2"'), ("Vary", "*")], SCRIPT),
    "private": (200, [("Content-Type", "application/json"), ("Cache-Control", "private, no-store")], TEXT),
    "cookies": (200, [("Content-Type", "text/html"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2; Path=/")], PAGE),
    "sealed": (200, [("Content-Type", "text/plain"), ("Content-MD5", "Q2hlY2sgSW50ZWdyaXR5IQ==")], TEXT),
    "encoded": (200, [("Content-Type", "text/plain"), ("Content-Encoding", "x-own")], TEXT[::-1]),
    "odd": (
        200,
        [
            ("Content-Type", "text/plain"), ("X-Twice", "first"), ("X-TWICE", "second"), ("X-Empty", ""),
            ("X-Latin", "caf\xe9 \xfc"), ("x-long", "v" * 3000), ("Link", "</a>; rel=next"), ("Link", "</b>; rel=prev"),
        ],
        TEXT,
    ),
    "large": (200, [("Content-Type", "application/json"), ("X-Large", "1")], json.dumps(WORDS * 4000).encode()),
    "small": (200, [("Content-Type", "text/plain")], b"few"),
    "nothing": (200, [("Content-Type", "text/plain")], b""),
    "made": (201, [("Location", "/things/1"), ("Content-Type", "application/json")], b'{"id": 1}'),
    "none": (204, [("X-Why", "gone")], b""),
    "away": (302, [("Location", "/page")], b""),
    "same": (304, [("ETag", '"v3"')], b""),
    "denied": (403, [("Content-Type", "text/html")], PAGE),
    "missing": (404, [("Content-Type", "text/plain")], b"missing"),
    "teapot": (418, [("Content-Type", "text/plain")], b"short and stout"),
    "unavailable": (503, [("Retry-After", "7"), ("Content-Type", "text/plain")], TEXT),
}  # fmt: skip
#: Statuses that few applications have, with reasons where a server lets an application say one.
ODD_STATUSES = {299: "Odd But Fine", 451: "Unavailable For Legal Reasons", 599: "Network Weather"}


class Broken(Exception):
    """
    What an example raises on purpose.
    """


class Notes:
    """
    What was seen of each case, in order.
    """

    def __init__(self) -> None:
        self._seen: dict[str, list[str]] = {}
        self._lock = threading.Lock()

    def add(self, case: str, what: str) -> None:
        """
        One more thing was seen.
        """
        with self._lock:
            self._seen.setdefault(case, []).append(what)

    def of(self, case: str) -> bytes:
        """
        What was seen, as JSON.
        """
        with self._lock:
            return json.dumps(self._seen.get(case, [])).encode()


NOTES = Notes()


class Closing:
    """
    The pieces of a stream that notes how it is gone through and closed.

    Args:
        case: What the notes go to; none are made without one.
        fails_after: So many pieces come before it fails; None where it does not.
    """

    def __init__(self, case: str = "", fails_after: int | None = None) -> None:
        self._case = case
        self._fails_after = fails_after

    def __iter__(self) -> Iterator[bytes]:
        for number, piece in enumerate(PIECES):
            if number == self._fails_after:
                raise Broken("in the middle")
            yield piece
        self._note("through")

    def close(self) -> None:
        """
        Nobody asks for more.
        """
        self._note("closed")

    def _note(self, what: str) -> None:
        if self._case:
            NOTES.add(self._case, what)


def generated(case: str = "", fails_after: int | None = None) -> Iterator[bytes]:
    """
    The same as a generator, which notes when it is finished or thrown away.
    """
    try:
        yield from Closing(case, fails_after)
    finally:
        if case:
            NOTES.add(case, "finally")


def forked() -> bytes:
    """
    A child was forked in the middle of a request, and has ended well.
    """
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return json.dumps({"child": os.waitpid(pid, 0)[1]}).encode()


_together = threading.Condition()
_waiting = 0


def together(number: int) -> bytes:
    """
    So many requests are being answered at once: none is before all are there.
    """
    global _waiting
    with _together:
        _waiting += 1
        _together.notify_all()
        is_so = _together.wait_for(lambda: _waiting >= number, timeout=60)
    return json.dumps({"together": is_so}).encode()


def digest(body: bytes) -> bytes:
    """
    What an upload is answered with: its length and its digest.
    """
    return json.dumps({"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}).encode()


def echoed(method: str, path: str, query: str, headers: list[tuple[str, str]], body: bytes) -> bytes:
    """
    The request as the application saw it, as JSON; headers sorted where several frameworks sort them otherwise.
    """
    told: dict[str, Any] = {"method": method, "path": path, "query": query, "headers": headers, "body": body.hex()}
    return json.dumps(told).encode()
