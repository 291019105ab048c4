"""
Query levels: joins, sub-selects, common table expressions, writes.
"""

from collections.abc import Callable

import pytest

from hasten.sql import StatementShape, TableUse

Shape = Callable[[str], StatementShape]
Use = Callable[[str, str], TableUse]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 FROM inquiries i JOIN customers c ON c.id = i.customer_id",
        "SELECT 1 FROM inquiries i, customers c WHERE i.customer_id = c.id",
        "SELECT 1 FROM inquiries LEFT JOIN customers ON customers.id = customer_id",
        "SELECT 1 FROM inquiries i WHERE customer_id IN (SELECT c.id FROM customers c)",
        "SELECT 1 FROM inquiries i WHERE EXISTS (SELECT 1 FROM customers c WHERE c.id = i.customer_id)",
        "SELECT 1 FROM inquiries i WHERE NOT EXISTS (SELECT FROM customers WHERE customers.id = customer_id)",
        "SELECT (SELECT name FROM customers c WHERE c.id = i.customer_id) FROM inquiries i",
        "SELECT 1 FROM inquiries i, LATERAL (SELECT 1 FROM customers c WHERE c.id = i.customer_id LIMIT 1) x",
        "WITH few AS (SELECT customer_id AS cid FROM inquiries) SELECT 1 FROM few JOIN customers ON id = cid",
        "SELECT 1 FROM (SELECT * FROM inquiries) q JOIN customers ON customers.id = q.customer_id",
        "UPDATE inquiries SET status = 'x' FROM customers c WHERE c.id = customer_id",
        "DELETE FROM inquiries USING customers c WHERE c.id = inquiries.customer_id",
    ],
)
def test_a_join_is_seen_from_both_sides(use: Use, text: str) -> None:
    """
    However two tables are joined, each knows its column and the other's.
    """
    assert [("customer_id", "customers", "id")] == [
        (each.column, each.other_table, each.other_column) for each in use(text, "inquiries").joins
    ]
    assert [("id", "inquiries", "customer_id")] == [
        (each.column, each.other_table, each.other_column) for each in use(text, "customers").joins
    ]


def test_using_joins_the_columns_of_that_name(shape: Shape) -> None:
    """
    USING (id) joins id with id, and an unqualified id is then no riddle.
    """
    found = shape("SELECT id FROM inquiries JOIN customers USING (id) WHERE id = 3")

    assert [["id"], ["id"]] == [each.join_columns for each in found.uses]
    assert ["id"] == found.uses[0].equality
    assert [] == found.unresolved


def test_a_join_with_something_computed_is_still_a_lookup(shape: Shape) -> None:
    """
    In a recursive CTE the table is looked up by what was found before.
    """
    text = """
        WITH RECURSIVE tree AS (
            SELECT id FROM inquiries WHERE id = $1
            UNION ALL SELECT i.id FROM inquiries i JOIN tree ON i.customer_id = tree.id
        ) SELECT * FROM tree
    """
    first, second = shape(text).of("inquiries")

    assert (["id"], []) == (first.equality, first.joins)
    assert ["customer_id"] == second.join_columns
    assert "" == second.joins[0].other_table


def test_a_condition_passes_into_a_plain_sub_select(use: Use) -> None:
    """
    What filters `SELECT * FROM t` from outside filters t, and its order is t's.
    """
    text = "SELECT * FROM (SELECT * FROM inquiries) q WHERE q.status = $1 ORDER BY q.created_at LIMIT 5"
    found = use(text, "inquiries")

    assert (["status"], ["created_at"]) == (found.equality, [key.column for key in found.order_by])
    assert found.limited


@pytest.mark.parametrize(
    "inner",
    [
        "SELECT * FROM inquiries LIMIT 10",
        "SELECT DISTINCT status FROM inquiries",
        "SELECT status, count(*) FROM inquiries GROUP BY status",
        "SELECT status, row_number() OVER () FROM inquiries",
    ],
)
def test_a_condition_does_not_pass_what_folds_or_cuts_rows(use: Use, inner: str) -> None:
    """
    Behind LIMIT, DISTINCT, grouping and windows a condition is about another set of rows.
    """
    assert [] == use(f"SELECT * FROM ({inner}) q WHERE q.status = $1", "inquiries").equality


def test_a_materialized_or_repeated_cte_keeps_conditions_out(use: Use) -> None:
    """
    PostgreSQL passes conditions only into a CTE that is named once.
    """
    once = "WITH q AS (SELECT * FROM inquiries) SELECT * FROM q WHERE status = 'x'"
    forced = once.replace("AS (", "AS MATERIALIZED (")
    twice = "WITH q AS (SELECT * FROM inquiries) SELECT 1 FROM q a JOIN q b ON a.id = b.id WHERE a.status = 'x'"

    assert [["status"], [], []] == [use(text, "inquiries").equality for text in (once, forced, twice)]


@pytest.mark.parametrize(
    ("text", "kind", "role", "written"),
    [
        ("INSERT INTO messages (id, body) VALUES ($1, $2) RETURNING id", "insert", "insert", ["id", "body"]),
        ("INSERT INTO messages SELECT * FROM messages_old", "insert", "insert", []),
        (
            "INSERT INTO messages (id, body) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            "insert", "insert", ["id", "body"],
        ),
        ("UPDATE messages SET body = $1, sent_at = now() WHERE id = $2", "update", "update", ["body", "sent_at"]),
        ("DELETE FROM messages WHERE id = ANY($1)", "delete", "delete", []),
        (
            "MERGE INTO messages m USING inquiries i ON m.inquiry_id = i.id WHEN MATCHED THEN UPDATE SET body = 'x'",
            "merge", "merge", ["body"],
        ),
    ],
)  # fmt: skip
def test_writes_name_what_they_write(shape: Shape, text: str, kind: str, role: str, written: list[str]) -> None:
    """
    The changed table has its role and the assigned columns.
    """
    found = shape(text)

    assert (kind, True) == (found.kind, found.is_write)
    assert (role, written) == (found.of("messages")[0].role, found.of("messages")[0].written)


def test_a_write_inside_of_a_cte_is_a_write(shape: Shape) -> None:
    """
    WITH gone AS (DELETE …) SELECT writes.
    """
    found = shape("WITH gone AS (DELETE FROM messages WHERE id = 1 RETURNING inquiry_id) SELECT * FROM gone")

    assert ("select", True) == (found.kind, found.is_write)


def test_an_update_s_filter_is_found(use: Use) -> None:
    """
    UPDATE and DELETE look for their rows too.
    """
    assert ["inquiry_id"] == use("UPDATE messages SET body = '' WHERE inquiry_id = $1", "messages").equality


def test_schemas_are_named_unless_public(shape: Shape) -> None:
    """
    As in the profiles.
    """
    assert ["audit.log", "inquiries"] == shape("SELECT 1 FROM audit.log, public.inquiries").tables


def test_a_cte_s_name_hides_a_table(shape: Shape) -> None:
    """
    FROM customers is the CTE of that name; with a schema it is the table.
    """
    assert ["inquiries"] == shape("WITH customers AS (SELECT id FROM inquiries) SELECT * FROM customers").tables
    assert ["inquiries", "customers"] == (
        shape("WITH customers AS (SELECT id FROM inquiries) SELECT 1 FROM customers, public.customers c").tables
    )
