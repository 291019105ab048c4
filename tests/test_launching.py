"""
How a program is started with the agent: its environment, and what can be told before it runs.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hasten import launching
from hasten.launching import prepared
from hasten.watching import Event
from hasten.world import agent
from hasten.world.process_id import ProcessId

GIVEN = {"PATH": "/bin", "SHOP": "open"}


def test_the_environment_has_the_agent_and_what_it_is_told(tmp_path: Path) -> None:
    """
    The policy and the stop file of the state folder, the agent's folder, whose run it is; all else is as it was.
    """
    found = prepared(["x"], GIVEN, tmp_path)
    added = found.added(GIVEN)

    assert GIVEN.items() <= found.environment.items()
    assert {"HASTEN_ACCELERATORS", "HASTEN_POLICY", "HASTEN_RUN", "HASTEN_STOP", "PYTHONPATH"} == added.keys()
    assert (str(tmp_path / "policy" / "policy.json"), str(agent.boot_folder())) == (
        added["HASTEN_POLICY"],
        added["PYTHONPATH"],
    )
    assert (tmp_path / "policy" / "workers", []) == (found.reports, found.notes)


def test_a_policy_that_is_named_already_is_obeyed(tmp_path: Path) -> None:
    """
    A program inside of one that Hasten started for a trial obeys the trial's policy, and reports where that says.
    """
    given = {**GIVEN, "HASTEN_POLICY": "/trial/policy/policy.json", "HASTEN_WORKERS": str(tmp_path)}
    found = prepared(["x"], given, None)

    assert found.policy is not None
    assert (Path("/trial/policy/policy.json"), tmp_path) == (found.policy.path, found.reports)
    assert "HASTEN_STOP" not in found.environment


def test_switched_off_the_environment_is_untouched(tmp_path: Path) -> None:
    """
    To the last variable, and it is said.
    """
    given = {**GIVEN, "HASTEN_DISABLE": "1", "PYTHONPATH": "/a::"}
    found = prepared(["x"], given, tmp_path)

    assert (given, None, None) == (found.environment, found.policy, launching.foreseen(found))
    assert "HASTEN_DISABLE" in found.notes[0]


def test_without_the_agents_files_the_program_is_started_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    As it would be without Hasten, and it is said.
    """
    monkeypatch.setattr(agent, "find_spec", lambda _: None)
    found = prepared(["x"], GIVEN, tmp_path)

    assert (GIVEN, None) == (found.environment, found.policy)
    assert "without the agent" in found.notes[0]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ([sys.executable, "-I", "x.py"], "isolated"),
        (["sudo", "gunicorn"], "elsewhere"),
        ([sys.executable, "x.py"], None),
        (["sh", "start.sh"], None),
        (["no-such-program"], None),
    ],
)
def test_what_the_command_tells_is_foreseen(tmp_path: Path, words: list[str], kind: str | None) -> None:
    """
    Only what is certain: a shell script may start anything.
    """
    (tmp_path / "sudo").touch(mode=0o755)
    given = {**GIVEN, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    cause = launching.foreseen(prepared(words, given, tmp_path))

    assert kind == (cause.kind if cause else None)


def test_the_workers_of_a_run_are_its_own(tmp_path: Path) -> None:
    """
    By the name of the run; where that was cleaned away, by being below the program. Others in the folder are nobody's.
    """
    found = prepared(["x"], GIVEN, tmp_path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        report(found.reports, child.pid, "another")
        assert [] == launching.reporting(found)
        assert [child.pid] == [worker.pid for worker in launching.reporting(found, os.getpid())]
        report(found.reports, os.getpid(), found.run)
        assert [os.getpid()] == [worker.pid for worker in launching.reporting(found, os.getpid())]
        child.communicate(b"\n")

    assert 2 == len(list(found.reports.iterdir()))


def report(folder: Path, pid: int, run: str) -> None:
    """
    A report as a worker writes it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    value = {"version": 1, "pid": pid, "server": "x", "agent": "0", "python": "3.11.7", "at": time.time(), "run": run}
    (folder / f"{pid}.json").write_text(json.dumps({**value, "policy": {"revision": 0}}))


def test_a_program_is_watched_to_its_end(tmp_path: Path) -> None:
    """
    Its workers and nobody else's are told; without one the reason is.
    """
    found = prepared([sys.executable, "-I", "-c", "input()"], os.environ, tmp_path)
    told: list[Event] = []
    with subprocess.Popen(found.words, env=found.environment, stdin=subprocess.PIPE) as process:
        program = ProcessId.of(process.pid)
        assert program is not None

        def tell(event: Event) -> None:
            told.append(event)
            if event.event == "silent":
                assert process.stdin is not None
                process.stdin.close()

        launching.watched(found, program, tell, patience_s=0.3)
    started, silent, ended = told

    assert ["started", "silent", "ended"] == [event.event for event in told]
    assert (found.words, "isolated") == (started.command, silent.causes[0].kind)
    assert [] == ended.processes
