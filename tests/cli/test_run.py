"""
hasten run: what would be started, what is refused, and how it ends. Real servers are in tests/real/test_run.py.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Said

Run = Callable[..., Said]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    An empty folder without a hasten.toml, and a cache of its own.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def hasten_run(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """
    `hasten run` in a process of its own, which it needs: it becomes the program.
    """
    command = [sys.executable, "-c", "from hasten.cli import main; main()", "run", *words]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
    )


def test_what_would_be_started_is_shown(run: Run, here: Path) -> None:
    """
    The program, and every variable that it would have more; nothing is made.
    """
    said = run("run", "--dry-run", "--", "sh", "-c", "exit 3")
    data = run("run", "--dry-run", "--json", "sh", "-c", "exit 3").data

    assert (0, True) == (said.code, "would start sh -c 'exit 3'" in said.out)
    assert f"HASTEN_POLICY={here}/.hasten/policy/policy.json" in said.out
    assert (["sh", "-c", "exit 3"], None, []) == (data["command"], data["foreseen"], data["notes"])
    assert {"HASTEN_ACCELERATORS", "HASTEN_POLICY", "HASTEN_RUN", "HASTEN_STOP", "PYTHONPATH"} == data[
        "environment"
    ].keys()
    assert not (here / ".hasten").exists()


def test_what_will_keep_the_agent_out_is_shown(run: Run) -> None:
    """
    Before anything is started.
    """
    assert "ignores PYTHONPATH" in run("run", "--dry-run", sys.executable, "-I", "x.py").out
    assert "isolated" == run("run", "--dry-run", "--json", sys.executable, "-E", "x.py").data["foreseen"]["kind"]


def test_the_state_folder_of_the_project_is_obeyed(run: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The one that hasten.toml names, unless HASTEN_POLICY names a policy already and no --config is given.
    """

    def policy(*words: str) -> Any:
        return run("run", *words, "--dry-run", "--json", "true").data["policy"]

    (here / "hasten.toml").write_text('state = "kept"\n')
    assert str(here / "kept" / "policy" / "policy.json") == policy()
    monkeypatch.setattr(
        "hasten.cli.run.first_environment", lambda: {**os.environ, "HASTEN_POLICY": "/other/policy.json"}
    )
    assert "/other/policy.json" == policy()
    assert str(here / "kept" / "policy" / "policy.json") == policy("--config", str(here / "hasten.toml"))


def test_a_hasten_toml_that_is_broken_does_not_keep_the_program(here: Path) -> None:
    """
    It runs without the agent, and that is said; a file that was asked for must be there.
    """
    (here / "hasten.toml").write_text("state = [broken")
    found = hasten_run("--", sys.executable, "-c", "import os; print('HASTEN_POLICY' in os.environ); exit(5)")

    assert (5, "False\n") == (found.returncode, found.stdout)
    assert "WARNING: the program is started without the agent" in found.stderr
    assert 1 == hasten_run("--config", "missing.toml", "--", "true").returncode


def test_a_folder_that_is_gone_does_not_keep_the_program(here: Path) -> None:
    """
    Nor does whatever else goes wrong around its start: it is said, and the program runs.
    """
    (here / "gone").mkdir()
    code = "import os; os.rmdir(os.getcwd()); from hasten.cli import main; main()"
    command = [sys.executable, "-c", code, "run", "--", "sh", "-c", "exit 6"]
    found = subprocess.run(command, cwd=here / "gone", capture_output=True, text=True, timeout=60, check=False)
    broken = "import hasten.launching as of; of.foreseen = None; from hasten.cli import main; main()"
    command = [sys.executable, "-c", broken, "run", "--", "sh", "-c", "exit 6"]
    other = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (6, 6) == (found.returncode, other.returncode)
    assert "started without the agent" in found.stderr
    assert "nobody watches the workers: TypeError" in other.stderr


def test_the_exit_code_and_the_output_are_the_programs() -> None:
    """
    Standard output is untouched; a signal that ends it is seen as such.
    """
    found = hasten_run("--", "sh", "-c", "printf 'out\\0'; exit 37")
    killed = hasten_run("sh", "-c", "kill -9 $$")

    assert (37, "out\0") == (found.returncode, found.stdout)
    assert -9 == killed.returncode


@pytest.mark.parametrize(
    ("word", "code", "says"),
    [("no-such-program", 127, "no-such-program is not there"), ("./plain", 126, "./plain cannot be run")],
)
def test_a_program_that_cannot_be_started_is_said(here: Path, word: str, code: int, says: str) -> None:
    """
    With a hint and a shell's exit code, as JSON where that is asked for.
    """
    (here / "plain").write_text("text")
    found, data = hasten_run("--", word), hasten_run("--json", "--", word)

    assert (code, code) == (found.returncode, data.returncode)
    assert f"error: {says}" in found.stderr
    assert json.loads(data.stdout)["error"].startswith(says)


def test_words_of_the_program_are_its_own(run: Run) -> None:
    """
    Options behind its name, two dashes and --json too; without a program it is an error.
    """
    words = ["sh", "--json", "--", "--config", "x", "-h"]

    assert words == run("run", "--dry-run", "--json", "--", *words).data["command"]
    assert words == run("run", "--dry-run", "--json", *words).data["command"]
    assert 1 == run("run").code


def test_what_was_ignored_and_opened_is_handed_on(tmp_path: Path) -> None:
    """
    Under nohup SIGHUP stays ignored, and a descriptor that a supervisor passes is open in the program and nowhere else.
    """
    here, there = os.pipe()
    (tmp_path / "program.py").write_text(
        f"import os, signal\nos.write({there}, str(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN).encode())\n"
    )
    code = f"trap '' HUP; exec {sys.executable} -c 'from hasten.cli import main; main()' "
    code += f"run -- {sys.executable} program.py"
    with subprocess.Popen(["sh", "-c", code], pass_fds=[there], cwd=tmp_path) as process:
        os.close(there)
        with os.fdopen(here) as file:
            # Read to its end: nobody else holds it open.
            assert "True" == file.read()
        process.wait(60)

    assert 0 == process.returncode


def test_what_happens_is_written_as_json_lines(here: Path) -> None:
    """
    To standard error or to a file, which is appended to.
    """
    found = hasten_run("--json", "--events", "told.jsonl", "--patience", "0.2", "--", "sleep", "0.7")
    lines = [json.loads(line) for line in found.stderr.splitlines()]

    assert ["started", "silent", "ended"] == [line["event"] for line in lines]
    assert "not_python" == lines[1]["causes"][0]["kind"]
    assert found.stderr == (here / "told.jsonl").read_text()
    assert 1 == hasten_run("--events", "missing/told.jsonl", "--", "true").returncode


def test_only_what_is_wrong_is_said_where_that_is_wanted() -> None:
    """
    With --quiet a program that runs well is all that is seen.
    """
    assert "" == hasten_run("--quiet", "--", "true").stderr


def test_switched_off_the_program_is_started_and_nobody_watches() -> None:
    """
    HASTEN_DISABLE=1 leaves its environment as it is.
    """
    found = hasten_run("--", "env", "-0", HASTEN_DISABLE="1")
    direct = subprocess.run(
        ["env", "-0"], env={**os.environ, "HASTEN_DISABLE": "1"}, capture_output=True, text=True, check=True
    )

    assert sorted(direct.stdout.split("\0")) == sorted(found.stdout.split("\0"))
    assert "without the agent" in found.stderr
