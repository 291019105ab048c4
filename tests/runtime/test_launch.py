"""
`hasten-run PROGRAM` is PROGRAM with the agent on its path: same process, environment, signals and exit code.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hasten_runtime import __version__
from hasten_runtime.launch import as_it_was, become, main, with_the_agent

SOURCE = Path(__file__).resolve().parents[2] / "runtime" / "src"
BOOT = str(SOURCE / "hasten_runtime" / "boot")


def launch(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """
    Run hasten-run from the checkout, with nothing in the environment but what is named.
    """
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE)} | environment
    command = [sys.executable, "-m", "hasten_runtime.launch", *words]
    return subprocess.run(command, env=given, capture_output=True, text=True, timeout=60, check=False)


def test_arguments_arrive_as_they_were_given() -> None:
    """
    Spaces, quotes, empty words and options of the program reach it unchanged.
    """
    words = ["a b", "", "--help", "$HOME", "'\"", "--"]
    run = launch("printf", "[%s]", *words)

    assert "".join(f"[{word}]" for word in words) == run.stdout


def test_the_exit_code_is_the_programs() -> None:
    """
    What the program answers is what the caller gets.
    """
    assert 37 == launch("sh", "-c", "exit 37").returncode


def test_the_process_is_the_same() -> None:
    """
    The program has the process id of hasten-run, so a supervisor watches the right one.
    """
    command = [sys.executable, "-m", "hasten_runtime.launch", "sh", "-c", "echo $$"]
    with subprocess.Popen(
        command, env=os.environ | {"PYTHONPATH": str(SOURCE)}, stdout=subprocess.PIPE, text=True
    ) as process:
        out, _ = process.communicate(timeout=60)

    assert str(process.pid) == out.strip()


def test_a_signal_ends_the_program() -> None:
    """
    A signal sent to hasten-run is the program's, with the exit code that it has without hasten-run.
    """
    command = [
        sys.executable,
        "-m",
        "hasten_runtime.launch",
        "sh",
        "-c",
        "trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done",
    ]
    with subprocess.Popen(
        command, env=os.environ | {"PYTHONPATH": str(SOURCE)}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)

    assert 9 == process.returncode


def test_ignored_signals_are_not_handed_on() -> None:
    """
    Python ignores SIGPIPE for itself; the program still ends when its reader goes away.
    """
    run = launch("sh", "-c", "grep SigIgn /proc/self/status")

    assert 0 == int(run.stdout.split()[1], 16) & (1 << (signal.SIGPIPE - 1))


@pytest.mark.parametrize("locale", [{}, {"LC_ALL": "C"}, {"LANG": "C.UTF-8", "LC_CTYPE": "C.UTF-8", "SHOP": "a=b c"}])
def test_the_environment_has_one_folder_more(locale: dict[str, str]) -> None:
    """
    The program sees the variables that it would see without hasten-run, and the agent's folder first on PYTHONPATH.
    """
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{BOOT}{os.pathsep}{SOURCE}"} | locale
    direct = subprocess.run(["env", "-0"], env=given, capture_output=True, text=True, timeout=60, check=True)
    run = launch("env", "-0", **locale)

    assert sorted(direct.stdout.split("\0")) == sorted(run.stdout.split("\0"))


def test_switched_off_the_environment_is_the_same() -> None:
    """
    With HASTEN_DISABLE the program sees exactly what it would see without hasten-run.
    """
    run = launch("env", "-0", HASTEN_DISABLE="1")
    seen = dict(line.split("=", 1) for line in run.stdout.split("\0") if line)

    assert {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "HASTEN_DISABLE": "1"} == seen


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, [BOOT]),
        ("", [BOOT]),
        ("/a", [BOOT, "/a"]),
        ("/a::/b:", [BOOT, "/a", "/b"]),
        (f"/a:{BOOT}", [BOOT, "/a"]),
    ],
)
def test_the_agent_comes_first_and_once(before: str | None, after: list[str]) -> None:
    """
    What was on PYTHONPATH stays behind it, without empty members, which would mean the current folder.
    """
    given = {} if before is None else {"PYTHONPATH": before}

    assert {"PYTHONPATH": ":".join(after)} == with_the_agent(given)


def test_what_the_caller_set_is_kept() -> None:
    """
    Only what the interpreter added is taken out of the environment.
    """
    assert {"SHOP": "open"} == as_it_was({"SHOP": "open"})


def test_a_program_that_is_not_there_is_named() -> None:
    """
    A missing program is said in one line, with a shell's exit code.
    """
    run = launch("no-such-program-anywhere")

    assert (127, "hasten-run: no-such-program-anywhere: not found\n") == (run.returncode, run.stderr)


def test_a_file_that_is_no_program_is_named(tmp_path: Path) -> None:
    """
    A file without the right to be executed is said in one line, with a shell's exit code.
    """
    plain = tmp_path / "plain"
    plain.write_text("text")
    run = launch(str(plain))

    assert (126, f"hasten-run: {plain}: Permission denied\n") == (run.returncode, run.stderr)


@pytest.mark.parametrize("words", [[], ["--"], ["--no-such-option"]])
def test_without_a_program_the_usage_is_shown(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """
    A command line without a program explains itself and exits with 2.
    """
    code = main(words)

    assert 2 == code
    assert "usage: hasten-run" in capsys.readouterr().err


def test_the_version_is_told() -> None:
    """
    `--version` prints the version of the distribution and ends.
    """
    run = launch("--version")

    assert (0, f"hasten-run {__version__}\n") == (run.returncode, run.stdout)


def test_the_program_runs_where_the_agent_cannot_be_put(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    What fails before the program starts is said, and the program starts as if it had been started directly.
    """

    def fail(environment: dict[str, str]) -> dict[str, str]:
        raise MemoryError("no room")

    started: list[object] = []
    monkeypatch.setattr("hasten_runtime.launch.as_it_was", fail)
    monkeypatch.setattr(os, "execvpe", lambda *given: started.extend(given))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    become(["shop", "--fast"])

    assert ["shop", ["shop", "--fast"], dict(os.environ)] == started
    assert 1 == capsys.readouterr().err.count("the program is started without the agent: MemoryError")
