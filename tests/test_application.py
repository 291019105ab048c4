"""
App says what is missing instead of handing out None.
"""

from pathlib import Path
from typing import Any, cast

import pytest

from hasten.application import App
from hasten.errors import ConfigError, NoData, NotAllowed
from hasten.target import Allow, Target
from hasten.world.postgres import Database
from hasten.world.supervisor import Supervisor


def app(**parts: Any) -> App:
    """
    An App with nothing but these parts.
    """
    return App(**{"target": Target(), "state_dir": Path(), "supervisor": cast(Supervisor, None), **parts})


def test_without_a_database_the_hint_names_the_key() -> None:
    """
    A remedy that asks for the database of a target without one gets a clear refusal.
    """
    with pytest.raises(ConfigError) as caught:
        _ = app().database
    assert "[database]" in caught.value.hint


def test_before_the_first_measurement_there_is_no_observation() -> None:
    """
    Nothing measured is NoData, with the command that measures.
    """
    with pytest.raises(NoData) as caught:
        _ = app().observation
    assert "hasten baseline" in caught.value.hint


def test_clones_can_be_forbidden() -> None:
    """
    [allow] clones = false is obeyed before anything is copied.
    """
    forbidden = app(target=Target(allow=Allow(clones=False)), store=Database("postgresql://nowhere.invalid/x"))
    with pytest.raises(NotAllowed, match="clones"), forbidden.clones(2):
        pass
