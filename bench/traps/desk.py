"""
A small application in a process of its own, as it is or with one change in front of it.

Its state is a SQLite file that all its processes share. It prints its port, and ends when its input is closed.
usage: python -m bench.traps.desk STATE CHANGE [JSON]
"""

import json
import secrets
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PEOPLE = {f"token-of-{name}": name for name in ("ada", "benedikt", "cleopatra")}
NOTES, TEAMS, TAGS = 30_000, 20, 50
#: One page of a list.
PAGE = 40


@dataclass(frozen=True)
class Request:
    """
    What came in; header names in lower case.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def who(self) -> str:
        """
        Who asks, or "" where nobody says.
        """
        return PEOPLE.get(self.headers.get("authorization", "").removeprefix("Bearer "), "")

    @property
    def query(self) -> dict[str, str]:
        """
        The parameters.
        """
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}


@dataclass
class Response:
    """
    What goes out.
    """

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Response]


def create(state: str) -> None:
    """
    The file holds the notes.
    """
    with sqlite3.connect(state) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, team INT, tag INT, owner TEXT, text TEXT)")
        names = list(PEOPLE.values())
        rows = [
            (number, number % TEAMS, number * 7 % TAGS, names[number % len(names)], f"note {number * 7919 % NOTES:05d}")
            for number in range(NOTES)
        ]
        connection.executemany("INSERT INTO note VALUES (?, ?, ?, ?, ?)", rows)
    connection.close()


class Desk:
    """
    The application: what it answers, with the work that makes it slow.
    """

    def __init__(self, state: str) -> None:
        self._state = state
        self._here = threading.local()

    def rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """
        What the database says; each thread has a connection.
        """
        if not hasattr(self._here, "connection"):
            self._here.connection = sqlite3.connect(self._state, isolation_level=None, timeout=30)
        found: list[tuple[object, ...]] = self._here.connection.execute(statement, values).fetchall()
        return found

    def __call__(self, request: Request) -> Response:
        """
        The answer.
        """
        name = urlsplit(request.path).path.split("/")[1]
        handler: Callable[[Request], Response] | None = getattr(self, f"on_{name}", None)
        return handler(request) if handler else as_json({"error": "no such page"}, 404)

    def on_me(self, request: Request) -> Response:
        """
        Who asks, and how many notes are theirs.
        """
        if not request.who:
            return as_json({"error": "sign in"}, 401)
        count, last = self.rows("SELECT count(*), max(text) FROM note WHERE owner = ?", request.who)[0]
        mail = f"{request.who}@desk.example"
        return as_json({"name": request.who, "mail": mail, "notes": count, "last": last}, vary="Authorization")

    def on_notes(self, request: Request) -> Response:
        """
        The notes with a tag, in the order of their numbers; or one note, read or written.
        """
        last = urlsplit(request.path).path.rpartition("/")[2]
        if last.isdigit() and request.method == "PUT":
            self.rows("UPDATE note SET text = ? WHERE id = ?", json.loads(request.body)["text"], int(last))
            return Response(204, b"")
        if last.isdigit():
            found = self.rows("SELECT id, tag, text FROM note WHERE id = ? AND text >= ''", int(last))
        else:
            statement = "SELECT id, tag, text FROM note WHERE tag = ? ORDER BY text DESC, id LIMIT ?"
            found = self.rows(statement, int(request.query.get("tag", "0")), PAGE)
        return as_json({"notes": [{"id": row[0], "tag": row[1], "text": row[2]} for row in found]})

    def on_report(self, request: Request) -> Response:
        """
        A sum over all notes of a team.
        """
        team = int(request.query.get("team", "0"))
        statement = "SELECT count(*), sum(length(text)), max(text), count(DISTINCT text) FROM note WHERE team = ?"
        count, length, last, different = self.rows(statement, team)[0]
        return as_json({"team": team, "count": count, "length": length, "last": last, "different": different})

    def on_live(self, request: Request) -> Response:
        """
        A report with the time at which it was made, and a number for the support desk.
        """
        said = json.loads(self.on_report(request).body)
        said |= {"made_at": time.time(), "took_ms": round(1000 * time.monotonic() % 7, 3)}
        return as_json(said, x_request_id=secrets.token_hex(6))

    def on_hello(self, request: Request) -> Response:
        """
        A greeting in the language of the reader, beside a report.
        """
        is_german = request.headers.get("accept-language", "").startswith("de")
        said = json.loads(self.on_report(request).body)
        return as_json({"text": "Guten Tag" if is_german else "Good day", **said}, vary="Accept-Language")

    def on_visit(self, request: Request) -> Response:
        """
        A page that gives every visitor a session.
        """
        report = self.on_report(request)
        report.headers["Set-Cookie"] = f"sid={secrets.token_hex(8)}; HttpOnly; Path=/; SameSite=Lax"
        return report

    def on_relay(self, request: Request) -> Response:
        """
        Something that fails for one team of five, every time it is asked for.
        """
        report = self.on_report(request)
        if int(request.query.get("team", "0")) % 5 == 4:
            return as_json({"error": "the other side does not answer"}, 500)
        return report

    def on_page(self, request: Request) -> Response:
        """
        A report as a page, with the headers that keep a browser safe.
        """
        said = json.loads(self.on_report(request).body)
        rows = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in said.items())
        page = f"<!doctype html><html lang=en><body><h1>Report</h1><table>{rows}</table></body></html>"
        safe = {"Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'", "X-Frame-Options": "DENY"}
        return Response(200, page.encode(), {"Content-Type": "text/html; charset=utf-8", **safe})


def as_json(value: object, status: int = 200, **headers: str) -> Response:
    """
    An answer in JSON.
    """
    lines = {name.replace("_", "-").title(): text for name, text in headers.items()}
    return Response(status, json.dumps(value).encode(), {"Content-Type": "application/json", **lines})


def serve(handle: Handler) -> ThreadingHTTPServer:
    """
    A server on a free port of this machine; it answers once its `serve_forever` runs.
    """

    class Server(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet

        def log_message(self, format: str, *_: object) -> None:
            """
            Nothing is written.
            """

        def answer(self) -> None:
            """
            One request was answered.
            """
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            response = handle(Request(self.command, self.path, headers, body))
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body)

        do_GET = do_PUT = answer  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.daemon_threads = True
    return server


def main() -> None:
    """
    It serves until nobody holds its standard input any more.
    """
    from bench.traps import changes

    state, change, *more = sys.argv[1:]
    handle = changes.by_name(change)(Desk(state), json.loads(more[0]) if more else None)
    server = serve(handle)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
