"""
A help desk's catalog, and statements read against it.
"""

from collections.abc import Callable

import pytest

from hasten.sql import StatementShape, TableUse, read_statement

CATALOG = {
    "inquiries": ["id", "status", "customer_id", "created_at", "title", "priority", "is_open", "tags"],
    "customers": ["id", "email", "name", "country"],
    "messages": ["id", "inquiry_id", "body", "sent_at", "author_id"],
    "events": ["id", "payload", "at"],
    "audit.log": ["id", "at", "line"],
}


@pytest.fixture
def catalog() -> dict[str, list[str]]:
    """
    Columns by table.
    """
    return CATALOG


@pytest.fixture
def shape() -> Callable[[str], StatementShape]:
    """
    Reads a statement that must be readable.
    """

    def read(text: str) -> StatementShape:
        found = read_statement(text, CATALOG)
        assert not found.unknown, found.reason
        return found

    return read


@pytest.fixture
def use(shape: Callable[[str], StatementShape]) -> Callable[[str, str], TableUse]:
    """
    Reads the one use of a table in a statement.
    """

    def read(text: str, table: str) -> TableUse:
        [found] = shape(text).of(table)
        return found

    return read
