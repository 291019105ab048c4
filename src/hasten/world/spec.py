"""
What a process is to be: its program, its surroundings, how it is stopped, and when it is ready.
"""

import http.client
import json
import os
import secrets
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hasten.model import to_json
from hasten.world import ports
from hasten.world.process_id import ProcessId
from hasten.world.registry import TOKEN_VARIABLE, Record
from hasten.world.unprivileged import plain_environment, unprivileged_user

Ready = Callable[[], bool] | str | int | None


@dataclass(frozen=True)
class Spec:
    """
    One process to start.

    Args:
        name: Unique in the state directory, e.g. "postgres", "web".
        argv: The program and its arguments.
        env: Added to the environment (of Hasten, or a plain one for an unprivileged process).
        cwd: Where it runs.
        log: Where its output goes; `<state>/log/<name>.log` if left out.
        ready: True when it can be used: a callable, the URL that answers below 500, or the port that accepts.
        unprivileged: A native server: it runs as a user without privileges when Hasten runs as root.
        port: The port it will listen on: must be free before.
        data_dir: Its data directory, if it has one.
        grace_s: How long it may take to stop before it is killed.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = Path("/")
    log: Path | None = None
    ready: Ready = None
    ready_timeout_s: float = 30.0
    unprivileged: bool = False
    stop_signal: int = signal.SIGTERM
    grace_s: float = 10.0
    role: str = "application"
    port: int = 0
    data_dir: Path | None = None


@dataclass(frozen=True)
class Running:
    """
    One process that was started.
    """

    spec: Spec
    record: Record
    log: Path
    child: "subprocess.Popen[bytes]" = field(repr=False)

    @property
    def pid(self) -> int:
        """
        Its process id.
        """
        return self.child.pid

    @property
    def exit_code(self) -> int | None:
        """
        How it ended; None while it runs.
        """
        return self.child.poll()


def record_of(spec: Spec, path: Path) -> Record:
    """
    What is put on record of a process before it is there; `path` is its log.
    """
    return Record(
        name=spec.name,
        owner=ProcessId.mine(),
        argv=list(spec.argv),
        token=secrets.token_hex(16),
        role=spec.role,
        stop_signal=spec.stop_signal,
        grace_s=spec.grace_s,
        port=spec.port,
        data_dir=str(spec.data_dir or ""),
        log=str(path),
    )


def orders_for(spec: Spec, record: Record, path: Path, exec_signal: int) -> dict[str, Any]:
    """
    What the launcher is told; see launch.py.
    """
    user = unprivileged_user() if spec.unprivileged else None
    environment = plain_environment() if spec.unprivileged else dict(os.environ)
    return {
        "argv": list(spec.argv),
        "cwd": str(spec.cwd),
        "env": {**environment, **spec.env, TOKEN_VARIABLE: record.token},
        "user": {"uid": user.uid, "gid": user.gid} if user else None,
        "parent": os.getpid(),
        "death_signal": int(spec.stop_signal),
        "exec_signal": exec_signal,
        "path": str(path),
        "record": json.loads(to_json(record)),
    }


def ready_check(ready: Ready) -> Callable[[], bool]:
    """
    What tells whether a process can be used.
    """
    if ready is None:
        return lambda: True
    if callable(ready):
        return ready
    if isinstance(ready, int):
        port = ready
        return lambda: ports.answers(port)
    url = ready
    return lambda: _url_answers(url)


def _url_answers(url: str) -> bool:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or ports.LOOPBACK, parts.port or 80, timeout=2)
    try:
        connection.request("GET", f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def last_lines(path: Path, begin: int, count: int = 12) -> str:
    """
    The last lines of a log since `begin`, each on a line of its own after a bar; "" if there are none.
    """
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(begin, file.tell() - 8192))
        lines = file.read().decode(errors="replace").strip().splitlines()[-count:]
    return "".join(f"\n  | {line}" for line in lines)
