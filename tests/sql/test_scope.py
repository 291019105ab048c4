"""
Which table a column belongs to.
"""

from collections.abc import Callable

from hasten.sql import StatementShape, TableUse, read_statement

Shape = Callable[[str], StatementShape]
Use = Callable[[str, str], TableUse]


def test_unqualified_columns_are_resolved_by_the_catalog(shape: Shape) -> None:
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


def test_an_inner_name_hides_the_outer_one(use: Use) -> None:
    """
    A sub-select's own column wins; its table has it.
    """
    text = "SELECT 1 FROM inquiries WHERE EXISTS (SELECT 1 FROM messages WHERE id = 7)"

    assert (["id"], []) == (use(text, "messages").equality, use(text, "inquiries").equality)
