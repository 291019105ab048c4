"""
The servers of a run, one for each arm: alive at the same time and told the same.
"""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench.differential.applications import Application
from hasten.world import agent
from hasten.world.ports import free_port

STARTS_S = 120.0
BARE, AGAIN = "without the agent", "without it again"
TELEMETRY, UNMATCHED, RULES = "telemetry", "rules that match nothing", "compression and cache headers"
ARMS = [BARE, AGAIN, TELEMETRY, UNMATCHED, RULES]
#: The longest lease there is; a run that takes longer goes on without a candidate.
LEASE_S = 3600.0


class Server(NamedTuple):
    """
    A running server.

    state: The agent's folder; nothing is there where no agent is.
    log: What it says on standard error.
    """

    port: int
    process: "subprocess.Popen[bytes]"
    state: Path
    log: Path

    @property
    def complaints(self) -> list[str]:
        """
        What the agent had to say.
        """
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return [line for line in text.splitlines() if line.startswith("hasten:")]

    @property
    def reports(self) -> list[dict[str, Any]]:
        """
        The reports of its workers.
        """
        return [json.loads(path.read_bytes()) for path in (self.state / "policy" / "workers").glob("*.json")]


@contextmanager
def serving(
    application: Application, arms: Sequence[str], folder: Path, **environment: str
) -> Iterator[dict[str, Server]]:
    """
    A server for each arm; they are gone at the end of the block.
    """
    with ExitStack() as stack:
        found = {arm: stack.enter_context(started(application, arm, folder, **environment)) for arm in arms}
        for server in found.values():
            wait(server)
        yield found


@contextmanager
def started(application: Application, arm: str, folder: Path, **environment: str) -> Iterator[Server]:
    """
    A server that is about to answer.
    """
    state = folder / arm.replace(" ", "-")
    state.mkdir(parents=True, exist_ok=True)
    port, log = free_port(), state / "log"
    command = [application.python, *application.command.replace("{port}", str(port)).split()]
    surroundings = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", **environment}
    if arm not in (BARE, AGAIN):
        write_policy(state, arm)
        command = [*agent.launcher(), *command]
        surroundings |= agent.surroundings(state)
    with log.open("ab") as file:
        process = subprocess.Popen(
            command, cwd=application.place, env=surroundings, stdout=file, stderr=file, start_new_session=True
        )
    try:
        yield Server(port, process, state, log)
    finally:
        # How a server takes its leave is not looked at here, and some take seconds for it.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)


def write_policy(state: Path, arm: str) -> None:
    """
    What the agent of an arm obeys; nothing for the one that only counts.
    """
    if arm == TELEMETRY:
        return
    paths = ["/elsewhere"] if arm == UNMATCHED else ["/{rest:path}"]
    kinds: dict[str, dict[str, Any]] = {
        "compression": {}, "cache_headers": {"server_timing": True, "immutable": ["/{rest:path}"]}
    }  # fmt: skip
    rules = [
        {"id": kind, "kind": kind, "match": {"paths": paths}, "settings": settings} for kind, settings in kinds.items()
    ]
    trial = {
        "id": "t", "key": "k" * 20, "share": 0.5, "split": "identity", "block_s": 5.0, "seed": 1, "lease_s": LEASE_S,
        "expires_at": time.time() + LEASE_S, "rules": rules,
    }  # fmt: skip
    path = state / "policy" / "policy.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"version": 1, "revision": 1, "rules": rules, "trial": trial}))


def wait(server: Server) -> None:
    """
    The server answers.
    """
    until = time.monotonic() + STARTS_S
    while not _answers(server.port):
        if server.process.poll() is not None or time.monotonic() > until:
            raise RuntimeError("a server did not start: " + server.log.read_text()[-3000:])
        time.sleep(0.02)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(b"GET /missing HTTP/1.0\r\n\r\n")
            return line.recv(12).startswith(b"HTTP/1.")
    except OSError:
        return False
