"""
One database that has the change for a while and then has it not: whose turn it is, and rounds of statements in each.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from hasten.evidence import StatementSample
from hasten.model import Block
from hasten.verify.replay import Replayed, Run, turns
from hasten.verify.rounds import block_of


@dataclass
class State:
    """
    Whether the change is in place, and how to make it so.

    Args:
        put: Makes it so that the change is in place, or is not.
        seconds: What each switch took, by where it led.
    """

    put: Callable[[bool], None]
    has_change: bool = False
    seconds: dict[bool, list[float]] = field(default_factory=lambda: {False: [], True: []})

    def to(self, has_change: bool) -> bool:
        """
        The change is in place, or is not; whether that took a switch.
        """
        if self.has_change == has_change:
            return False
        start = monotonic()
        self.put(has_change)
        self.has_change = has_change
        self.seconds[has_change].append(monotonic() - start)
        return True

    @property
    def switch_s(self) -> float:
        """
        What a switch takes, as far as is known: the mean of there and back.
        """
        means = [sum(each) / len(each) for each in self.seconds.values() if each]
        return sum(means) / len(means) if means else 0.0


@dataclass(frozen=True)
class Rounds:
    """
    Plays the same executions in one state after the other.

    Args:
        run: Executes one of them on the database as it is now.
    """

    state: State
    run: Callable[[StatementSample], Run]
    seed: int

    def pair(self, statements: Sequence[Replayed], index: int, *, control_first: bool) -> Block:
        """
        A round without the change and one with it; after a switch the round is run once before it is timed.
        """
        return self._pair(statements, index, control_first, (False, True))

    def equal_pair(self, statements: Sequence[Replayed], index: int, *, control_first: bool) -> Block:
        """
        Two rounds without the change.
        """
        return self._pair(statements, index, control_first, (False, False))

    def _pair(self, statements: Sequence[Replayed], index: int, control_first: bool, arms: tuple[bool, bool]) -> Block:
        wanted = turns(statements, index, self.seed)
        samples = [sample for _, sample in wanted]
        runs: dict[int, list[Run]] = {}
        for arm in (0, 1) if control_first else (1, 0):
            if self.state.to(arms[arm]):
                # What a switch threw out of memory, or left to be planned anew, is not the arm's.
                self._round(samples)
            runs[arm] = self._round(samples)
        names = [statement.query_id for statement, _ in wanted]
        played = zip(names, zip(runs[0], runs[1], strict=True), strict=True)
        return block_of(played, index, control_first=control_first)

    def _round(self, samples: Iterable[StatementSample]) -> list[Run]:
        return [self.run(sample) for sample in samples]


def switches(orders: Iterable[bool], *, has_change: bool) -> int:
    """
    How often pairs in these orders switch, begun in this state: a pair that begins as the last one ended stays there.
    """
    count = 0
    for control_first in orders:
        begins_with = not control_first
        count += 1 + (begins_with != has_change)
        has_change = not begins_with
    return count
