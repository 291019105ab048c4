"""
An HTTP server that a Prometheus scrapes: `/metrics` and nothing else, for this machine alone unless told otherwise.
"""

import ipaddress
import socket
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NoReturn
from urllib.parse import urlsplit

from hasten.errors import ConfigError, NotAllowed, Unreachable
from hasten.log import event
from hasten.world.load.plan import is_loopback
from hasten.world.metrics.families import Metrics
from hasten.world.metrics.prometheus import CONTENT_TYPES, text_of, wanted
from hasten.world.ports import LOOPBACK, holder_of

#: Where OpenTelemetry's exporters for Prometheus listen.
PORT = 9464
PATH = "/metrics"
#: A scraper that says nothing for so long is let go.
SILENT_S = 10.0
#: Scrapes at the same moment share one look at the files.
SHARED_S = 0.5


class Endpoint:
    """
    Answers scrapes from its own threads until it is closed.

    Args:
        gather: The metrics at a moment (Unix time).
        host: The address to listen on.
        port: 0 takes any free one.
        allow_remote: Whether others than this machine may ask.

    Raises:
        NotAllowed: the address is not this machine's own, and that was not allowed.
        Unreachable: the port is taken.
    """

    def __init__(
        self, gather: Callable[[float], Metrics], *, host: str = LOOPBACK, port: int = PORT, allow_remote: bool = False
    ) -> None:
        if not allow_remote and not is_loopback(host):
            raise NotAllowed(
                f"{host} can be reached from other machines, and they would read the routes and statements",
                hint="listen on 127.0.0.1, or say --allow-remote if that is what you want",
            )
        if not 0 <= port <= 65_535:
            raise ConfigError(f"{port} is no port", hint="a port is 0 to 65535; 0 takes any free one")
        self._gathering = _Shared(gather)
        # A page in a browser reaches this address under a name of its own (DNS rebinding); it is not answered.
        handler = _handler(self._gathering, any_name=allow_remote)
        try:
            self._server = _Server((host, port), handler)
        except OSError as error:
            raise Unreachable(
                f"nothing can be served on {host}:{port}: {error.strerror} ({holder_of(port)})",
                hint="end that program, or name another port with --port (0 takes any free one)",
            ) from error
        self.url = f"http://{_shown(host)}:{self._server.server_address[1]}{PATH}"

    def serve(self) -> None:
        """
        Scrapes are answered until `close` is called from elsewhere, or Ctrl-C.
        """
        event("metrics endpoint", url=self.url)
        self._server.serve_forever(poll_interval=0.2)

    def wait(self) -> NoReturn:
        """
        (In a block) Never comes back; an exception such as Ctrl-C ends it.
        """
        while True:
            self._thread.join(3_600.0)

    def close(self) -> None:
        """
        Nothing listens any more.
        """
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> "Endpoint":
        self._thread = threading.Thread(target=self.serve, name="hasten-metrics", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._thread.join()


class _Shared:
    """
    One look at the files for all who ask at the same moment, and one at a time.
    """

    def __init__(self, gather: Callable[[float], Metrics]) -> None:
        self._gather = gather
        self._lock = threading.Lock()
        self._until = 0.0
        self._last: Metrics | None = None

    def metrics(self) -> Metrics:
        with self._lock:
            if self._last is None or time.monotonic() >= self._until:
                self._last = self._gather(time.time())
                self._until = time.monotonic() + SHARED_S
            return self._last


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 32

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 – the signature is the library's
        """
        A scraper that went away is no news.
        """
        event("metrics endpoint", broken_off=str(client_address))


def _handler(shared: _Shared, *, any_name: bool) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version, sys_version = "hasten", ""
        timeout = SILENT_S

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def _answer(self, *, with_body: bool) -> None:
            status, kind, body = self._content()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def _content(self) -> tuple[int, str, bytes]:
            plain = "text/plain; charset=utf-8"
            if not any_name and not _is_ours(self.headers.get("Host", "")):
                return HTTPStatus.FORBIDDEN, plain, b"ask for it by an address of this machine\n"
            if self.path.partition("?")[0] != PATH:
                return HTTPStatus.NOT_FOUND, plain, b"the metrics are at /metrics\n"
            form = wanted(self.headers.get("Accept", ""))
            try:
                return HTTPStatus.OK, CONTENT_TYPES[form], text_of(shared.metrics(), form).encode()
            except OSError as error:
                return HTTPStatus.SERVICE_UNAVAILABLE, plain, f"the counts cannot be read: {error}\n".encode()

        def log_message(self, format: str, *args: Any) -> None:
            """
            Scrapes are not printed.
            """

    return Handler


def _is_ours(host: str) -> bool:
    """
    Whether a Host header is an address of this machine: any name but `localhost` may be somebody else's page.
    """
    try:
        name = urlsplit(f"//{host}").hostname or "localhost"
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
