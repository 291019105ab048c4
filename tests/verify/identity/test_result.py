"""
The gate's result as data, and its guard.
"""

from typing import Any

import pytest

from hasten.model import to_json
from hasten.verify.identity import CRITICAL, Identity, Leak, LeakKind, guard

CANARIES = {"a": 3, "b": 1, "c": 9}


def found(**more: Any) -> Identity:
    """
    A run of the gate.
    """
    usual: dict[str, Any] = {
        "principals": ["a", "b", "c", "anonymous"],
        "urls": 2,
        "asked": 90,
        "pairs": 24,
        "together": 50,
        "canaries": CANARIES,
    }
    return Identity(**{**usual, **more})


def leak(belongs_to: str) -> Leak:
    """
    A leak.
    """
    return Leak(
        kind=LeakKind.CANARY,
        route="GET /me",
        request="GET /me",
        given_to="a",
        belongs_to=belongs_to,
        how="after b",
        where="a string of its own",
        shown="be…",
    )


@pytest.mark.parametrize(
    ("identity", "ok"),
    [
        (found(), True),
        (found(leaks=[leak("b")]), False),
        (found(leaks=[leak("b")], unfinished=1), False),
        (found(principals=["a", "b", "anonymous"]), None),
        (found(unfinished=1), None),
        (found(urls=0), None),
        (found(errors_only=True), None),
        (found(canaries={"a": 3, "b": 1, "c": 0}), None),
    ],
)
def test_one_leak_is_enough_and_little_is_no_proof(identity: Identity, ok: bool | None) -> None:
    """
    A leak fails whatever else is missing, and anything that is missing is no good news.
    """
    assert ok is guard(identity).ok


def test_a_persons_leak_is_told_first() -> None:
    """
    What belongs to somebody weighs more than what belongs to nobody.
    """
    assert "belongs to b at" in guard(found(leaks=[leak("anonymous"), leak("b")])).detail


def test_the_record_is_critical() -> None:
    """
    The severity stands in what goes into the ledger.
    """
    assert [CRITICAL, ""] == [each.as_data()["severity"] for each in (found(leaks=[leak("b")]), found())]
    assert to_json(found().as_data())
