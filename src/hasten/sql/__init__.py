"""
What a statement reads, filters, joins and sorts by, from PostgreSQL's own parser.

Pure: no server is asked. `read_statement` is the one door; `shape` holds what it answers.
"""

from hasten.sql.reading import read_statement
from hasten.sql.shape import Join, OrderKey, Predicate, StatementShape, TableUse
from hasten.sql.text import without_values

__all__ = ["Join", "OrderKey", "Predicate", "StatementShape", "TableUse", "read_statement", "without_values"]
