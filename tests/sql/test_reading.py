"""
What is read, what is known to be harmless, and what is refused.
"""

from collections.abc import Callable

import pytest

from hasten.sql import StatementShape, TableUse, read_statement

Shape = Callable[[str], StatementShape]
Use = Callable[[str, str], TableUse]


@pytest.mark.parametrize(
    "text",
    [
        "EXPLAIN SELECT 1 FROM inquiries WHERE status = 'x'",
        "DECLARE c CURSOR FOR SELECT 1 FROM inquiries WHERE status = 'x'",
        "PREPARE p AS SELECT 1 FROM inquiries WHERE status = $1",
        "COPY (SELECT 1 FROM inquiries WHERE status = 'x') TO STDOUT",
    ],
)
def test_the_query_inside_is_read(use: Use, text: str) -> None:
    """
    A cursor's, a prepared and a copied query have the query's shape.
    """
    assert ["status"] == use(text, "inquiries").equality


@pytest.mark.parametrize("text", ["BEGIN", "COMMIT", "SET search_path = x", "SHOW all", "DEALLOCATE ALL"])
def test_harmless_utilities_are_known(shape: Shape, text: str) -> None:
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
def test_what_cannot_be_read_is_unknown_and_says_why(catalog: dict[str, list[str]], text: str) -> None:
    """
    Never an exception, never a shape that could be taken for the truth.
    """
    found = read_statement(text, catalog)

    assert (True, True) == (found.unknown, bool(found.reason))
    assert found.is_write or found.uses
