"""
The command line as a person meets it: words in, exit code and text out; and a folder with a story in it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.story import Story, write_story

import hasten.cli


@dataclass(frozen=True)
class Said:
    """
    How a command ended and what it said.
    """

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """
        The one JSON document on standard output.
        """
        return json.loads(self.out)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """
    Gives a function that runs `hasten` with these words, in this process.
    """
    # The signals of the tests' own process are left alone.
    monkeypatch.setattr(hasten.cli, "sigterm_as_interrupt", lambda: None)
    monkeypatch.setenv("COLUMNS", "160")

    def hasten_says(*words: object) -> Said:
        monkeypatch.setattr("sys.argv", ["hasten", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            hasten.cli.main()
        told = capsys.readouterr()
        return Said(int(ended.value.code or 0), told.out, told.err)

    return hasten_says


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """
    A finished story.
    """
    return write_story(tmp_path)
