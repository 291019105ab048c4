"""
Three answers to one request, compared with one another: what is noise, and where the candidate stands alone.
"""

from dataclasses import dataclass, field
from typing import Any

from hasten.verify.answers.asking import Answer
from hasten.verify.answers.differences import Found, Key, Read, differences, without_indices
from hasten.verify.answers.plan import Declared
from hasten.verify.answers.walk import Path


@dataclass
class Triple:
    """
    The answers of control, control once more and the candidate, and the fields that differ.

    noise: the controls disagree. odd: they agree, and the candidate differs (control's value, candidate's value).
    blur: all three differ, which says nothing of the candidate.
    unread: a coding that could not be undone, where it mattered.
    """

    answers: tuple[Answer, Answer, Answer]
    noise: set[Key] = field(default_factory=set)
    odd: dict[Key, tuple[Any, Any]] = field(default_factory=dict)
    blur: set[Key] = field(default_factory=set)
    lengths: dict[Path, set[int]] = field(default_factory=dict)
    unread: str = ""

    @property
    def is_error(self) -> bool:
        """
        Whether control itself failed, so that agreeing with it proves nothing.
        """
        return self.answers[0].is_error and self.answers[1].is_error


def triple_of(answers: tuple[Answer, Answer, Answer], declared: Declared) -> Triple:
    """
    Three answers, compared with one another.
    """
    control, again, candidate = (Read(answer) for answer in answers)
    found = Triple(answers)
    # What is said to say nothing says nothing between the controls either.
    apart = differences(control, again, Declared(may_differ=declared.may_differ))
    against = differences(control, candidate, declared)
    other = differences(again, candidate, declared) if against else Found()
    for each in (apart, against, other):
        for path, lengths in each.lengths.items():
            found.lengths.setdefault(without_indices(path), set()).update(lengths)
    noisy, mine = apart.all(), against.all()
    found.noise = set(noisy)
    found.blur = noisy.keys() & mine.keys() & other.all().keys()
    found.odd = {key: pair for key, pair in mine.items() if key not in noisy}
    if mine:
        found.unread = candidate.body.unread or control.body.unread
    return found
