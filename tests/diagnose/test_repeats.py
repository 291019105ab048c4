"""
Executions by transaction.
"""

from typing import Any

import msgspec

from hasten.diagnose._repeats import Repeats, repeats


def test_executions_are_counted_by_transaction_and_values(make: Any) -> None:
    """
    Three of one (two equal), one of another: two transactions, one equal and one differing repeat.
    """
    text = "SELECT 1 FROM inquiries WHERE id = $1"
    samples = make.executions(text, [["1"], ["1"], ["2"]]) + make.executions(text, [["1"]], transaction="3/2")
    found = repeats(make.statement(text, samples=samples))

    assert Repeats(most=3, seen=4, transactions=2, most_equal=2, differing=1, equal=1) == found
    assert (0.25, 0.25) == (found.differing_share, found.equal_share)


def test_without_transactions_nothing_is_counted(make: Any) -> None:
    """
    A log that names no transactions, or failures alone, tells nothing.
    """
    text = "SELECT 1"
    nameless = make.executions(text, [[], []], transaction="")
    failed = [msgspec.structs.replace(each, error="57014") for each in make.executions(text, [[], []])]
    found = repeats(make.statement(text, samples=nameless + failed))

    assert Repeats(most=0, seen=0, transactions=0, most_equal=0, differing=0, equal=0) == found
    assert (0.0, 0.0) == (found.differing_share, found.equal_share)
