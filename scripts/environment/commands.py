"""
Runs pip, npm and the build: output to a log, bounded in time, ended when set-up is ended.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from scripts.environment.surroundings import variables

# What the tail of a log says, and what to do about it; the first that matches is shown.
HINTS: list[tuple[tuple[str, ...], str]] = [
    (("No space left on device", "ENOSPC"), "the disk is full: make room and run it again"),
    (
        ("DO NOT MATCH THE HASHES", "EINTEGRITY"),
        "a downloaded file is not the one that was locked: do not go on before you know which mirror changed it",
    ),
    (
        (
            "NewConnectionError",
            "Temporary failure in name resolution",
            "ConnectTimeout",
            "ReadTimeout",
            "ProxyError",
            "SSLError",
            "EAI_AGAIN",
            "ENOTFOUND",
            "ETIMEDOUT",
            "ECONNREFUSED",
            "ECONNRESET",
            "ENETUNREACH",
        ),
        "the package registry cannot be reached: check the network, the proxy, and pip's and npm's settings",
    ),
    (
        ("No matching distribution found", "EBADPLATFORM"),
        "there is no ready-made package for this Python or processor: Python 3.11 to 3.14 on x86-64 or ARM64 have them",
    ),
    (
        ("EACCES", "Permission denied", "EPERM"),
        "a file belongs to another user: run `make clean` as its owner, then again",
    ),
]


Command = Sequence[str | Path]


class CommandFailed(Exception):
    """
    A command ended with an error; the tail of its log and a hint say why.
    """

    def __init__(self, what: str, log: Path, tail: str) -> None:
        super().__init__(what)
        self.log = log
        self.tail = tail
        self.hint = next((hint for words, hint in HINTS if any(word in tail for word in words)), "the log says more")


class Commands:
    """
    Starts the commands of all steps and can end them all.

    Args:
        root: Where they run.
        logs: The folder for one log per step.
        kept_open: A file descriptor the commands inherit; the lock lives as long as any of them.
    """

    def __init__(self, root: Path, logs: Path, kept_open: int) -> None:
        self.root = root
        self.logs = logs
        self.environment = variables(root)
        self._kept_open = kept_open
        self._guard = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._ended = False

    def run(
        self, step: str, command: Command, *, folder: Path | None = None, limit_s: float = 900, tries: int = 1
    ) -> None:
        """
        Run one command to its end.

        Args:
            step: Whose log it is written to.
            command: The program and its arguments.
            folder: Where it runs, the checkout otherwise.
            limit_s: When it is ended for taking too long.
            tries: How often; a download deserves two.

        Raises:
            CommandFailed: It failed, took longer than `limit_s`, or set-up is being ended.
        """
        for left in range(tries - 1, -1, -1):
            try:
                self._run_once(step, command, folder or self.root, limit_s)
                break
            except CommandFailed:
                if not left or self._ended:
                    raise

    def _run_once(self, step: str, command: Command, folder: Path, limit_s: float) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{step}.log"
        with log.open("ab") as output:
            output.write(f"$ {' '.join(map(str, command))}\n".encode())
            output.flush()
            start = output.tell()
            process = self._start(command, folder, output)
            try:
                code: int | None = process.wait(timeout=limit_s)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                self._end(process)
        if code != 0:
            what = f"took longer than {limit_s:g} s" if code is None else f"ended with {code}"
            raise CommandFailed(f"{Path(command[0]).name} {what}", log, _tail(log, start))

    def end_all(self, *, patience_s: float = 5) -> None:
        """
        End every running command with all it started; none can be started any more.
        """
        with self._guard:
            self._ended = True
            running = list(self._running)
        for process in running:
            _signal_group(process, signal.SIGTERM)
        until = time.monotonic() + patience_s
        for process in running:
            try:
                process.wait(timeout=max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal_group(process, signal.SIGKILL)

    def _start(self, command: Command, folder: Path, output: IO[bytes]) -> subprocess.Popen[bytes]:
        with self._guard:
            if self._ended:
                raise CommandFailed("set-up is being ended", self.logs, "")
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(self._kept_open,),
            )
            self._running.add(process)
            return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with self._guard:
            self._running.discard(process)
        if process.poll() is None:
            _signal_group(process, signal.SIGKILL)
            process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _tail(log: Path, start: int, lines: int = 15) -> str:
    with log.open("rb") as text:
        text.seek(start)
        return "\n".join(text.read().decode(errors="replace").splitlines()[-lines:])
