"""
Parsing, and expressions back to text.
"""

import pytest

from hasten.sql import text as sql_text
from hasten.sql import without_values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1 FROM a WHERE x = 'secret' AND y = 42", "SELECT $1 FROM a WHERE x = $2 AND y = $3"),
        ("SELECT * FROM a WHERE x = $1", "SELECT * FROM a WHERE x = $1"),
        ("INSERT INTO a (x) VALUES ('secret')", "INSERT INTO a (x) VALUES ($1)"),
        ("SELECT 'unfinished", ""),
    ],
)
def test_values_can_be_taken_out(text: str, expected: str) -> None:
    """
    Constants become parameters; a text that cannot be read gives nothing, so that no value slips through.
    """
    assert expected == without_values(text)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("t.a + s.t.b", "a + b"),
        ("lower(t.a::text)", "lower(a::text)"),
        ("t.p -> 'x' ->> 'y'", "(p -> 'x') ->> 'y'"),
        ('t."Odd Name"', '"Odd Name"'),
    ],
)
def test_an_expression_loses_its_aliases_and_nothing_else(written: str, expected: str) -> None:
    """
    What is left can be written into CREATE INDEX on the table.
    """
    tree = sql_text.parse(f"SELECT {written} FROM t")
    target = tree.stmts[0].stmt.select_stmt.target_list[0].res_target.val

    assert expected == sql_text.expression_text(target)


def test_writing_an_expression_does_not_change_the_parsed_tree() -> None:
    """
    Trees are shared between callers.
    """
    tree = sql_text.parse("SELECT lower(t.a) FROM t")
    before = str(tree)
    sql_text.expression_text(tree.stmts[0].stmt.select_stmt.target_list[0].res_target.val)

    assert before == str(tree)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("7", "7"),
        ("-7", "-7"),
        ("7 + 1", None),
        ("1.5", "1.5"),
        ("'x'", "x"),
        ("'x'::text", "x"),
        ("true", "true"),
        ("NULL", None),
    ],
)
def test_a_constant_has_its_text(written: str, expected: str | None) -> None:
    """
    Numbers, strings and booleans, also under a cast; NULL and anything computed has none.
    """
    target = sql_text.parse(f"SELECT {written}").stmts[0].stmt.select_stmt.target_list[0].res_target.val

    assert expected == sql_text.constant_text(target)


def test_text_that_is_no_sql_raises_one_of_the_named_errors() -> None:
    """
    Callers catch PARSE_ERRORS and nothing else.
    """
    for text in ("SELECT FROM WHERE", "SELECT 'x", "SELECT " + "+".join("1" * 400), "SELECT '\ud800'"):
        with pytest.raises(sql_text.PARSE_ERRORS):
            sql_text.parse(text)
