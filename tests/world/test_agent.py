"""
How a process is started with the agent in it.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from hasten.errors import Missing
from hasten.world import agent


def test_what_stands_before_the_command_starts_it(tmp_path: Path) -> None:
    """
    The command runs as given, with the agent on its path; a folder of the agent's name where it runs is not taken.
    """
    (tmp_path / "hasten_runtime").mkdir()
    (tmp_path / "hasten_runtime" / "__init__.py").write_text("raise AssertionError('not this one')")
    command = [*agent.launcher(), sys.executable, "-c", "import os, sys; print(os.environ['PYTHONPATH'], sys.argv[1:])"]
    run = subprocess.run([*command, "a b"], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert run.stdout.split(":")[0].split(" ")[0].endswith("hasten_runtime/boot")
    assert run.stdout.strip().endswith("['a b']")


def test_it_is_told_which_policy_and_what_stops_it(tmp_path: Path) -> None:
    """
    Policy and stop file are those of the state folder.
    """
    found = agent.surroundings(tmp_path)

    assert {"HASTEN_POLICY": f"{tmp_path}/policy/policy.json", "HASTEN_STOP": f"{tmp_path}/STOP"} == found


def test_an_agent_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The error names what to install.
    """
    monkeypatch.setattr(agent, "find_spec", lambda _: None)
    with pytest.raises(Missing) as refused:
        agent.launcher()

    assert "hasten-runtime" in refused.value.hint


def test_the_agents_folder_is_first_and_once(tmp_path: Path) -> None:
    """
    What was on PYTHONPATH stays behind it, without empty members; the rest of the environment is as it was.
    """
    boot = str(agent.boot_folder())
    given = {"PYTHONPATH": f"/a::{boot}:/b", "SHOP": "open"}

    assert {"SHOP": "open", "X": "1", "PYTHONPATH": f"{boot}:/a:/b"} == agent.with_agent(given, {"X": "1"})
    assert boot == agent.with_agent({}, {})["PYTHONPATH"]
    assert (Path(boot) / "sitecustomize.py").is_file()


@pytest.mark.parametrize(("value", "is_off"), [(None, False), ("", False), ("0", False), ("1", True), ("yes", True)])
def test_whether_it_is_left_out(value: str | None, is_off: bool) -> None:
    """
    As the launcher of the agent itself reads HASTEN_DISABLE.
    """
    assert is_off is agent.is_disabled({} if value is None else {"HASTEN_DISABLE": value})
