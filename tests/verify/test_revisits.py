"""
What a visitor who comes back is shown.
"""

from collections.abc import Callable

import msgspec

from hasten.verify.answers import CANDIDATE, CONTROL, Answer
from hasten.verify.revisits import RELOAD, Returning, is_reload, refreshed, validators
from hasten.world.load.plan import LoadRequest

PLAIN = LoadRequest(path="/a", headers={"accept": "x"})
AGAIN = msgspec.structs.replace(PLAIN, headers={**PLAIN.headers, **RELOAD})
Told = Callable[[LoadRequest], Answer]


class Arm:
    """
    Answers by a function, and remembers what it was asked.
    """

    def __init__(self, told: Told) -> None:
        self.told = told
        self.asked: list[dict[str, str]] = []

    def __call__(self, _arm: str, request: LoadRequest) -> Answer:
        self.asked.append(dict(request.headers))
        return self.told(request)


def tagged(tag: str, body: bytes) -> Told:
    """
    An application with one answer and its ETag, that confirms it to whoever names it.
    """

    def told(request: LoadRequest) -> Answer:
        headers = [("etag", tag), ("x-at", str(len(request.headers)))]
        if request.headers.get("if-none-match") == tag:
            return Answer(status=304, headers=headers)
        return Answer(status=200, headers=[*headers, ("content-type", "text/plain")], body=body)

    return told


def test_other_requests_are_asked_as_they_are() -> None:
    """
    Only a reload has something that was there before.
    """
    arm = Arm(tagged('"a"', b"body"))
    asks = Returning(arm)

    assert ([200, 200], [PLAIN.headers] * 2) == ([asks(CONTROL, PLAIN).status for _ in range(2)], arm.asked)
    assert (False, True) == (is_reload(PLAIN), is_reload(AGAIN))


def test_what_was_there_is_shown_again() -> None:
    """
    Visited once and reloaded from then on, with the ETag that came; after a 304 the body is there, and headers are new.
    """
    arm = Arm(tagged('"a"', b"body"))
    asks = Returning(arm)
    first, second = (asks(CANDIDATE, AGAIN) for _ in range(2))

    assert [PLAIN.headers, *[{**AGAIN.headers, "if-none-match": '"a"'}] * 2] == arm.asked
    assert (200, b"body", "text/plain", "3") == (
        first.status, first.body, first.header("content-type"), first.header("x-at"),
    )  # fmt: skip
    assert first == second


def test_a_new_answer_takes_the_place_of_the_old_one() -> None:
    """
    What changed is sent whole, and its own ETag is named the next time.
    """
    arm = Arm(tagged('"a"', b"body"))
    asks = Returning(arm)
    asks(CANDIDATE, AGAIN)
    arm.told = tagged('"b"', b"new")
    shown = [asks(CANDIDATE, AGAIN) for _ in range(2)]

    assert [(200, b"new")] * 2 == [(each.status, each.body) for each in shown]
    assert ['"a"', '"b"'] == [asked["if-none-match"] for asked in arm.asked[-2:]]


def test_each_arm_has_a_browser_of_its_own() -> None:
    """
    What one arm gave is not named to the other.
    """
    arm = Arm(tagged('"a"', b"body"))
    asks = Returning(arm)
    asks(CANDIDATE, AGAIN)
    asks(CONTROL, AGAIN)

    assert PLAIN.headers == arm.asked[2]


def test_an_answer_that_is_confirmed_to_another_shows() -> None:
    """
    One browser serves everybody: whoever is told that a stranger's answer is theirs sees that answer.
    """

    def told(request: LoadRequest) -> Answer:
        if "if-none-match" in request.headers:
            return Answer(status=304)
        return Answer(status=200, headers=[("etag", '"same"')], body=request.principal.encode())

    asks = Returning(Arm(told))
    ann, bob = (msgspec.structs.replace(AGAIN, principal=who) for who in ("ann", "bob"))

    assert [b"ann", b"ann"] == [asks(CANDIDATE, each).body for each in (ann, bob)]


def test_a_304_to_who_has_nothing_is_a_fault() -> None:
    """
    It is shown as it came.
    """
    asks = Returning(Arm(lambda request: Answer(status=304 if is_reload(request) else 200)))

    assert 304 == asks(CONTROL, AGAIN).status


def test_a_date_is_a_validator_too() -> None:
    """
    A browser names all that it knows.
    """
    known = validators([("etag", 'W/"a"'), ("last-modified", "then"), ("date", "now")])

    assert {"if-none-match": 'W/"a"', "if-modified-since": "then"} == known


def test_headers_of_the_304_are_the_newer_ones() -> None:
    """
    All lines of a name are replaced, the others stay.
    """
    had = Answer(status=200, headers=[("vary", "a"), ("vary", "b"), ("x", "1")], body=b"body")
    told = Answer(status=304, headers=[("vary", "c")], principal="ann")

    assert Answer(status=200, headers=[("x", "1"), ("vary", "c")], body=b"body", principal="ann") == refreshed(
        had, told
    )
