"""
The answers to one request in two arms, told apart: what can be timed, what failed, what does not agree.

Only pairs that were answered alike are timed: a refusal is quick, and no gain.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hasten.model import Block, Guard
from hasten.world.load.duet import Answers, Told, Turn
from hasten.world.load.plan import LoadRequest
from hasten.world.load.result import Outcome

#: Below this, more failures with the change than without it are not put down to chance.
CHANCE = 0.05
MOST_NAMED = 5


@dataclass
class Tally:
    """
    What the pairs said beside their times.

    unlike: pairs whose statuses differ. both_failed, refused: pairs that failed, or were answered 4xx, in both arms.
    """

    asked: int = 0
    failed: list[int] = field(default_factory=lambda: [0, 0])
    failures: Counter[str] = field(default_factory=Counter)
    unlike: Counter[str] = field(default_factory=Counter)
    both_failed: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    timed: Counter[str] = field(default_factory=Counter)

    def add(self, route: str, told: tuple[Told, ...]) -> bool:
        """
        The pair is counted; whether it can be timed.
        """
        control, candidate = told
        if Outcome.EXPIRED in (control.outcome, candidate.outcome):
            return False
        self.asked += 1
        if control.failed and candidate.failed:
            self.both_failed[route] += 1
        elif control.failed or candidate.failed:
            arm = int(candidate.failed)
            self.failed[arm] += 1
            if arm:
                self.failures[f"{route}: {_word(candidate)}"] += 1
        elif control.status != candidate.status:
            self.unlike[f"{route}: {control.status} without the change, {candidate.status} with it"] += 1
        elif control.status >= 400:
            self.refused[route] += 1
        else:
            self.timed[route] += 1
            return True
        return False

    def block(
        self, requests: Sequence[LoadRequest], turns: Sequence[Turn], answers: Answers, *, index: int, order: str
    ) -> Block:
        """
        The pair of arms over one block of requests.
        """
        before = list(self.failed)
        samples: dict[str, tuple[list[float], list[float]]] = {}
        for turn, told in zip(turns, answers, strict=True):
            route = requests[turn.request].name
            if self.add(route, told):
                both = samples.setdefault(route, ([], []))
                for arm in (0, 1):
                    both[arm].append(told[arm].seconds)
        return Block(
            index=index,
            order=order,
            control={route: _mean(both[0]) for route, both in sorted(samples.items())},
            candidate={route: _mean(both[1]) for route, both in sorted(samples.items())},
            control_errors=self.failed[0] - before[0],
            candidate_errors=self.failed[1] - before[1],
            control_samples={route: _rounded(both[0]) for route, both in sorted(samples.items())},
            candidate_samples={route: _rounded(both[1]) for route, both in sorted(samples.items())},
        )

    def failures_guard(self) -> Guard:
        """
        Nothing fails with the change that works without it; None where that cannot be told from chance.
        """
        control, candidate = self.failed
        ok: bool | None = candidate <= control
        if not self.asked:
            ok = None
        elif not ok:
            ok = False if by_chance(control, candidate) < CHANCE else None
        named = "; ".join(f"{count} × {what}" for what, count in self.failures.most_common(MOST_NAMED))
        detail = f"{candidate} of {self.asked} requests failed only with the change, {control} only without it"
        return Guard(
            name="failures", ok=ok, detail=detail + (f" ({named})" if named else ""), value=float(candidate), limit=0.0
        )

    def statuses(self) -> Guard:
        """
        Every pair that was answered has the same status in both arms.
        """
        unlike, answered = sum(self.unlike.values()), self.asked - sum(self.failed) - sum(self.both_failed.values())
        named = "; ".join(f"{count} × {what}" for what, count in self.unlike.most_common(MOST_NAMED))
        detail = f"{unlike} of {answered} pairs have another status" + (f": {named}" if named else "")
        return Guard(name="statuses", ok=unlike == 0 if answered else None, detail=detail, value=float(unlike), limit=0)

    @property
    def says(self) -> str:
        """
        Why pairs could not be timed, in a few words.
        """
        return "; ".join([*self.notes(), *list(self.unlike)[:MOST_NAMED], *list(self.failures)[:MOST_NAMED]])

    def notes(self) -> list[str]:
        """
        What was asked and says nothing.
        """
        found = []
        for counts, why in (
            (self.both_failed, "failed in both arms"),
            (self.refused, "was refused in both arms (4xx)"),
        ):
            names = [f"{route} ({count} ×)" for route, count in counts.most_common(MOST_NAMED)]
            if names:
                found.append(f"not timed, because it {why}: {', '.join(names)}")
        return found


def by_chance(control: int, candidate: int) -> float:
    """
    How likely at least so many of all failures would be the candidate's, if both arms failed alike (sign test).
    """
    total = control + candidate
    ways: int = sum(math.comb(total, count) for count in range(candidate, total + 1))
    return ways / float(2**total)


def weights_of(shares: Mapping[str, float], counts: Mapping[str, int]) -> dict[str, float]:
    """
    The share of the traffic of each route that could be timed.
    """
    return {route: share for route, share in shares.items() if counts.get(route)}


def _word(told: Told) -> str:
    return str(told.status) if told.outcome is Outcome.ANSWERED else told.outcome.name.lower()


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _rounded(values: Sequence[float]) -> list[float]:
    # Microseconds: what is finer is the clock's, and the ledger keeps every one of them.
    return [round(value, 6) for value in values]
