"""
What a level puts out: its columns, its grouping, its order.
"""

from collections.abc import Callable
from typing import Any

import pytest

from hasten.sql import StatementShape, TableUse

Shape = Callable[[str], StatementShape]
Use = Callable[[str, str], TableUse]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("ORDER BY created_at", [("created_at", False, "")]),
        ("ORDER BY i.created_at DESC NULLS LAST, i.id", [("created_at", True, "last"), ("id", False, "")]),
        ("ORDER BY 2", [("created_at", False, "")]),
        ("ORDER BY made", [("created_at", False, "")]),
        ("ORDER BY created_at, c.name, i.id", [("created_at", False, "")]),
        ("ORDER BY c.name, created_at", []),
        ("ORDER BY i.id + c.id", []),
    ],
)
def test_an_order_is_the_leading_keys_of_one_table(use: Use, order: str, expected: list[Any]) -> None:
    """
    An index delivers the keys up to the first of another table.
    """
    text = f"SELECT i.id, created_at AS made FROM inquiries i JOIN customers c ON c.id = customer_id {order}"

    assert expected == [(each.column, each.descending, each.nulls) for each in use(text, "inquiries").order_by]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT DISTINCT status FROM inquiries ORDER BY status",
        "SELECT status, count(*) FROM inquiries GROUP BY status ORDER BY status",
        "SELECT count(*) FROM inquiries ORDER BY 1",
        "SELECT status FROM inquiries UNION SELECT status FROM inquiries ORDER BY status",
    ],
)
def test_no_order_is_claimed_behind_what_folds_rows(shape: Shape, text: str) -> None:
    """
    Grouped, distinct or united rows are sorted afterwards.
    """
    assert all([] == each.order_by for each in shape(text).of("inquiries"))


def test_distinct_on_keeps_its_order(use: Use) -> None:
    """
    DISTINCT ON takes the first of each group, so the order counts.
    """
    found = use("SELECT DISTINCT ON (customer_id) * FROM inquiries ORDER BY customer_id, created_at DESC", "inquiries")

    assert (["customer_id"], 2) == (found.distinct_on, len(found.order_by))


def test_order_by_an_expression_is_kept_as_text(use: Use) -> None:
    """
    ORDER BY lower(title) could be served by an index on the expression.
    """
    [key] = use("SELECT 1 FROM inquiries i ORDER BY lower(i.title) DESC", "inquiries").order_by

    assert ("", "lower(title)", True) == (key.column, key.expression, key.descending)


def test_selected_and_referenced_columns(use: Use) -> None:
    """
    What the answer holds, and all that a covering index would have to hold.
    """
    found = use("SELECT id, lower(title) FROM inquiries WHERE status = 'x' ORDER BY created_at", "inquiries")

    assert (["id", "title"], False) == (found.selected, found.selects_all)
    assert {"id", "title", "status", "created_at"} == set(found.referenced)


@pytest.mark.parametrize("star", ["*", "i.*", "i", "row_to_json(i)"])
def test_the_whole_row_is_noticed(use: Use, star: str) -> None:
    """
    A star, or the row as a value.
    """
    assert use(f"SELECT {star} FROM inquiries i", "inquiries").selects_all


def test_a_count_does_not_ask_for_the_row(use: Use) -> None:
    """
    count(*) has a star and needs no column.
    """
    assert not use("SELECT count(*) FROM inquiries i", "inquiries").selects_all
