"""
The command line: every command helps, errors are one sentence and a hint.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import click
import pytest
from click.testing import CliRunner
from tests.story import Story

import hasten.cli
from hasten.cli import COMMANDS, cli
from hasten.errors import LedgerBroken, RevertFailed


def in_a_process(*words: str, cwd: str) -> "subprocess.CompletedProcess[str]":
    """
    The program, in a process of its own.
    """
    command = [sys.executable, "-c", "from hasten.cli import main; main()", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    """
    --help works for each, and its first sentence is not empty.
    """
    result = CliRunner().invoke(cli, [name, "--help"])

    assert result.exit_code == 0
    assert len(result.output) > 80


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_speaks_json(name: str) -> None:
    """
    Each command, or each of its subcommands, has --json.
    """
    command = import_module(f"hasten.cli.{name}").command
    commands = command.commands.values() if isinstance(command, click.Group) else [command]

    assert all("--json" in option.opts for each in commands for option in each.params if option.name == "as_json")
    assert all(any(option.name == "as_json" for option in each.params) for each in commands)


def test_help_needs_no_driver() -> None:
    """
    The list of commands comes without importing any of them.
    """
    code = "import sys; from hasten.cli import cli; cli.main(['--help'], standalone_mode=False); "
    code += "sys.exit(bool({'psycopg', 'numpy', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)

    assert done.returncode == 0
    assert all(name in done.stdout.decode() for name in COMMANDS)


def test_an_error_is_one_sentence_and_a_hint(tmp_path: object) -> None:
    """
    Without a hasten.toml: exit code 1, no traceback, and what to do; as JSON too.
    """
    for_people = in_a_process("status", cwd=str(tmp_path))
    assert for_people.returncode == 1
    assert for_people.stderr.startswith("error: no hasten.toml in ")
    assert "hint:  run `hasten init`" in for_people.stderr

    for_programs = in_a_process("status", "--json", cwd=str(tmp_path))
    said = json.loads(for_programs.stdout)
    assert (1, "ConfigError") == (for_programs.returncode, said["kind"])


def test_a_word_that_is_no_command_exits_with_1(tmp_path: object) -> None:
    """
    A typing error is your input, with a hint.
    """
    done = in_a_process("basline", cwd=str(tmp_path))

    assert done.returncode == 1
    assert "hint:" in done.stderr


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """
    Every command ends with this error.
    """

    def fail(**_: object) -> None:
        raise error

    options = [click.Option(["--json"], is_flag=True)]
    failed = click.Command("status", callback=fail, params=options)
    monkeypatch.setattr(hasten.cli.LazyGroup, "get_command", lambda *_: failed)


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (RevertFailed("it is stuck", hint="DROP INDEX a"), 3, "error: it is stuck\nhint:  DROP INDEX a\n"),
        (KeyboardInterrupt(), 130, "error: stopped\n"),
        (PermissionError(13, "Permission denied", "x.toml"), 1, "error: the system refused: x.toml: Permission denied"),
        (OSError(28, "No space left on device"), 1, "error: the system refused: No space left on device\n"),
    ],
)
def test_how_a_command_ends(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, says: str
) -> None:
    """
    3 is stuck, 130 is stopped, 1 is everything that a person can mend; the reason and the hint are said.
    """
    failing(monkeypatch, error)
    said = run("status")

    assert code == said.code
    assert says in said.err
    assert "hint:" in said.err


def test_an_error_for_programs_is_one_document(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """
    With --json the error, its hint, kind and data are on standard output.
    """
    failing(monkeypatch, LedgerBroken("no", hint="h", at_seq=3))
    said = run("status", "--json")

    assert {"error": "no", "hint": "h", "kind": "LedgerBroken", "data": {"at_seq": 3}} == said.data
    assert "" == said.err


def test_a_reader_that_has_seen_enough_is_no_fault(story: Story) -> None:
    """
    `hasten ledger show --full | head -1` ends without a complaint.
    """
    program = f'"{sys.executable}" -c "from hasten.cli import main; main()"'
    line = f'{program} ledger show --full --config "{story.folder}" | head -1'
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    said = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60, env=environment, check=True)

    assert "" == said.stderr
    assert "MEASURED" in said.stdout
