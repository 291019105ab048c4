"""
A plain WSGI callable (PEP 3333) with an answer of each kind: no framework between the server and it.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

import rows
from contents import (
    FILE,
    FIXED,
    NOTES,
    ODD_STATUSES,
    PIECES,
    TEXT,
    Broken,
    Closing,
    digest,
    echoed,
    forked,
    generated,
    together,
)

Environ = dict[str, Any]
Start = Callable[..., Any]

PHRASES = {
    200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 302: "Found", 304: "Not Modified", 403: "Forbidden",
    404: "Not Found", 418: "I'm a teapot", 503: "Service Unavailable", **ODD_STATUSES,
}  # fmt: skip


def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
    """
    Answers one request.
    """
    kind, _, rest = environ["PATH_INFO"].lstrip("/").partition("/")
    return ANSWERS.get(kind, _fixed)(environ, start_response, rest)


def _start(start_response: Start, status: int, headers: list[tuple[str, str]], *more: Any) -> Any:
    return start_response(f"{status} {PHRASES.get(status, 'Unheard Of')}", headers, *more)


def _whole(environ: Environ, start: Start, status: int, headers: list[tuple[str, str]], body: bytes) -> list[bytes]:
    if status not in (204, 304):
        headers = [*headers, ("Content-Length", str(len(body)))]
    _start(start, status, list(headers))
    return [] if environ["REQUEST_METHOD"] == "HEAD" or status in (204, 304) else [body]


def _json(environ: Environ, start: Start, body: bytes) -> list[bytes]:
    return _whole(environ, start, 200, [("Content-Type", "application/json")], body)


def _fixed(environ: Environ, start: Start, rest: str) -> Iterable[bytes]:
    status, headers, body = FIXED.get(environ["PATH_INFO"].lstrip("/"), FIXED["missing"])
    return _whole(environ, start, status, headers, body)


def _items(environ: Environ, start: Start, rest: str) -> Iterable[bytes]:
    items = {"id": rest, "query": environ["QUERY_STRING"], "items": TEXT.decode().split("\n")}
    return _json(environ, start, json.dumps(items).encode())


def _echo(environ: Environ, start: Start, rest: str) -> Iterable[bytes]:
    names = ("CONTENT_TYPE", "CONTENT_LENGTH")
    headers = sorted((key, value) for key, value in environ.items() if key.startswith("HTTP_") or key in names)
    body = environ["wsgi.input"].read()
    method, query = environ["REQUEST_METHOD"], environ["QUERY_STRING"]
    return _json(environ, start, echoed(method, environ["PATH_INFO"], query, headers, body))


def _upload(environ: Environ, start: Start, rest: str) -> Iterable[bytes]:
    """
    The body as each of the ways to read it gives it; `unread` leaves it where it is.
    """
    if rest == "unread":
        return _json(environ, start, b'{"read": false}')
    given = environ["wsgi.input"]
    if rest == "lines":
        body = b"".join(given)
    elif rest == "pieces":
        body = b"".join(iter(lambda: given.read(1000), b""))
    else:
        body = given.readline() + given.read()
    return _json(environ, start, digest(body))


def _stream(environ: Environ, start: Start, rest: str) -> Iterable[bytes]:
    """
    Pieces, by each of the ways in which an application may give them.
    """
    kinds: dict[str, Callable[[], Iterable[bytes]]] = {
        "list": lambda: list(PIECES), "tuple": lambda: tuple(PIECES), "generator": lambda: generated(),
        "object": lambda: Closing(), "map": lambda: map(bytes, PIECES),
    }  # fmt: skip
    if environ["REQUEST_METHOD"] == "HEAD":
        _start(start, 200, [("Content-Type", "text/plain")])
        return iter(())
    if rest == "late":
        return _begun_late(start)
    if rest == "write":
        write = _start(start, 200, [("Content-Type", "text/plain")])
        for piece in PIECES[:3]:
            write(piece)
        return iter(PIECES[3:])
    length = [("Content-Length", str(sum(map(len, PIECES))))] if rest == "map" else []
    _start(start, 200, [("Content-Type", "text/plain"), *length])
    return kinds.get(rest, generated)()


def _begun_late(start: Start) -> Iterable[bytes]:
    _start(start, 200, [("Content-Type", "text/plain")])
    yield b""
    yield from PIECES


def _status(environ: Environ, start: Start, rest: str) -> Iterable[bytes]:
    return _whole(environ, start, int(rest), [("X-Status", PHRASES.get(int(rest), "-"))], b"an odd one")


def _broken(environ: Environ, start: Start, rest: str) -> Iterable[bytes]:
    if rest == "middle":
        _start(start, 200, [("Content-Type", "text/plain")])
        return generated(fails_after=3)
    if rest == "begun":
        _start(start, 200, [("Content-Type", "text/plain"), ("Content-Length", "4000")])
    elif rest == "first":
        _start(start, 200, [("Content-Type", "text/plain")])
        return Closing(fails_after=0)
    elif rest == "replaced":
        _start(start, 200, [("Content-Type", "text/plain"), ("X-First", "1")])
        try:
            raise Broken(rest)
        except Broken:
            _start(start, 503, [("Content-Type", "text/plain"), ("X-Second", "2")], sys.exc_info())
        return [b"another answer"]
    elif rest == "twice":
        _start(start, 200, [("Content-Type", "text/plain")])
        _start(start, 200, [("Content-Type", "text/plain")])
    elif rest == "long":
        _start(start, 200, [("Content-Type", "text/plain"), ("Content-Length", "4")])
        return [b"longer than said"]
    elif rest == "short":
        _start(start, 200, [("Content-Type", "text/plain"), ("Content-Length", "400")])
        return [b"shorter than said"]
    elif rest == "after":
        write = _start(start, 200, [("Content-Type", "text/plain")])
        write(TEXT)
    raise Broken(rest)


def _too_late(start: Start) -> Iterable[bytes]:
    yield PIECES[2]
    try:
        raise Broken("too late")
    except Broken:
        _start(start, 500, [("Content-Type", "text/plain")], sys.exc_info())
    yield PIECES[3]


def _late(environ: Environ, start: Start, rest: str) -> Iterable[bytes]:
    """
    Another answer where the first one is out already: the server raises what went wrong.
    """
    _start(start, 200, [("Content-Type", "text/plain")])
    return _too_late(start)


def _file(environ: Environ, start: Start, rest: str) -> Iterable[bytes]:
    """
    A file that the server sends by itself, where it can; from its beginning or from the middle.
    """
    file = FILE.open("rb")
    skipped = 1000 if rest == "middle" else 0
    file.seek(skipped)
    length = [("Content-Length", str(FILE.stat().st_size - skipped))] if rest != "open" else []
    _start(start, 200, [("Content-Type", "text/plain"), *length])
    wrapper = environ.get("wsgi.file_wrapper")
    if environ["REQUEST_METHOD"] == "HEAD" or wrapper is None or rest == "plain":
        return iter(lambda: file.read(8192), b"") if environ["REQUEST_METHOD"] != "HEAD" else file_closed(file)
    found: Iterable[bytes] = wrapper(file, 4096)
    return found


def file_closed(file: Any) -> list[bytes]:
    """
    Nothing is sent of it.
    """
    file.close()
    return []


def _wait(environ: Environ, start: Start, rest: str) -> Iterable[bytes]:
    """
    A stream whose client goes away: how what it returned is closed.
    """
    _start(start, 200, [("Content-Type", "text/plain")])
    return _endless(rest)


def _endless(case: str) -> Iterable[bytes]:
    try:
        for _ in range(100_000):
            yield PIECES[5]
    except GeneratorExit:
        NOTES.add(case, "thrown away")
        raise
    finally:
        NOTES.add(case, "done")


def _closed(environ: Environ, start: Start, rest: str) -> Iterable[bytes]:
    """
    What is noted of an answer that is gone through: it is closed once, after its last piece.
    """
    _start(start, 200, [("Content-Type", "text/plain")])
    return generated(rest) if rest.endswith("g") else Closing(rest)


def _seen(environ: Environ, start: Start, rest: str) -> Iterable[bytes]:
    return _json(environ, start, NOTES.of(rest))


def _extended(environ: Environ, start: Start, rest: str) -> Iterable[bytes]:
    """
    What a server offers beyond the core: early hints.
    """
    hints = environ.get("wsgi.early_hints")
    if hints is not None:
        hints([("Link", "</app.css>; rel=preload; as=style")])
    return _json(environ, start, json.dumps(sorted(key for key in environ if key.startswith("wsgi."))).encode())


def _visible(environ: Environ, start: Start, rest: str) -> Iterable[bytes]:
    """
    What an application can find out about where it runs.
    """
    # Some servers put the environment of the process in there, which the agent's launcher adds to.
    own = {key: value for key, value in environ.items() if key not in os.environ}
    kinds = sorted((key, type(value).__qualname__) for key, value in own.items())
    told = {"environ": type(environ).__qualname__, "keys": list(own), "kinds": kinds}
    return _json(environ, start, json.dumps(told).encode())


def _fork(environ: Environ, start: Start, rest: str) -> Iterable[bytes]:
    return _json(environ, start, forked())


def _at_once(environ: Environ, start: Start, rest: str) -> Iterable[bytes]:
    return _json(environ, start, together(int(rest)))


def _rows(environ: Environ, start: Start, rest: str) -> Iterable[bytes]:
    """
    What a database says, through the driver that is named.
    """
    return _json(environ, start, json.dumps(rows.asked(rest)).encode())


ANSWERS: dict[str, Callable[[Environ, Start, str], Iterable[bytes]]] = {
    "items": _items, "echo": _echo, "upload": _upload, "stream": _stream, "status": _status, "broken": _broken,
    "late": _late, "file": _file, "wait": _wait, "closed": _closed, "seen": _seen, "extended": _extended,
    "visible": _visible, "rows": _rows, "fork": _fork,
    "together": _at_once,
}  # fmt: skip
