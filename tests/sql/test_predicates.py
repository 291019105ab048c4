"""
Conditions taken apart: columns, kinds, operators, what is necessary and what is not.
"""

from collections.abc import Callable

import pytest

from hasten.sql import TableUse

Use = Callable[[str, str], TableUse]


@pytest.mark.parametrize(
    ("condition", "columns", "kind", "operator"),
    [
        ("status = 'open'", ["status"], "equality", "="),
        ("'open' = status", ["status"], "equality", "="),
        ("status = $1::text", ["status"], "equality", "="),
        ("status = CAST($1 AS varchar)", ["status"], "equality", "="),
        ("status IN ('a', 'b')", ["status"], "equality", "IN"),
        ("status IN ($1 /*, ... */)", ["status"], "equality", "IN"),
        ("id = ANY($1)", ["id"], "equality", "= ANY"),
        ("id = ANY(ARRAY[1, 2])", ["id"], "equality", "= ANY"),
        ("(status, priority) = ($1, $2)", ["status", "priority"], "equality", "="),
        ("is_open", ["is_open"], "equality", "="),
        ("NOT is_open", ["is_open"], "equality", "="),
        ("is_open IS TRUE", ["is_open"], "equality", "="),
        ("status IS NOT DISTINCT FROM $1", ["status"], "equality", "IS NOT DISTINCT FROM"),
        ("5 > priority", ["priority"], "range", "<"),
        ("priority BETWEEN 1 AND 3", ["priority"], "range", "BETWEEN"),
        ("(created_at, id) < ($1, $2)", ["created_at", "id"], "range", "<"),
        ("created_at > now() - interval $1", ["created_at"], "range", ">"),
        ("created_at > (SELECT max(at) FROM events)", ["created_at"], "range", ">"),
        ("title LIKE $1 || '%'", ["title"], "pattern", "~~"),
        ("title ILIKE '%x%'", ["title"], "pattern", "~~*"),
        ("title ~ '^x'", ["title"], "pattern", "~"),
        ("customer_id IS NULL", ["customer_id"], "null", "IS NULL"),
        ("customer_id IS NOT NULL", ["customer_id"], "other", "IS NOT NULL"),
        ("status <> 'open'", ["status"], "other", "<>"),
        ("status NOT IN ('a')", ["status"], "other", "NOT IN"),
        ("title NOT LIKE 'x%'", ["title"], "other", "!~~"),
        ("tags @> ARRAY['x']", ["tags"], "other", "@>"),
        ("'x' = ANY(tags)", ["tags"], "other", "@>"),
    ],
)
def test_each_condition_has_its_columns_kind_and_operator(
    use: Use, condition: str, columns: list[str], kind: str, operator: str
) -> None:
    """
    A condition on bare columns, however it is written.
    """
    [found] = use(f"SELECT 1 FROM inquiries WHERE {condition}", "inquiries").predicates

    assert (columns, kind, operator) == (found.columns, found.kind, found.operator)
    assert (False, True) == (found.is_expression, found.conjunctive)


@pytest.mark.parametrize(
    ("condition", "expression", "kind"),
    [
        ("lower(i.title) = $1", "lower(title)", "equality"),
        ("date(created_at) = $1", "date(created_at)", "equality"),
        ("created_at::date BETWEEN $1 AND $2", "created_at::date", "range"),
        ("i.priority + 1 > 3", "priority + 1", "range"),
        ("id::text = $1", "id::text", "equality"),
        ("upper(title) LIKE 'A%'", "upper(title)", "pattern"),
        ('title COLLATE "C" = $1', 'title COLLATE "C"', "equality"),
        ("coalesce(i.status, 'x') = $1", "COALESCE(status, 'x')", "equality"),
    ],
)
def test_an_expression_is_kept_without_aliases(use: Use, condition: str, expression: str, kind: str) -> None:
    """
    What stands around a column can be put into CREATE INDEX as it is.
    """
    [found] = use(f"SELECT 1 FROM inquiries i WHERE {condition}", "inquiries").expressions

    assert (expression, kind, True) == (found.expression, found.kind, found.is_expression)


def test_an_expression_is_no_equality_on_its_column(use: Use) -> None:
    """
    An index on the column does not serve lower(column).
    """
    assert [] == use("SELECT 1 FROM inquiries WHERE lower(title) = $1", "inquiries").equality


def test_json_paths_are_expressions(use: Use) -> None:
    """
    payload ->> 'kind' can be indexed; payload @> $1 is a condition on the column.
    """
    found = use("SELECT 1 FROM events WHERE payload->>'kind' = $1 AND payload @> $2", "events")

    assert [("payload ->> 'kind'", "equality"), ("payload", "other")] == [
        (each.expression, each.kind) for each in found.predicates
    ]


@pytest.mark.parametrize(
    "condition",
    ["status = 'a' OR priority = 1", "NOT (status = 'a' AND priority = 1)", "(status = 'a' AND id = 3) OR is_open"],
)
def test_alternatives_are_not_conditions_of_every_row(use: Use, condition: str) -> None:
    """
    Under OR no single condition must hold.
    """
    found = use(f"SELECT 1 FROM inquiries WHERE {condition}", "inquiries")

    assert [] == found.equality
    assert found.predicates
    assert not any(each.conjunctive for each in found.predicates)


def test_not_over_or_is_two_conditions(use: Use) -> None:
    """
    NOT (a OR b) means not a and not b, of which neither is an equality.
    """
    found = use("SELECT 1 FROM inquiries WHERE NOT (status = 'a' OR is_open)", "inquiries")

    assert ["is_open"] == found.equality
    assert [("NOT =", "other", True), ("=", "equality", True)] == [
        (each.operator, each.kind, each.conjunctive) for each in found.predicates
    ]


def test_an_outer_join_filters_its_own_side_only(use: Use) -> None:
    """
    ON of a LEFT JOIN limits what is joined, not what is kept.
    """
    text = """
        SELECT 1 FROM inquiries i LEFT JOIN messages m ON m.inquiry_id = i.id AND m.author_id = 3 AND i.status = 'x'
    """

    assert ["author_id"] == use(text, "messages").equality
    assert [] == use(text, "inquiries").equality


def test_not_in_is_no_join(use: Use) -> None:
    """
    NOT IN (SELECT …) cannot be turned into a join because of NULL.
    """
    text = "SELECT 1 FROM inquiries WHERE customer_id NOT IN (SELECT id FROM customers)"

    assert [] == use(text, "inquiries").joins
    assert [] == use(text, "customers").joins


def test_a_condition_on_the_outer_table_inside_of_a_sub_select_filters_the_sub_select(use: Use) -> None:
    """
    EXISTS (… AND i.status = 'x') in a select list does not filter inquiries.
    """
    text = "SELECT EXISTS (SELECT 1 FROM messages m WHERE m.inquiry_id = i.id AND i.status = 'x') FROM inquiries i"

    assert [] == use(text, "inquiries").equality
    assert "status" in use(text, "inquiries").referenced
