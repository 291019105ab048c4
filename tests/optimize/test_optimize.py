"""
The catalogue finds remedies by their files.
"""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from hasten import optimize
from hasten.application import App
from hasten.errors import ConfigError
from hasten.model import Change, Finding, Kind, Risk, Where

WHERE = Where(kind="table", name="t")
CHANGE = Change(
    optimization="a.b", kind=Kind.SCHEMA, where=WHERE, before={}, after={}, inverse={"x": 1}, why="", expects="",
    risk=Risk.R2,
)  # fmt: skip
FINDINGS = [Finding(symptom=s, where=WHERE, cost_s_per_day=1.0, says="") for s in ("one", "two")]


def silent(_done: float, _what: str) -> None:
    """
    Nobody watches.
    """


def test_the_path_is_the_id() -> None:
    """
    Each remedy has the id of its folder and file; private parts are no remedies.
    """
    found = optimize.catalogue()

    assert "database.indexes" in found
    assert all(remedy.__name__ == f"hasten.optimize.{name}" for name, remedy in found.items())
    assert not [name for name in found if "_" in (name.split(".")[-1][0], name[0])]


def test_an_unknown_remedy_is_an_error_never_a_guess() -> None:
    """
    The hint lists those there are.
    """
    with pytest.raises(ConfigError) as caught:
        optimize.remedy("database.indices")
    assert "database.indexes" in caught.value.hint


@pytest.mark.parametrize("together", [True, False])
def test_each_change_is_proposed_once(together: bool) -> None:
    """
    Two findings that ask for the same step give one change, whether asked one by one or together.
    """
    remedy: Any = SimpleNamespace(propose=lambda finding, app: [CHANGE])
    if together:
        remedy.propose_all = lambda findings, app, progress: [CHANGE] * len(findings)

    assert [CHANGE] == optimize.proposals(remedy, FINDINGS, cast(App, None), silent)
