"""
The command line: every command helps, errors are one sentence and a hint.
"""

import json
import subprocess
import sys
from importlib import import_module

import click
import pytest
from click.testing import CliRunner

from hasten.cli import COMMANDS, cli


def hasten(*words: str, cwd: str) -> "subprocess.CompletedProcess[str]":
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
    for_people = hasten("status", cwd=str(tmp_path))
    assert for_people.returncode == 1
    assert for_people.stderr.startswith("error: no hasten.toml in ")
    assert "hint:  run `hasten init`" in for_people.stderr

    for_programs = hasten("status", "--json", cwd=str(tmp_path))
    said = json.loads(for_programs.stdout)
    assert (1, "ConfigError") == (for_programs.returncode, said["kind"])


def test_a_word_that_is_no_command_exits_with_1(tmp_path: object) -> None:
    """
    A typing error is your input, with a hint.
    """
    done = hasten("basline", cwd=str(tmp_path))

    assert done.returncode == 1
    assert "hint:" in done.stderr
