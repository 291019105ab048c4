"""
Who may do what, as a table: the mode and what it is for, the ceiling of each risk class, approvals, budget, freeze.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.freeze import Freeze
from hasten.model import Change, Kind, Risk, Where
from hasten.permission import (
    ORDER,
    Approval,
    Permission,
    Spending,
    Value,
    boldest,
    mode_of,
    permitted,
    seal_of,
    within_budget,
)
from hasten.target import Allow

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday
HOUR = timedelta(hours=1)


def change(risk: Risk = Risk.R2, optimization: str = "database.indexes", **fields: Any) -> Change:
    """
    A change of that class.
    """
    given: dict[str, Any] = {
        "optimization": optimization, "kind": Kind.SCHEMA, "where": Where(kind="table", name="orders"), "before": {},
        "after": {"create": "x"}, "inverse": {"drop": "x"}, "why": "", "expects": "", "risk": risk,
    }  # fmt: skip
    return Change(**{**given, **fields})


def approval(of: Change, *, at: datetime = NOW - HOUR, lasts: timedelta = 24 * HOUR, **fields: Any) -> Approval:
    """
    Ada's yes to it, an hour ago and for a day.
    """
    given: dict[str, Any] = {
        "change": of.id, "seal": seal_of(of), "by": "ada", "at": at, "until": at + lasts,
        "optimization": of.optimization, "where": of.where.name,
    }  # fmt: skip
    return Approval(**{**given, **fields})


@pytest.mark.parametrize(
    ("risk", "mode", "modes", "holds"),
    [
        (Risk.R2, "observe", {}, "observe"),
        (Risk.R2, "auto", {}, "auto"),
        # One's own class, phase or id before the default, whichever way.
        (Risk.R2, "observe", {"R2": "auto"}, "auto"),
        (Risk.R2, "auto", {"R2": "propose"}, "propose"),
        (Risk.R2, "auto", {"database": "approve"}, "approve"),
        (Risk.R2, "auto", {"R1": "observe", "frontend": "observe", "database.views": "observe"}, "auto"),
        # The id before all others.
        (Risk.R2, "observe", {"database.indexes": "auto", "database": "observe", "R2": "propose"}, "auto"),
        (Risk.R2, "auto", {"database.indexes": "observe", "database": "auto", "R2": "auto"}, "observe"),
        # Neither of phase and class is part of the other: the more careful holds.
        (Risk.R2, "observe", {"database": "auto", "R2": "approve"}, "approve"),
        (Risk.R2, "observe", {"database": "propose", "R2": "auto"}, "propose"),
        # R3 is automatic only where it is named.
        (Risk.R3, "auto", {}, "approve"),
        (Risk.R3, "auto", {"database": "auto"}, "approve"),
        (Risk.R3, "observe", {"R3": "auto"}, "auto"),
        (Risk.R3, "observe", {"database.indexes": "auto"}, "auto"),
        (Risk.R3, "auto", {"R3": "auto", "database": "propose"}, "propose"),
        (Risk.R3, "propose", {}, "propose"),
        # R4 is proposed, whatever is said.
        (Risk.R4, "auto", {}, "propose"),
        (Risk.R4, "auto", {"database.indexes": "auto"}, "propose"),
        (Risk.R4, "observe", {}, "observe"),
        (Risk.R4, "auto", {"database": "observe"}, "observe"),
    ],
)
def test_the_most_specific_mode_holds_below_its_ceiling(risk: Risk, mode: Any, modes: Any, holds: str) -> None:
    """
    The optimization's own, else the more careful of its phase's and its class's, else the default.
    """
    assert holds == mode_of(change(risk), Allow(mode=mode, modes=modes))[0]


def test_the_boldest_mode_is_known() -> None:
    """
    Of the default and of everything that is named.
    """
    assert ["observe", "auto", "approve"] == [
        boldest(Allow()), boldest(Allow(modes={"R1": "auto"})), boldest(Allow(mode="approve", modes={"R1": "observe"}))
    ]  # fmt: skip


MODES = st.sampled_from(ORDER)


@given(
    risk=st.sampled_from(Risk), mode=MODES,
    modes=st.dictionaries(st.sampled_from([*Risk, "database", "database.indexes", "frontend"]), MODES),
)  # fmt: skip
def test_what_is_lossy_is_never_applied_and_r3_never_by_accident(risk: Risk, mode: Any, modes: Any) -> None:
    """
    Whatever hasten.toml says: no R4 is allowed or asked for, and no R3 is allowed that nobody named.
    """
    found = permitted(change(risk), Allow(mode=mode, modes=modes), [approval(change(risk))], [], NOW)
    automatic = permitted(change(risk), Allow(mode=mode, modes=modes), [], [], NOW)

    assert risk is not Risk.R4 or found.value is Value.NO
    named = "auto" in (modes.get("R3"), modes.get("database.indexes"))
    assert risk is not Risk.R3 or named or automatic.value is not Value.YES


@pytest.mark.parametrize(
    ("mode", "approvals", "value", "rule"),
    [
        ("observe", [approval(change())], Value.NO, "mode:observe"),
        ("propose", [approval(change())], Value.NO, "mode:propose"),
        ("auto", [], Value.YES, "mode:auto"),
        ("approve", [], Value.ASK, "approval:none"),
        ("approve", [approval(change())], Value.YES, "approval"),
        ("approve", [approval(change(), lasts=HOUR)], Value.ASK, "approval:expired"),
        ("approve", [approval(change(), lasts=HOUR), approval(change())], Value.YES, "approval"),
        # Approved under a clock that was set back since by a year.
        ("approve", [approval(change(), at=NOW + 8760 * HOUR)], Value.ASK, "approval:clock"),
        ("approve", [approval(change(before={"indexes": ["another"]}))], Value.ASK, "approval:other"),
        ("approve", [approval(change(inverse={"drop": "y"}), lasts=HOUR / 2)], Value.ASK, "approval:none"),
        ("approve", [approval(change(where=Where(kind="table", name="users")))], Value.ASK, "approval:none"),
        # The same short id and another reach: the seal is over the whole.
        ("approve", [approval(change(Risk.R1), change=change().id)], Value.ASK, "approval:other"),
    ],
)
def test_an_approval_is_for_this_very_change_and_for_a_while(
    mode: Any, approvals: list[Approval], value: Value, rule: str
) -> None:
    """
    Another plan, another class, another place, an hour too late: each is not one, and is told apart.
    """
    found = permitted(change(), Allow(mode=mode), approvals, [], NOW)

    assert (value, rule) == (found.value, found.rule)
    assert value is Value.YES or found.hint


def test_reasons_and_expectations_may_change_under_an_approval() -> None:
    """
    What is approved is what is done; the same step for a better reason needs no second yes.
    """
    assert seal_of(change()) == seal_of(change(why="it is dearer now", expects="more", finding="f"))
    assert seal_of(change()) != seal_of(change(kind=Kind.POLICY))


AFTERNOON = Freeze(days=["wed"], from_="13:00", to="15:00", reason="sale")


@pytest.mark.parametrize(
    ("hour", "lasts", "value"),
    [
        (11, 1, Value.YES), (12, 1, Value.YES), (12, 2, Value.NO), (13, 0, Value.NO), (14, 0, Value.NO),
        (15, 9, Value.YES),
    ],
)  # fmt: skip
def test_nothing_is_begun_that_would_meet_a_freeze(hour: int, lasts: int, value: Value) -> None:
    """
    Not inside, not where it would run into one; right before and right after it is allowed.
    """
    found = permitted(change(), Allow(mode="auto"), [], [AFTERNOON], NOW.replace(hour=hour), lasts=lasts * HOUR)

    assert value is found.value
    assert value is Value.YES or "sale" in found.reason


@pytest.mark.parametrize(
    ("applied_h", "kept_h", "rule"),
    [
        ([], [], "budget"),
        ([1, 2], [1, 2], "budget"),
        ([1, 2, 3], [], "budget:day"),
        ([1, 2, 23.9], [], "budget:day"),
        ([1, 2, 24.1], [], "budget"),
        ([], [1, 30, 47.9, 2], "budget:live"),
        ([], [1, 30, 48.1, 2], "budget"),
        # From a clock that was set back: it counts as young.
        ([-9000, -9000, -9000], [], "budget:day"),
    ],
)
def test_the_budget_counts_a_day_and_what_is_young(applied_h: list[float], kept_h: list[float], rule: str) -> None:
    """
    Three a day, and four that are live for less than two days.
    """
    allow = Allow(max_changes_per_day=3, max_live_changes=4, watch_hours=48)
    spent = Spending(applied_at=[NOW - h * HOUR for h in applied_h], kept_at=[NOW - h * HOUR for h in kept_h])
    found = within_budget(allow, spent, NOW)

    assert (rule, rule == "budget") == (found.rule, found.value is Value.YES)


def test_a_permission_survives_json() -> None:
    """
    It is told to programs as it is.
    """
    found = permitted(change(), Allow(), [], [], NOW)

    assert found == msgspec.json.decode(msgspec.json.encode(found), type=Permission)
