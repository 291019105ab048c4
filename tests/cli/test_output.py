"""
Results on standard output, progress and errors on standard error.
"""

import io
import json

import pytest
from rich.console import Console

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


def test_a_long_error_is_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    """
    A path of 300 characters can be copied from the terminal.
    """
    path = "/" + "long/" * 60 + "[database]"
    assert 1 == say_error(ConfigError(path, hint=f"look at {path}"), as_json=False)

    assert f"error: {path}\nhint:  look at {path}\n" == capsys.readouterr().err


def test_what_is_said_on_the_way_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    """
    A title, a note or a remark may hold brackets, as statements do.
    """
    with Display() as display, display.stage("ANY ($1::int[]) [bold]"):
        display.say("  [allow] mode")

    assert ["· ANY ($1::int[]) [bold] …", "  [allow] mode"] == capsys.readouterr().err.splitlines()[:2]


def test_a_long_stage_gives_a_sign_of_life(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """
    At most every fifteen seconds.
    """
    now = [0.0]
    monkeypatch.setattr("hasten.cli.output.time.monotonic", lambda: now[0])
    with Display() as display, display.stage("measuring") as progress:
        for second in range(40):
            now[0] = float(second)
            progress(second / 40, f"second {second}")

    lines = [line for line in capsys.readouterr().err.splitlines() if "second" in line]
    assert ["   38% second 15", "   75% second 30"] == lines


def test_on_a_terminal_there_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    It never claims to be done before the stage is.
    """
    screen = io.StringIO()
    monkeypatch.setattr("hasten.cli.output.err", Console(force_terminal=True, width=120, file=screen))
    with Display() as display:
        with display.stage("measuring") as progress:
            progress(1.0, "almost [there]")
            assert display._progress is not None
            display._progress.refresh()
            assert not display._progress.finished
    shown = screen.getvalue()

    assert [True] * 3 == [word in shown for word in ("measuring", "almost [there]", "100 %")]
