"""
Hashes of values.
"""

import datetime
import decimal
import enum
import uuid
from itertools import combinations
from typing import Any

import psycopg.types.json
import pytest

from hasten_runtime.telemetry.traces import digest
from hasten_runtime.telemetry.traces.digest import MOST_BYTES, MOST_VALUES, digest_of, keyed


class Color(enum.IntEnum):
    """
    A number with a name.
    """

    RED = 1


VALUES: list[Any] = [
    None, True, 2, 2.0, "2", b"2", "", [], [[]], ["a", "b"], ["ab"], ["a", ["b"]], {"a": 1}, {"b": 1}, [None],
    datetime.date(2026, 1, 2), datetime.datetime(2026, 1, 2), decimal.Decimal("2"), uuid.UUID(int=2),
    psycopg.types.json.Jsonb({"a": 2}), "\ud800",
]  # fmt: skip


def test_equal_values_have_equal_hashes_and_others_do_not() -> None:
    """
    All of these differ from each other, and a copy of each does not.
    """
    found = [digest_of(each) for each in VALUES]

    assert all(len(each) == 16 for each in found)
    assert found == [digest_of(each) for each in VALUES]
    assert [] == [pair for pair in combinations(range(len(found)), 2) if found[pair[0]] == found[pair[1]]]


def test_a_number_with_a_name_is_the_number() -> None:
    """
    What the database gets is what is compared; a tuple is as good as a list.
    """
    assert digest_of((1,)) == digest_of([Color.RED])


@pytest.mark.parametrize(
    "value",
    [object(), [object()], {"a": object()}, "x" * (MOST_BYTES + 1), ["x" * 1000] * 100, [1] * MOST_VALUES,
     psycopg.types.json.Jsonb(object())],
)  # fmt: skip
def test_what_cannot_be_compared_has_no_hash(value: Any) -> None:
    """
    Neither objects, whose text could be anything, nor very long values.
    """
    assert "" == digest_of(value)


def test_a_circle_has_no_hash() -> None:
    """
    What contains itself cannot be gone through.
    """
    circle: list[Any] = []
    circle.append(circle)

    assert "" == digest_of(circle)


def test_nobody_can_try_values_out() -> None:
    """
    In another process, or after a fork, the same value has another hash.
    """
    before = digest_of("a secret"), keyed(b"x").hexdigest()
    digest.forget()

    assert not set(before) & {digest_of("a secret"), keyed(b"x").hexdigest()}
