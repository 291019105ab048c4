"""
Reading what workers report.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from hasten.world import workers
from hasten.world.policy_file import Policy

POLICY = Policy(version=1, revision=3, rules=[])


def report(folder: Path, pid: int, *, at: float | None = None, **policy: Any) -> Path:
    """
    A report as a worker writes it.
    """
    obeyed = {"revision": 3, "trial": None, "error": None, **policy}
    value = {"version": 1, "pid": pid, "server": "uvicorn", "agent": "0.1.0", "python": "3.11.7"}
    path = folder / f"{pid}.json"
    path.write_text(json.dumps({**value, "at": time.time() if at is None else at, "policy": obeyed}))
    return path


def test_only_the_living_count(tmp_path: Path) -> None:
    """
    Reports of dead processes, and of earlier ones with a pid that is another's now, are removed; odd files are left.
    """
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    dead = report(tmp_path, ended.pid)
    assert [] == workers.alive(tmp_path, removes=False)
    assert dead.exists()
    earlier = report(tmp_path, 1, at=1.0)
    (tmp_path / "odd.json").write_text("{")
    report(tmp_path, os.getpid())

    assert [os.getpid()] == [worker.pid for worker in workers.alive(tmp_path)]
    assert (False, False, True) == (dead.exists(), earlier.exists(), (tmp_path / "odd.json").exists())


def test_nobody_reports_where_there_is_no_folder(tmp_path: Path) -> None:
    """
    A policy that nobody has obeyed yet has no workers.
    """
    assert [] == workers.alive(tmp_path / "workers")


def test_a_policy_has_arrived_when_a_worker_says_so(tmp_path: Path) -> None:
    """
    The revision and the trial must both be the ones of the policy.
    """
    report(tmp_path, os.getpid())
    assert workers.arrived(tmp_path, POLICY, "", "/", patience_s=0.0)
    report(tmp_path, os.getpid(), trial="t")
    assert not workers.arrived(tmp_path, POLICY, "", "/", patience_s=0.0)
    report(tmp_path, os.getpid(), revision=2)
    assert not workers.arrived(tmp_path, POLICY, "", "/", patience_s=0.0)


def test_a_worker_that_refuses_is_a_no(tmp_path: Path) -> None:
    """
    One worker that cannot read the policy is enough, and nobody is waited for.
    """
    folder = tmp_path / "workers"
    folder.mkdir()
    (tmp_path / "policy.json").write_text("{}")
    report(folder, os.getpid())
    report(folder, os.getppid(), error="RefusedPolicy: rules[0] has the unknown key x")
    began = time.monotonic()

    assert [os.getppid()] == [worker.pid for worker in workers.refusing(folder)]
    assert not workers.arrived(folder, POLICY, "", "/", patience_s=60.0)
    assert time.monotonic() - began < 30


def test_what_was_refused_before_does_not_count(tmp_path: Path) -> None:
    """
    A worker that has not looked since the policy was mended is no obstacle.
    """
    folder = tmp_path / "workers"
    folder.mkdir()
    report(folder, os.getpid(), error="RefusedPolicy: the document is not JSON")
    (tmp_path / "policy.json").write_text("{}")
    later = time.time() + 1
    os.utime(tmp_path / "policy.json", (later, later))

    assert [] == workers.refusing(folder)
    report(folder, os.getppid())
    assert workers.arrived(folder, POLICY, "", "/", patience_s=0.0)


def test_an_application_that_does_not_answer_has_not_taken_it(tmp_path: Path) -> None:
    """
    Nobody reports, nobody answers: no, and no error.
    """
    assert not workers.arrived(tmp_path, POLICY, "http://127.0.0.1:9", "/", patience_s=0.0)
