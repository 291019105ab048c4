"""
The decision, as a table, as properties, and as a rate of false keeps.
"""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.verify.simulated import machine

from hasten.decide import decide
from hasten.model import PLANNED_PAIRS, Block, Ending, Grade, Guard, Look, Noise, Trial, Verdict
from hasten.verify.judging import OF_REQUESTS, bare, judged
from hasten.verify.sequence import Plan, run_pairs

HELD = Guard(name="rows", ok=True, detail="the same")


def look(ratio: float, low: float, high: float, pairs: int = 16) -> Look:
    """
    A look with that interval.
    """
    return Look(pairs=pairs, log_ratio=math.log(ratio) if ratio > 0 else ratio, error=0.1, z=4.56, low=low, high=high)


def trial(*looks: Look, **more: Any) -> Trial:
    """
    A trial with those looks, whose guards held.
    """
    blocks = [Block(index=n, order="control first", control={"a": 1.0}, candidate={"a": 1.0}) for n in range(80)]
    fields: dict[str, Any] = {"blocks": blocks, "guards": [HELD], "grade": Grade.A, "least_gain": 0.10, **more}
    return Trial(change="c", arena="clone", seed=1, effect=None, looks=list(looks), **fields)


GOOD = look(0.5, 0.4, 0.6)
NOISE = Noise(pairs=24, log_ratio=0.0, error=0.1, half_width=0.2, is_off=False)


@pytest.mark.parametrize(
    ("tried", "verdict", "rule"),
    [
        (trial(GOOD), Verdict.KEEP, "gain"),
        (trial(look(0.7, 0.4, 1.3), look(0.6, 0.5, 0.8, pairs=32)), Verdict.KEEP, "gain"),
        (trial(GOOD, look(0.9, 0.7, 1.2, pairs=32)), Verdict.INCONCLUSIVE, "interval"),
        (trial(look(0.9, 0.88, 0.93)), Verdict.KEEP, "gain"),
        (trial(look(0.91, 0.88, 0.93)), Verdict.INCONCLUSIVE, "interval"),
        (trial(look(0.91, 0.88, 0.93, pairs=80)), Verdict.ROLL_BACK, "least_gain"),
        (trial(look(0.93, 0.91, 0.95)), Verdict.ROLL_BACK, "least_gain"),
        (trial(look(1.0, 0.95, 1.05)), Verdict.ROLL_BACK, "least_gain"),
        (trial(look(0.7, 0.4, 1.0)), Verdict.INCONCLUSIVE, "interval"),
        (trial(look(0.7, 0.4, 1.3)), Verdict.INCONCLUSIVE, "interval"),
        (trial(look(1.2, 1.05, 1.4)), Verdict.ROLL_BACK, "harm"),
        (trial(look(1.2, 0.8, 1.4)), Verdict.INCONCLUSIVE, "interval"),
        (trial(), Verdict.INCONCLUSIVE, "no_data"),
        (trial(ended=Ending.TIME), Verdict.INCONCLUSIVE, "time"),
        (trial(blocks=[], ended=Ending.NO_DATA), Verdict.INCONCLUSIVE, "no_data"),
        (trial(blocks=[], ended=Ending.NOISE, noise=NOISE), Verdict.INCONCLUSIVE, "noise"),
        (trial(blocks=[], ended=Ending.NOISE), Verdict.INCONCLUSIVE, "noise"),
        (trial(look(0.7, 0.4, 1.3), ended=Ending.NOISE, noise=NOISE), Verdict.INCONCLUSIVE, "noise"),
        (trial(GOOD, ended=Ending.GAIN, noise=NOISE), Verdict.KEEP, "gain"),
        (trial(GOOD, blocks=[]), Verdict.INCONCLUSIVE, "no_data"),
        (trial(look(0.5, 0.4, 0.6, pairs=15)), Verdict.INCONCLUSIVE, "look"),
        (trial(look(0.5, 0.4, 0.6, pairs=96)), Verdict.INCONCLUSIVE, "look"),
        (trial(look(math.nan, 0.4, 0.6)), Verdict.INCONCLUSIVE, "no_data"),
        (trial(look(0.5, 0.0, math.inf)), Verdict.INCONCLUSIVE, "no_data"),
        (trial(look(0.5, 0.6, 0.7)), Verdict.INCONCLUSIVE, "interval"),
        (trial(GOOD, grade=Grade.C), Verdict.INCONCLUSIVE, "grade"),
        (trial(GOOD, grade=Grade.B), Verdict.KEEP, "gain"),
        (trial(GOOD, guards=[Guard(name="size", ok=False, detail="big")]), Verdict.ROLL_BACK, "guard:size"),
        (trial(GOOD, guards=[Guard(name="size", ok=None, detail="unknown")]), Verdict.INCONCLUSIVE, "guard:size"),
        (trial(guards=[Guard(name="rows", ok=False, detail="differ")]), Verdict.ROLL_BACK, "guard:rows"),
        (trial(GOOD, guards=[]), Verdict.INCONCLUSIVE, "guard"),
    ],
)
def test_each_outcome_has_its_verdict(tried: Trial, verdict: Verdict, rule: str) -> None:
    """
    The table of intervals, guards and grades gives the verdicts that it should.
    """
    decision = decide(tried)

    assert (verdict, rule) == (decision.verdict, decision.rule)


def test_the_least_gain_is_that_of_the_trial_or_the_callers() -> None:
    """
    A class of changes that pays for itself sooner is kept sooner.
    """
    tried = trial(look(0.94, 0.92, 0.96, pairs=80))
    sooner = msgspec.structs.replace(tried, least_gain=0.05)

    assert [Verdict.ROLL_BACK, Verdict.KEEP, Verdict.KEEP] == [
        decide(tried).verdict, decide(tried, least_gain=0.05).verdict, decide(sooner).verdict
    ]  # fmt: skip


def test_the_reason_has_numbers_for_people() -> None:
    """
    The reason of a kept change says the gain, its interval, the number of pairs and how long they took.
    """
    assert (
        "50 % less time (repeated interval: 40 % less time to 60 % less time, 16 pairs), and every guard held"
        == decide(trial(GOOD)).reason
    )
    assert ", 16 pairs in 34 s)" in decide(trial(GOOD, duration_s=34.2)).reason


@pytest.mark.parametrize(
    "tried",
    [
        trial(look(0.7, 0.4, 1.3), needs_pairs=96, ended=Ending.TIME),
        trial(needs_pairs=96, ended=Ending.TIME),
        trial(blocks=[], ended=Ending.NOISE, noise=NOISE, needs_pairs=96),
    ],
)
def test_what_is_undecided_says_how_many_pairs_it_would_need(tried: Trial) -> None:
    """
    Doubt comes with what it would take to end it.
    """
    assert "need about 96 pairs" in decide(tried).reason


ratios = st.floats(min_value=0.01, max_value=5, allow_nan=False)
pairs_of_looks = st.sampled_from([*PLANNED_PAIRS, 15, 17, 96])


@given(ratios, ratios, ratios, st.sampled_from([True, False, None]), st.floats(0, 0.5), pairs_of_looks)
def test_a_kept_change_has_earned_it(
    a: float, b: float, c: float, guard: bool | None, least: float, pairs: int
) -> None:
    """
    Whatever the numbers are: kept means a planned look whose interval excludes no gain, gain enough and guards held.
    """
    low, ratio, high = sorted((a, b, c))
    held = [Guard(name="g", ok=guard, detail="")]
    decision = decide(trial(look(ratio, low, high, pairs), guards=held), least_gain=least)

    if decision.verdict is Verdict.KEEP:
        assert high < 1
        assert 1 - ratio >= least - 1e-9
        assert guard is True
        assert pairs in PLANNED_PAIRS


@given(ratios, ratios, ratios, st.sampled_from([True, False, None]))
def test_a_worse_interval_is_never_kept_instead(a: float, b: float, c: float, guard: bool | None) -> None:
    """
    What goes back, goes back too when its interval is worse: nothing is kept because it is slower.
    """
    low, ratio, high = sorted((a, b, c))
    held = [Guard(name="g", ok=guard, detail="")]
    tried = trial(look(ratio, low, high), guards=held)
    worse = trial(look(ratio * 1.5, low * 1.5, high * 1.5), guards=held)

    assert not (decide(tried).verdict is not Verdict.KEEP and decide(worse).verdict is Verdict.KEEP)


@given(ratios, ratios, ratios)
def test_the_decision_survives_json(a: float, b: float, c: float) -> None:
    """
    A trial from the ledger's JSON is decided as the trial in memory was.
    """
    low, ratio, high = sorted((a, b, c))
    tried = trial(look(ratio, low, high))

    assert decide(tried) == decide(msgspec.json.decode(msgspec.json.encode(tried), type=Trial))


def kept(effect: float, noise: float, seeds: range, least_gain: float) -> int:
    """
    How many simulated trials of this effect end in KEEP, played and judged as every trial is.
    """
    found = 0
    for seed in seeds:
        plan = Plan(seed=seed, least_gain=least_gain)
        played = run_pairs(machine(effect, noise, seed), plan)
        tried = judged(bare("c", Grade.A, "clone", plan, played), OF_REQUESTS[:1])
        found += decide(tried).verdict is Verdict.KEEP
    return found


def test_nothing_is_kept_rarely() -> None:
    """
    Of changes that do nothing no more than the granted level is kept, whatever they would have had to gain.
    """
    # 2.5 %, and three standard errors of a rate from 150 trials above it.
    assert kept(1.0, 0.4, range(150), least_gain=0.0) / 150 <= 0.025 + 3 * math.sqrt(0.025 * 0.975 / 150)


def test_something_is_kept_mostly() -> None:
    """
    Of changes that save a fifth of the time, nearly all are kept at an ordinary noise of 15 % per arm and pair.
    """
    assert kept(0.8, 0.15, range(100), least_gain=0.10) >= 97
