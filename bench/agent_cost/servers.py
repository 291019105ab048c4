"""
A uvicorn for each arm, all alive at the same time, asked in turns. What each used its own clock says.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hasten.world import agent
from hasten.world.policy_file import Match, PolicyFile, Rule
from hasten.world.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
#: An environment that has FastAPI, uvicorn and psycopg, and nothing of Hasten.
PYTHON = ROOT / "examples" / "slowdesk" / ".venv" / "bin" / "python"
STARTS_S = 60.0
BARE, CONTROL = "without the agent", "without it, once more"
PASSTHROUGH, TELEMETRY, OTEL = "agent, no rule for it", "telemetry", "OpenTelemetry"
#: Of an arm with the agent. Traces have a budget of their own, by time, so next to none are made; that they could be
#: made is part of the price.
SETTINGS = {PASSTHROUGH: {"HASTEN_TELEMETRY": "0"}, TELEMETRY: {"HASTEN_TRACES_SHARE": "1e-9"}}


@dataclass
class Server:
    """
    A running server, and a connection to it that is kept open.
    """

    process: "subprocess.Popen[bytes]"
    connection: socket.socket

    def ask(self, path: str, count: int = 1) -> bytes:
        """
        The answer to the last of so many requests, one after the other.
        """
        request = f"GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n".encode()
        body = b""
        for _ in range(count):
            self.connection.sendall(request)
            body = self._answer()
        return body

    def _answer(self) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._received()
        head, _, body = data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"the application answered {head.splitlines()[0]!r}")
        length = next(int(line[15:]) for line in head.lower().splitlines() if line.startswith(b"content-length:"))
        while len(body) < length:
            body += self._received()
        return body

    def _received(self) -> bytes:
        data = self.connection.recv(65536)
        if not data:
            raise RuntimeError("the server has closed the connection")
        return data

    def cpu_ns(self) -> int:
        """
        The processor time of all its threads, those that have ended too, to the nanosecond.
        """
        return time.clock_gettime_ns(_processor_clock(self.process.pid))

    def anonymous_kb(self) -> int:
        """
        The memory that is its own.
        """
        lines = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:"))


def _processor_clock(pid: int) -> int:
    """
    The clock of another process (`clock_getcpuclockid` of POSIX, by the formula of Linux, for Python has no such call).
    """
    return (~pid << 3) | 2


def command_of(arm: str, folder: Path, otel: str | None) -> tuple[list[str], dict[str, str]]:
    """
    How the server of an arm is started, without its port.
    """
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    words = ["-m", "uvicorn", "bench.agent_cost.app:app", "--log-level", "warning", "--no-access-log"]
    # Other arms have their turns in between.
    words += ["--timeout-keep-alive", "600"]
    if arm == OTEL:
        return [str(otel), "-m", "uvicorn", "bench.agent_cost.with_opentelemetry:app", *words[3:]], environment
    if arm not in SETTINGS:
        return [str(PYTHON), *words], environment
    state_dir = folder / arm
    # A rule that no request meets, so that a policy is looked at for each of them.
    PolicyFile(state_dir / "policy").put(Rule(id="none", kind="compression", match=Match(paths=["/elsewhere"])))
    environment.update(agent.surroundings(state_dir), **SETTINGS[arm])
    return [*agent.launcher(), str(PYTHON), *words], environment


@contextmanager
def serving(arms: list[str], folder: Path, url: str, otel: str | None) -> Iterator[dict[str, Server]]:
    """
    A fresh server for each arm, warm; they are gone at the end of the block.
    """
    with ExitStack() as stack:
        found = {}
        for arm in arms:
            words, environment = command_of(arm, folder, otel)
            found[arm] = stack.enter_context(_started(words, {**environment, "DATABASE_URL": url}))
        yield found


@contextmanager
def _started(words: list[str], environment: dict[str, str]) -> Iterator[Server]:
    port = free_port()
    process = subprocess.Popen([*words, "--port", str(port)], cwd=ROOT, env=environment)
    try:
        connection = _connected(process, port)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield Server(process, connection)
        connection.close()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _connected(process: "subprocess.Popen[bytes]", port: int) -> socket.socket:
    until = time.monotonic() + STARTS_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=30)
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("a server did not start; what it said is above") from None
            time.sleep(0.02)
