"""
One pure function: does the change stay?
"""

import math

from hasten.model import PLANNED_PAIRS, Decision, Ending, Grade, Look, Trial, Verdict

ROUNDING = 1e-9


def decide(trial: Trial, *, least_gain: float | None = None) -> Decision:
    """
    Say whether the change stays.

    It stays only if at a planned look even the pessimistic end of the repeated interval is a gain, the gain reaches
    `least_gain` (a share of control's time; that of the trial if left out), and every guard held. Doubt is a reason to
    go back, never to stay.
    """
    # Guards come first: an answer that is fast and wrong is not an improvement.
    for guard in trial.guards:
        if guard.ok is False:
            return _back(f"guard:{guard.name}", guard.detail)
    if not trial.looks or not trial.blocks:
        return _unseen(trial)
    doubt = _doubt(trial, trial.looks[-1])
    return doubt or _by_look(trial, trial.looks[-1], trial.least_gain if least_gain is None else least_gain)


def _by_look(trial: Trial, look: Look, least_gain: float) -> Decision:
    ratio = math.exp(look.log_ratio)
    took = f" in {trial.duration_s:.0f} s" if trial.duration_s else ""
    interval = f"repeated interval: {_gain(look.high)} to {_gain(look.low)}"
    measured = f"{_gain(ratio)} ({interval}, {look.pairs} pairs{took})"
    if look.low > 1:
        return _back("harm", f"shown to be slower: {measured}")
    enough = 1 - ratio >= least_gain - ROUNDING
    if look.high < 1 and enough:
        return Decision(verdict=Verdict.KEEP, rule="gain", reason=f"{measured}, and every guard held")
    if look.low > 1 - least_gain or (look.high < 1 and look.pairs == PLANNED_PAIRS[-1]):
        what = "a real gain, but less" if look.high < 1 else "if there is a gain, it is less"
        return _back("least_gain", f"{what} than the {least_gain:.0%} that pay for a change: {measured}")
    if trial.ended is Ending.NOISE:
        return _undecided("noise", f"{_cannot_judge(trial)}; so far {measured}")
    late = "the time was up: " if trial.ended is Ending.TIME else ""
    return _undecided("interval", f"{late}{_why_not(look)}: {measured}{_needed(trial)}")


def _why_not(look: Look) -> str:
    if look.high < 1:
        return "a gain, and not yet known to be large enough"
    return "no gain cannot be excluded"


def _needed(trial: Trial) -> str:
    return f"; it would need about {trial.needs_pairs} pairs" if trial.needs_pairs else ""


def _unseen(trial: Trial) -> Decision:
    if trial.ended is Ending.NOISE:
        return _undecided("noise", _cannot_judge(trial))
    if trial.blocks and trial.ended is Ending.TIME:
        reason = f"the time was up after {len(trial.blocks)} pairs, and the first look is at {PLANNED_PAIRS[0]}"
        return _undecided("time", reason + _needed(trial))
    unknown = next((guard for guard in trial.guards if guard.ok is None), None)
    if unknown is not None and not trial.blocks:
        return _undecided(f"guard:{unknown.name}", f"no data for a guard: {unknown.detail}")
    return _undecided("no_data", "nothing was measured that could be compared, so nothing can be said")


def _cannot_judge(trial: Trial) -> str:
    noise = trial.noise
    if noise is None or noise.is_off:
        return "cannot judge here: two equal arms differ from each other, twice"
    width = math.expm1(noise.half_width)
    return (
        f"cannot judge here: after {PLANNED_PAIRS[-1]} pairs an effect would still be uncertain by ± {width:.0%}, "
        f"and {trial.least_gain:.0%} must be told{_needed(trial)}"
    )


def _doubt(trial: Trial, look: Look) -> Decision | None:
    numbers = (math.exp(min(look.log_ratio, 700.0)), look.low, look.high)
    if not all(math.isfinite(number) and number >= 0 for number in numbers):
        return _undecided("no_data", "the measured effect is not a number")
    if not look.low * (1 - ROUNDING) <= numbers[0] <= look.high * (1 + ROUNDING):
        return _undecided("interval", "the interval does not hold the effect, so the sample is too odd to judge")
    if look.pairs not in PLANNED_PAIRS or look.pairs > len(trial.blocks):
        return _undecided("look", f"{look.pairs} pairs are no planned look at this trial, and only those can tell")
    if trial.grade == Grade.C:
        return _undecided("grade", "before and after on a drifting machine is no proof (grade C)")
    if not trial.guards:
        return _undecided("guard", "nothing was guarded")
    for guard in trial.guards:
        if guard.ok is None:
            return _undecided(f"guard:{guard.name}", f"no data for a guard: {guard.detail}")
    return None


def _back(rule: str, reason: str) -> Decision:
    return Decision(verdict=Verdict.ROLL_BACK, rule=rule, reason=reason)


def _undecided(rule: str, reason: str) -> Decision:
    return Decision(verdict=Verdict.INCONCLUSIVE, rule=rule, reason=reason)


def _gain(ratio: float) -> str:
    change = (1 - ratio) * 100
    return f"{abs(change):.3g} % {'less' if change >= 0 else 'more'} time"
