"""
What is put in front of the application: right ones, and wrong ones that are just as fast.

Each takes the application and gives a handler. The caches are real: the second request is answered from memory.
"""

import gzip
import hashlib
import pickle
import sqlite3
import threading
import zlib
from collections.abc import Callable
from typing import Any

from bench.traps.desk import PAGE, Desk, Handler, Request, Response, as_json
from bench.traps.store import Store, url_only, whole_key

Make = Callable[[Desk, Any], Handler]


def as_it_is(desk: Desk, _: Any) -> Handler:
    """
    No change.
    """
    return desk


def cached(desk: Desk, _: Any) -> Handler:
    """
    Right: a cache with the whole key that hears of every write. It stores neither cookies nor errors.
    """
    store = Store()
    plain = ("/visit", "/live", "/relay")
    return lambda request: desk(request) if request.path.startswith(plain) else store(desk, request)


def compressed(desk: Desk, _: Any) -> Handler:
    """
    Right: stored answers in gzip for whoever reads it, and Vary says so.
    """
    return _in_gzip(desk, "Accept-Encoding")


def missing_vary(desk: Desk, _: Any) -> Handler:
    """
    Wrong: the same without Vary.
    """
    return _in_gzip(desk, "")


def _in_gzip(desk: Desk, vary: str) -> Handler:
    store = Store()

    def make(request: Request) -> Response:
        response = desk(request)
        if "gzip" not in request.headers.get("accept-encoding", "") or response.status != 200:
            return response
        headers = {**response.headers, "Content-Encoding": "gzip"}
        if vary:
            headers["Vary"] = ", ".join(filter(None, [response.headers.get("Vary"), vary]))
        return Response(200, gzip.compress(response.body, 6), headers)

    return lambda request: store(make, request)


def keyed_by_url(desk: Desk, _: Any) -> Handler:
    """
    Wrong: who asks is not part of the key.
    """
    store = Store(url_only)
    return lambda request: store(desk, request)


def keyed_without_language(desk: Desk, _: Any) -> Handler:
    """
    Wrong: the language is not part of the key.
    """
    store = Store(lambda request: (request.path, request.who, request.headers.get("accept-encoding")))
    return lambda request: store(desk, request)


def joined_by_url(desk: Desk, _: Any) -> Handler:
    """
    Wrong: equal URLs that are on the way share one answer, whoever asks.
    """
    # Beside it a right cache, or nothing would look faster.
    store, flights, lock = Store(), dict[str, _Flight](), threading.Lock()

    def handle(request: Request) -> Response:
        if request.method != "GET":
            return store(desk, request)
        with lock:
            is_first = request.path not in flights
            flight = flights.setdefault(request.path, _Flight())
        if not is_first:
            flight.has_landed.wait(30)
            return flight.response
        flight.response = store(desk, request)
        with lock:
            del flights[request.path]
        flight.has_landed.set()
        return flight.response

    return handle


class _Flight:
    """
    A request that is on the way.
    """

    def __init__(self) -> None:
        self.has_landed = threading.Event()
        self.response = Response(503, b"")


def never_told(desk: Desk, _: Any) -> Handler:
    """
    Wrong: no write empties the cache.
    """
    store = Store(is_told_of_writes=False)
    return lambda request: store(desk, request)


def unordered(desk: Desk, _: Any) -> Handler:
    """
    Wrong: the rows of the page come as an index has them.
    """
    return _listing(desk, "ORDER BY id", PAGE)


def truncated(desk: Desk, _: Any) -> Handler:
    """
    Wrong: fewer rows are less work.
    """
    return _listing(desk, "ORDER BY text DESC, id", PAGE - 10)


def _listing(desk: Desk, order: str, count: int) -> Handler:
    store = Store()

    def make(request: Request) -> Response:
        if not request.path.startswith("/notes?"):
            return desk(request)
        inner = "SELECT id, tag, text FROM note WHERE tag = ? ORDER BY text DESC, id LIMIT ?"
        rows = desk.rows(f"SELECT * FROM ({inner}) {order}", int(request.query["tag"]), count)
        return as_json({"notes": [{"id": row[0], "tag": row[1], "text": row[2]} for row in rows]})

    return lambda request: store(make, request)


def errors_as_last_known(desk: Desk, _: Any) -> Handler:
    """
    Wrong: where it fails, whatever was stored last is given as if it were the answer.
    """
    store, last = Store(), [as_json({})]

    def make(request: Request) -> Response:
        response = desk(request)
        if response.status >= 500:
            return last[0]
        last[0] = response
        return response

    return lambda request: store(make, request)


def cookies_too(desk: Desk, _: Any) -> Handler:
    """
    Wrong: the stored answer holds the session that was given to its first reader.
    """
    store = Store(lambda request: (request.path, request.who))
    return lambda request: store(desk, request)


def everything(desk: Desk, _: Any) -> Handler:
    """
    Wrong: clocks and numbers are stored too, so that they stand still.
    """
    store = Store()
    return lambda request: store(desk, request)


def without_headers(desk: Desk, _: Any) -> Handler:
    """
    Wrong: of the stored answer only status, type and body are kept.
    """
    store = Store()

    def make(request: Request) -> Response:
        response = desk(request)
        return Response(response.status, response.body, {"Content-Type": response.headers["Content-Type"]})

    return lambda request: store(make, request)


def costly(desk: Desk, _: Any) -> Handler:
    """
    Wrong: every request is a hit, and finding it takes longer than making the answer.
    """
    path = sqlite3.connect(":memory:", check_same_thread=False)
    path.execute("CREATE TABLE stored (key TEXT, value BLOB)")
    lock = threading.Lock()

    def handle(request: Request) -> Response:
        key = repr(whole_key(request))
        for _ in range(1200):
            key = hashlib.sha512(key.encode() * 20).hexdigest()
        with lock:
            found = path.execute("SELECT value FROM stored WHERE key = ?", (key,)).fetchone()
            if found:
                response: Response = pickle.loads(zlib.decompress(found[0]))
                return response
            response = desk(request)
            path.execute("INSERT INTO stored VALUES (?, ?)", (key, zlib.compress(pickle.dumps(response), 9)))
        return response

    return handle


def shedding(desk: Desk, _: Any) -> Handler:
    """
    Wrong: what takes long is refused, and refusals are quick.
    """

    def handle(request: Request) -> Response:
        if int(request.query.get("team", "0")) % 3 == 0:
            return as_json({"error": "too busy"}, 503)
        return desk(request)

    return handle


def fitted(desk: Desk, known: Any) -> Handler:
    """
    Wrong: fast with the parameters that were recorded, and with no others.
    """
    ready = {path: desk(Request("GET", path, {})) for path in known}
    return lambda request: ready.get(request.path) or desk(request)


def remembered_report(desk: Desk, _: Any) -> Handler:
    """
    Right: the sums are kept until a write, and clocks and numbers are made anew for every answer.
    """
    store = Store(lambda request: request.path)

    def handle(request: Request) -> Response:
        if not request.path.startswith("/live"):
            return store(desk, request) if request.method != "GET" else desk(request)
        return Desk.on_live(_Quick(store(desk.on_report, request)), request)  # type: ignore[arg-type]

    return handle


class _Quick:
    """
    A desk whose report is known already.
    """

    def __init__(self, report: Response) -> None:
        self._report = report

    def on_report(self, _: Request) -> Response:
        """
        The report that was made before.
        """
        return self._report


def by_name(name: str) -> Make:
    """
    The change of that name.
    """
    found: Make = globals()[name]
    return found
