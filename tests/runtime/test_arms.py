"""
Which arm a request belongs to.
"""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.runtime.driving import scope_of, trial

from hasten_runtime.arms import CANDIDATE, CONTROL, arm_of, drawn
from hasten_runtime.policy import Trial, read_policy


def trial_of(**changed: Any) -> Trial:
    """
    A trial as the policy has it.
    """
    import json

    document = {"version": 1, "revision": 1, "rules": [], "trial": trial(**changed)}
    found = read_policy(json.dumps(document).encode()).trial
    assert found is not None
    return found


def share_of(arms: Counter[str]) -> float:
    """
    The candidate's share.
    """
    return arms[CANDIDATE] / (arms[CANDIDATE] + arms[CONTROL])


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_requests_are_split_as_asked(share: float) -> None:
    """
    Of 4,000 requests the candidate gets its share, to within four standard deviations.
    """
    on = trial_of(share=share)
    arms = Counter(arm_of(on, scope_of()).name for _ in range(4000))

    assert share_of(arms) == pytest.approx(share, abs=4 * (share * (1 - share) / 4000) ** 0.5)


def test_an_identity_stays_in_its_arm() -> None:
    """
    Every request of one session, token or address is in the same arm, and half of many are in each.
    """
    on = trial_of(share=0.5, split="identity")
    arms: Counter[str] = Counter()
    for number in range(2000):
        for header in (b"cookie", b"authorization"):
            scope = scope_of(headers=[(header, b"session %d" % number)])
            found = {arm_of(on, scope).name for _ in range(2)}
            assert len(found) == 1
            arms.update(found)

    assert share_of(arms) == pytest.approx(0.5, abs=0.05)


def test_who_has_no_session_is_known_by_the_address() -> None:
    """
    Anonymous visitors are split by where they come from, not all into one arm.
    """
    on = trial_of(share=0.5, split="identity")
    arms = Counter(arm_of(on, {**scope_of(), "client": (f"10.0.0.{n}", 1)}).name for n in range(250))

    assert 0.3 < share_of(arms) < 0.7
    assert arm_of(on, {**scope_of(), "client": None}).name in (CONTROL, CANDIDATE)


def test_blocks_of_time_come_in_pairs() -> None:
    """
    Every pair of blocks has both arms, in an order that is drawn: neither always first, nor taking turns.
    """
    on = trial_of(share=0.5, split="block", block_s=5.0)
    arms = [arm_of(on, scope_of(), wall=lambda at=5.0 * block: at).name for block in range(400)]  # type: ignore[misc]
    pairs = list(zip(arms[::2], arms[1::2], strict=True))

    assert all({CONTROL, CANDIDATE} == set(pair) for pair in pairs)
    assert 70 < sum(first == CONTROL for first, _ in pairs) < 130
    assert arms == [arm_of(on, scope_of(), wall=lambda at=5.0 * block + 4.9: at).name for block in range(400)]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([b"k" * 20 + b":candidate"], CANDIDATE),
        ([b"k" * 20 + b":control"], CONTROL),
        ([b"k" * 20], None),
        ([b"k" * 20 + b":candidate:more"], None),
        ([b"k" * 19 + b":candidate"], None),
        ([b""], None),
        ([b"k" * 20 + b":candidate"] * 2, None),
    ],
)
def test_an_arm_is_asked_for_with_the_key(values: list[bytes], expected: str | None) -> None:
    """
    Exactly one header with the right key and a known arm is obeyed; every other one is taken out all the same.
    """
    scope = scope_of(headers=[(b"a", b"1"), *((b"hasten-arm", value) for value in values), (b"b", b"2")])
    found = arm_of(trial_of(share=0.0), scope)

    assert (expected or CONTROL, expected is not None) == (found.name, found.asked)
    assert [(b"a", b"1"), (b"b", b"2")] == found.headers


@given(st.integers(-(10**18), 10**18), st.binary(max_size=100))
def test_chance_is_repeatable_and_in_bounds(seed: int, of: bytes) -> None:
    """
    The same seed and thing give the same number, below 1 and not below 0, for any seed.
    """
    assert 0.0 <= drawn(seed, of) < 1.0
    assert drawn(seed, of) == drawn(seed, of)
