"""
What the identity gate found, and the guard that follows from it. One leak is enough.
"""

from enum import StrEnum
from typing import Any

import msgspec

from hasten.model import Guard, Noun
from hasten.world.principals import ANONYMOUS

#: How a leak is recorded: the change is dead at once, and people must hear of it.
CRITICAL = "CRITICAL"
#: Fewer principals than this cannot show that an answer does not depend on who asks (design §5).
LEAST_PRINCIPALS = 3


class LeakKind(StrEnum):
    """
    What was given to the wrong one.
    """

    CANARY = "canary"  # a string that belongs to another principal alone
    ANSWER = "answer"  # a field as control gives it to another principal
    COOKIE = "cookie"  # a cookie that had been set for another principal
    VARIANT = "variant"  # the answer for another language, coding, format, host or range
    CODING = "coding"  # a coding that the client had not offered to read


class Leak(Noun, frozen=True, kw_only=True):
    """
    One answer that went to the wrong one.

    asked: who asked before and at the same time, in order, the wrongly answered one last.
    where: the field or header; shown: the redacted beginning of what was leaked.
    """

    kind: LeakKind
    route: str
    request: str
    given_to: str
    belongs_to: str
    how: str
    where: str
    shown: str


class Identity(Noun, frozen=True, kw_only=True):
    """
    Whether each principal gets its own answers.

    pairs: ordered pairs that came back to back. together: requests that were sent at the same moment as another's.
    canaries: how many strings are known to belong to each principal.
    personal: URLs whose answer depends on who asks. unfinished: URLs that the time did not suffice for.
    """

    principals: list[str]
    urls: int
    asked: int
    pairs: int
    together: int
    canaries: dict[str, int] = {}
    personal: int = 0
    unfinished: int = 0
    errors_only: bool = False
    leaks: list[Leak] = []
    notes: list[str] = []

    @property
    def severity(self) -> str:
        """
        CRITICAL where anything leaked, else "".
        """
        return CRITICAL if self.leaks else ""

    def as_data(self) -> dict[str, Any]:
        """
        The record for the ledger.
        """
        data: dict[str, Any] = {"severity": self.severity, **msgspec.to_builtins(self)}
        return data


def guard(found: Identity) -> Guard:
    """
    The guard `identity`: nobody got another one's answer, and three principals were there to show it.
    """
    if found.leaks:
        # What belongs to a person is told before what belongs to nobody.
        first = min(found.leaks, key=lambda leak: leak.belongs_to.partition(" (")[0] == ANONYMOUS)
        detail = (
            f"{CRITICAL}: {first.given_to} got what belongs to {first.belongs_to} at {first.request}"
            f" ({first.kind}, {first.where}, {first.how}); {len(found.leaks)} leaks"
        )
        return Guard(name="identity", ok=False, detail=detail, value=float(len(found.leaks)), limit=0.0)
    doubt = _doubt(found)
    if doubt:
        return Guard(name="identity", ok=None, detail=doubt)
    detail = f"{found.asked} answers at {found.urls} URLs went to whom they belong, {found.pairs} pairs back to back"
    return Guard(name="identity", ok=True, detail=detail, value=0.0, limit=0.0)


def _doubt(found: Identity) -> str:
    people = len(found.principals) - 1
    if people < LEAST_PRINCIPALS:
        return f"{people} principals are too few: {LEAST_PRINCIPALS} and anonymous are needed ([[principals]])"
    if found.unfinished:
        return f"the time did not suffice for {found.unfinished} of {found.urls + found.unfinished} URLs"
    if not found.urls or found.errors_only:
        return "nothing was asked that control answers without an error"
    told_apart = sum(found.canaries.get(name, 0) > 0 for name in found.principals)
    if told_apart < LEAST_PRINCIPALS:
        return f"nothing tells the principals apart ({told_apart} have strings of their own): name canaries for them"
    return ""
