"""
HypoPG's prices: the two corrections, and a real HypoPG where one can be had.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.evidence import ColumnProfile, TableProfile
from hasten.optimize.database._indexes.definition import Definition, Key
from hasten.optimize.database._indexes.hypothetical import estimated_bytes, height_of, missing_descents


def table(rows: float, distinct: float, width: int = 4) -> TableProfile:
    """
    A table with one column `a`.
    """
    return TableProfile(
        name="t",
        rows=rows,
        size_bytes=1,
        columns=[ColumnProfile(name="a", type="integer", distinct=distinct, width_bytes=width)],
    )


WANTED = Definition(table="t", keys=(Key(text="a"),))


@pytest.mark.parametrize(
    ("rows", "distinct", "width", "measured_bytes"),
    [
        # pg_relation_size of indexes that PostgreSQL 18.6 built: integers, integers, integers, md5 as text.
        (2_500_000, -0.138858, 4, 27_066_368),
        (2_500_000, 4, 4, 17_350_656),
        (400_000, -1.0, 4, 9_003_008),
        (400_000, -1.0, 33, 23_642_112),
    ],
)
def test_sizes_are_near_the_truth(rows: float, distinct: float, width: int, measured_bytes: int) -> None:
    """
    With equal keys kept once, the estimate is within a tenth of what PostgreSQL builds.
    """
    assert pytest.approx(measured_bytes, rel=0.1) == estimated_bytes(WANTED, table(rows, distinct, width))


@given(st.floats(1, 1e9), st.floats(1, 1e6))
def test_equal_keys_never_cost_more(rows: float, distinct: float) -> None:
    """
    A column with few values has a smaller index than a unique one.
    """
    assert estimated_bytes(WANTED, table(rows, distinct)) <= estimated_bytes(WANTED, table(rows, -1.0))


@pytest.mark.parametrize(("size", "height"), [(0, 0), (8192, 0), (50 * 8192, 1), (200_000 * 8192, 3)])
def test_a_tree_is_as_high_as_its_leaves_need(size: int, height: int) -> None:
    """
    Levels above the leaves, with some 285 entries in each page of them.
    """
    assert height == height_of(size)


def test_a_descent_is_paid_once_per_loop() -> None:
    """
    Below a nested loop the pretended index is entered once for each outer row.
    """
    scan: dict[str, Any] = {"Node Type": "Index Scan", "Index Name": "hypo"}
    outer: dict[str, Any] = {"Node Type": "Seq Scan", "Plan Rows": 1000}
    loop = {"Node Type": "Nested Loop", "Plans": [outer, scan]}
    once = missing_descents(scan, {"hypo": 2})

    assert pytest.approx(3 * 50 * 0.0025) == once
    assert pytest.approx(1000 * once) == missing_descents(loop, {"hypo": 2})
    assert 0.0 == missing_descents(loop, {"other": 2})
