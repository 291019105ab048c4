"""
What is seen of the processes below a program, and foretold of a command.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hasten.world import agent, lineage
from hasten.world.lineage import Program
from hasten.world.unprivileged import User

REPORTS = Path("/nowhere/workers")


@pytest.fixture
def family() -> Iterator[int]:
    """
    A shell, below it a Python that listens and a sleep, and one that has left for a session of its own.
    """
    listen = "import socket; s = socket.create_server(('127.0.0.1', 0)); print('up', flush=True); input()"
    code = f'setsid sleep 60 & {sys.executable} -I -c "{listen}"; true'
    environment = agent.with_agent(os.environ, {"HASTEN_RUN": "of-a-test", "SECRET": "x"})
    with subprocess.Popen(
        ["sh", "-c", code], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        for pid in lineage.of_run("of-a-test"):
            if pid != process.pid:
                os.kill(pid, signal.SIGKILL)
        process.communicate()


def test_the_processes_of_a_run_are_seen(family: int) -> None:
    """
    Those below, and those that left; which is Python and how it was started; no value but those of Hasten.
    """
    until = time.monotonic() + 20
    found: dict[str, Program] = {}
    while time.monotonic() < until and not {"sh", Path(sys.executable).name, "sleep"} <= found.keys():
        seen = lineage.programs(family, "of-a-test", agent.boot_folder(), REPORTS)
        found = {Path(program.words[0]).name: program for program in seen}
    python, sleep = found[Path(sys.executable).name], found["sleep"]

    assert (family, family, None) == (found["sh"].pid, python.parent, sleep.python)
    assert python.python in ("", f"{sys.version_info[0]}.{sys.version_info[1]}")
    assert "-I" in python.words
    assert 1 == len(python.listens)
    assert str(agent.boot_folder()) == (python.path or [])[0]
    assert "of-a-test" == (python.variables or {})["HASTEN_RUN"]
    assert not any("SECRET" in program.variables for program in seen if program.variables)
    assert (True, True, False) == (python.can_read, python.can_report is not None, python.is_static)


def test_a_process_that_is_gone_is_none() -> None:
    """
    It ended between the look at the tree and the look at it.
    """
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()

    assert [] == lineage.programs(process.pid, "nobodys", agent.boot_folder(), REPORTS)


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("/usr/bin/python3.11", "3.11"),
        ("/x/python3", ""),
        ("python", ""),
        ("python3.13t", "3.13"),
        ("pypy3.10", "3.10"),
        ("/bin/bash", None),
        ("pythonista", None),
        ("ipython3", None),
    ],
)
def test_a_python_is_known_by_its_name(name: str, version: str | None) -> None:
    """
    With its version, where the name says one.
    """
    assert version == lineage.python_of(name)


def elf(*kinds: int) -> bytes:
    """
    The head of a 64-bit ELF file with segments of these kinds.
    """
    head = bytearray(64)
    head[:6] = b"\x7fELF\x02\x01"
    head[32:40] = (64).to_bytes(8, "little")
    head[54:56], head[56:58] = (56).to_bytes(2, "little"), len(kinds).to_bytes(2, "little")
    return bytes(head) + b"".join(kind.to_bytes(4, "little") + bytes(52) for kind in kinds)


@pytest.mark.parametrize(
    ("content", "is_static"),
    [(elf(1, 2), True), (elf(6, 3, 1), False), (elf(), False), (b"#!/bin/sh\n", False), (b"", False)],
)
def test_a_static_program_is_known(tmp_path: Path, content: bytes, is_static: bool) -> None:
    """
    By a segment that it does not have.
    """
    (tmp_path / "x").write_bytes(content)

    assert is_static is lineage.is_static(str(tmp_path / "x"))
    assert False is lineage.is_static(str(tmp_path / "missing"))
    assert False is lineage.is_static(sys.executable)


def script(folder: Path, name: str, first: str) -> str:
    """
    A script that begins with this line.
    """
    path = folder / name
    path.write_text(f"{first}\n")
    path.chmod(0o755)
    return str(path)


def test_a_command_is_foretold(tmp_path: Path) -> None:
    """
    Through PATH and the first line of a script, as the kernel would read it.
    """
    boot = agent.boot_folder()
    environment = {"PATH": str(tmp_path), "PYTHONPATH": str(boot), "HASTEN_POLICY": "/p"}
    path = script(tmp_path, "serve", f"#!{sys.executable} -sE")
    script(tmp_path, "plain", "#!/bin/sh")
    script(tmp_path, "through", "#!/usr/bin/env -S python3")
    serve = lineage.foretold(["serve", "x"], environment, boot, tmp_path)
    plain = lineage.foretold(["plain"], environment, boot, tmp_path)
    through = lineage.foretold(["through"], environment, boot, tmp_path)

    assert serve is not None and plain is not None and through is not None
    assert ([sys.executable, "-sE", path, "x"], [str(boot)]) == (serve.words, serve.path)
    assert serve.python is not None
    assert (None, "/bin/sh") == (plain.python, plain.words[0])
    assert ("", "python3") == (through.python, through.words[0])
    assert None is lineage.foretold(["no-such-program"], environment, boot, tmp_path)


def test_a_sitecustomize_in_front_is_seen(tmp_path: Path) -> None:
    """
    Only of folders that come before the agent's.
    """
    boot = agent.boot_folder()
    for name in ("front", "behind", "empty"):
        (tmp_path / name).mkdir()
    for name in ("front", "behind"):
        (tmp_path / name / "sitecustomize.py").touch()
    path = os.pathsep.join(str(each) for each in (tmp_path / "empty", tmp_path / "front", boot, tmp_path / "behind"))
    found = lineage.foretold([sys.executable], {"PYTHONPATH": path, "PATH": ""}, boot, tmp_path)

    assert found is not None
    assert [str(tmp_path / "front")] == found.before_us


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a folder away")
def test_another_users_rights_are_seen(place: Path) -> None:
    """
    Whether a worker that gives up its rights could report.
    """
    user = User("nobody", 65534, 65534)
    closed, given = place / "closed", place / "given"
    closed.mkdir(mode=0o755)
    given.mkdir(mode=0o755)
    os.chown(given, user.uid, user.gid)

    assert (False, True) == (lineage._may_write(closed / "workers", user), lineage._may_write(given, user))


@pytest.fixture
def place() -> Iterator[Path]:
    """
    A folder that everybody may pass through.
    """
    folder = Path(tempfile.mkdtemp(prefix="hasten-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
