"""
What is run otherwise than hasten.toml says.
"""

from pathlib import Path

import pytest

from hasten import overrides
from hasten.errors import ConfigError
from hasten.overrides import Run
from hasten.target import Application, Process, Target

WEB = Process(name="web", command=["serve", "--workers", "1"], env={"SECRET": "s", "POOL": "5"})
MORE = Run(process="web", command=["serve", "--workers", "4"], env={"POOL": None, "ARENAS": "2"})
LESS = Run(process="web", command=WEB.command, env={"POOL": "5", "ARENAS": None})


def target(web: Process = WEB) -> Target:
    """
    A target with one process.
    """
    return Target(application=Application(processes=[web, Process(name="other", command=["other"])]))


def run_as(made: overrides.Overrides, web: Process = WEB) -> Process:
    """
    The process as it would be started.
    """
    return overrides.effective(target(web), made).application.processes[0]


def test_a_process_is_run_otherwise_and_as_before(tmp_path: Path) -> None:
    """
    Written and read again it holds; the way back leaves no file. Other variables are not in it.
    """
    overrides.write(tmp_path, overrides.with_run({}, MORE, WEB))
    found = overrides.read(tmp_path)

    assert (["serve", "--workers", "4"], {"SECRET": "s", "ARENAS": "2"}) == (run_as(found).command, run_as(found).env)
    assert b"SECRET" not in (tmp_path / overrides.FILE_NAME).read_bytes()
    assert (MORE.is_so(run_as(found)), LESS.is_so(run_as(found))) == (True, False)
    overrides.write(tmp_path, overrides.with_run(found, LESS, WEB))
    assert [] == list(tmp_path.iterdir())
    assert WEB == run_as(overrides.read(tmp_path))


def test_a_person_has_the_last_word() -> None:
    """
    Whoever edits hasten.toml afterwards gets what he wrote, and keeps the rest of the override.
    """
    made = overrides.with_run({}, MORE, WEB)
    edited = Process(name="web", command=["serve", "--threads", "8"], env=WEB.env)

    assert (["serve", "--threads", "8"], "2") == (run_as(made, edited).command, run_as(made, edited).env["ARENAS"])
    assert not MORE.is_so(run_as(made, edited))


def test_one_on_top_of_another_goes_back_to_it() -> None:
    """
    The newer change's way back leads to the older change, not to hasten.toml.
    """
    first = overrides.with_run({}, MORE, WEB)
    second = overrides.with_run(first, Run(process="web", command=["serve", "--workers", "8"]), WEB)
    back = overrides.with_run(second, Run(process="web", command=MORE.command), WEB)

    assert ["serve", "--workers", "8"] == run_as(second).command
    assert first == back


def test_the_candidate_of_a_trial_needs_no_file() -> None:
    """
    Only the named process is another.
    """
    made = overrides.with_processes(target(), {"web": MORE})

    assert MORE.is_so(made.application.processes[0])
    assert target().application.processes[1] == made.application.processes[1]


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    """
    Not taken for an empty one.
    """
    (tmp_path / overrides.FILE_NAME).write_bytes(b"{")
    with pytest.raises(ConfigError) as refused:
        overrides.read(tmp_path)

    assert "remove it" in refused.value.hint
