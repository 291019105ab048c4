"""
The visitors' network on loopback.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from hasten.errors import ConfigError
from hasten.observe.page import NETWORKS
from hasten.world.paced_proxy import LINKS, Link, paced

BODY = bytes(range(256)) * 400  # 102,400 bytes


class Echo(BaseHTTPRequestHandler):
    """
    GET gives the body, POST gives back what it got.
    """

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """
        The body.
        """
        self._answer(BODY)

    def do_POST(self) -> None:
        """
        What came.
        """
        self._answer(self.rfile.read(int(self.headers["content-length"])))

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """
        Nothing is logged.
        """


@pytest.fixture
def server() -> Iterator[str]:
    """
    Its address.
    """
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@contextmanager
def client(url: str, link: Link) -> Iterator[httpx.Client]:
    """
    A client behind such a link.
    """
    with paced(url, link) as slow, httpx.Client(base_url=slow, trust_env=False, verify=False) as found:
        yield found


def test_bytes_take_the_time_that_the_link_gives_them(server: str) -> None:
    """
    An answer is whole and comes no sooner than its bytes can travel, every time.
    """
    link = Link(down_bytes_s=400_000, up_bytes_s=1e6, latency_s=0.0)
    with client(server, link) as behind:
        for _ in range(2):
            began = time.perf_counter()

            assert BODY == behind.get("/").content
            assert time.perf_counter() - began >= len(BODY) / link.down_bytes_s * 0.95


def test_a_request_waits_for_the_latency(server: str) -> None:
    """
    Each request of a kept connection has it, and what is sent up takes its own time.
    """
    link = Link(down_bytes_s=1e8, up_bytes_s=200_000, latency_s=0.1)
    with client(server, link) as behind:
        for _ in range(2):
            began = time.perf_counter()
            behind.get("/")
            assert time.perf_counter() - began >= 0.099
        began = time.perf_counter()

        assert BODY[:40_000] == behind.post("/", content=BODY[:40_000]).content
        assert time.perf_counter() - began >= 0.1 + 40_000 / link.up_bytes_s * 0.95


def test_every_connection_is_a_link_of_its_own(server: str) -> None:
    """
    Eight visitors at once take less than half of the time that they would take one after the other over one link.
    """
    link = Link(down_bytes_s=100_000, up_bytes_s=1e6, latency_s=0.0)
    with paced(server, link) as slow:
        took: list[float] = []

        def visit() -> None:
            began = time.perf_counter()
            assert BODY == httpx.get(slow, trust_env=False, verify=False, timeout=30).content
            took.append(time.perf_counter() - began)

        threads = [threading.Thread(target=visit) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert 8 == len(took)
    assert max(took) < 4 * len(BODY) / link.down_bytes_s


def test_who_does_not_answer_is_a_closed_connection() -> None:
    """
    Behind the proxy of a dead application a client sees an error at once, and does not hang.
    """
    with client("http://127.0.0.1:9", LINKS["fast-4g"]) as behind, pytest.raises(httpx.HTTPError):
        behind.get("/")


def test_at_the_end_nothing_is_left(server: str) -> None:
    """
    A connection that is in use when the block ends is closed, and the thread is gone.
    """
    with paced(server, LINKS["fast-4g"]) as slow:
        host, port = slow.removeprefix("http://").split(":")
        held = socket.create_connection((host, int(port)), timeout=10)
        held.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert held.recv(1)
    with held, suppress(ConnectionResetError):
        # What was on its way may still come, and then the end.
        while held.recv(65536):
            pass

    assert [] == [each for each in threading.enumerate() if each.name == "hasten-paced-proxy"]


def test_only_plain_http_can_be_paced() -> None:
    """
    TLS would have to be opened; that is refused.
    """
    with pytest.raises(ConfigError), paced("https://127.0.0.1:1", LINKS["fast-4g"]):
        pass


def test_the_links_are_those_of_the_browser() -> None:
    """
    A trial over `slow-4g` goes over what the browser calls so.
    """
    for name, link in LINKS.items():
        down, up, latency_s = NETWORKS[name]

        assert (down / 8, up / 8, latency_s) == (link.down_bytes_s, link.up_bytes_s, link.latency_s)


def served_one_by_one(listening: socket.socket, answers: int, ended_at: list[float]) -> None:
    """
    Answers that end with their connection; the next begins when the client of the last one has closed, too.
    """
    for _ in range(answers):
        line, _ = listening.accept()
        with line:
            line.settimeout(20)
            line.recv(4096)
            line.sendall(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + BODY)
            line.shutdown(socket.SHUT_WR)
            while line.recv(4096):
                pass
            ended_at.append(time.monotonic())


def test_a_server_is_free_while_its_answers_travel() -> None:
    """
    One that serves one connection at a time has answered everybody before the first has got all, and all get all.
    """
    ended_at: list[float] = []
    arrived_at: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = threading.Thread(target=served_one_by_one, args=(listening, 4, ended_at))
        serving.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with paced(url, Link(down_bytes_s=100_000, up_bytes_s=1e6, latency_s=0.05)) as slow:

            def ask() -> None:
                assert BODY == httpx.get(slow, trust_env=False, verify=False, timeout=20).content
                arrived_at.append(time.monotonic())

            asking = [threading.Thread(target=ask) for _ in range(4)]
            for each in asking:
                each.start()
            for each in [*asking, serving]:
                each.join()

    assert 4 == len(ended_at) == len(arrived_at)
    assert max(ended_at) < min(arrived_at)


def test_a_server_learns_that_its_client_has_left() -> None:
    """
    Who goes away while an answer travels is gone for the server, too, and not only when the proxy ends.
    """
    has_left = threading.Event()

    def serve(listening: socket.socket) -> None:
        line, _ = listening.accept()
        with line, suppress(ConnectionError):
            line.settimeout(20)
            line.recv(4096)
            line.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 102400\r\n\r\n" + BODY)
            while line.recv(4096):
                pass
        has_left.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = threading.Thread(target=serve, args=(listening,))
        serving.start()
        with paced(f"http://127.0.0.1:{listening.getsockname()[1]}", Link(20_000, 1e6, 0.0)) as slow:
            host, _, port = slow.removeprefix("http://").partition(":")
            with socket.create_connection((host, int(port)), timeout=20) as line:
                line.sendall(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
                assert line.recv(10)
                assert not has_left.is_set()
            assert has_left.wait(20)
        serving.join()
