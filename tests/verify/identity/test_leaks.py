"""
Is an answer its asker's own?
"""

import json

import pytest

from hasten.verify.answers import Answer, Declared
from hasten.verify.identity import LeakKind
from hasten.verify.identity.leaks import Cookies, Truth, canaries_in, is_explained

JSON = ("content-type", "application/json")


def answer(*lines: tuple[str, str], **value: object) -> Answer:
    """
    An answer in JSON.
    """
    return Answer(status=200, headers=[JSON, *lines], body=json.dumps(value).encode())


ADA, BEN = answer(name="Ada", unread=3, at=1), answer(name="Ben", unread=3, at=2)
TRUTH = Truth.of({"ada": (ADA, answer(name="Ada", unread=3, at=5)), "ben": (BEN, answer(name="Ben", unread=3, at=6))})


@pytest.mark.parametrize(
    ("given", "borrowed"),
    [
        (answer(name="Ada", unread=3, at=9), []),
        (answer(name="Ada", unread=3, at=2), []),
        (answer(name="Ben", unread=3, at=9), [("ben", "$.name")]),
        (answer(name="Somebody", unread=3, at=9), []),
        (answer(name="Ada", unread=4, at=9), []),
    ],
)
def test_what_is_as_another_gets_it_is_borrowed(given: Answer, borrowed: list[tuple[str, str]]) -> None:
    """
    Only a field that control gives to another, and not to this one, is a leak; noise and plain errors are none.
    """
    found = TRUTH.borrowed("ada", given, Declared())

    assert borrowed == [(each.belongs_to, each.where) for each in found]


def test_a_canary_that_control_gives_too_is_none() -> None:
    """
    What control shows this asker as well belongs to it.
    """
    canaries = {"ben": {"ben@desk.example"}}
    mentioning = answer(by="ben@desk.example")

    assert [] == list(canaries_in(mentioning, "ada", (mentioning, mentioning), canaries))
    assert [LeakKind.CANARY] == [each.kind for each in canaries_in(mentioning, "ada", (ADA, ADA), canaries)]
    assert [] == list(canaries_in(mentioning, "ben", (ADA, ADA), canaries))


@pytest.mark.parametrize(
    ("truth", "second", "count"),
    [
        (("sid=1", "sid=2"), "ada", 1),
        (("sid=1", "sid=2"), "ben", 1),
        (("sid=1", "sid=1"), "ada", 0),
        (("sid=1", "sid=1"), "ben", 1),
        (("sid=x", "sid=x"), "ben", 0),
    ],
)
def test_a_cookie_may_not_be_given_twice(truth: tuple[str, str], second: str, count: int) -> None:
    """
    To another principal never, unless control gives it to both; to the same one not where control never repeats it.
    """
    cookies = Cookies()
    given = answer(("set-cookie", "sid=x; HttpOnly"))
    own = (answer(("set-cookie", truth[0])), answer(("set-cookie", truth[1])))
    first = list(cookies.replayed(given, "ada", own))

    assert ([], count) == (first, len(list(cookies.replayed(given, second, own))))


def test_what_control_gives_by_now_is_explained() -> None:
    """
    A suspicion is dropped when control has come to give the same.
    """
    (suspicion,) = TRUTH.borrowed("ada", answer(name="Ben", unread=3), Declared())

    assert is_explained(suspicion, answer(name="Ben", unread=3), answer(name="Ben", unread=7), Declared())
    assert not is_explained(suspicion, answer(name="Ben", unread=3), ADA, Declared())


def test_who_asks_matters_or_not() -> None:
    """
    A page is personal where the answers differ in more than noise.
    """
    public = Truth.of({"ada": (answer(at=1), answer(at=2)), "ben": (answer(at=3), answer(at=4))})

    assert (True, False) == (TRUTH.is_personal(["ada", "ben"]), public.is_personal(["ada", "ben"]))
