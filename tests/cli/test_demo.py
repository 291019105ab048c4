"""
hasten demo: its parts in their order. The whole of it is in tests/real/test_slowdesk.py and in `make demo`.
"""

from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.story import CONFIG, KEEP, change, observation

from hasten import cycle
from hasten.cli import demo
from hasten.diagnose import diagnose


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """
    The steps that the demo took; the application, the probes and the trials are left out.
    """
    steps: list[str] = []

    def prepare(state_dir: Path, *_: object, with_agent: bool) -> Path:
        state_dir.mkdir()
        (state_dir / "hasten.toml").write_text(CONFIG)
        steps.append("prepare with the agent" if with_agent else "prepare")
        return state_dir / "hasten.toml"

    def observe(_app: object, name: str, _progress: object) -> Any:
        steps.append(name)
        return observation(name, 0.9 if name == "baseline" else 0.1)

    original = demo.opened

    @contextmanager
    def opened(config: str, *, application: bool, evidence: bool) -> Any:
        assert application
        with original(config) as app:
            yield app

    def carry_out(changed: object, *_: object) -> Any:
        steps.append("carry out")
        return KEEP

    monkeypatch.setattr(demo, "prepare", prepare)
    monkeypatch.setattr(demo, "opened", opened)
    monkeypatch.setattr(cycle, "observe", observe)
    monkeypatch.setattr(cycle, "diagnose", lambda *given: (steps.append("diagnose"), diagnose(*given))[1])
    monkeypatch.setattr(cycle, "plan", lambda *_: (steps.append("plan"), [change("buyer")])[1])
    monkeypatch.setattr(cycle, "carry_out", carry_out)
    return steps


def test_from_slow_to_report(run: Callable[..., Any], done: list[str], tmp_path: Path) -> None:
    """
    Measured, diagnosed, planned, tried, measured again; the board and report.html at the end.
    """
    said = run("demo", "--state", tmp_path / "state")

    assert ["prepare", "baseline", "diagnose", "plan", "carry out", "now"] == done
    assert 0 == said.code
    assert "Success board" in said.out
    assert (tmp_path / "state" / "report.html").is_file()


def test_for_programs_it_ends_with_the_contract(run: Callable[..., Any], done: list[str], tmp_path: Path) -> None:
    """
    One document on standard output, nothing beside it.
    """
    said = run("demo", "--json", "--state", tmp_path / "state")

    assert (900.0, 100.0) == (said.data["objectives"][0]["baseline"], said.data["objectives"][0]["now"])
    assert "" == said.err


def test_seeding_alone(run: Callable[..., Any], done: list[str], tmp_path: Path) -> None:
    """
    --prepare-only stops before anything is started.
    """
    assert 0 == run("demo", "--prepare-only", "--state", tmp_path / "state").code
    assert ["prepare"] == done


def test_the_agent_is_in_it_if_wanted(run: Callable[..., Any], done: list[str], tmp_path: Path) -> None:
    """
    --agent prepares slowdesk so that it runs with it.
    """
    assert 0 == run("demo", "--agent", "--prepare-only", "--state", tmp_path / "state").code
    assert ["prepare with the agent"] == done


def test_without_slowdesk_it_says_how_to_get_it(run: Callable[..., Any], tmp_path: Path) -> None:
    """
    A folder without slowdesk is named.
    """
    said = run("demo", "--slowdesk", tmp_path, "--state", tmp_path / "state")

    assert (1, True) == (said.code, str(tmp_path) in said.err)
    assert not (tmp_path / "state").exists()
