"""
What is different between two revisions of the policy.
"""

from typing import Any

import pytest

from hasten.policy_changes import Differs, compared
from hasten.world.policy_file import Match, Rule


def rule(name: str, kind: str = "compression", path: str = "/", **settings: Any) -> Rule:
    """
    A rule of that id.
    """
    return Rule(id=name, kind=kind, match=Match(paths=[path]), settings=settings)


@pytest.mark.parametrize("rules", [[], [rule("a")], [rule("a", level=1), rule("b")]])
def test_the_same_rules_are_no_change(rules: list[Rule]) -> None:
    """
    However many they are.
    """
    assert [] == compared(rules, list(rules))


def test_a_new_rule_and_one_that_is_gone_are_told_whole() -> None:
    """
    With every value that they have.
    """
    (added,) = compared([], [rule("a", level=3)])
    (removed,) = compared([rule("a", level=3)], [])

    assert ("a", "compression", "added") == (added.id, added.kind, added.what)
    assert {"kind", "match.paths", "settings.level"} == {each.field for each in added.differs}
    assert [(each.field, each.after) for each in added.differs] == [
        (each.field, each.before) for each in removed.differs
    ]
    assert {None} == {each.before for each in added.differs} | {each.after for each in removed.differs}


def test_a_changed_rule_is_told_by_what_differs() -> None:
    """
    A setting that is another, one that came and one that went; the rest is not told.
    """
    (change,) = compared([rule("a", level=1, dynamic=True)], [rule("a", path="/x", level=2, stored_level=6)])

    assert "changed" == change.what
    assert [
        Differs(field="match.paths", before=["/"], after=["/x"]),
        Differs(field="settings.level", before=1, after=2),
        Differs(field="settings.dynamic", before=True, after=None),
        Differs(field="settings.stored_level", before=None, after=6),
    ] == change.differs


def test_a_rule_in_another_place_has_moved() -> None:
    """
    The first that matches is obeyed, so the order is part of the policy; few moves are told, not many.
    """
    before = [rule(name) for name in "abcd"]
    after = [rule(name) for name in "dabc"]

    assert [("d", "moved")] == [(change.id, change.what) for change in compared(before, after)]
    assert [("x", "added")] == [(change.id, change.what) for change in compared(before, [rule("x"), *before])]
    assert [("a", "removed")] == [(change.id, change.what) for change in compared(before, before[1:])]
