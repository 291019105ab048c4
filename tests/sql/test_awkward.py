"""
Statements that are hard to read: nothing raises, no table is lost, no column is made up.
"""

import re

import hypothesis
import pytest
from hypothesis import strategies as st

from hasten.sql import read_statement

CATALOG = {"a": ["id", "x", "y", "b_id"], "b": ["id", "z", "w"], "c": ["id", "a_id", "note"]}

AWKWARD = [
    "SELECT a.id FROM a WHERE (a.x, a.y) IN (SELECT z, w FROM b)",
    "SELECT * FROM a, b, c WHERE a.b_id = b.id AND c.a_id = a.id AND (x = 1 OR z = 2) ORDER BY a.id",
    "SELECT * FROM ONLY a TABLESAMPLE SYSTEM (10) WHERE x = 1",
    "SELECT * FROM a WHERE x = (SELECT z FROM b WHERE b.id = a.b_id LIMIT 1)",
    "SELECT CASE WHEN x = 1 THEN (SELECT max(z) FROM b) ELSE y END FROM a",
    "SELECT * FROM unnest($1::int[], $2::text[]) WITH ORDINALITY AS u(id, t, n) JOIN a ON a.id = u.id",
    "SELECT * FROM generate_series(1, 10) g LEFT JOIN a ON a.id = g",
    "SELECT * FROM jsonb_to_recordset($1) AS r(id int, v text) JOIN a USING (id)",
    "SELECT * FROM json_table($1, '$[*]' COLUMNS (id int PATH '$.id')) j JOIN a ON a.id = j.id",
    "SELECT * FROM xmltable('/r' PASSING $1 COLUMNS id int PATH '@id') t JOIN a ON a.id = t.id",
    "VALUES (1, 2), (3, 4)",
    "SELECT * FROM (VALUES (1, 'x'), (2, 'y')) AS v(id, t) JOIN a ON a.id = v.id",
    "TABLE a",
    "SELECT FROM a",
    "SELECT a FROM a",
    "SELECT (a).x FROM a",
    "SELECT a.*::text FROM a",
    "SELECT array_agg(x ORDER BY y DESC) FILTER (WHERE y > 0) FROM a GROUP BY GROUPING SETS ((b_id), ())",
    "SELECT sum(x) OVER w FROM a WINDOW w AS (PARTITION BY b_id ORDER BY y)",
    "SELECT x, ROW_NUMBER() OVER (PARTITION BY b_id ORDER BY y) r FROM a",
    "(SELECT x FROM a ORDER BY y LIMIT 1) UNION ALL (SELECT z FROM b ORDER BY w LIMIT 1) ORDER BY 1",
    "SELECT * FROM a INTERSECT SELECT * FROM a EXCEPT SELECT * FROM a",
    "WITH q(k) AS (SELECT id FROM a), r AS (SELECT k FROM q) SELECT * FROM r WHERE k = 1",
    "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t) SELECT a.* FROM a JOIN t ON t.n = a.id",
    "WITH t AS (UPDATE a SET x = 1 WHERE id = 2 RETURNING *) INSERT INTO c (a_id) SELECT id FROM t",
    "INSERT INTO c (a_id, note) SELECT id, x::text FROM a WHERE x = 1 ON CONFLICT DO NOTHING",
    "INSERT INTO c DEFAULT VALUES",
    "UPDATE a SET (x, y) = (SELECT z, w FROM b WHERE b.id = a.b_id)",
    "UPDATE a SET x = x + 1 WHERE CURRENT OF cur",
    "DELETE FROM c USING a WHERE c.a_id = a.id AND a.x IN (SELECT z FROM b)",
    "MERGE INTO a USING (SELECT id, z FROM b) s ON a.b_id = s.id WHEN NOT MATCHED THEN INSERT (x) VALUES (s.z)",
    "SELECT * FROM a WHERE x = ALL(SELECT z FROM b)",
    "SELECT * FROM a WHERE x > SOME(ARRAY(SELECT z FROM b))",
    "SELECT * FROM a WHERE NOT EXISTS (SELECT FROM b WHERE b.id = a.b_id AND NOT (z = 1))",
    "SELECT * FROM a LEFT JOIN (b JOIN c ON c.id = b.id) ON b.id = a.b_id WHERE c.note IS NULL",
    "SELECT * FROM a RIGHT JOIN b ON b.id = a.b_id AND a.x = 1 FULL JOIN c ON c.a_id = a.id AND c.note = 'x'",
    "SELECT * FROM a CROSS JOIN LATERAL (SELECT * FROM b WHERE b.id = a.b_id ORDER BY z LIMIT 3) q",
    "SELECT extract(year FROM y), x AT TIME ZONE 'UTC', x::numeric, x IS JSON FROM a WHERE (y, y) OVERLAPS (x, x)",
    "SELECT * FROM a WHERE x LIKE ANY (ARRAY['a%', 'b%']) AND y SIMILAR TO '%x%' AND x NOT BETWEEN SYMMETRIC 1 AND 2",
    "SELECT * FROM a WHERE x @@ to_tsquery('x') AND x ->> 'k' = 'v' AND x #>> '{a,b}' = 'c' AND x ? 'k'",
    'SELECT "weird ""name""" FROM "Tab le" WHERE "weird ""name""" = 1',
    "SELECT x -- comment\n, /* another */ y FROM a WHERE /* x = 1 AND */ y = 2",
    "SELECT E'it''s', U&'d\\0061t', $$dollar ' quoted$$, $q$x$q$ FROM a",
    "SELECT * FROM a ORDER BY x FETCH FIRST 5 ROWS WITH TIES",
    "SELECT * FROM a ORDER BY x USING < LIMIT ALL OFFSET 0",
    "SELECT * FROM a ORDER BY 99",
    "SELECT id AS x, x AS id FROM a ORDER BY x, id",
    "SELECT DISTINCT ON (1, 2) x, y FROM a ORDER BY 1, 2",
    "SELECT a.id FROM a JOIN a AS a2 ON a2.id = a.b_id",
    "SELECT count(*) FROM (SELECT DISTINCT a.id FROM a LEFT JOIN c ON c.a_id = a.id WHERE x = $1) AS anon_1",
    "SELECT q.a_id FROM (SELECT a.id AS a_id FROM a ORDER BY y LIMIT $1) AS q LEFT JOIN c ON c.a_id = q.a_id",
    "SELECT * FROM a WHERE x = ANY($1) AND y = $2 ORDER BY y LIMIT $3 OFFSET $4 FOR NO KEY UPDATE OF a NOWAIT",
    "SELECT 1 FROM a WHERE x IN (" + ", ".join(map(str, range(3000))) + ")",
    "SELECT 1 FROM a WHERE " + " OR ".join(f"x = {n}" for n in range(500)),
]


def named(text: str) -> set[str]:
    """
    Which of the catalog's tables stand in a text as words after FROM, JOIN, INTO, UPDATE, USING, TABLE or a comma.
    """
    return set(re.findall(r"(?i)(?:FROM|JOIN|INTO|UPDATE|USING|TABLE|ONLY|,)\s+\(?([abc])\b(?!\s*\.)", text)) & set(
        CATALOG
    )


@pytest.mark.parametrize("text", AWKWARD, ids=range(len(AWKWARD)))
def test_no_table_is_lost_and_no_column_made_up(text: str) -> None:
    """
    A readable statement names all its tables, and only columns that the catalog has.
    """
    found = read_statement(text, CATALOG)

    assert not found.unknown, found.reason
    assert named(text) <= set(found.tables) | {"t"}
    for use in found.uses:
        if use.table in CATALOG:
            columns = {*use.referenced, *use.selected, *use.join_columns, *use.equality, *use.ranges, *use.group_by}
            assert columns <= set(CATALOG[use.table])


COLUMN = st.sampled_from(["a.id", "a.x", "a.y", "a.b_id"])
VALUE = st.sampled_from(
    ["$1", "7", "'x'", "$2::int", "NULL", "now()", "(SELECT max(z) FROM b)", "ARRAY[1]", "a.x", "-1.5e3"]
)
LEAF = st.builds(
    "{} {} {}".format, COLUMN, st.sampled_from(["=", "<", ">=", "<>", "LIKE", "@>", "= ANY", "IS DISTINCT FROM"]), VALUE
).map(lambda text: re.sub(r"= ANY (.*)$", r"= ANY(\1)", text)) | st.sampled_from(
    [
        "a.x IS NULL",
        "lower(a.x) = $1",
        "a.x IN (1, 2)",
        "EXISTS (SELECT 1 FROM c WHERE c.a_id = a.id)",
        "a.y BETWEEN 1 AND $3",
    ]
)
CONDITION = st.recursive(
    LEAF,
    lambda inner: (
        st.builds("({} AND {})".format, inner, inner)
        | st.builds("({} OR {})".format, inner, inner)
        | st.builds("NOT ({})".format, inner)
    ),
    max_leaves=8,
)


def holds(condition: str, row: dict[str, bool]) -> bool:
    """
    A condition over named truths, evaluated.
    """
    return bool(eval(condition.replace("AND", "and").replace("OR", "or").replace("NOT", "not"), {}, row))


@hypothesis.settings(max_examples=150, deadline=None)
@hypothesis.given(CONDITION)
def test_any_condition_can_be_read(condition: str) -> None:
    """
    Every combination of conditions is read, with its table, and JSON can hold the result.
    """
    found = read_statement(f"SELECT a.id FROM a WHERE {condition}", CATALOG)

    assert not found.unknown, found.reason
    assert "a" in found.tables
    assert [] == found.unresolved


TRUTH = st.recursive(
    st.sampled_from(["x", "y", "b_id"]),
    lambda inner: (
        st.builds("({} AND {})".format, inner, inner)
        | st.builds("({} OR {})".format, inner, inner)
        | st.builds("NOT ({})".format, inner)
    ),
    max_leaves=6,
)


@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(TRUTH)
def test_a_condition_that_is_called_necessary_is(condition: str) -> None:
    """
    Over booleans: what is said to hold for every row does hold for each row that the whole condition lets through.
    """
    [use] = read_statement(f"SELECT 1 FROM a WHERE {condition}", CATALOG).uses
    rows = [{"x": x, "y": y, "b_id": z} for x in (False, True) for y in (False, True) for z in (False, True)]
    passing = [row for row in rows if holds(condition, row)]

    for predicate in use.predicates:
        if predicate.conjunctive and predicate.kind == "equality":
            assert all(row[predicate.columns[0]] is (predicate.literals == ["true"]) for row in passing)


@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(st.text(max_size=60))
def test_any_text_at_all_is_answered(text: str) -> None:
    """
    Whatever stands in a log, reading it does not raise.
    """
    found = read_statement(text)

    assert text == found.text
