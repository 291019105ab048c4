"""
Starts servers and applications, and never leaves one behind.

Each process has its own session, a registry file that exists before the program runs, and the kernel's promise to be
signaled when Hasten dies. Should all of that not have been enough, the next Hasten's `sweep` finds and ends it.
"""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace as dataclass_replace
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from msgspec.structs import replace

from hasten import log
from hasten.errors import Missing, Unreachable
from hasten.model import from_json
from hasten.signals import shielded
from hasten.world import launch, ports, registry
from hasten.world.process_id import ProcessId
from hasten.world.registry import SCRATCH_MARK, Record, Scratch
from hasten.world.spec import Running as Running
from hasten.world.spec import Spec as Spec
from hasten.world.spec import last_lines, orders_for, ready_check, record_of
from hasten.world.unprivileged import give, place_for

LOG_LIMIT_BYTES = 16 * 1024 * 1024
"""A process log that is larger at a start is set aside as `.1` (the one before it is dropped)."""


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
        lines = last_lines(path, begin)
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
        path = self._scratch_path(name)
        record = Scratch(path=str(path), owner=ProcessId.mine())
        with shielded():
            self._scratch.append(path)
            registry.write(self.run_dir / f"{name}.scratch", record)
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
                # Another Hasten may have deleted it, mark and all, before a part of a dead browser made it again.
                made_here = Path(scratch.path) == self._scratch_path(path.stem)
                registry.delete_scratch(Path(scratch.path), after_crash=True, vouched=made_here)
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

    def _scratch_path(self, name: str) -> Path:
        return place_for(self.state_dir / "scratch" / name)

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
        with contextlib.suppress(FileNotFoundError, msgspec.MsgspecError):
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
        record = record_of(spec, path)
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
                child.stdin.write(json.dumps(orders_for(spec, record, self._path(spec.name), exec_signal)).encode())
            # Its end closes when the launcher has become the program; a word before that says that it could not.
            if until_exec.read():
                child.wait()
        return running

    def _wait_ready(self, running: Running, begin: int) -> None:
        spec = running.spec
        is_up = ready_check(spec.ready)

        def settled() -> bool:
            return running.exit_code is not None or is_up()

        in_time = registry.wait_until(settled, spec.ready_timeout_s)
        lines = last_lines(running.log, begin)
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
