"""
Strings that belong to one principal alone.
"""

import json

import pytest

from hasten.verify.answers import Answer
from hasten.verify.identity.canaries import held_by, learned, words_of

JSON = [("content-type", "application/json")]


def answer(value: object) -> Answer:
    """
    An answer in JSON.
    """
    return Answer(status=200, headers=JSON, body=json.dumps(value).encode())


def test_canaries_are_steady_and_nobody_elses() -> None:
    """
    A name that comes twice and to one alone is a canary; a clock, a shared word and a short one are none.
    """
    ada = [answer({"name": "Ada Lovelace", "team": "desk one", "at": f"10:00:0{n}"}) for n in (1, 2)]
    ben = answer({"name": "Ben", "team": "desk one", "id": 90417})
    truth = {"ada": [(ada[0], ada[1])], "ben": [(ben, ben)]}

    assert {"ada": {"Ada Lovelace"}, "ben": {"90417"}} == learned(truth)


def test_a_word_that_another_page_gives_to_all_is_no_canary() -> None:
    """
    What one URL gives to one principal and another URL to somebody else belongs to nobody alone.
    """
    mine, news = answer({"title": "quarterly"}), answer(["quarterly"])

    assert set() == learned({"ada": [(mine, mine)], "ben": [(news, news)]})["ada"]


@pytest.mark.parametrize(
    ("found_in", "canary", "is_held"),
    [
        (answer({"a": ["x", {"b": "Cleo"}]}), "Cleo", True),
        (answer({"a": "Cleopatra"}), "Cleo", False),
        (answer({"a": "mailto:cleo@desk.example"}), "cleo@desk.example", True),
        (Answer(status=200, headers=[("x-user", "cleo@desk.example")]), "cleo@desk.example", True),
        (Answer(status=200, headers=[("content-type", "text/html")], body=b"<p title='Cleo'>x"), "Cleo", True),
        (Answer(status=200, body=b"\xff\xfecleo@desk.example"), "cleo@desk.example", True),
    ],
)
def test_short_ones_are_words_and_long_ones_are_found_anywhere(found_in: Answer, canary: str, is_held: bool) -> None:
    """
    A short canary must stand by itself, a long one may be a part of anything.
    """
    assert is_held == bool(held_by(found_in, [canary]))


def test_numbers_and_attributes_are_words() -> None:
    """
    An id tells somebody apart as a name does; yes and no do not.
    """
    assert {"90417"} == words_of(answer({"id": 90417, "ok": True, "n": 3})) - {"application/json"}
