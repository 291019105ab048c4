"""
What stands on what, read from the changes and their trials alone.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.model import Block, Change, Grade, Kind, Risk, Step, Trial, Where
from hasten.record.dependence import standing_on, stands_on
from hasten.record.history import ChangeState


def kept(seq: int, place: str = "table:orders", *, timed: str = "", **fields: Any) -> ChangeState:
    """
    A change at "kind:name", kept by that entry, whose trial timed these statements.
    """
    kind, _, name = place.partition(":")
    given: dict[str, Any] = {
        "optimization": "toy.any", "kind": Kind.SCHEMA, "where": Where(kind=kind, name=name), "before": {},
        "after": {"n": seq}, "inverse": {}, "why": "", "expects": "", "risk": Risk.R2,
    }  # fmt: skip
    change = Change(**{**given, **fields})
    numbers = dict.fromkeys(timed.split(), 1.0)
    blocks = [Block(index=0, order="", control=numbers, candidate=numbers)] if numbers else []
    trial = Trial(
        change=change.id, grade=Grade.A, arena="clone", seed=1, blocks=blocks, effect=None, weights={"others": 0.0}
    )  # fmt: skip
    return ChangeState(change=change, step=Step.KEPT, kept_seq=seq, last_seq=seq, trial=trial)


@pytest.mark.parametrize(
    ("earlier", "later", "why"),
    [
        (kept(1), kept(2), "both are at table orders"),
        (kept(1), kept(2, "table:users"), ""),
        # Not by time alone: the earlier one does not stand on the later.
        (kept(2), kept(1), ""),
        # A table that a change names without being at it.
        (kept(1), kept(2, "route:GET /", after={"table": "orders"}), "both are about table orders"),
        (kept(1), kept(2, "database:shop", inverse={"tables": ["users", "orders"]}), "both are about table orders"),
        (kept(1, "file:nginx.conf"), kept(2, "process:web", after={"files": {"nginx.conf": "…"}}), "file nginx.conf"),
        # An index on the view that the earlier one made, and a plan that counted its index as there.
        (kept(1, after={"view": "daily"}), kept(2, "table:daily"), "it names daily, which the other made"),
        (
            kept(1, after={"name": "hasten_a"}),
            kept(2, "table:users", before={"indexes": ["CREATE INDEX hasten_a ON orders (a)"]}),
            "it names hasten_a",
        ),
        (kept(1, after={"name": "hasten_a"}), kept(2, "table:users", before={"has": ["hasten_ab", "x.hasten_a"]}), ""),
        # As the kinds of change write them: files with their bytes, a process, a rule at length.
        (
            kept(1, "application:shop", after={"files": [{"path": "a.js", "digest": "1"}, {"path": "b.js"}]}),
            kept(2, "bundle:b.js", after={"files": [{"path": "b.js", "digest": "2"}]}),
            "both are about file b.js",
        ),
        (kept(1, "route:GET /", after={"process": "web"}), kept(2, "process:web"), "both are about process web"),
        (
            kept(1, "route:GET /", after={"rule": {"id": "twins", "kind": "compression"}}),
            kept(2, "route:GET /a", after={"rule": {"id": "twins", "kind": "cache"}}, inverse={"rule": "twins"}),
            "both are about rule twins",
        ),
        # Policies: the same route or rule.
        (kept(1, "route:GET /"), kept(2, "route:GET /", kind=Kind.POLICY), "both are at route GET /"),
        (kept(1, "rule:cache", after={"route": "GET /"}), kept(2, "route:GET /"), "both are about route GET /"),
        (kept(1, "route:GET /"), kept(2, "route:GET /a"), ""),
        # One join was timed in both trials, so the later one's gain is what was left by the earlier.
        (kept(1, timed="7 8"), kept(2, "table:users", timed="8 9"), "statement or route 8 with the other in place"),
        (kept(1, timed="7"), kept(2, "table:users", timed="9"), ""),
        # What was only watched beside both proved neither.
        (kept(1, timed="7 others"), kept(2, "table:users", timed="9 others"), ""),
    ],
)
def test_a_later_change_stands_on_what_it_was_proved_with(earlier: ChangeState, later: ChangeState, why: str) -> None:
    """
    The same place or thing, a name that the other made, a statement that proved both; else they are free.
    """
    found = stands_on(later, earlier)

    assert bool(why) is bool(found)
    assert why in found


def test_what_stands_on_what_stands_on_it_is_found() -> None:
    """
    Through another change, with the way to it; the newest first.
    """
    view = kept(1, "table:orders", after={"view": "daily"})
    index = kept(2, "table:daily", timed="5")
    other = kept(3, "table:users", timed="5")
    free = kept(4, "table:carts")

    found = standing_on(view, [view, index, other, free])
    assert [other, index] == [state for state, _ in found]
    assert f"(through {index.change.id})" in found[0][1]
    assert [] == standing_on(free, [view, index, other, free])


@given(st.lists(st.sampled_from(["table:a", "table:b", "route:c"]), min_size=1, max_size=8))
def test_undoing_with_what_stands_on_it_leaves_nothing_in_the_air(places: list[str]) -> None:
    """
    When a change goes with all that stands on it, nothing of what stays stands on anything that went.
    """
    all_kept = [kept(seq, place, timed=place[-1]) for seq, place in enumerate(places, start=1)]
    gone = [all_kept[0], *(state for state, _ in standing_on(all_kept[0], all_kept))]
    stays = [state for state in all_kept if state not in gone]

    assert [] == [state for state in stays for ground in gone if stands_on(state, ground)]
    assert sorted((state.kept_seq for state in gone[1:]), reverse=True) == [state.kept_seq for state in gone[1:]]
