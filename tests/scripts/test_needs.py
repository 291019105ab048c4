"""
What the machine lacks is said at once, in one line each, with the way to get it.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripts.environment import needs

ROOT = Path(__file__).resolve().parents[2]
PYTHON = shlex.quote(sys.executable)  # the checkout may lie below a path with spaces
BASICS = ("sh", "env", "dirname", "git", "npm", "node")
Machine = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """
    Give a machine that has only the programs that are named, and a way to run set-up on it.
    """

    def run(*options: str, without: tuple[str, ...] = (), **programs: str) -> subprocess.CompletedProcess[str]:
        for name in BASICS:
            found = shutil.which(name)
            if name not in without and found:
                (tmp_path / name).symlink_to(found)
        for name, text in programs.items():
            path = tmp_path / name.replace("_", ".")
            path.unlink(missing_ok=True)
            path.write_text(f"#!{shutil.which('sh')}\n{text}\n")
            path.chmod(0o755)
        command = [ROOT / "scripts" / "setup", "--dry-run", *options]
        given = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
        return subprocess.run(command, env=given, capture_output=True, text=True, timeout=100, check=False)

    return run


def names(run: subprocess.CompletedProcess[str]) -> list[str]:
    """
    List what a run with --json found missing.
    """
    report: dict[str, Any] = json.loads(run.stdout)
    return [one["what"] for one in report["missing"]]


def test_a_newer_python_is_found_behind_an_old_one(machine: Machine) -> None:
    """
    A python3 that is too old, or a shim that does not run, does not hide a newer Python.
    """
    run = machine("--json", python3="exit 1", python3_14="exit 127", python3_11=f'exec {PYTHON} "$@"')

    assert (0, True) == (run.returncode, json.loads(run.stdout)["ok"])


def test_without_python_everything_is_said_at_once(machine: Machine) -> None:
    """
    Even when nothing but a shell is there, all that is missing is listed, and the exit code is 1.
    """
    run = machine(without=("git", "npm", "node"))

    assert 1 == run.returncode
    assert ["Python", "Node", "npm", "git"] == [line.split()[0] for line in run.stderr.splitlines()[1:]]


def test_several_things_are_missing_together(machine: Machine) -> None:
    """
    All that is missing is reported in one go, not one thing per run.
    """
    run = machine("--json", without=("npm", "git"), python3=f'exec {PYTHON} "$@"', node="echo v18.20.4")

    assert (1, ["Node", "npm", "git"]) == (run.returncode, names(run))


def test_an_old_node_is_named_with_its_version(machine: Machine) -> None:
    """
    The line says which version is there and which is needed.
    """
    run = machine(python3=f'exec {PYTHON} "$@"', node="echo v20.11.0")

    assert "20.19 or newer is needed, this is v20.11.0" in run.stderr


def test_a_python_without_venv_is_passed_over(machine: Machine) -> None:
    """
    Where the first Python cannot make environments and a later one can, the later one is taken.
    """
    only_plain = f'case "$*" in *ensurepip*) exit 1;; *) exec {PYTHON} "$@";; esac'
    run = machine("--json", python3=only_plain, python3_12=f'exec {PYTHON} "$@"')

    assert 0 == run.returncode


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_checkout_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """
    A checkout that cannot be written is said before anything is tried.
    """
    tmp_path.chmod(0o555)

    assert "checkout" in [one.what for one in needs.missing(tmp_path)]


def test_a_path_that_cannot_hold_an_environment_is_refused(tmp_path: Path) -> None:
    """
    A colon separates paths, so no environment can live below one.
    """
    folder = tmp_path / "a:b"
    folder.mkdir()

    assert "checkout" in [one.what for one in needs.missing(folder)]


def test_a_full_disk_matters_only_for_downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    With everything in place no room is asked for.
    """
    monkeypatch.setattr(needs, "FREE_GIB", 10**9)

    assert "disk space" in [one.what for one in needs.missing(tmp_path, downloads=True)]
    assert "disk space" not in [one.what for one in needs.missing(tmp_path, downloads=False)]
