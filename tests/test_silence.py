"""
Why no worker reports, told from what was seen of the processes.
"""

from pathlib import Path
from typing import Any

import pytest

from hasten import silence
from hasten.world.lineage import Program

BOOT = Path("/hasten/boot")
OURS = {"HASTEN_POLICY": "/p/policy.json", "HASTEN_RUN": "1-1"}


def program(*words: str, pid: int = 7, **seen: Any) -> Program:
    """
    A Python 3.11 with the agent's way in, but for what is given.
    """
    given = {"python": "3.11", "variables": OURS, "path": [str(BOOT), "/app"], **seen}
    return Program(pid=pid, parent=1, words=list(words or ("python3", "app.py")), **given)


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        (program(variables={**OURS, "HASTEN_DISABLE": "1"}), "disabled"),
        (program("python3", "-I", "app.py"), "isolated"),
        (program("python3", "-sE", "-m", "app"), "isolated"),
        (program("/usr/bin/python3", "-X", "dev", "-S", "app.py"), "isolated"),
        (program(python="3.8"), "too_old"),
        (program(path=["/app"]), "path_overwritten"),
        (program(path=[], variables={}), "scrubbed"),
        (program(before_us=["/otel"]), "shadowed"),
        (program(variables={"HASTEN_RUN": "1-1"}), "scrubbed"),
        (program(can_read=False), "unreadable_agent"),
        (program(can_report=False), "cannot_report"),
    ],
)
def test_what_keeps_the_agent_out_is_named(seen: Program, kind: str) -> None:
    """
    Each reason by its own name, with the process and a way to mend it.
    """
    (cause,) = silence.causes([seen], BOOT)

    assert (kind, 7, True) == (cause.kind, cause.pid, cause.is_certain)
    assert "process 7 (" in cause.says
    assert cause.hint


@pytest.mark.parametrize(
    "seen",
    [
        program(),
        program("python3", "-P", "-u", "app.py"),
        program("python3", "-W", "-I", "app.py"),
        program("python3", "-WI", "app.py"),
        program("python3", "-c", "1", "-I"),
        program("python3", "app.py", "-E"),
        program("python3", "--check-hash-based-pycs", "always", "app.py"),
        program("python3", "-"),
        program(python=""),
        program(variables=None, path=None),
        program("uwsgi", "-I", is_embedded=True),
    ],
)
def test_what_is_no_reason_is_not_named(seen: Program) -> None:
    """
    Options of the script, a safe path, values of other options, an environment that may not be read.
    """
    assert None is silence.kept_out_of(seen, BOOT)


def test_a_server_that_is_not_known_is_said_to_be_likely() -> None:
    """
    Where the agent has its way in and something listens, and where nothing does.
    """
    (unknown,) = silence.causes([program(listens=["127.0.0.1:80"])], BOOT)
    (none,) = silence.causes([program()], BOOT)

    assert ("unknown_server", False) == (unknown.kind, unknown.is_certain)
    assert "listens on 127.0.0.1:80" in unknown.says
    assert ("no_server", False) == (none.kind, none.is_certain)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["python3", "-m", "granian", "shop:app"], "--interface asgi or wsgi"),
        (["python3", "/venv/bin/uwsgi", "--wsgi-file", "app.py"], "--module"),
        (["python3", "/venv/bin/gunicorn", "-k", "tornado"], "tornado is not"),
        (["python3", "serve.py"], "known are uvicorn"),
    ],
)
def test_a_server_that_is_run_in_a_way_that_is_not_known_is_told_how(words: list[str], says: str) -> None:
    """
    The hint is about that server, where it is one of the known ones.
    """
    (cause,) = silence.causes([program(*words, listens=["127.0.0.1:80"])], BOOT)

    assert says in cause.hint


def test_what_serves_is_looked_at_first() -> None:
    """
    A small isolated script beside a server is not why the server is silent; an isolated server is, whatever is beside.
    """
    server, script = program(pid=9, listens=["0.0.0.0:80"]), program("python3", "-I", "x.py", pid=8)
    isolated = program("python3", "-I", "s.py", pid=9, listens=["0.0.0.0:80"])

    assert ["unknown_server", "isolated"] == [cause.kind for cause in silence.causes([script, server], BOOT)]
    assert [("isolated", 9)] == [(cause.kind, cause.pid) for cause in silence.causes([program(), isolated], BOOT)]


def test_workers_that_have_one_reason_have_it_once() -> None:
    """
    Eight of them are not eight lines.
    """
    seen = [program("python3", "-E", "x.py", pid=pid) for pid in range(2, 10)]

    assert [("isolated", 2)] == [(cause.kind, cause.pid) for cause in silence.causes(seen, BOOT)]


@pytest.mark.parametrize(
    ("words", "is_static", "kind", "says"),
    [
        (["/bin/sleep", "9"], False, "not_python", "no Python"),
        (["./server"], True, "not_python", "static"),
        (["docker", "compose", "up"], False, "elsewhere", "docker compose up"),
        (["sudo", "gunicorn"], False, "elsewhere", "sudo gunicorn"),
        ([], False, "not_python", "cannot be read"),
    ],
)
def test_what_is_no_python_is_said(words: list[str], is_static: bool, kind: str, says: str) -> None:
    """
    And so is what starts programs elsewhere.
    """
    seen = Program(pid=7, parent=1, words=words, is_static=is_static)
    (cause,) = silence.causes([seen], BOOT)

    assert (kind, True) == (cause.kind, says in cause.says)


def test_nothing_is_left_to_look_at() -> None:
    """
    Then that is the cause.
    """
    assert ["ended"] == [cause.kind for cause in silence.causes([], BOOT)]


def test_a_long_command_line_is_cut() -> None:
    """
    A cause is a line, and one that is not started yet has no pid.
    """
    assert silence.named(program("x" * 300)).endswith("…)")
    assert "the program (python3 app.py)" == silence.named(program(pid=0))
