"""
A small real HTTP application for tests, in a thread of its own.
"""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Reply = tuple[int, dict[str, str] | list[tuple[str, str]], bytes]


class SmallApplication:
    """
    Answers what `routes` says: (method, path without query) → function of the request; everything else is 404.
    """

    def __init__(self) -> None:
        self.routes: dict[tuple[str, str], Callable[[Any], Reply]] = {}
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        application = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 10

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except ConnectionError:
                    self.close_connection = True

            def answer(self) -> None:
                self.body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                application.asked.append((self.command, self.path, headers, self.body))
                route = application.routes.get((self.command, self.path.partition("?")[0]))
                status, more, body = route(self) if route else (404, {}, b"not here")
                self.send_response(status)
                for name, value in more.items() if isinstance(more, dict) else more:
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 -- the standard library's names

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def on(self, method: str, path: str, status: int = 200, body: bytes = b"ok", **headers: str) -> None:
        """
        The route gives a fixed answer.
        """
        fixed = {name.replace("_", "-"): value for name, value in headers.items()}
        self.routes[method, path] = lambda _: (status, fixed, body)

    def close(self) -> None:
        """
        Nothing listens any more.
        """
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def application() -> Iterator[SmallApplication]:
    """
    An application that knows no route yet.
    """
    small = SmallApplication()
    yield small
    small.close()


@pytest.fixture
def silent_url() -> str:
    """
    An address that nothing listens at.
    """
    small = SmallApplication()
    small.close()
    return small.url
