"""
A session opens what hasten.toml describes, one Hasten at a time.
"""

from pathlib import Path

import pytest

from hasten.errors import ConfigError, NotAllowed
from hasten.log import logger
from hasten.model import Step
from hasten.session import located, opened, recording


def config(tmp_path: Path, text: str = "") -> str:
    """
    The path of a hasten.toml with this text.
    """
    path = tmp_path / "hasten.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_state_and_root_are_relative_to_the_file(tmp_path: Path) -> None:
    """
    Wherever the command runs, the same folders are meant.
    """
    place = located(config(tmp_path, 'root = "app"\nstate = "../state"'))

    assert (tmp_path / "app", tmp_path.parent / "state") == (place.root, place.state_dir)


def test_one_hasten_at_a_time(tmp_path: Path) -> None:
    """
    A second one is refused, says who is at work, and is let in afterwards.
    """
    path = config(tmp_path)
    with opened(path):
        with pytest.raises(NotAllowed, match="at work"), opened(path):
            pass
    with opened(path) as app:
        assert [] == app.swept


def test_a_command_that_stands_for_nothing_is_named(tmp_path: Path) -> None:
    """
    An unknown {word} in a command is an error with the known ones, before anything is started.
    """
    path = config(tmp_path, '[[application.processes]]\nname = "web"\ncommand = ["x", "{prot}"]\nis_web = true')
    with pytest.raises(ConfigError) as caught, opened(path, application=True):
        pass

    assert "{prot}" in str(caught.value)
    assert "{port}" in caught.value.hint


def test_an_application_needs_an_address_or_processes(tmp_path: Path) -> None:
    """
    Without either, the hint names both keys.
    """
    with pytest.raises(ConfigError) as caught, opened(config(tmp_path), application=True):
        pass

    assert "url" in caught.value.hint
    assert "processes" in caught.value.hint


def test_a_private_data_directory_must_be_there(tmp_path: Path) -> None:
    """
    One that is missing is named, not made.
    """
    path = config(tmp_path, '[database]\nprivate = "{state}/pgdata"')
    with pytest.raises(ConfigError, match="pgdata"), opened(path, database=True):
        pass


def test_somebody_who_only_says_something_opens_nothing(tmp_path: Path) -> None:
    """
    The ledger can be written, no other Hasten can, and operations are logged for as long.
    """
    with recording(tmp_path, "shop") as book:
        book.append(Step.STOPPED, {"reason": "", "ended": None})
        with pytest.raises(NotAllowed), recording(tmp_path, "shop"):
            pass
    assert Step.STOPPED.value in (tmp_path / "operations.jsonl").read_text()
    logger.event("afterwards")
    assert "afterwards" not in (tmp_path / "operations.jsonl").read_text()


def test_modes_name_optimizations_that_there_are(tmp_path: Path) -> None:
    """
    A slip is named with the nearest one, whatever command reads the file.
    """
    assert {"database.indexes": "auto"} == located(
        config(tmp_path, '[allow.modes]\n"database.indexes" = "auto"')
    ).target.allow.modes
    with pytest.raises(ConfigError) as caught:
        located(config(tmp_path, '[allow.modes]\n"database.indices" = "auto"'))

    assert "'database.indexes'" in caught.value.hint
