"""
The demo finds its patient, and keeps the record of an earlier demo.
"""

import tomllib
from pathlib import Path

import pytest

from hasten import slowdesk
from hasten.errors import ConfigError


def test_a_folder_without_slowdesk_is_named(tmp_path: Path) -> None:
    """
    --slowdesk with a wrong folder says so.
    """
    with pytest.raises(ConfigError) as caught:
        slowdesk.find_slowdesk(str(tmp_path))
    assert "--slowdesk" in caught.value.hint


def test_slowdesk_is_found_from_a_folder_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    examples/slowdesk here or above is taken.
    """
    home = tmp_path / "examples" / "slowdesk"
    home.mkdir(parents=True)
    (home / "hasten.toml").touch()
    (tmp_path / "deep" / "down").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "down")

    assert home == slowdesk.find_slowdesk()


def test_its_web_process_can_have_the_agent() -> None:
    """
    And no other: its hasten.toml has the place for it.
    """
    text = (slowdesk.find_slowdesk() / "hasten.toml").read_text()
    processes = tomllib.loads(slowdesk._with_agent(text))["application"]["processes"]

    assert [(False, False), (True, True)] == [
        (each.get("is_web", False), each.get("agent", False)) for each in processes
    ]


def test_what_was_not_set_up_is_named(tmp_path: Path) -> None:
    """
    Without its environment or its front end the hint is `make setup`.
    """
    with pytest.raises(ConfigError) as caught:
        slowdesk._check_set_up(tmp_path)
    assert "make setup" in caught.value.hint


def test_the_record_of_an_earlier_demo_is_moved_not_deleted(tmp_path: Path) -> None:
    """
    Ledger, head and report are found in archive/ afterwards; without a ledger there is nothing to move.
    """
    slowdesk._archive(tmp_path)
    assert [] == list(tmp_path.iterdir())

    for name in ("ledger.db", "ledger.head", "report.html"):
        (tmp_path / name).write_text(name)
    slowdesk._archive(tmp_path)
    assert ["archive"] == [path.name for path in tmp_path.iterdir()]
    assert ["ledger.db", "ledger.head", "report.html"] == sorted(p.name for p in (tmp_path / "archive").glob("*/*"))
