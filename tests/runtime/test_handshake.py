"""
A worker's report.
"""

import json
import os
from pathlib import Path

import pytest

from hasten.world import accelerators, workers
from hasten_runtime.handshake import Handshake


def test_a_worker_reports_where_it_is_asked_to(tmp_path: Path) -> None:
    """
    The control plane reads what the worker wrote, and the latest report replaces the one before.
    """
    for revision in (1, 2):
        Handshake(str(tmp_path / "workers"), "uvicorn").tell({"revision": revision, "trial": None, "error": None})
    (found,) = workers.alive(tmp_path / "workers")

    assert (os.getpid(), "uvicorn", 2, None) == (found.pid, found.server, found.policy.revision, found.policy.error)
    assert [f"{os.getpid()}.json"] == [path.name for path in (tmp_path / "workers").iterdir()]


def test_a_report_that_cannot_be_written_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    The worker goes on without reporting.
    """
    (tmp_path / "workers").write_text("a file where a folder should be")
    for _ in range(2):
        Handshake(str(tmp_path / "workers"), "uvicorn").tell({})

    assert 1 == capsys.readouterr().err.count("this worker cannot report")


def test_a_report_is_one_json_object(tmp_path: Path) -> None:
    """
    Other programs can read it, too.
    """
    Handshake(str(tmp_path), "uvicorn").tell({"revision": 1})

    assert {"version", "pid", "server", "agent", "python", "abi", "run", "at", "policy"} == set(
        json.loads((tmp_path / f"{os.getpid()}.json").read_text())
    )


def test_a_report_says_whose_run_it_is_and_for_what_modules_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    `hasten run` knows its own workers by it, and which compiled codecs would fit.
    """
    monkeypatch.setenv("HASTEN_RUN", "17-4")
    Handshake(str(tmp_path), "uvicorn").tell({"revision": 1, "trial": None, "error": None})
    (found,) = workers.alive(tmp_path)

    assert ("17-4", accelerators.own_abi()) == (found.run, found.abi)
