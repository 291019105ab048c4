"""
Starts servers and applications, and never leaves one behind.

Each process has its own session, a registry file that exists before the program runs, and the kernel's promise to be
signaled when Hasten dies. Should all of that not have been enough, the next Hasten's `sweep` finds and ends it.
"""

import contextlib
import http.client
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from dataclasses import replace as dataclass_replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from msgspec.structs import replace

from hasten import log
from hasten.errors import Missing, Unreachable
from hasten.model import from_json, to_json
from hasten.world import launch, ports, registry
from hasten.world.process_id import ProcessId
from hasten.world.registry import SCRATCH_MARK, TOKEN_VARIABLE, Record, Scratch
from hasten.world.unprivileged import give, place_for, plain_environment, unprivileged_user

LOG_LIMIT_BYTES = 16 * 1024 * 1024
"""A process log that is larger at a start is set aside as `.1` (the one before it is dropped)."""

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


class Supervisor:
    """
    Everything that this Hasten runs. Leaving its block stops all of it, the last started first.

    Args:
        state_dir: `.hasten`; the registry is in `run/` below it.
    """

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir.resolve()
        self.run_dir = self.state_dir / "run"
        self._running: dict[str, Running] = {}
        self._scratch: list[Path] = []
        # The kernel's death signal follows the thread that started a process, so one thread starts them all.
        self._launcher = ThreadPoolExecutor(1, thread_name_prefix="hasten-launcher")

    def __enter__(self) -> Self:
        self.sweep()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_all()
        self._launcher.shutdown()

    @property
    def running(self) -> dict[str, Running]:
        """
        What was started and not stopped yet, by name, in the order of the start.
        """
        return dict(self._running)

    def start(self, spec: Spec) -> Running:
        """
        The process runs and is ready.

        Raises:
            Missing: the program is not there.
            Unreachable: its port is taken, it died at the start, or it was not ready in time; with its last lines.
        """
        self._check(spec)
        path = self._log_path(spec)
        with (
            log.operation("start process", process=spec.name, argv=list(spec.argv)) as result,
            path.open("ab") as output,
        ):
            begin = output.tell()
            try:
                running = self._launcher.submit(self._launch, spec, path, output.fileno()).result()
                self._wait_ready(running, begin)
            except BaseException:
                self._launched()
                self.stop(spec.name)
                raise
            result["pid"] = running.pid
        return running

    def finish(self, spec: Spec) -> str:
        """
        The program ran to its end, within `ready_timeout_s`; what it said.

        Raises:
            Missing: the program is not there.
            Unreachable: it failed or took too long; with its last lines.
        """
        path = self._log_path(spec)
        begin = path.stat().st_size if path.exists() else 0
        running = self.start(dataclass_replace(spec, ready=None))
        try:
            in_time = registry.wait_until(lambda: running.exit_code is not None, spec.ready_timeout_s)
        finally:
            self.stop(spec.name)
        lines = _last_lines(path, begin)
        if not in_time:
            raise Unreachable(
                f"{spec.name} was not done after {spec.ready_timeout_s:g} s{lines}", hint=f"look into {path}"
            )
        if running.exit_code:
            raise Unreachable(
                f"{spec.name} failed with code {running.exit_code}{lines}",
                hint=f"mend what its last lines say; the whole log is {path}",
                exit_code=running.exit_code,
            )
        return lines

    def stop(self, name: str) -> None:
        """
        The process and all its children have ended; nothing happens if it does not run.
        """
        running = self._running.get(name)
        if running is None:
            return
        with log.operation("stop process", process=name, pid=running.pid):
            registry.end(running.record, running.child.poll)
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.child.wait(1)
            self._path(name).unlink(missing_ok=True)
            self._running.pop(name, None)

    def stop_all(self) -> None:
        """
        Everything that was started has ended, and scratch folders are gone.
        """
        self._launched()
        for name in reversed(list(self._running)):
            self.stop(name)
        for path in list(self._scratch):
            self.discard(path)

    def scratch(self, name: str) -> Path:
        """
        A new folder for data that lives no longer than this Hasten, on record before it exists.

        Put the data into a folder inside of it: the folder itself holds Hasten's mark.
        """
        self.run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{name}-{secrets.token_hex(4)}"
        path = place_for(self.state_dir / "scratch" / name)
        record = Scratch(path=str(path), owner=ProcessId.mine())
        registry.write(self.run_dir / f"{name}.scratch", record)
        self._scratch.append(path)
        path.mkdir(parents=True)
        registry.write(path / SCRATCH_MARK, record)
        give(path, 0o700)
        return path

    def discard(self, path: Path) -> None:
        """
        The scratch folder is gone.
        """
        registry.delete_scratch(path)
        for file, found in registry.read_scratch(self.run_dir):
            if found.path == str(path):
                file.unlink(missing_ok=True)
        if path in self._scratch:
            self._scratch.remove(path)

    def sweep(self) -> list[str]:
        """
        Whatever a Hasten that died has left has ended and is deleted; the names of it.

        What belongs to a Hasten that lives, and anything that is not provably on record, is left alone.
        """
        swept = []
        for path, record in registry.read_records(self.run_dir):
            if not record.owner.is_alive() and registry.end(record):
                path.unlink(missing_ok=True)
                swept.append(record.name)
        for path, scratch in registry.read_scratch(self.run_dir):
            if not scratch.owner.is_alive():
                registry.delete_scratch(Path(scratch.path))
                path.unlink(missing_ok=True)
                swept.append(scratch.path)
        swept += registry.sweep_shared()
        for path in self.run_dir.glob("*.tmp"):
            pid = path.suffixes[-2].lstrip(".") if len(path.suffixes) > 1 else ""
            if pid.isdigit() and ProcessId.of(int(pid)) is None:
                path.unlink(missing_ok=True)
        if swept:
            log.event("swept", names=swept)
        return swept

    def _launched(self) -> None:
        # A launch that Ctrl-C interrupted goes on in its thread; afterwards its process is known.
        self._launcher.submit(lambda: None).result()

    def _path(self, name: str) -> Path:
        return self.run_dir / f"{name}.json"

    def _check(self, spec: Spec) -> None:
        if not spec.name.replace("-", "").replace("_", "").replace(".", "").isalnum() or spec.name.startswith("."):
            raise ValueError(f"a process cannot be named {spec.name!r}")
        program = spec.argv[0]
        if shutil.which(program, path=spec.env.get("PATH")) is None and not (spec.cwd / program).is_file():
            raise Missing(
                f"{spec.name}: there is no program {program}",
                hint="check the command in hasten.toml, or install the program",
            )
        self.run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileNotFoundError):
            found = from_json(self._path(spec.name).read_bytes(), Record)
            if not found.owner.is_alive():
                self.sweep()
            elif found.is_alive():
                raise Unreachable(
                    f"{spec.name} is already run by the Hasten with pid {found.owner.pid}",
                    hint="wait for it to end, or end it",
                )
        if spec.port:
            ports.need_free(spec.port, spec.name)

    def _log_path(self, spec: Spec) -> Path:
        path = spec.log or self.state_dir / "log" / f"{spec.name}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
            path.replace(path.with_name(f"{path.name}.1"))
        return path

    def _launch(self, spec: Spec, path: Path, output: int) -> Running:
        record = _record(spec, path)
        execed, exec_signal = os.pipe()
        with open(execed, "rb") as until_exec:  # noqa: PTH123 - a descriptor, not a path
            child = subprocess.Popen(
                [sys.executable, "-I", "-S", launch.__file__],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd="/",
                start_new_session=True,
                pass_fds=[exec_signal],
            )
            os.close(exec_signal)
            process = ProcessId.of(child.pid) or ProcessId(pid=child.pid, started=0)
            running = self._running[spec.name] = Running(spec, replace(record, process=process), path, child)
            assert child.stdin is not None
            with contextlib.suppress(BrokenPipeError), child.stdin:
                child.stdin.write(json.dumps(_orders(spec, record, self._path(spec.name), exec_signal)).encode())
            # Its end closes when the launcher has become the program, or has ended.
            until_exec.read()
        return running

    def _wait_ready(self, running: Running, begin: int) -> None:
        spec = running.spec
        is_up = _ready_check(spec.ready)

        def settled() -> bool:
            return running.exit_code is not None or is_up()

        in_time = registry.wait_until(settled, spec.ready_timeout_s)
        lines = _last_lines(running.log, begin)
        if running.exit_code is not None and (spec.ready is not None or running.exit_code == launch.CANNOT_RUN):
            raise Unreachable(
                f"{spec.name} ended at its start with code {running.exit_code}{lines}",
                hint=f"mend what its last lines say; the whole log is {running.log}",
                exit_code=running.exit_code,
            )
        if not in_time:
            raise Unreachable(
                f"{spec.name} was not ready after {spec.ready_timeout_s:g} s{lines}",
                hint=f"look into {running.log}; if it only needs longer, raise ready_timeout_s",
            )


def _record(spec: Spec, path: Path) -> Record:
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


def _orders(spec: Spec, record: Record, path: Path, exec_signal: int) -> dict[str, Any]:
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


def _ready_check(ready: Ready) -> Callable[[], bool]:
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


def _last_lines(path: Path, begin: int, count: int = 12) -> str:
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(begin, file.tell() - 8192))
        lines = file.read().decode(errors="replace").strip().splitlines()[-count:]
    return "".join(f"\n  | {line}" for line in lines)
