"""
Where two values differ.
"""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hasten.verify.answers.walk import LENGTH, MEMBERS, ORDER, Differences, Path, canonical, same_scalar

ROWS = [{"id": 1, "n": "a"}, {"id": 2, "n": "b"}, {"id": 3, "n": "c"}]
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False, width=16) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


def paths(left: Any, right: Any) -> set[Path]:
    """
    The places that differ.
    """
    found = Differences()
    found.walk(left, right)
    return set(found.found)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, set()),
        ({"a": 1}, {"a": 1, "b": None}, {("b",)}),
        ({"a": [1, 2]}, {"a": [1, 3]}, {("a", 1)}),
        ([1, 2, 3], [1, 2], {(LENGTH,)}),
        ([1, 2, 3], [3, 1, 2], {(ORDER,)}),
        (ROWS, ROWS[::-1], {(ORDER,)}),
        (ROWS, ROWS[1:], {(LENGTH,), (MEMBERS,)}),
        (ROWS, [ROWS[0], {"id": 2, "n": "x"}, ROWS[2]], {(1, "n")}),
        (ROWS, [{"id": 3, "n": "x"}, *ROWS[:2]], {(ORDER,), (2, "n")}),
        (ROWS, [{"id": 9, "n": "a"}, *ROWS[1:]], {(MEMBERS,)}),
        ({"a": {}}, {"a": []}, {("a",)}),
    ],
)
def test_each_difference_has_its_place(left: Any, right: Any, expected: set[Path]) -> None:
    """
    Length, order, members and elements are told apart, and rows are compared with their namesakes.
    """
    assert expected == paths(left, right)


@pytest.mark.parametrize(
    ("left", "right"), [(1, 1.0), (1, True), (0, False), ("1", 1), (None, 0), ("", None), (0.0, -0.0)]
)
def test_a_type_is_part_of_a_value(left: Any, right: Any) -> None:
    """
    What a typed client would read otherwise is another value.
    """
    assert not same_scalar(left, right)
    assert {("a",)} == paths({"a": left}, {"a": right})


@settings(max_examples=150, deadline=None)
@given(left=values, right=values)
def test_values_differ_somewhere_or_are_the_same(left: Any, right: Any) -> None:
    """
    Nothing is found if and only if both are the same, and both ways round something is found.
    """
    is_same = canonical(left) == canonical(right)

    assert is_same == (not paths(left, right)) == (not paths(right, left))


def test_lengths_are_learned_on_the_way() -> None:
    """
    The lengths of all lists are known by their paths.
    """
    found = Differences()
    found.walk({"a": [1, 2], "b": [1]}, {"a": [1], "b": [2]})

    assert {("a",): {1, 2}, ("b",): {1}} == found.lengths
