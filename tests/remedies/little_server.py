"""
The application that the toy remedies treat: serves its pages, compressed anew each time or from stored twins.

    python little_server.py PORT FOLDER [threads]

GET /health · GET /NAME (a page) · GET /run (its arguments and one variable)
"""

import gzip
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Pages(BaseHTTPRequestHandler):
    """
    Answers one request.
    """

    protocol_version = "HTTP/1.1"
    folder = Path()

    def do_GET(self) -> None:
        """
        Health, how it is run, or a page: the stored twin where the configuration says so.
        """
        name = self.path.strip("/")
        if name == "health":
            self.answer(200, b"ok")
        elif name == "run":
            self.answer(200, json.dumps([sys.argv[3:], os.environ.get("POOL")]).encode())
        elif not (self.folder / "pages" / name).is_file():
            self.answer(404, b"")
        else:
            self.send_page(self.folder / "pages" / name)

    def send_page(self, page: Path) -> None:
        """
        Compressed for whoever takes it so.
        """
        twin = page.with_name(f"{page.name}.gz")
        if "gzip" not in self.headers.get("Accept-Encoding", ""):
            self.answer(200, page.read_bytes())
        elif "twins on" in (self.folder / "server.conf").read_text() and twin.is_file():
            self.answer(200, twin.read_bytes(), encoding="gzip")
        else:
            self.answer(200, gzip.compress(page.read_bytes(), mtime=0), encoding="gzip")

    def answer(self, status: int, content: bytes, *, encoding: str = "") -> None:
        """
        The content goes out.
        """
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if encoding:
            self.send_header("Content-Encoding", encoding)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """
        Nothing is logged.
        """


if __name__ == "__main__":
    Pages.folder = Path(sys.argv[2])
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Pages).serve_forever()
