"""
hasten.verify.tally
"""

import pytest

from hasten.verify.tally import Tally, by_chance, weights_of
from hasten.world.load.duet import Told, Turn
from hasten.world.load.plan import LoadRequest
from hasten.world.load.result import Outcome

REQUESTS = [LoadRequest(path="/a", route="a"), LoadRequest(path="/b", route="b")]


def told(status: int = 200, seconds: float = 0.01, outcome: Outcome = Outcome.ANSWERED) -> Told:
    """
    How a request ended.
    """
    return Told(seconds, outcome, status)


@pytest.mark.parametrize(
    ("control", "candidate", "is_timed", "field"),
    [
        (told(), told(), True, "timed"),
        (told(302), told(302), True, "timed"),
        (told(404), told(404), False, "refused"),
        (told(500), told(503), False, "both_failed"),
        (told(200), told(304), False, "unlike"),
        (told(), told(500), False, "failures"),
        (told(), told(0, outcome=Outcome.TIMEOUT), False, "failures"),
    ],
)
def test_only_what_is_answered_alike_is_timed(control: Told, candidate: Told, is_timed: bool, field: str) -> None:
    """
    Each other pair is counted for what it is.
    """
    tally = Tally()

    assert is_timed is tally.add("a", (control, candidate))
    assert 1 == sum(getattr(tally, field).values())
    assert 1 == tally.asked


def test_an_expired_session_says_nothing() -> None:
    """
    It is neither an answer nor a failure of the route.
    """
    tally = Tally()

    assert not tally.add("a", (told(), told(401, outcome=Outcome.EXPIRED)))
    assert 0 == tally.asked


def test_a_block_has_means_and_single_times_of_both() -> None:
    """
    By route, only of pairs that can be timed; failures of one arm alone are its errors.
    """
    turns = [Turn(0.0, 0), Turn(0.1, 0), Turn(0.2, 1), Turn(0.3, 1)]
    answers = [
        (told(seconds=0.1), told(seconds=0.2)),
        (told(seconds=0.3), told(seconds=0.4)),
        (told(), told(500)),
        (told(500), told(500)),
    ]
    block = Tally().block(REQUESTS, turns, answers, index=5, order="control first")

    assert ({"a": 0.2}, {"a": pytest.approx(0.3)}) == (block.control, block.candidate)
    assert ({"a": [0.1, 0.3]}, {"a": [0.2, 0.4]}) == (block.control_samples, block.candidate_samples)
    assert (0, 1, 5) == (block.control_errors, block.candidate_errors, block.index)


@pytest.mark.parametrize(
    ("control", "candidate", "ok"),
    [(0, 0, True), (3, 3, True), (4, 1, True), (0, 2, None), (0, 5, False), (9, 30, False)],
)
def test_failures_that_chance_does_not_explain_are_the_candidate_s(
    control: int, candidate: int, ok: bool | None
) -> None:
    """
    A few more than without the change are doubt, and many are shown.
    """
    tally = Tally()
    for count, pair in ((control, (told(500), told())), (candidate, (told(), told(500))), (50, (told(), told()))):
        for _ in range(count):
            tally.add("a", pair)

    assert ok is tally.failures_guard().ok


def test_nothing_asked_is_no_good_news() -> None:
    """
    Guards without a single pair are without data.
    """
    assert [None, None] == [Tally().failures_guard().ok, Tally().statuses().ok]


def test_another_status_is_named() -> None:
    """
    The guard says which, and how often.
    """
    tally = Tally()
    tally.add("a", (told(200), told(204)))
    found = tally.statuses()

    assert found.ok is False
    assert "a: 200 without the change, 204 with it" in found.detail


def test_what_cannot_be_timed_is_said() -> None:
    """
    Routes that fail or refuse in both arms are named with their counts.
    """
    tally = Tally()
    tally.add("a", (told(500), told(500)))
    tally.add("b", (told(403), told(403)))

    assert ["a (1 ×)", "b (1 ×)"] == [note.rpartition(": ")[2] for note in tally.notes()]
    assert tally.notes()[0] in tally.says


def test_chance_is_the_sign_test_s() -> None:
    """
    Five of five come by chance once in 32 times, none of none always.
    """
    assert (1 / 32, 1.0) == (by_chance(0, 5), by_chance(0, 0))


def test_weights_are_of_what_is_timed() -> None:
    """
    A route that is in no block has no weight.
    """
    assert {"a": 0.75} == weights_of({"a": 0.75, "b": 0.25}, {"a": 3, "b": 0})
