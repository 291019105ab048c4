"""
What the answers to all requests of a route class say of each field.
"""

from dataclasses import dataclass, field

from hasten.verify.answers.differences import LONG_LIST, Key, name_of, without_indices
from hasten.verify.answers.result import Sample
from hasten.verify.answers.samples import sample_of
from hasten.verify.answers.triples import Triple
from hasten.verify.answers.walk import MEMBERS, ORDER, Path

MOST_SAMPLES = 3


@dataclass
class Counted:
    """
    In which triples (by number) a field was noisy, blurred, the candidate odd, or odd again when it was confirmed.
    """

    noise: set[int] = field(default_factory=set)
    blur: set[int] = field(default_factory=set)
    odd: set[int] = field(default_factory=set)
    confirmed: set[int] = field(default_factory=set)
    samples: list[Sample] = field(default_factory=list)

    def add(self, other: "Counted") -> None:
        """
        What was counted under another name counts here.
        """
        self.noise |= other.noise
        self.blur |= other.blur
        self.odd |= other.odd
        self.confirmed |= other.confirmed
        self.samples = (self.samples + other.samples)[:MOST_SAMPLES]


class Tally:
    """
    All triples of one route class.
    """

    def __init__(self, route: str) -> None:
        self.route = route
        self.compared = 0
        self._counted: dict[Key, Counted] = {}
        self._lengths: dict[Path, set[int]] = {}
        self._reordered: set[Path] = set()

    def add(self, triple: Triple, confirmation: Triple | None = None) -> None:
        """
        A triple counts, and the second one that was asked where the candidate had been odd.

        Both are evidence of noise. A field counts as confirmed when the candidate is odd in both.
        """
        number = self.compared
        self._one(triple, number, with_samples=True)
        if confirmation is None:
            return
        self._one(confirmation, self.compared, with_samples=False)
        for key in triple.odd.keys() & confirmation.odd.keys():
            self._counted[key].confirmed.add(number)

    def named(self) -> dict[str, Counted]:
        """
        What was counted by the names of the fields; elements of a list that have no place of their own are one field.
        """
        general = self._general()
        named: dict[str, Counted] = {}
        for key, counted in self._counted.items():
            name = key if isinstance(key, str) else name_of(key, general)
            named.setdefault(name, Counted()).add(counted)
        return named

    def _one(self, triple: Triple, number: int, *, with_samples: bool) -> None:
        self.compared += 1
        for path, lengths in triple.lengths.items():
            self._lengths.setdefault(path, set()).update(lengths)
        for key in triple.noise:
            self._of(key).noise.add(number)
        for key in triple.blur:
            self._of(key).blur.add(number)
        for key, pair in triple.odd.items():
            counted = self._of(key)
            counted.odd.add(number)
            if with_samples and len(counted.samples) < MOST_SAMPLES:
                counted.samples.append(sample_of(triple.answers[2], key, pair))

    def _of(self, key: Key) -> Counted:
        if isinstance(key, tuple) and key and key[-1] in (ORDER, MEMBERS):
            self._reordered.add(without_indices(key[:-1]))
        return self._counted.setdefault(key, Counted())

    def _general(self) -> set[Path]:
        """
        The lists whose elements have no place of their own: their lengths vary, their rows move, or they are long.
        """
        varying = {path for path, lengths in self._lengths.items() if len(lengths) > 1 or max(lengths) > LONG_LIST}
        return varying | self._reordered
