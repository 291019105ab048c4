"""
`database.indexes` without a server: its changes as data. The rest is in tests/real/test_indexes.py.
"""

import msgspec
import pytest

from hasten.errors import ConfigError, RevertFailed
from hasten.model import Change, Kind, Risk, Where
from hasten.optimize.database import indexes
from hasten.optimize.database._indexes.changes import definition_of
from hasten.optimize.database._indexes.definition import Definition, Key

WANTED = Definition(table="inquiries", keys=(Key(text="status"), Key(text="created_at", descending=True)))
CHANGE = Change(
    optimization="database.indexes",
    kind=Kind.SCHEMA,
    where=Where(kind="table", name="inquiries"),
    before={"indexes": []},
    after={
        "create": WANTED.create(),
        "name": WANTED.name,
        "table": "inquiries",
        "keys": [msgspec.to_builtins(key) for key in WANTED.keys],
    },
    inverse={"drop": WANTED.drop()},
    why="",
    expects="",
    risk=Risk.R2,
)


def test_a_change_from_json_is_the_same_index() -> None:
    """
    Everything that is needed to go back stands in the change.
    """
    again = msgspec.json.decode(msgspec.json.encode(CHANGE), type=Change)

    assert WANTED == definition_of(again)
    assert [f"{WANTED.drop()};"] == indexes.by_hand(again)


@pytest.mark.parametrize("after", [{}, {"table": "t"}, {"table": "t", "keys": [{"txt": 1}]}, {"table": 1, "keys": "x"}])
def test_a_damaged_change_is_an_error(after: dict[str, object]) -> None:
    """
    What is not an index of Hasten's is refused before any server is asked.
    """
    with pytest.raises(ConfigError, match="not an index"):
        definition_of(msgspec.structs.replace(CHANGE, after=after))


def test_a_name_that_is_not_the_definitions_is_an_error() -> None:
    """
    A change whose name was edited does not drop another index.
    """
    edited = msgspec.structs.replace(CHANGE, after={**CHANGE.after, "name": "somebody_elses"})
    with pytest.raises(ConfigError, match="not an index"):
        definition_of(edited)


def test_an_inverse_that_drops_something_else_is_refused() -> None:
    """
    The inverse must be the one that belongs to the change; it is not executed as it comes.
    """
    edited = msgspec.structs.replace(CHANGE, inverse={"drop": "DROP TABLE inquiries"})
    with pytest.raises(RevertFailed, match="inverse"):
        indexes.revert(edited, None)  # type: ignore[arg-type]
