"""
hasten.budgets: what follows from numbers; whole runs are in tests/real/test_side_by_side.py.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hasten.budgets import baseline_items, budget_items, budgets_of, measured_part, wanted_from, would_do
from hasten.errors import ConfigError
from hasten.record.checked import Status
from hasten.record.history import Measured
from hasten.target import Check, Frontend, Objectives, Target

TARGET = Target(objectives=Objectives(api_p95_ms=200, cache_hit_ratio=0.9), check=Check(budgets=["api_p95_ms"]))


def target(*names: str, **settings: object) -> Target:
    """
    A target with these budgets.
    """
    return Target(check=Check(budgets=list(names), **settings), frontend=Frontend(dist="dist"))


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("api_p95_ms", 200.0, Status.HELD),
        ("api_p95_ms", 201.0, Status.BROKEN),
        ("cache_hit_ratio", 0.96, Status.HELD),
        ("cache_hit_ratio", 0.94, Status.BROKEN),
        ("api_p95_ms", None, Status.NO_DATA),
    ],
)
def test_a_budget_is_kept_broken_or_not_known(name: str, value: float | None, status: Status) -> None:
    """
    What was not measured is not kept.
    """
    (item,) = budget_items({name: value}, target(name))

    assert (status, name, "objectives") == (item.status, item.key, item.section)


def test_why_it_was_not_measured_is_said() -> None:
    """
    As the probe that it comes from says it.
    """
    (item,) = budget_items({}, target("page_load_ms"), {"page": "no browser is here"})

    assert "no browser is here" in item.says


def test_every_objective_is_a_budget_unless_some_are_named() -> None:
    """
    Nothing is left out in silence.
    """
    assert (8, ["api_p95_ms"]) == (len(budgets_of(Target())), budgets_of(TARGET))


def test_only_what_a_budget_needs_is_measured() -> None:
    """
    Pages are visited and built files are weighed where a budget is about them.
    """
    quick, whole = measured_part(target("api_p95_ms")), measured_part(target("page_load_ms", "bundle_bytes"))

    assert ([], "") == (quick.browser.pages, quick.frontend.dist)
    assert (["/"], "dist") == (whole.browser.pages, whole.frontend.dist)


@pytest.mark.parametrize(
    ("before", "now", "breaks", "status"),
    [
        (100.0, 105.0, False, Status.HELD),
        (100.0, 150.0, False, Status.NOT_SHOWN),
        (100.0, 150.0, True, Status.BROKEN),
        (None, 150.0, True, None),
    ],
)
def test_another_time_proves_nothing(before: float | None, now: float, breaks: bool, status: Status | None) -> None:
    """
    The stored baseline is grade C: it breaks the build only where that is asked for.
    """
    run = Measured(
        seq=1, at=datetime(2026, 1, 2, tzinfo=UTC), name="baseline", observation="x", objectives={"api_p95_ms": before}
    )
    found = baseline_items([run], {"api_p95_ms": now}, target("api_p95_ms", baseline_breaks=breaks))

    assert ([status] if status else []) == [item.status for item in found]
    assert all("grade C" in item.says for item in found)


def test_without_a_baseline_nothing_is_compared_with_it() -> None:
    """
    A runner that never measured before has no items of it.
    """
    assert [] == baseline_items([], {"api_p95_ms": 1.0}, TARGET)


def test_something_must_be_left_to_check(tmp_path: Path) -> None:
    """
    Neither budgets nor a revision is your input.
    """
    with pytest.raises(ConfigError, match="nothing is left"):
        wanted_from(tmp_path, TARGET, "", budgets=False, seed=1)


def test_a_dry_run_names_the_budgets(tmp_path: Path) -> None:
    """
    What would be measured, and nothing of a comparison that is not asked for.
    """
    (said,) = would_do(TARGET, wanted_from(tmp_path, TARGET, None, budgets=True, seed=1))

    assert "api_p95_ms" in said
