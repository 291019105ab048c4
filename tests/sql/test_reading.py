"""
Statements and their shapes.
"""

from typing import Any

import pytest

from hasten.model import from_json, to_json
from hasten.sql import OrderKey, StatementShape, TableUse, read_statement

CATALOG = {
    "inquiries": ["id", "status", "customer_id", "created_at", "title", "priority", "is_open", "tags"],
    "customers": ["id", "email", "name", "country"],
    "messages": ["id", "inquiry_id", "body", "sent_at", "author_id"],
    "events": ["id", "payload", "at"],
    "audit.log": ["id", "at", "line"],
}


def shape(text: str) -> StatementShape:
    """
    The shape of a statement that must be readable.
    """
    found = read_statement(text, CATALOG)
    assert not found.unknown, found.reason
    return found


def use(text: str, table: str) -> TableUse:
    """
    The one use of a table in a statement.
    """
    [found] = shape(text).of(table)
    return found


def test_conditions_order_and_limit_of_a_plain_select() -> None:
    """
    Equality, range, order with direction, limit, offset, parameters.
    """
    text = (
        "SELECT * FROM inquiries i WHERE status = $1 AND created_at >= $2 ORDER BY created_at DESC LIMIT 20 OFFSET $3"
    )
    found = shape(text)
    inquiries = found.of("inquiries")[0]

    assert (["status"], ["created_at"]) == (inquiries.equality, inquiries.ranges)
    assert [OrderKey(expression="created_at", column="created_at", descending=True)] == inquiries.order_by
    assert (True, True, "i") == (inquiries.limited, inquiries.selects_all, inquiries.alias)
    assert (20, True, 3, 3) == (found.limit, found.has_offset, found.offset_parameter, found.parameters)
    assert not found.is_write


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
    condition: str, columns: list[str], kind: str, operator: str
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
def test_an_expression_is_kept_without_aliases(condition: str, expression: str, kind: str) -> None:
    """
    What stands around a column can be put into CREATE INDEX as it is.
    """
    [found] = use(f"SELECT 1 FROM inquiries i WHERE {condition}", "inquiries").expressions

    assert (expression, kind, True) == (found.expression, found.kind, found.is_expression)


def test_an_expression_is_no_equality_on_its_column() -> None:
    """
    An index on the column does not serve lower(column).
    """
    assert [] == use("SELECT 1 FROM inquiries WHERE lower(title) = $1", "inquiries").equality


def test_json_paths_are_expressions() -> None:
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
def test_alternatives_are_not_conditions_of_every_row(condition: str) -> None:
    """
    Under OR no single condition must hold.
    """
    found = use(f"SELECT 1 FROM inquiries WHERE {condition}", "inquiries")

    assert [] == found.equality
    assert found.predicates
    assert not any(each.conjunctive for each in found.predicates)


def test_not_over_or_is_two_conditions() -> None:
    """
    NOT (a OR b) means not a and not b, of which neither is an equality.
    """
    found = use("SELECT 1 FROM inquiries WHERE NOT (status = 'a' OR is_open)", "inquiries")

    assert ["is_open"] == found.equality
    assert [("NOT =", "other", True), ("=", "equality", True)] == [
        (each.operator, each.kind, each.conjunctive) for each in found.predicates
    ]


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
def test_a_join_is_seen_from_both_sides(text: str) -> None:
    """
    However two tables are joined, each knows its column and the other's.
    """
    assert [("customer_id", "customers", "id")] == [
        (each.column, each.other_table, each.other_column) for each in use(text, "inquiries").joins
    ]
    assert [("id", "inquiries", "customer_id")] == [
        (each.column, each.other_table, each.other_column) for each in use(text, "customers").joins
    ]


def test_using_joins_the_columns_of_that_name() -> None:
    """
    USING (id) joins id with id, and an unqualified id is then no riddle.
    """
    found = shape("SELECT id FROM inquiries JOIN customers USING (id) WHERE id = 3")

    assert [["id"], ["id"]] == [each.join_columns for each in found.uses]
    assert ["id"] == found.uses[0].equality
    assert [] == found.unresolved


def test_a_join_with_something_computed_is_still_a_lookup() -> None:
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


def test_not_in_is_no_join() -> None:
    """
    NOT IN (SELECT …) cannot be turned into a join because of NULL.
    """
    text = "SELECT 1 FROM inquiries WHERE customer_id NOT IN (SELECT id FROM customers)"

    assert [] == use(text, "inquiries").joins
    assert [] == use(text, "customers").joins


def test_an_outer_join_filters_its_own_side_only() -> None:
    """
    ON of a LEFT JOIN limits what is joined, not what is kept.
    """
    text = """
        SELECT 1 FROM inquiries i LEFT JOIN messages m ON m.inquiry_id = i.id AND m.author_id = 3 AND i.status = 'x'
    """

    assert ["author_id"] == use(text, "messages").equality
    assert [] == use(text, "inquiries").equality


def test_a_condition_passes_into_a_plain_sub_select() -> None:
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
def test_a_condition_does_not_pass_what_folds_or_cuts_rows(inner: str) -> None:
    """
    Behind LIMIT, DISTINCT, grouping and windows a condition is about another set of rows.
    """
    assert [] == use(f"SELECT * FROM ({inner}) q WHERE q.status = $1", "inquiries").equality


def test_a_materialized_or_repeated_cte_keeps_conditions_out() -> None:
    """
    PostgreSQL passes conditions only into a CTE that is named once.
    """
    once = "WITH q AS (SELECT * FROM inquiries) SELECT * FROM q WHERE status = 'x'"
    forced = once.replace("AS (", "AS MATERIALIZED (")
    twice = "WITH q AS (SELECT * FROM inquiries) SELECT 1 FROM q a JOIN q b ON a.id = b.id WHERE a.status = 'x'"

    assert [["status"], [], []] == [use(text, "inquiries").equality for text in (once, forced, twice)]


def test_a_condition_on_the_outer_table_inside_of_a_sub_select_filters_the_sub_select() -> None:
    """
    EXISTS (… AND i.status = 'x') in a select list does not filter inquiries.
    """
    text = "SELECT EXISTS (SELECT 1 FROM messages m WHERE m.inquiry_id = i.id AND i.status = 'x') FROM inquiries i"

    assert [] == use(text, "inquiries").equality
    assert "status" in use(text, "inquiries").referenced


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
def test_an_order_is_the_leading_keys_of_one_table(order: str, expected: list[Any]) -> None:
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
def test_no_order_is_claimed_behind_what_folds_rows(text: str) -> None:
    """
    Grouped, distinct or united rows are sorted afterwards.
    """
    assert all([] == each.order_by for each in shape(text).of("inquiries"))


def test_distinct_on_keeps_its_order() -> None:
    """
    DISTINCT ON takes the first of each group, so the order counts.
    """
    found = use("SELECT DISTINCT ON (customer_id) * FROM inquiries ORDER BY customer_id, created_at DESC", "inquiries")

    assert (["customer_id"], 2) == (found.distinct_on, len(found.order_by))


def test_order_by_an_expression_is_kept_as_text() -> None:
    """
    ORDER BY lower(title) could be served by an index on the expression.
    """
    [key] = use("SELECT 1 FROM inquiries i ORDER BY lower(i.title) DESC", "inquiries").order_by

    assert ("", "lower(title)", True) == (key.column, key.expression, key.descending)


def test_unqualified_columns_are_resolved_by_the_catalog() -> None:
    """
    Each column goes to the one table that has it.
    """
    found = shape("SELECT email, title FROM inquiries JOIN customers ON customers.id = customer_id WHERE country = 'x'")

    assert (["title"], ["email"]) == (found.of("inquiries")[0].selected, found.of("customers")[0].selected)
    assert (["country"], []) == (found.of("customers")[0].equality, found.unresolved)


def test_without_a_catalog_a_column_of_two_tables_stays_unresolved() -> None:
    """
    No guess is made.
    """
    found = read_statement("SELECT 1 FROM a JOIN b ON a.id = b.a_id WHERE status = 'x'")

    assert ["status"] == found.unresolved
    assert all([] == each.equality for each in found.uses)


def test_without_a_catalog_the_only_table_has_its_columns() -> None:
    """
    One table, no doubt.
    """
    assert ["status"] == read_statement("SELECT 1 FROM a WHERE status = 'x'").uses[0].equality


def test_an_inner_name_hides_the_outer_one() -> None:
    """
    A sub-select's own column wins; its table has it.
    """
    text = "SELECT 1 FROM inquiries WHERE EXISTS (SELECT 1 FROM messages WHERE id = 7)"

    assert (["id"], []) == (use(text, "messages").equality, use(text, "inquiries").equality)


def test_selected_and_referenced_columns() -> None:
    """
    What the answer holds, and all that a covering index would have to hold.
    """
    found = use("SELECT id, lower(title) FROM inquiries WHERE status = 'x' ORDER BY created_at", "inquiries")

    assert (["id", "title"], False) == (found.selected, found.selects_all)
    assert {"id", "title", "status", "created_at"} == set(found.referenced)


@pytest.mark.parametrize("star", ["*", "i.*", "i", "row_to_json(i)"])
def test_the_whole_row_is_noticed(star: str) -> None:
    """
    A star, or the row as a value.
    """
    assert use(f"SELECT {star} FROM inquiries i", "inquiries").selects_all


def test_a_count_does_not_ask_for_the_row() -> None:
    """
    count(*) has a star and needs no column.
    """
    assert not use("SELECT count(*) FROM inquiries i", "inquiries").selects_all


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
def test_writes_name_what_they_write(text: str, kind: str, role: str, written: list[str]) -> None:
    """
    The changed table has its role and the assigned columns.
    """
    found = shape(text)

    assert (kind, True) == (found.kind, found.is_write)
    assert (role, written) == (found.of("messages")[0].role, found.of("messages")[0].written)


def test_a_write_inside_of_a_cte_is_a_write() -> None:
    """
    WITH gone AS (DELETE …) SELECT writes.
    """
    found = shape("WITH gone AS (DELETE FROM messages WHERE id = 1 RETURNING inquiry_id) SELECT * FROM gone")

    assert ("select", True) == (found.kind, found.is_write)


def test_an_update_s_filter_is_found() -> None:
    """
    UPDATE and DELETE look for their rows too.
    """
    assert ["inquiry_id"] == use("UPDATE messages SET body = '' WHERE inquiry_id = $1", "messages").equality


def test_aggregates_windows_and_sets_are_flagged() -> None:
    """
    What happens anywhere in the statement.
    """
    assert shape("SELECT count(*) FILTER (WHERE is_open) FROM inquiries").has_aggregate
    assert shape("SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY priority) FROM inquiries").has_aggregate
    assert shape("SELECT my_agg(DISTINCT id) FROM inquiries").has_aggregate
    assert shape("SELECT rank() OVER (PARTITION BY status) FROM inquiries").has_window
    assert not shape("SELECT sum(id) OVER () FROM inquiries").has_aggregate
    assert shape("SELECT 1 FROM inquiries UNION ALL SELECT 2 FROM customers").has_set_operation
    assert shape("SELECT status FROM inquiries GROUP BY 1").has_group_by
    assert shape("SELECT DISTINCT status FROM inquiries").has_distinct
    assert shape("SELECT 1 FROM inquiries FOR UPDATE SKIP LOCKED").locks_rows


def test_schemas_are_named_unless_public() -> None:
    """
    As in the profiles.
    """
    assert ["audit.log", "inquiries"] == shape("SELECT 1 FROM audit.log, public.inquiries").tables


def test_a_cte_s_name_hides_a_table() -> None:
    """
    FROM customers is the CTE of that name; with a schema it is the table.
    """
    assert ["inquiries"] == shape("WITH customers AS (SELECT id FROM inquiries) SELECT * FROM customers").tables
    assert ["inquiries", "customers"] == (
        shape("WITH customers AS (SELECT id FROM inquiries) SELECT 1 FROM customers, public.customers c").tables
    )


@pytest.mark.parametrize(
    "text",
    [
        "EXPLAIN SELECT 1 FROM inquiries WHERE status = 'x'",
        "DECLARE c CURSOR FOR SELECT 1 FROM inquiries WHERE status = 'x'",
        "PREPARE p AS SELECT 1 FROM inquiries WHERE status = $1",
        "COPY (SELECT 1 FROM inquiries WHERE status = 'x') TO STDOUT",
    ],
)
def test_the_query_inside_is_read(text: str) -> None:
    """
    A cursor's, a prepared and a copied query have the query's shape.
    """
    assert ["status"] == use(text, "inquiries").equality


@pytest.mark.parametrize("text", ["BEGIN", "COMMIT", "SET search_path = x", "SHOW all", "DEALLOCATE ALL"])
def test_harmless_utilities_are_known(text: str) -> None:
    """
    They touch no table, and that is certain.
    """
    assert ("utility", False, []) == (shape(text).kind, shape(text).is_write, shape(text).uses)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-- nothing",
        "not SQL at all",
        "SELECT 1; SELECT 2",
        "CREATE INDEX ON inquiries (status)",
        "VACUUM",
        "CALL recount()",
        "DO $$ BEGIN NULL; END $$",
        "SELECT 'unfinished",
        "SELECT * FROM inquiries WHERE status = ?",
        "SELECT " + "+".join("1" * 500),
        "SELECT 1 FROM inquiries NATURAL JOIN customers",
        "SELECT x.id FROM (inquiries JOIN customers ON true) AS x",
        "\x00",
        "SELECT '\ud800'",
    ],
    ids=range(15),
)
def test_what_cannot_be_read_is_unknown_and_says_why(text: str) -> None:
    """
    Never an exception, never a shape that could be taken for the truth.
    """
    found = read_statement(text, CATALOG)

    assert (True, True) == (found.unknown, bool(found.reason))
    assert found.is_write or found.uses


def test_a_shape_survives_json() -> None:
    """
    It is plain data.
    """
    found = shape("SELECT i.*, lower(email) FROM inquiries i JOIN customers c ON c.id = customer_id WHERE is_open")

    assert found == from_json(to_json(found), StatementShape)
