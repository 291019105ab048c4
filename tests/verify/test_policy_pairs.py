"""
The answers of a policy's trial, sorted back into arms.
"""

from hasten.verify.policy_pairs import control_first
from hasten.world.load.duet import Told, Turn
from hasten.world.load.result import Outcome

FAST, SLOW = (Told(seconds, Outcome.ANSWERED, 200) for seconds in (0.1, 0.2))


def test_answers_of_odd_requests_are_turned_round() -> None:
    """
    Whichever arm was written first, control's answer comes first.
    """
    turns = [Turn(0.0, 0), Turn(0.1, 1), Turn(0.2, 3), Turn(0.3, 2)]

    assert [(FAST, SLOW), (SLOW, FAST), (SLOW, FAST), (FAST, SLOW)] == control_first(turns, [(FAST, SLOW)] * 4)
