"""
What happens anywhere in a statement.
"""

from collections.abc import Callable

from hasten.sql import StatementShape

Shape = Callable[[str], StatementShape]


def test_aggregates_windows_and_sets_are_flagged(shape: Shape) -> None:
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
