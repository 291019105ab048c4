"""
hasten traffic.
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Said
from tests.story import CONFIG
from tests.world.test_recorder import COUNTS, LINE, put

from hasten.session import alone
from hasten.world.policy_file import PolicyFile

Run = Callable[..., Said]
JANE = "a1" * 8


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PolicyFile:
    """
    The policy of the folder that commands look at, with one worker that reports.
    """
    (tmp_path / "hasten.toml").write_text(CONFIG + '[[principals]]\nname = "agent"\n')
    monkeypatch.setenv("HASTEN_CONFIG", str(tmp_path / "hasten.toml"))
    found = PolicyFile(tmp_path / "policy")
    report = {"version": 1, "pid": os.getpid(), "server": "uvicorn", "agent": "0.1.0", "python": "3.11.7"}
    found.workers_dir.mkdir(parents=True)
    said = {**report, "at": time.time(), "policy": {"revision": 0}}
    (found.workers_dir / f"{os.getpid()}.json").write_text(json.dumps(said))
    return found


def recorded(policy: PolicyFile, *lines: Any) -> None:
    """
    A recording is there.
    """
    put(policy.workers_dir / "recordings", "20260101-1", *lines, COUNTS)


def test_requests_are_recorded_for_a_while(run: Run, policy: PolicyFile) -> None:
    """
    The policy says so meanwhile and no longer, and what came is told.
    """
    said = run("traffic", "record", "--for", "1s", "--share", "1")

    assert 1 == said.code  # nobody recorded anything: no application runs here
    assert "nothing" in said.err or "no request was recorded" in said.err
    assert policy.read().record is None


def test_nothing_is_changed_to_see_what_would_be(run: Run, policy: PolicyFile) -> None:
    """
    --dry-run says for how long, of whom and how much.
    """
    said = run("traffic", "record", "--for", "5m", "--dry-run")

    assert (0, True) == (said.code, "GET and HEAD of 10% of visitors" in said.out)
    assert not policy.path.exists()


@pytest.mark.parametrize("words", [("--for", "2h"), ("--for", "soon"), ("--share", "3")])
def test_bounds_are_bounds(run: Run, policy: PolicyFile, words: tuple[str, str]) -> None:
    """
    A recording is short and small.
    """
    assert 1 == run("traffic", "record", *words).code
    assert not policy.path.exists()


def test_without_a_worker_nothing_is_begun(run: Run, policy: PolicyFile) -> None:
    """
    Nobody would record anything.
    """
    for path in policy.workers_dir.glob("*.json"):
        path.unlink()
    said = run("traffic", "record", "--for", "1s")

    assert (1, True) == (said.code, "no worker reports" in said.err)


def test_it_waits_for_nobody(run: Run, policy: PolicyFile, tmp_path: Path) -> None:
    """
    While another Hasten is at work the policy is that one's.
    """
    with alone(tmp_path):
        assert "another Hasten" in run("traffic", "record", "--for", "1s").err


def test_visitors_are_shown(run: Run, policy: PolicyFile) -> None:
    """
    With what was not recorded and why, for people and for programs.
    """
    recorded(policy, {**LINE, "identity": JANE}, LINE)
    said = run("traffic", "show")
    data = run("traffic", "show", "--json").data

    for text in (JANE, "2 requests, 1 of them of nobody known", "5.00 safe requests per second", "3 with something in"):
        assert text in said.out
    assert (2, 1, 5.0) == (data["requests"], data["anonymous"], data["rate_per_s"])


def test_a_recording_becomes_traffic(run: Run, policy: PolicyFile, tmp_path: Path) -> None:
    """
    Beside hasten.toml, with the lines that hasten.toml needs; a file that is there is not replaced without a word.
    """
    recorded(policy, {**LINE, "identity": JANE, "at": 101.0}, LINE, {**LINE, "identity": "c3" * 8})
    said = run("traffic", "import", "--as", "a1=agent")
    lines = [json.loads(line) for line in (tmp_path / "traffic.jsonl").read_text().splitlines()]
    again = run("traffic", "import", "--as", "a1=agent")

    assert (0, 1) == (said.code, again.code)
    assert [("agent", [1.0]), ("anonymous", [0.0])] == sorted((each["principal"], each["at"]) for each in lines)
    assert "identity is no known principal" in said.out
    assert 'arrivals = "recorded"' in said.out and "rate_per_s = 5.00" in said.out
    assert "--replace" in again.err
    data = run("traffic", "import", "--spread", "--replace", "--json").data
    assert (3, 2, True) == (data["requests"], data["different"], data["written"])


def test_nothing_to_replay_is_an_error(run: Run, policy: PolicyFile, tmp_path: Path) -> None:
    """
    It says why, and writes nothing.
    """
    recorded(policy, {**LINE, "identity": JANE})
    said = run("traffic", "import")

    assert (1, True) == (said.code, "identity is no known principal" in said.err)
    assert not (tmp_path / "traffic.jsonl").exists()
    assert 1 == run("traffic", "import", "--spread", "--dry-run").out.count("would write")
    assert not (tmp_path / "traffic.jsonl").exists()


def test_the_file_is_where_hasten_toml_looks_for_it(run: Run, policy: PolicyFile, tmp_path: Path) -> None:
    """
    Below `root`, as the paths of [traffic] are.
    """
    config = tmp_path / "hasten.toml"
    config.write_text('root = "app"\n' + config.read_text())
    (tmp_path / "app").mkdir()
    recorded(policy, LINE)
    run("traffic", "import")

    assert (tmp_path / "app" / "traffic.jsonl").is_file()
