"""
hasten baseline: what it says of a run. The probes are in tests/observe and tests/real.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.story import CONFIG, Story, observation

from hasten import cycle
from hasten.model import Step


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The probes bring the same observation each time; everything behind them is real.
    """
    monkeypatch.setattr(cycle, "observe", lambda _app, name, _progress: observation(name, 0.4))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """
    A hasten.toml of an application that runs already.
    """
    text = CONFIG.replace('name = "shop"', 'name = "shop"\nurl = "http://127.0.0.1:9"')
    (tmp_path / "hasten.toml").write_text(text)
    return tmp_path


def test_the_run_is_recorded_and_compared(run: Callable[..., Any], folder: Path, measured: None) -> None:
    """
    Under its name, with every objective; what was not measured is null, with the reason.
    """
    found = run("baseline", "--name", "monday", "--json", "--config", folder).data

    values = {each["name"]: each["now"] for each in found["objectives"]}
    assert (400.0, None) == (values["api_p95_ms"], values["page_load_ms"])
    assert {"page": "[browser] pages is empty"} == found["missing"]
    (entry,) = Story(folder, *[None] * 3).book.read()  # type: ignore[arg-type]
    assert (Step.MEASURED, "monday", found["observation"]) == (
        entry.step,
        entry.body["name"],
        entry.body["observation"],
    )


def test_for_people_there_is_a_board(run: Callable[..., Any], folder: Path, measured: None) -> None:
    """
    With what is missing, and the next command.
    """
    said = run("baseline", "--config", folder)

    assert (0, True) == (said.code, "400 ms" in said.out)
    assert "not measured: page: [browser] pages is empty" in said.out
    assert "hasten diagnose" in said.out


def test_nothing_is_measured_for_a_broken_ledger(run: Callable[..., Any], folder: Path, measured: None) -> None:
    """
    It is found out first, and nothing is added.
    """
    assert 0 == run("baseline", "--config", folder).code
    (folder / "ledger.head").write_text('{"seq": 7, "digest": "x"}')
    said = run("baseline", "--config", folder)

    assert (1, True) == (said.code, "the tail was cut" in said.err)


def test_lost_evidence_is_measured_anew(run: Callable[..., Any], folder: Path, measured: None) -> None:
    """
    The command that the hint names must not need what is gone.
    """
    assert 0 == run("baseline", "--config", folder).code
    shutil.rmtree(folder / "observations")
    assert "run `hasten baseline` again" in run("diagnose", "--config", folder).err

    assert (0, 0) == (run("baseline", "--config", folder).code, run("diagnose", "--config", folder).code)


def test_an_application_without_an_address(run: Callable[..., Any], story: Story) -> None:
    """
    Neither url nor processes: said before anything is measured.
    """
    said = run("baseline", "--config", story.folder)

    assert (1, True) == (said.code, "does not say where the application answers" in said.err)
