"""
Parameters that nobody looked at.
"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.evidence import Observation, StatementProfile, StatementSample
from hasten.model import Effect, Where, now
from hasten.verify.held_out import guard, split_observation, split_requests
from hasten.world.load.plan import LoadRequest


def effect(ratio: float, spread: float = 0.05) -> Effect:
    """
    An effect with an interval.
    """
    return Effect(
        metric="m",
        where=Where(kind="database", name="statements"),
        ratio=ratio,
        low=ratio * (1 - spread),
        high=ratio * (1 + spread),
        pairs=14,
        control=1.0,
        candidate=ratio,
    )


def statement(name: str, count: int) -> StatementProfile:
    """
    A statement with so many different executions.
    """
    samples = [
        StatementSample(at=now(), query_id=name, text=name, parameters=[str(number)], seconds=0.1)
        for number in range(count)
    ]
    return StatementProfile(query_id=name, text=name, calls=9, total_s=1.0, mean_s=0.1, samples=samples)


@pytest.mark.parametrize(
    ("judged", "held_out", "ok"),
    [
        (effect(0.3), effect(0.32), True),
        (effect(0.3), effect(1.0), False),
        (effect(0.3), effect(0.8), False),
        (effect(0.9), effect(0.97, 0.06), None),
        (effect(1.2), effect(1.0), True),
        (effect(0.3), None, None),
        (None, effect(0.3), None),
        (effect(0.3), effect(math.nan), None),
    ],
)
def test_the_gain_must_be_there_too(judged: Effect | None, held_out: Effect | None, ok: bool | None) -> None:
    """
    Half of the gain, and surely some, or the change was fitted to what was recorded.
    """
    assert ok is guard(judged, held_out).ok


@given(paths=st.lists(st.integers(0, 30), max_size=40), seed=st.integers(0, 99))
def test_no_request_is_in_both_halves(paths: list[int], seed: int) -> None:
    """
    Every request is in one half, equal ones in the same, and the judged half is never the smaller one.
    """
    requests = [LoadRequest(path=f"/a?n={n}", route="GET /a") for n in paths]
    judged, held_out = split_requests(requests, seed)
    here, there = {each.path for each in judged}, {each.path for each in held_out}

    assert sorted(requests, key=lambda each: each.path) == sorted([*judged, *held_out], key=lambda each: each.path)
    assert (set(), True) == (here & there, 0 <= len(here) - len(there) <= 1)


def test_executions_are_held_out_by_statement() -> None:
    """
    Each statement's different executions are split, and an only one is judged.
    """
    whole = Observation(name="o", statements=[statement("a", 5), statement("b", 1)])
    judged, held_out = split_observation(whole, seed=3)
    counts = [[len(each.samples) for each in half.statements] for half in (judged, held_out)]

    assert [[3, 1], [2, 0]] == counts
    assert judged == split_observation(whole, seed=3)[0]
