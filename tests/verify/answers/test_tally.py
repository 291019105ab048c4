"""
What many triples say of a field.
"""

import json

from hasten.verify.answers import Answer, Declared
from hasten.verify.answers.tally import MOST_SAMPLES, Tally
from hasten.verify.answers.triples import Triple, triple_of


def triple(control: object, again: object, candidate: object) -> Triple:
    """
    Three answers in JSON, compared.
    """
    lines = [("content-type", "application/json")]
    made = [Answer(status=200, headers=lines, body=json.dumps(value).encode()) for value in (control, again, candidate)]
    return triple_of((made[0], made[1], made[2]), Declared())


def test_elements_of_a_list_of_varying_length_are_one_field() -> None:
    """
    Where lengths vary an index names nothing, and what is noise in one element is noise in all.
    """
    tally = Tally("r")
    tally.add(triple([1, 5], [2, 5], [1, 5]))
    tally.add(triple([1, 5, 7], [1, 6, 7], [1, 5, 7]))
    fixed = Tally("r")
    fixed.add(triple([1, 5], [2, 5], [1, 5]))

    assert ({"$[*]"}, {"$[0]"}) == (set(tally.named()), set(fixed.named()))
    assert 2 == len(tally.named()["$[*]"].noise)


def test_rows_that_moved_have_no_place() -> None:
    """
    A list that was seen in two orders is compared as a whole.
    """
    tally = Tally("r")
    rows = [{"id": 1, "n": 1}, {"id": 2, "n": 2}]
    tally.add(triple(rows, rows[::-1], [rows[0], {"id": 2, "n": 3}]))

    assert {"$ (order)", "$[*].n"} == set(tally.named())


def test_a_confirmation_counts_twice() -> None:
    """
    A second look is evidence of its own, and a field that is odd in both is confirmed.
    """
    tally = Tally("r")
    tally.add(triple(1, 1, 2), triple(1, 1, 2))
    tally.add(triple(1, 1, 2), triple(1, 1, 1))
    found = tally.named()["$"]

    assert (4, 3, 1) == (tally.compared, len(found.odd), len(found.confirmed))


def test_a_few_samples_are_kept() -> None:
    """
    The samples are the first few, however many there were.
    """
    tally = Tally("r")
    for _ in range(9):
        tally.add(triple(1, 1, 2))

    assert MOST_SAMPLES == len(tally.named()["$"].samples)
