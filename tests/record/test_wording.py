"""
Changes in words.
"""

from typing import Any

import pytest

from hasten.model import Change, Kind, Risk, Where
from hasten.record.wording import way_back_of, what_of


def change(kind: Kind, before: Any, after: Any, inverse: Any) -> Change:
    """
    A change with these sides.
    """
    return Change(
        optimization="toy.any", kind=kind, where=Where(kind="application", name="toy"), before=before, after=after,
        inverse=inverse, why="", expects="", risk=Risk.R2,
    )  # fmt: skip


OLD = {"files": [{"path": "a", "digest": "1"}, {"path": "b", "digest": ""}, {"path": "c", "digest": "2"}]}
NEW = {"files": [{"path": "a", "digest": "3"}, {"path": "b", "digest": "4"}, {"path": "c", "digest": ""}]}
FEW = {"process": "web", "command": ["serve", "-w", "1"], "env": {"POOL": None}}
MANY = {"process": "web", "command": ["serve", "a b"], "env": {"POOL": "9"}}


@pytest.mark.parametrize(
    ("told", "what", "back"),
    [
        (change(Kind.SCHEMA, {}, {"create": "CREATE x"}, {"drop": "DROP x"}), "CREATE x", "DROP x"),
        (change(Kind.FILES, OLD, NEW, OLD), "edits a; adds b; removes c", "edits a; adds c; removes b"),
        (
            change(Kind.PROCESS, FEW, MANY, FEW),
            "runs web: serve 'a b', with POOL=9",
            "runs web: serve -w 1, without POOL",
        ),
        (change(Kind.POLICY, {}, {"on": 1}, {"on": 0}), "{'on': 1}", "{'on': 0}"),
    ],
)
def test_each_kind_is_told_in_its_own_words(told: Change, what: str, back: str) -> None:
    """
    What is done and how it goes back; what has no words of its own is shown as it is.
    """
    assert (what, back) == (what_of(told), way_back_of(told))
