"""
What an index could begin with, and what it would cost.
"""

from typing import Any

import msgspec
import pytest

from hasten.diagnose import _selectivity as selectivity
from hasten.diagnose._plan import Scan
from hasten.evidence import IndexProfile
from hasten.sql import TableUse, read_statement


def use(condition: str) -> TableUse:
    """
    How a statement with this condition uses inquiries.
    """
    return read_statement(f"SELECT 1 FROM inquiries WHERE {condition}").uses[0]


def scan(rows: float, **given: Any) -> Scan:
    """
    A scan of all of inquiries with a filter.
    """
    values = {"filter": "(x)", "share": 1.0, "cost": 20_000.0, "executions": 1.0}
    return Scan(node="Seq Scan", table="inquiries", alias="inquiries", rows=rows, **values | given)


def columns(condition: str, rows: float, make: Any) -> list[str]:
    """
    What the lookup begins with.
    """
    found = selectivity.lookup_of(scan(rows), use(condition), make.inquiries, sorts=False)
    return found.columns if found else []


def test_a_column_that_leaves_few_rows_stands_alone(make: Any) -> None:
    """
    customer_id leaves four rows, so nothing is added to it; assignee_id leaves 450, so status is.
    """
    assert ["customer_id"] == columns("status = 'a' AND customer_id = 7", 4, make)
    assert ["assignee_id", "status"] == columns("status = 'a' AND assignee_id = 7", 112, make)


def test_a_range_comes_last(make: Any) -> None:
    """
    Behind a range no further column of a B-tree helps to find.
    """
    assert ["assignee_id", "updated_at"] == columns("updated_at > $1 AND assignee_id = 7", 20, make)


def test_a_list_of_values_leaves_as_many_times_more(make: Any) -> None:
    """
    Eight assignees leave eight times as many rows as one.
    """

    def left(condition: str) -> float:
        found = selectivity.lookup_of(scan(1), use(condition), make.inquiries, sorts=False)
        assert found is not None
        return found.selectivity

    eight = "assignee_id IN (1, 2, 3, 4, 5, 6, 7, 8)"
    assert pytest.approx(8) == left(eight) / left("assignee_id = 1")


def test_the_planner_s_count_wins_where_it_is_larger(make: Any) -> None:
    """
    A value that is common is not taken for an average one.
    """
    found = selectivity.lookup_of(scan(90_000), use("assignee_id = 1"), make.inquiries, sorts=False)

    assert found is not None
    assert pytest.approx(0.45) == found.selectivity


def test_negative_distinct_values_grow_with_the_table(make: Any) -> None:
    """
    pg_stats says −0.5 for "half as many as rows"; 0 and nothing mean unknown.
    """
    column = make.inquiries.columns[4]

    assert 100_000 == selectivity.distinct_values(column, make.inquiries)
    for unknown in (0.0, None):
        assert selectivity.distinct_values(msgspec.structs.replace(column, distinct=unknown), make.inquiries) is None


def test_the_more_is_left_the_nearer_the_cost_is_to_reading_it_all(make: Any) -> None:
    """
    It grows with the share, and reading everything by an index costs more than without.
    """
    shares = [1e-6, 1e-4, 1e-2, 0.1, 1.0]
    prices = [selectivity.index_cost(selectivity.Lookup([], [], share), make.inquiries) for share in shares]

    assert sorted(prices) == prices
    assert prices[0] < 10
    assert prices[-1] > make.inquiries.size_bytes / 8192


def test_many_lookups_cost_many_times(make: Any) -> None:
    """
    A join asks once per row of the other side.
    """
    one, many = (selectivity.Lookup(["customer_id"], ["customer_id"], 2e-5, lookups=n) for n in (1.0, 50.0))

    assert pytest.approx(50) == selectivity.index_cost(many, make.inquiries) / selectivity.index_cost(
        one, make.inquiries
    )


@pytest.mark.parametrize(
    ("have", "serves"),
    [
        (["assignee_id"], True),
        (["assignee_id", "id"], True),
        (["status"], False),
        (["status", "assignee_id"], False),
        (["updated_at"], False),
    ],
)
def test_an_index_serves_by_a_selective_first_column(make: Any, have: list[str], serves: bool) -> None:
    """
    One that begins with status alone leaves a quarter of the table, which is no service.
    """
    lookup = selectivity.Lookup(["assignee_id", "status"], ["assignee_id", "status"], 0.0006)
    index = IndexProfile(name="x", table="inquiries", definition="…", columns=have)

    assert serves == (selectivity.serving(lookup, make.inquiries, [index], 0.1) is not None)


def test_an_order_is_served_by_the_same_order_behind_the_equal_columns(make: Any) -> None:
    """
    Equal columns may stand in any order, the sort keys may not.
    """
    order = read_statement("SELECT 1 FROM inquiries ORDER BY updated_at, id").uses[0].order_by
    lookup = selectivity.Lookup(
        ["assignee_id", "status", "updated_at", "id"], ["assignee_id", "status"], 0.0006, order=order
    )

    def served(*have: str) -> bool:
        index = IndexProfile(name="x", table="inquiries", definition="…", columns=list(have))
        return selectivity.serving(lookup, make.inquiries, [index], 0.1) is not None

    assert served("status", "assignee_id", "updated_at", "id")
    assert not served("status", "assignee_id", "id", "updated_at")
    assert not served("assignee_id")
