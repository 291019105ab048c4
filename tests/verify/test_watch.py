"""
The live database may veto a change, never allow one.
"""

import pytest

from hasten.model import Grade, Guard, Trial, Verdict
from hasten.sql import read_statement
from hasten.verify.replay import Replayed
from hasten.verify.watch import _errors, _time, held
from hasten.world.execution import Run


def seen(*guards: Guard) -> Trial:
    """
    A look with these guards.
    """
    return Trial(change="c", grade=Grade.C, arena="live", seed=0, blocks=[], effect=None, guards=list(guards))


def statement(seconds: float) -> Replayed:
    """
    A recorded read that took this long.
    """
    return Replayed(
        query_id="1", calls=10, is_write=False, shape=read_statement("SELECT 1"), samples=(), seconds=seconds
    )


@pytest.mark.parametrize(("ok", "verdict"), [(True, Verdict.KEEP), (None, Verdict.KEEP), (False, Verdict.ROLL_BACK)])
def test_only_a_failed_guard_goes_back(ok: bool | None, verdict: Verdict) -> None:
    """
    The trial on clones has proved the gain; here only something that got worse counts.
    """
    assert verdict == held(seen(Guard(name="errors", ok=ok, detail="1 failed"))).verdict


def test_an_execution_that_fails_now_is_an_error() -> None:
    """
    The recorded executions succeeded, so each failure is new; none at all is no data.
    """
    assert _errors([(statement(0.1), [Run(seconds=0.1), Run(seconds=0.1, error="42P01")])]).ok is False
    assert _errors([(statement(0.1), [Run(seconds=0.1)])]).ok is True
    assert _errors([]).ok is None


@pytest.mark.parametrize(("after_s", "ok"), [(0.05, True), (0.119, True), (0.13, False)])
def test_a_fifth_slower_goes_back(after_s: float, ok: bool) -> None:
    """
    More than 20 % over the baseline is the plan's own criterion for going back.
    """
    assert ok is _time([(statement(0.1), [Run(seconds=after_s)] * 3)]).ok


def test_what_is_too_fast_to_be_timed_says_nothing() -> None:
    """
    A statement of a millisecond is not judged by three runs.
    """
    assert _time([(statement(0.001), [Run(seconds=0.1)])]).ok is None
