"""
A traced request, and what it leaves, read as the control plane reads it.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hasten_runtime.telemetry.traces import file, sampling, trace


@pytest.fixture
def of() -> Iterator[trace.Trace]:
    """
    The trace of a request that is under way here.
    """
    made = trace.Trace(time.perf_counter_ns(), time.time(), 1)
    token = trace.set_trace(made)
    trace.began(made)
    yield made
    trace.ended(made)
    trace.reset_trace(token)


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Any]]:
    """
    What has been written, once all that is finished is; what is due is traced, and what it cost puts no other off.
    """
    monkeypatch.setattr(sampling, "paid", lambda _: None)
    monkeypatch.setattr(sampling, "_is_drawn", lambda: True)
    monkeypatch.setattr(file, "TOGETHER_S", 0.0)
    file.begin(str(tmp_path / "traces"))

    def read() -> list[Any]:
        until = time.monotonic() + 10
        while file._place.coming.locked() and time.monotonic() < until:
            time.sleep(0.001)
        file.write()
        lines = [path.read_text().splitlines() for path in sorted(tmp_path.glob("traces/*.jsonl"))]
        return [json.loads(line) for each in lines for line in each]

    return read


class _Answers(BaseHTTPRequestHandler):
    """
    Says what it was asked; `/moved` sends elsewhere.
    """

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """
        An answer with a body.
        """
        length = int(self.headers.get("content-length") or 0)
        body = b"asked: " + self.path.encode() + self.rfile.read(length)
        self.send_response(302 if self.path == "/moved" else 404 if self.path == "/none" else 200)
        self.send_header("location", "/orders/7")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """
        Nothing is said.
        """


@pytest.fixture(scope="session")
def service() -> Iterator[str]:
    """
    The address of another service.
    """
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
