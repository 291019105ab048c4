"""
Is this answer its asker's own? Compared with what control gives to this asker and to every other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hasten.verify.answers import Answer, Declared
from hasten.verify.answers.differences import Key, Read, differences, name_of, without_indices
from hasten.verify.answers.headers import cookies_of, words
from hasten.verify.answers.samples import sample_of
from hasten.verify.answers.walk import LENGTH, ORDER
from hasten.verify.identity.askers import Asker
from hasten.verify.identity.canaries import held_by
from hasten.verify.identity.result import LeakKind

_ANY_CODING = frozenset({"", "identity"})


@dataclass(frozen=True)
class Suspicion:
    """
    Something in an answer that belongs to somebody else, unless control gives it to this asker by now too.
    """

    kind: LeakKind
    belongs_to: str
    where: str
    shown: str
    key: Key = ""
    value: Any = None


@dataclass
class Truth:
    """
    What control answers at one URL, twice to each asker, and the fields in which it does not agree with itself.
    """

    answers: dict[str, tuple[Answer, Answer]]
    noise: set[Key] = field(default_factory=set)

    @classmethod
    def of(cls, answers: dict[str, tuple[Answer, Answer]]) -> "Truth":
        """
        The truth, with its noise.
        """
        found: set[Key] = set()
        for first, second in answers.values():
            found |= {_general(key) for key in differences(Read(first), Read(second)).all()}
        return cls(answers, found)

    def is_personal(self, askers: Iterable[str]) -> bool:
        """
        Whether the answer depends on who asks.
        """
        first, *others = [self.answers[name][0] for name in askers]
        return any(self._apart(first, other) for other in others)

    def _apart(self, one: Answer, other: Answer) -> dict[Key, tuple[Any, Any]]:
        found = differences(Read(one), Read(other)).all()
        return {key: pair for key, pair in found.items() if _general(key) not in self.noise}

    def differs(self, asker: str, answer: Answer) -> bool:
        """
        Whether an answer is not what control gives this asker, noise apart.
        """
        return bool(self._apart(self.answers[asker][0], answer))

    def borrowed(self, asker: str, answer: Answer, declared: Declared) -> Iterable[Suspicion]:
        """
        The fields that are as control gives them to another asker, and not as it gives them to this one.
        """
        own = self.answers[asker][0]
        mine = differences(Read(own), Read(answer), declared).all()
        for other, (theirs, _) in self.answers.items():
            if other == asker or not mine:
                continue
            apart = self._apart(own, theirs)
            for key in sorted(mine.keys() & apart.keys(), key=str):
                if _tells(key) and mine[key][1] == apart[key][1]:
                    shown = sample_of(answer, key, mine[key]).candidate
                    yield Suspicion(LeakKind.ANSWER, other, _name(key), shown, key, mine[key][1])
                    break


def canaries_in(
    answer: Answer, principal: str, truth: tuple[Answer, Answer], canaries: Mapping[str, Iterable[str]]
) -> Iterable[Suspicion]:
    """
    What the answer holds of others' own strings, and control's answer to the same asker does not.
    """
    for other, strings in canaries.items():
        if other == principal:
            continue
        held = held_by(answer, strings)
        for canary in sorted(held - held_by(truth[0], held) - held_by(truth[1], held))[:1]:
            shown = f"{canary[:2]}… ({len(canary)} characters)"
            yield Suspicion(LeakKind.CANARY, other, "a string of its own", shown, value=canary)


class Cookies:
    """
    Whom the candidate gave which cookie.
    """

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], str] = {}

    def replayed(self, answer: Answer, principal: str, truth: tuple[Answer, Answer]) -> Iterable[Suspicion]:
        """
        The cookies that had been set for somebody else before. The answer's own are remembered.

        Where control never gives the same value twice, giving it twice to one principal is a replay too: two visitors
        without a name are two people.
        """
        first, second = (cookies_of(each) for each in truth)
        for name, value in cookies_of(answer).items():
            if name.endswith(";attributes") or not value:
                continue
            earlier = self._given.get((name, value))
            self._given.setdefault((name, value), principal)
            if earlier is None or value in (first.get(name), second.get(name)):
                continue
            if earlier != principal or first.get(name) != second.get(name):
                yield Suspicion(LeakKind.COOKIE, earlier, name, "[redacted]")


def unreadable(asker: Asker, answer: Answer, truth: tuple[Answer, Answer]) -> Iterable[Suspicion]:
    """
    A coding that the asker had not offered to read, where control does not give it either.
    """
    coding = answer.header("content-encoding").strip().lower()
    offered = {word.partition(";")[0].strip() for word in words(asker.offered)}
    if coding in _ANY_CODING or offered & {coding, "*"}:
        return
    if coding not in {each.header("content-encoding").strip().lower() for each in truth}:
        yield Suspicion(LeakKind.CODING, "a client that reads it", "header:content-encoding", coding)


def is_explained(suspicion: Suspicion, answer: Answer, now: Answer, declared: Declared) -> bool:
    """
    Whether control gives this asker the suspicious thing by now too: then somebody has written meanwhile.
    """
    if suspicion.kind is LeakKind.CANARY:
        return bool(held_by(now, [suspicion.value]))
    if suspicion.kind is LeakKind.ANSWER:
        return suspicion.key not in differences(Read(now), Read(answer), declared).all()
    return False


def _general(key: Key) -> Key:
    return without_indices(key) if isinstance(key, tuple) else key


def _tells(key: Key) -> bool:
    """
    Whether an equal difference means an equal value: another order, or another length, may have many reasons.
    """
    return not isinstance(key, tuple) or not key or key[-1] not in (ORDER, LENGTH)


def _name(key: Key) -> str:
    return name_of(key) if isinstance(key, tuple) else key
