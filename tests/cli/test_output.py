"""
Results on standard output, progress and errors on standard error.
"""

import json

import pytest

from hasten.cli.output import Display, say_error, say_json
from hasten.errors import ConfigError, RevertFailed
from hasten.model import Where


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Nouns become JSON objects.
    """
    say_json({"where": Where(kind="route", name="GET /ü")})

    assert {"where": {"kind": "route", "name": "GET /ü"}} == json.loads(capsys.readouterr().out)


def test_an_error_as_json_has_its_data(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Programs get kind, hint and data, and the exit code is the error's.
    """
    code = say_error(RevertFailed("stuck", hint="by hand", by_hand=["DROP"]), as_json=True)
    said = json.loads(capsys.readouterr().out)

    assert (3, "RevertFailed", "by hand", ["DROP"]) == (code, said["kind"], said["hint"], said["data"]["by_hand"])


def test_square_brackets_in_an_error_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    """
    [database] is a section of hasten.toml, not a color.
    """
    say_error(ConfigError("add [database]", hint="see [red]"), as_json=False)
    said = capsys.readouterr().err

    assert "add [database]" in said
    assert "see [red]" in said


def test_without_a_terminal_stages_are_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """
    A pipe gets a line at the start and one at the end; nothing goes to standard output.
    """
    with Display() as display, display.stage("measuring") as progress:
        progress(0.5, "half")
    said = capsys.readouterr()

    assert "" == said.out
    assert "measuring" in said.err
    assert "✓ measuring" in said.err


def test_a_quiet_display_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """
    With --json nothing but the result is written.
    """
    with Display(quiet=True) as display, display.stage("measuring") as progress:
        progress(1.0, "done")
        display.say("anything")

    assert ("", "") == capsys.readouterr()
