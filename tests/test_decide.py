"""
The decision, as a table, as properties, and as a rate of false keeps.
"""

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.decide import LEAST_PAIRS, decide
from hasten.model import Block, Effect, Grade, Guard, Trial, Verdict, Where
from hasten.verify.statistics import effect_of

WHERE = Where(kind="database", name="statements")
HELD = Guard(name="rows", ok=True, detail="the same")


def effect(ratio: float, low: float, high: float, pairs: int = 12) -> Effect:
    """
    An effect as a trial reports it.
    """
    return Effect(metric="m", where=WHERE, ratio=ratio, low=low, high=high, pairs=pairs, control=1.0, candidate=ratio)


def trial(found: Effect | None, **more: Any) -> Trial:
    """
    A trial with that effect, whose guards held.
    """
    blocks = [Block(index=n, order="control first", control={"a": 1.0}, candidate={"a": 1.0}) for n in range(12)]
    fields: dict[str, Any] = {"blocks": blocks, "guards": [HELD], "grade": Grade.A, **more}
    return Trial(change="c", arena="clone", seed=1, effect=found, **fields)


GOOD = effect(0.5, 0.4, 0.6)


@pytest.mark.parametrize(
    ("tried", "verdict", "rule"),
    [
        (trial(GOOD), Verdict.KEEP, "gain"),
        (trial(effect(0.9, 0.88, 0.93)), Verdict.KEEP, "gain"),
        (trial(effect(0.91, 0.88, 0.93)), Verdict.ROLL_BACK, "least_gain"),
        (trial(effect(0.7, 0.4, 1.0)), Verdict.INCONCLUSIVE, "interval"),
        (trial(effect(0.7, 0.4, 1.3)), Verdict.INCONCLUSIVE, "interval"),
        (trial(effect(1.2, 1.05, 1.4)), Verdict.ROLL_BACK, "harm"),
        (trial(effect(1.2, 0.9, 1.4)), Verdict.INCONCLUSIVE, "interval"),
        (trial(None), Verdict.INCONCLUSIVE, "no_data"),
        (trial(GOOD, blocks=[]), Verdict.INCONCLUSIVE, "no_data"),
        (trial(effect(0.5, 0.4, 0.6, pairs=LEAST_PAIRS - 1)), Verdict.INCONCLUSIVE, "no_data"),
        (trial(effect(math.nan, 0.4, 0.6)), Verdict.INCONCLUSIVE, "no_data"),
        (trial(effect(0.5, 0.0, math.inf)), Verdict.INCONCLUSIVE, "no_data"),
        (trial(effect(0.5, 0.6, 0.7)), Verdict.INCONCLUSIVE, "interval"),
        (trial(GOOD, grade=Grade.C), Verdict.INCONCLUSIVE, "grade"),
        (trial(GOOD, grade=Grade.B), Verdict.KEEP, "gain"),
        (trial(GOOD, guards=[Guard(name="size", ok=False, detail="big")]), Verdict.ROLL_BACK, "guard:size"),
        (trial(GOOD, guards=[Guard(name="size", ok=None, detail="unknown")]), Verdict.INCONCLUSIVE, "guard:size"),
        (trial(None, guards=[Guard(name="rows", ok=False, detail="differ")]), Verdict.ROLL_BACK, "guard:rows"),
        (trial(GOOD, guards=[]), Verdict.INCONCLUSIVE, "guard"),
    ],
)
def test_each_outcome_has_its_verdict(tried: Trial, verdict: Verdict, rule: str) -> None:
    """
    The table of intervals, guards and grades gives the verdicts that it should.
    """
    decision = decide(tried)

    assert (verdict, rule) == (decision.verdict, decision.rule)


def test_the_least_gain_is_the_callers() -> None:
    """
    A class of changes that pays for itself sooner is kept sooner.
    """
    tried = trial(effect(0.94, 0.92, 0.96))

    assert (Verdict.ROLL_BACK, Verdict.KEEP) == (decide(tried).verdict, decide(tried, least_gain=0.05).verdict)


def test_the_reason_has_numbers_for_people() -> None:
    """
    The reason of a kept change says the gain, its interval and the number of pairs.
    """
    assert (
        "50 % less time (95 % interval: 40 % less time to 60 % less time, 12 pairs), and every guard held"
        == decide(trial(GOOD)).reason
    )


ratios = st.floats(min_value=0.01, max_value=5, allow_nan=False)


@given(ratios, ratios, ratios, st.sampled_from([True, False, None]), st.floats(min_value=0, max_value=0.5))
def test_a_kept_change_has_earned_it(a: float, b: float, c: float, guard: bool | None, least: float) -> None:
    """
    Whatever the numbers are: kept means that the interval excludes no gain, the gain suffices and each guard held.
    """
    low, ratio, high = sorted((a, b, c))
    decision = decide(trial(effect(ratio, low, high), guards=[Guard(name="g", ok=guard, detail="")]), least_gain=least)

    if decision.verdict is Verdict.KEEP:
        assert high < 1
        assert 1 - ratio >= least - 1e-9
        assert guard is True


@given(ratios, ratios, ratios, st.sampled_from([True, False, None]))
def test_a_worse_interval_is_never_kept_instead(a: float, b: float, c: float, guard: bool | None) -> None:
    """
    What goes back, goes back too when its interval is worse: nothing is kept because it is slower.
    """
    low, ratio, high = sorted((a, b, c))
    tried = trial(effect(ratio, low, high), guards=[Guard(name="g", ok=guard, detail="")])
    worse = msgspec.structs.replace(tried, effect=effect(ratio * 1.5, low * 1.5, high * 1.5))

    assert not (decide(tried).verdict is not Verdict.KEEP and decide(worse).verdict is Verdict.KEEP)


@given(ratios, ratios, ratios)
def test_the_decision_survives_json(a: float, b: float, c: float) -> None:
    """
    A trial from the ledger's JSON is decided as the trial in memory was.
    """
    low, ratio, high = sorted((a, b, c))
    tried = trial(effect(ratio, low, high))

    assert decide(tried) == decide(msgspec.json.decode(msgspec.json.encode(tried), type=Trial))


def test_nothing_is_kept_rarely() -> None:
    """
    Of changes that do nothing no more than the interval's lower tail is kept, at 40 % noise per round.
    """
    random = np.random.default_rng(20260101)
    kept = 0
    for seed in range(400):
        drift = random.lognormal(0, 0.5, 12)
        arms = drift[:, None] * random.lognormal(0, 0.4, (12, 2))
        blocks = [
            Block(index=n, order="control first", control={"a": float(x)}, candidate={"a": float(y)})
            for n, (x, y) in enumerate(arms)
        ]
        tried = trial(effect_of(blocks, {"a": 1.0}, seed), blocks=blocks)
        kept += decide(tried).verdict is Verdict.KEEP

    # A one-sided tail of 2.5 %, and four standard errors of a rate from 400 trials above it.
    assert kept / 400 <= 0.025 + 4 * math.sqrt(0.025 * 0.975 / 400)


def test_something_is_kept_mostly() -> None:
    """
    Of changes that halve the time, nearly all are kept at an ordinary noise of 15 % per round.
    """
    random = np.random.default_rng(20260102)
    kept = 0
    for seed in range(200):
        arms = random.lognormal(0, 0.15, (12, 2)) * np.array([1.0, 0.5])
        blocks = [
            Block(index=n, order="control first", control={"a": float(x)}, candidate={"a": float(y)})
            for n, (x, y) in enumerate(arms)
        ]
        tried = trial(effect_of(blocks, {"a": 1.0}, seed), blocks=blocks)
        kept += decide(tried).verdict is Verdict.KEEP

    assert kept >= 196
