"""
A small application with a login and one slow statement; the tests run it as Hasten runs any application.

    python small_desk.py PORT DATABASE_URL

GET /health · POST /login {"user": …, "secret": …} · GET /messages?inquiry=N (only with the cookie of a login)
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import psycopg

SECRET = "open sesame"
QUERY = "SELECT count(*), max(body) FROM message WHERE inquiry_id = $1"


class Desk(BaseHTTPRequestHandler):
    """
    Answers one request.
    """

    protocol_version = "HTTP/1.1"
    #: An answer goes out in two pieces; the second must not wait until the first is acknowledged (40 ms).
    disable_nagle_algorithm = True
    database = ""

    def do_GET(self) -> None:
        """
        Health, or the messages of one inquiry.
        """
        url = urlsplit(self.path)
        if url.path == "/health":
            self.answer(200, {"ok": True})
        elif "session=known" not in self.headers.get("Cookie", ""):
            self.answer(401, {"error": "log in first"})
        else:
            with psycopg.connect(self.database, cursor_factory=psycopg.RawCursor) as connection:
                row = connection.execute(QUERY, [parse_qs(url.query)["inquiry"][0]]).fetchone()
            self.answer(200, {"messages": row})

    def do_POST(self) -> None:
        """
        A login: the right secret gives a session.
        """
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if given["secret"] == SECRET:
            self.answer(200, {"user": given["user"]}, cookie="session=known; HttpOnly")
        else:
            self.answer(401, {"error": "wrong"})

    def answer(self, status: int, body: object, *, cookie: str = "") -> None:
        """
        JSON goes out.
        """
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """
        Nothing is logged.
        """


if __name__ == "__main__":
    Desk.database = sys.argv[2]
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Desk).serve_forever()
