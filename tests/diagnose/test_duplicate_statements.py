"""
duplicate_statements: the same question again in one transaction.
"""

from typing import Any

import pytest
from tests.traced import Written

from hasten.diagnose import duplicate_statements
from hasten.errors import NoData
from hasten.target import Allow, Target

TEXT = "SELECT id, name FROM roles ORDER BY name"


def of(make: Any, sizes: list[int], text: str = TEXT, **given: Any) -> Any:
    """
    A statement that was executed so often in each of several transactions.
    """
    samples = [
        sample
        for number, size in enumerate(sizes)
        for sample in make.executions(text, [[]] * size, transaction=f"3/{number}")
    ]
    return make.statement(text, **{"calls": 40, "mean_s": 0.01, "samples": samples} | given)


def test_equal_questions_in_one_transaction_are_found(observed: Any, target: Any, make: Any) -> None:
    """
    Four times in each of four transactions: twelve of sixteen executions are repeats.
    """
    [found] = duplicate_statements.find(observed(statements=[of(make, [4, 4, 4, 4])]), target)

    assert pytest.approx(4000 * 0.75 * 0.01) == found.cost_s_per_day
    assert (4, 4) == (found.evidence["most_equal_in_one_transaction"], found.evidence["transactions_seen"])


def test_once_per_transaction_is_healthy(observed: Any, target: Any, make: Any) -> None:
    """
    Sixteen requests that ask once each are fine here.
    """
    assert [] == duplicate_statements.find(observed(statements=[of(make, [1] * 16)]), target)


@pytest.mark.parametrize("sizes", [[9], [2] * 8], ids=["nine executions", "twice per transaction"])
def test_below_the_support_nothing_is_said(observed: Any, target: Any, make: Any, sizes: list[int]) -> None:
    """
    Ten executions, and three equal ones in one transaction, are the least.
    """
    assert [] == duplicate_statements.find(observed(statements=[of(make, sizes)]), target)


def test_a_write_is_no_question(observed: Any, target: Any, make: Any) -> None:
    """
    Equal inserts are not duplicates.
    """
    again = of(make, [5, 5], "INSERT INTO roles (name) VALUES ('x')")

    assert [] == duplicate_statements.find(observed(statements=[again]), target)


def test_other_values_are_another_symptom(observed: Any, target: Any, make: Any) -> None:
    """
    Lookups with different keys are n_plus_one.
    """
    text = "SELECT name FROM roles WHERE id = $1"
    samples = make.executions(text, [[str(n)] for n in range(12)])

    assert [] == duplicate_statements.find(observed(statements=[of(make, [], text, samples=samples)]), target)


def test_without_values_it_says_that_it_cannot_know(observed: Any, make: Any) -> None:
    """
    Without values every lookup would look equal.
    """
    with pytest.raises(NoData, match="record_parameters"):
        duplicate_statements.find(
            observed(statements=[of(make, [12])], traces=None), Target(allow=Allow(record_parameters=False))
        )


SETTINGS = "SELECT key, value FROM settings ORDER BY key"


def ask(written: Written, *details: str, requests: int = 2, text: str = SETTINGS, write: str = "") -> None:
    """
    Requests that ask with these values, 2 ms each, and may write something after the first.
    """
    for _ in range(requests):
        steps = [written.step("db", 10 * n, 2, text, detail=detail) for n, detail in enumerate(details)]
        if write:
            steps.append(written.step("db", 5, 1, write))
        written.add(*steps)


def test_the_same_question_in_one_request_is_found(observed: Any, target: Any, written: Written) -> None:
    """
    Two of three need not be asked, 2 ms each, 4,000 times a day.
    """
    ask(written, "all", "all", "all")
    [found] = duplicate_statements.find(observed(traces=written.traces), target)

    assert pytest.approx(4000 * 2 * 0.002) == found.cost_s_per_day
    assert (SETTINGS, "shop/orders.py:42 show") == (found.where.name, found.evidence["requests"][0]["caller"])


@pytest.mark.parametrize(
    "given",
    [
        {"details": ["all", "all"]},
        {"details": ["a", "a", "b", "b"]},
        {"details": ["", "", "", ""]},
        {"details": ["all"] * 3, "requests": 1},
        {"details": ["all"] * 3, "write": "UPDATE settings SET value = ? WHERE key = ?"},
        {"details": ["all"] * 3, "text": "SHOW standard_conforming_strings"},
        {"details": ["all"] * 3, "text": "ROLLBACK"},
        {"details": ["all"] * 3, "text": "SELECT nextval(?)"},
    ],
    ids=str,
)
def test_what_is_not_the_same_question_is_healthy(observed: Any, target: Any, written: Written, given: Any) -> None:
    """
    Twice, pairs, unknown values, one request, a write in between, and what is not about data.
    """
    ask(written, *given.pop("details"), **given)

    assert [] == duplicate_statements.find(observed(traces=written.traces), target)


def test_a_write_before_the_questions_changes_nothing(observed: Any, target: Any, written: Written) -> None:
    """
    Of four executions the last three are after the write, and two of them repeat the second.
    """
    ask(written, "all", "all", "all", "all", write="UPDATE settings SET value = ? WHERE key = ?")
    [found] = duplicate_statements.find(observed(traces=written.traces), target)

    assert 4 == found.evidence["requests"][0]["repeated"]
