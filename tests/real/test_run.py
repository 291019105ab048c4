"""
hasten run in front of real servers: the program is as if it had been started directly, and its workers are watched.
"""

import http.client
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import brotli
import psutil
import pytest
from tests.real import served
from tests.real import test_server_matrix as matrix

from hasten.world.policy_file import PolicyFile
from hasten.world.ports import free_port

pytestmark = pytest.mark.real

HASTEN = str(Path(sys.executable).with_name("hasten"))
PATIENCE_S = 60.0


class Started:
    """
    A program under `hasten run`, and what was told of it.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", folder: Path, port: int) -> None:
        self.process, self.folder, self.port = process, folder, port

    def events(self, what: str = "") -> list[dict[str, Any]]:
        """
        What was told so far, or that of one kind.
        """
        with suppress(FileNotFoundError):
            lines = (self.folder / "events.jsonl").read_text().splitlines()
            return [event for line in lines if (event := json.loads(line))["event"].startswith(what)]
        return []

    def told(self, what: str, holds: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """
        The first of that kind for which it holds, once it is there.
        """
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            for event in self.events(what):
                if holds(event):
                    return event
            time.sleep(0.05)
        raise AssertionError(f"no such event: {self.events()}; {(self.folder / 'log').read_text()}")

    def watcher(self) -> psutil.Process:
        """
        The process that watches: it has this one's words, and is not it.
        """
        found = [
            process
            for process in psutil.process_iter(["cmdline"])
            if str(self.folder) in " ".join(process.info["cmdline"] or []) and process.pid != self.process.pid
            if "--events" in process.info["cmdline"]
        ]
        assert 1 == len(found)
        return found[0]


@contextmanager
def started(folder: Path, command: str, *options: str, **environment: str) -> Iterator[Started]:
    """
    A server behind `hasten run`; `{port}` and `{python}` stand for what they say.
    """
    port = free_port()
    (folder / "hasten.toml").write_text('state = "."\n')
    words = [word.format(port=port, python=sys.executable) for word in command.split("|")]
    front = [HASTEN, "run", "--config", str(folder / "hasten.toml"), "--events", str(folder / "events.jsonl")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*front, *options, "--", *words],
            cwd=matrix.HERE,
            env={**os.environ, "SERVED_GATE": str(folder / "gate"), "XDG_CACHE_HOME": str(folder), **environment},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield Started(process, folder, port)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE_S)


GUNICORN = (
    "{python}|-m|gunicorn|--bind|127.0.0.1:{port}|--no-control-socket|--workers|2|--graceful-timeout|1|served:wsgi"
)


def test_workers_are_told_from_their_start_to_their_end(tmp_path: Path) -> None:
    """
    How many report under which server, the revision that they obey, one that is killed and the one in its place, the
    reload by SIGHUP; and the end by SIGTERM with the program's own exit code.
    """
    policy = PolicyFile(tmp_path / "policy")
    with started(tmp_path, GUNICORN) as scene:
        first = scene.told("workers", lambda event: len(event["workers"]) == 2)
        policy.put(matrix.RULE)
        matrix.wait_until(lambda: matrix.is_up(scene.port))
        matrix.obeyed(scene.port, set(first["workers"]), "gzip")
        obeying = scene.told("workers", lambda event: event["revisions"] == {"1": 2})
        policy.stop()
        scene.told("workers", lambda event: event.get("stopped", False))
        policy.go_on()
        os.kill(first["workers"][0], signal.SIGKILL)
        replaced = scene.told("workers", lambda event: event.get("gone") == [first["workers"][0]])
        scene.process.send_signal(signal.SIGHUP)
        reloaded = scene.told(
            "workers", lambda event: len(event["workers"]) == 2 and not {*event["workers"]} & {*replaced["workers"]}
        )
        scene.process.send_signal(signal.SIGTERM)
        code = scene.process.wait(PATIENCE_S)
        ended = scene.told("ended")
        log = (tmp_path / "log").read_text()

    assert {"gunicorn": 2} == first["servers"] == obeying["servers"] == reloaded["servers"]
    assert (0, scene.process.pid) == (code, ended["pid"])
    assert "hasten: 2 workers report under gunicorn" in log
    assert "WARNING" not in log.replace("none is left", "")


def test_whatever_happens_to_hasten_the_application_goes_on(tmp_path: Path) -> None:
    """
    The watcher is killed with SIGKILL, its state folder is gone: requests are answered, and the server can be stopped.
    """
    with started(tmp_path, GUNICORN) as scene:
        scene.told("workers", lambda event: len(event["workers"]) == 2)
        scene.watcher().kill()
        (tmp_path / "policy" / "workers").rename(tmp_path / "elsewhere")
        assert [200] * 20 == [matrix.ask(scene.port).status for _ in range(20)]
        scene.process.send_signal(signal.SIGTERM)

        assert 0 == scene.process.wait(PATIENCE_S)


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("{python}|-I|-m|http.server|{port}|--bind|127.0.0.1", "isolated"),
        ("sh|-c|PYTHONPATH=/x {python} -m http.server {port} --bind 127.0.0.1; true", "path_overwritten"),
        ("{python}|-m|http.server|{port}|--bind|127.0.0.1", "unknown_server"),
    ],
)
def test_silence_is_explained(tmp_path: Path, command: str, kind: str) -> None:
    """
    Loudly, after the patience, with the cause that was found by looking at the processes; the server serves.
    """
    with started(tmp_path, command, "--patience", "0.7") as scene:
        found = scene.told("silent", lambda event: event["causes"][0]["kind"] == kind)
        log = (tmp_path / "log").read_text()

    assert found["waited_s"] >= 0.7
    assert "WARNING: no worker reports" in log


def test_a_program_that_goes_into_the_background_is_left_alone(tmp_path: Path) -> None:
    """
    Its first process ends and nothing waits longer than that; what goes on is told.
    """
    command = GUNICORN.replace("|served:wsgi", f"|--daemon|--pid|{tmp_path}/pid|served:wsgi")
    with started(tmp_path, command) as scene:
        assert 0 == scene.process.wait(PATIENCE_S)
        left = scene.told("background")["processes"]
        matrix.wait_until(lambda: matrix.is_up(scene.port))
        pid = int((tmp_path / "pid").read_text())
        os.kill(pid, signal.SIGTERM)
        matrix.wait_until(lambda: not psutil.pid_exists(pid))

    assert left


def test_codecs_are_had_by_an_environment_that_has_none(tmp_path: Path) -> None:
    """
    What Hasten's own environment has is offered by an application of the same Python in another one, which still
    cannot import it; what cannot be fetched is said, while the application serves.
    """
    foreign = Path(__file__).resolve().parents[2] / "examples" / "slowdesk" / ".venv" / "bin" / "python"
    PolicyFile(tmp_path / "policy").put(matrix.RULE)
    command = "{python}|-m|uvicorn|served:asgi|--port|{port}".replace("{python}", str(foreign))
    has_none = subprocess.run([foreign, "-c", "import brotli"], capture_output=True, check=False).returncode
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": "/dev/null"}
    with started(tmp_path, command, "--fetch", **offline) as scene:
        fetched = scene.told("accelerators")
        matrix.wait_until(lambda: matrix.is_up(scene.port))
        connection = http.client.HTTPConnection("127.0.0.1", scene.port, timeout=PATIENCE_S)
        connection.request("GET", "/", headers={"Accept-Encoding": "br"})
        answer = connection.getresponse()
        coding, body = answer.headers["Content-Encoding"], answer.read()
        connection.close()

    assert (1, "br", served.TEXT) == (has_none, coding, brotli.decompress(body))
    assert (["br"], True) == (fetched["codings"], "zstandard cannot be fetched" in fetched["says"])


def test_a_sitecustomize_of_the_environment_and_a_safe_path_are_no_reason(tmp_path: Path) -> None:
    """
    An environment with a sitecustomize of its own has it run and the agent in it; so has PYTHONSAFEPATH=1.
    """
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", "--system-site-packages", tmp_path / "venv"], check=True
    )
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    packages = Path(pytest.__file__).parents[1]
    (site / "ours.pth").write_text(f"{packages}\n")
    (site / "sitecustomize.py").write_text("import os; os.environ['CUSTOMIZED'] = 'yes'\n")
    command = "{python}|-m|uvicorn|served:asgi|--port|{port}|--app-dir|."
    python = str(tmp_path / "venv" / "bin" / "python")
    with started(tmp_path, command.replace("{python}", python), PYTHONSAFEPATH="1") as scene:
        worker = scene.told("workers")["workers"][0]

    assert worker == scene.process.pid


def test_the_terminal_is_the_programs(tmp_path: Path) -> None:
    """
    On a terminal it is in the foreground, its output arrives as it is, it reads what is typed, and Ctrl-C reaches it.
    """
    code = (
        "import os, signal, sys\n"
        "print(os.tcgetpgrp(0) == os.getpgrp(), os.isatty(0), os.isatty(1), os.getsid(0) == os.getpid(), flush=True)\n"
        "print('read', input(), flush=True)\n"
        # The signal may come while the line before it is still being printed, and printing is not to be entered twice.
        "signal.signal(signal.SIGINT, lambda *_: os.write(1, b'interrupted\\n'))\n"
        "print('waits', flush=True)\n"
        # What a program writes last may be lost with its terminal, so it stays until it was heard.
        "input()\n"
        "os._exit(3)\n"
    )
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execv(HASTEN, [HASTEN, "run", "--quiet", "--", sys.executable, "-I", "-c", code])
    text = _until(terminal, "True True True True")
    os.write(terminal, b"hello\n")
    text += _until(terminal, "waits")
    until = time.monotonic() + PATIENCE_S
    while "interrupted" not in text and time.monotonic() < until:
        # One that comes just before the program waits for its input is only heard after it: then another is.
        os.write(terminal, b"\x03")
        if select.select([terminal], [], [], 0.5)[0]:
            text += os.read(terminal, 4096).decode()
    os.write(terminal, b"\n")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)

    assert 3 == os.waitstatus_to_exitcode(status)
    assert "read hello" in text and "interrupted" in text


def _until(terminal: int, words: str) -> str:
    text, until = "", time.monotonic() + PATIENCE_S
    while words not in text:
        assert time.monotonic() < until, text
        if select.select([terminal], [], [], 0.2)[0]:
            text += os.read(terminal, 4096).decode()
    return text


def test_what_a_pipe_waits_for_ends_with_the_program(tmp_path: Path) -> None:
    """
    Nothing holds the pipes longer than the program: whoever reads both to their end has them at once.
    """
    began = time.monotonic()
    run = subprocess.run(
        [HASTEN, "run", "--", "sh", "-c", "cat; echo err >&2; exit 4"],
        cwd=tmp_path, input=b"in", capture_output=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip

    assert (4, b"in") == (run.returncode, run.stdout)
    assert b"err\n" in run.stderr
    assert time.monotonic() - began < PATIENCE_S
