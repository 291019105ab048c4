"""
The form that all nouns share.
"""

import pytest

from hasten.noun import Noun, digest_of, from_json, to_json


class Point(Noun, frozen=True, kw_only=True):
    """
    A noun with a table in it.
    """

    names: dict[str, int] = {}


def test_equal_nouns_have_equal_bytes() -> None:
    """
    The order in which a table was filled does not show in its JSON, nor in its digest.
    """
    one, two = Point(names={"a": 1, "b": 2}), Point(names={"b": 2, "a": 1})

    assert to_json(one) == to_json(two)
    assert digest_of(one) == digest_of(two) != digest_of(Point())
    assert one == from_json(to_json(one), Point)


@pytest.mark.parametrize("length", [8, 12])
def test_a_digest_has_the_length_asked_for(length: int) -> None:
    """
    Short names for lists, longer ones for identity.
    """
    assert length == len(digest_of("x", length))
