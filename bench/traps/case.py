"""
One change on trial, what is expected of the verdict, and what came of it.
"""

from dataclasses import dataclass, field

import msgspec

from hasten import decide
from hasten.model import Decision, Trial, Verdict

#: What a judge of speed looks at.
SPEED = frozenset({"harm"})
LEAST_GAIN = 0.05


@dataclass(frozen=True)
class Expected:
    """
    KEEP, or the rule that must reject it and a word that must be in its reason.
    """

    rule: str
    word: str = ""

    @property
    def is_kept(self) -> bool:
        """
        Whether the change is an honest one.
        """
        return self.rule == "gain"


@dataclass(frozen=True)
class Outcome:
    """
    What the code that ships decided.
    """

    name: str
    what: str
    expected: Expected
    trial: Trial
    decision: Decision
    seconds: float
    notes: list[str] = field(default_factory=list)

    @property
    def is_kept(self) -> bool:
        """
        Whether it would stay.
        """
        return self.decision.verdict is Verdict.KEEP

    @property
    def has_right_reason(self) -> bool:
        """
        Whether rule and reason are the expected ones.
        """
        return self.decision.rule == self.expected.rule and self.expected.word in self.decision.reason

    @property
    def looks(self) -> str:
        """
        What a judge of speed alone would do with it.
        """
        return by_speed(self.trial).verdict.value


def judged(trial: Trial, least_gain: float = LEAST_GAIN) -> Decision:
    """
    The verdict of the code that ships.
    """
    return decide.decide(trial, least_gain=least_gain)


def by_speed(trial: Trial) -> Decision:
    """
    The verdict if nobody looked at anything but the time.
    """
    blind = [guard for guard in trial.guards if guard.name in SPEED]
    return judged(msgspec.structs.replace(trial, guards=blind))
