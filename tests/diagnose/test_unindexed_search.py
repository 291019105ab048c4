"""
unindexed_search: patterns that begin with a wildcard.
"""

from typing import Any

import pytest

from hasten.diagnose import unindexed_search

TEXT = "SELECT id FROM inquiries WHERE subject ILIKE $1"


def search(make: Any, pattern: str, rows: int = 20, **given: Any) -> Any:
    """
    A search for a pattern, over the whole table.
    """
    plan = make.seq_scan(f"(subject ~~* '{pattern}'::text)", rows=rows)
    return make.statement(TEXT, **{"plan": plan, "samples": make.executions(TEXT, [[pattern]] * 5)} | given)


def test_a_leading_wildcard_is_found(observed: Any, target: Any, make: Any) -> None:
    """
    20 of 200,000 rows match; the scan is all of the statement.
    """
    [found] = unindexed_search.find(observed(statements=[search(make, "%invoice%")]), target)

    assert "inquiries subject" == found.where.name
    assert pytest.approx(4000 * 0.4 * (1 - 20 / 200_000)) == found.cost_s_per_day


def test_a_pattern_in_the_text_is_found(observed: Any, target: Any, make: Any) -> None:
    """
    A literal says the same as a parameter, also under OR.
    """
    text = "SELECT id FROM inquiries WHERE subject ILIKE '%invoice%' OR status LIKE '%open%'"
    ill = make.statement(text, plan=make.seq_scan("(subject ~~* '%invoice%'::text)", rows=20))

    [found] = unindexed_search.find(observed(statements=[ill]), target)

    assert ["subject", "status"] == found.evidence["columns"]


@pytest.mark.parametrize("pattern", ["invoice%", "%in%", "%", "_"], ids=["a beginning", "two letters", "all", "one"])
def test_what_a_trigram_index_cannot_help_has_no_finding(observed: Any, target: Any, make: Any, pattern: str) -> None:
    """
    The beginning of a value is served by a B-tree; fewer than three letters by nothing.
    """
    assert [] == unindexed_search.find(observed(statements=[search(make, pattern)]), target)


def test_a_pattern_that_matches_much_has_no_finding(observed: Any, target: Any, make: Any) -> None:
    """
    Where a fifth of the table matches, reading it all is right.
    """
    assert [] == unindexed_search.find(observed(statements=[search(make, "%the%", rows=40_000)]), target)


def test_too_few_calls_say_nothing(observed: Any, target: Any, make: Any) -> None:
    """
    Two searches are not a habit.
    """
    assert [] == unindexed_search.find(observed(statements=[search(make, "%invoice%", calls=2)]), target)
