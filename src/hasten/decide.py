"""
One pure function: does the change stay?
"""

import math

from hasten.model import Decision, Effect, Grade, Trial, Verdict

#: Fewer pairs than this cannot carry a verdict.
LEAST_PAIRS = 6
ROUNDING = 1e-9


def decide(trial: Trial, *, least_gain: float = 0.10) -> Decision:
    """
    Say whether the change stays.

    It stays only if even the pessimistic end of the interval is a gain, the gain reaches `least_gain` (a share of
    control's time), and every guard held. Doubt is a reason to go back, never to stay.
    """
    # Guards come first: an answer that is fast and wrong is not an improvement.
    for guard in trial.guards:
        if guard.ok is False:
            return Decision(verdict=Verdict.ROLL_BACK, rule=f"guard:{guard.name}", reason=guard.detail)
    effect = trial.effect
    doubt = _doubt(trial, effect)
    if doubt or effect is None:
        return doubt or _undecided("no_data", "nothing was measured, so nothing can be said")
    measured = (
        f"{_gain(effect.ratio)} (95 % interval: {_gain(effect.high)} to {_gain(effect.low)}, {effect.pairs} pairs)"
    )
    if effect.low > 1:
        return Decision(verdict=Verdict.ROLL_BACK, rule="harm", reason=f"shown to be slower: {measured}")
    if effect.high >= 1:
        return _undecided("interval", f"no gain cannot be excluded: {measured}")
    if 1 - effect.ratio < least_gain - ROUNDING:
        reason = f"a real gain, but less than the {least_gain:.0%} that pay for a change: {measured}"
        return Decision(verdict=Verdict.ROLL_BACK, rule="least_gain", reason=reason)
    return Decision(verdict=Verdict.KEEP, rule="gain", reason=f"{measured}, and every guard held")


def _doubt(trial: Trial, effect: Effect | None) -> Decision | None:
    if effect is None or not trial.blocks:
        return _undecided("no_data", "nothing was measured, so nothing can be said")
    numbers = (effect.ratio, effect.low, effect.high)
    if not all(math.isfinite(number) and number >= 0 for number in numbers):
        return _undecided("no_data", "the measured effect is not a number")
    if not effect.low * (1 - ROUNDING) <= effect.ratio <= effect.high * (1 + ROUNDING):
        return _undecided("interval", "the interval does not hold the effect, so the sample is too odd to judge")
    if min(effect.pairs, len(trial.blocks)) < LEAST_PAIRS:
        return _undecided("no_data", f"{effect.pairs} pairs are too few; at least {LEAST_PAIRS} are needed")
    if trial.grade == Grade.C:
        return _undecided("grade", "before and after on a drifting machine is no proof (grade C)")
    if not trial.guards:
        return _undecided("guard", "nothing was guarded")
    for guard in trial.guards:
        if guard.ok is None:
            return _undecided(f"guard:{guard.name}", f"no data for a guard: {guard.detail}")
    return None


def _undecided(rule: str, reason: str) -> Decision:
    return Decision(verdict=Verdict.INCONCLUSIVE, rule=rule, reason=reason)


def _gain(ratio: float) -> str:
    change = (1 - ratio) * 100
    return f"{abs(change):.3g} % {'less' if change >= 0 else 'more'} time"
