"""
n_plus_one: one statement per row, seen in transactions.
"""

from typing import Any

import pytest
from tests.traced import Written

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
        n_plus_one.find(observed(statements=[of(make)], traces=None), Target(allow=Allow(record_parameters=False)))


def test_without_a_log_it_says_that_it_cannot_know(observed: Any, target: Any, make: Any) -> None:
    """
    Totals alone do not show transactions.
    """
    with pytest.raises(NoData, match="no single execution"):
        n_plus_one.find(observed(statements=[of(make, samples=[])], traces=None), target)


LOOKUP = "SELECT subject FROM inquiries WHERE customer_id = ?::INTEGER"


def look_up(written: Written, requests: int = 2, count: int = 12, text: str = LOOKUP, detail: str = "key {}") -> None:
    """
    Requests that look up so often, each time with another key, 2 ms each.
    """
    for _ in range(requests):
        steps = [
            written.step(
                "db", 3 * n, 2, text, detail=detail.format(n), at=["shop/list.py:8 <listcomp>", "shop/list.py:5 show"]
            )
            for n in range(count)
        ]
        written.add(*steps)


def test_lookups_of_one_request_are_found_without_transactions(
    observed: Any, target: Any, make: Any, written: Written
) -> None:
    """
    Eleven of twelve, 2 ms each, in 4,000 requests a day, at the line that makes them; no log is needed.
    """
    look_up(written)
    seen = observed(statements=[make.statement(TEXT.replace("$1", "$1::INTEGER"))], traces=written.traces)
    [found] = n_plus_one.find(seen, target)

    assert ("1001", "GET /api/inquiries") == (found.where.name, found.evidence["requests"][0]["route"])
    assert "12 times in one GET /api/inquiries, from shop/list.py:8 <listcomp>" in found.says
    assert pytest.approx(4000 * 11 * 0.002 * (1 - 3.1 / 20.2)) == found.cost_s_per_day


def test_one_statement_is_one_finding(observed: Any, target: Any, make: Any, written: Written) -> None:
    """
    What the log shows and what requests show of the same statement stands together.
    """
    look_up(written)
    [found] = n_plus_one.find(observed(statements=[of(make)], traces=written.traces), target)

    assert 12 == found.evidence["most_in_one_transaction"]
    assert "shop/list.py:8 <listcomp>" == found.evidence["requests"][0]["caller"]


@pytest.mark.parametrize(
    "given",
    [
        {"requests": 1},
        {"count": 9},
        {"detail": "one key"},
        {"detail": ""},
        {"text": "SELECT subject FROM inquiries WHERE id = ANY(?)"},
        {"text": "SELECT typname FROM pg_type WHERE oid = ?"},
        {"text": "INSERT INTO inquiries (id) VALUES (?)"},
        {"text": "SELECT id FROM inquiries WHERE id = ? FOR UPDATE"},
    ],
    ids=str,
)
def test_a_request_that_does_not_look_up_per_row_is_healthy(
    observed: Any, target: Any, written: Written, given: Any
) -> None:
    """
    One request, few executions, equal or unknown values, batches, questions about the server, writes and locks.
    """
    look_up(written, **given)

    assert [] == n_plus_one.find(observed(traces=written.traces), target)
