"""
n_plus_one: one statement per row, seen in transactions.
"""

from typing import Any

import pytest

from hasten.diagnose import n_plus_one
from hasten.errors import NoData
from hasten.target import Allow, Target

TEXT = "SELECT subject FROM inquiries WHERE customer_id = $1"


def of(make: Any, text: str = TEXT, count: int = 12, **given: Any) -> Any:
    """
    A statement that was executed `count` times in one transaction, each with another key, of 48 calls.
    """
    samples = make.executions(text, [[str(n)] for n in range(count)])
    return make.statement(text, **{"calls": 48, "mean_s": 0.01, "samples": samples} | given)


def test_many_lookups_in_one_transaction_are_found(observed: Any, target: Any, make: Any) -> None:
    """
    Eleven of twelve executions repeat the first; batching was measured to save 85 % of them.
    """
    [found] = n_plus_one.find(observed(statements=[of(make)]), target)

    assert pytest.approx(4800 * (11 / 12) * 0.01 * (1 - 3.1 / 20.2)) == found.cost_s_per_day
    assert (12, ["customer_id"]) == (found.evidence["most_in_one_transaction"], found.evidence["looked_up_by"])
    assert "at least 12 times, each with another value, 10 ms each" in found.says


def test_one_lookup_per_transaction_is_healthy(observed: Any, target: Any, make: Any) -> None:
    """
    Twelve transactions with one lookup each are twelve requests.
    """
    samples = [make.executions(TEXT, [[str(n)]], transaction=f"3/{n}")[0] for n in range(12)]

    assert [] == n_plus_one.find(observed(statements=[of(make, samples=samples)]), target)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (TEXT, 9),
        ("SELECT subject FROM inquiries WHERE id = ANY($1)", 12),
        ("SELECT subject FROM inquiries WHERE updated_at > $1", 12),
        ("UPDATE inquiries SET subject = 'x' WHERE id = $1", 12),
    ],
    ids=["too few", "a batch already", "no lookup", "a write"],
)
def test_what_is_no_lookup_per_row_is_left_alone(observed: Any, target: Any, make: Any, text: str, count: int) -> None:
    """
    Below ten executions, or another kind of statement: silent.
    """
    assert [] == n_plus_one.find(observed(statements=[of(make, text, count)]), target)


def test_equal_values_are_another_symptom(observed: Any, target: Any, make: Any) -> None:
    """
    The same question twelve times is duplicate_statements.
    """
    samples = make.executions(TEXT, [["7"]] * 12)

    assert [] == n_plus_one.find(observed(statements=[of(make, samples=samples)]), target)


def test_without_values_it_says_that_it_cannot_know(observed: Any, make: Any) -> None:
    """
    record_parameters = false takes away what tells lookups apart.
    """
    with pytest.raises(NoData, match="record_parameters"):
        n_plus_one.find(observed(statements=[of(make)]), Target(allow=Allow(record_parameters=False)))


def test_without_a_log_it_says_that_it_cannot_know(observed: Any, target: Any, make: Any) -> None:
    """
    Totals alone do not show transactions.
    """
    with pytest.raises(NoData, match="no single execution"):
        n_plus_one.find(observed(statements=[of(make, samples=[])]), target)
