"""
Three answers, compared with one another.
"""

import json

import pytest

from hasten.verify.answers import Answer, Declared
from hasten.verify.answers.triples import triple_of


def answers(*values: object) -> tuple[Answer, Answer, Answer]:
    """
    Three answers in JSON.
    """
    lines = [("content-type", "application/json")]
    one, two, three = (Answer(status=200, headers=lines, body=json.dumps({"a": value}).encode()) for value in values)
    return one, two, three


@pytest.mark.parametrize(
    ("values", "noise", "odd", "blur"),
    [
        ((1, 1, 1), 0, 0, 0),
        ((1, 1, 2), 0, 1, 0),
        ((1, 2, 1), 1, 0, 0),
        ((1, 2, 2), 1, 0, 0),
        ((1, 2, 3), 1, 0, 1),
    ],
)
def test_who_is_the_odd_one(values: tuple[int, int, int], noise: int, odd: int, blur: int) -> None:
    """
    The candidate is odd where the controls agree; where all differ nobody is.
    """
    found = triple_of(answers(*values), Declared())

    assert (noise, odd, blur) == (len(found.noise), len(found.odd), len(found.blur))


def test_errors_of_control_are_told() -> None:
    """
    Only when control fails twice is there nothing to agree with.
    """
    good, bad = Answer(status=200), Answer(status=500)

    assert [True, False] == [triple_of(each, Declared()).is_error for each in ((bad, bad, bad), (bad, good, good))]
