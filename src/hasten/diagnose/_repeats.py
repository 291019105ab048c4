"""
Which logged executions belong to one transaction, and how often a statement comes back in it.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass

from hasten.evidence import StatementProfile


@dataclass(frozen=True)
class Repeats:
    """
    How a statement's logged executions spread over transactions.

    Only a part of the executions may have been kept, so every number is at least this large in truth.
    most: executions in the fullest transaction. seen: executions in transactions. transactions: how many.
    most_equal: executions with the same values in one transaction.
    differing, equal: executions beyond the first in a transaction, with other and with the same values.
    """

    most: int
    seen: int
    transactions: int
    most_equal: int
    differing: int
    equal: int

    @property
    def differing_share(self) -> float:
        """
        The share of executions that repeat an earlier one with other values.
        """
        return self.differing / self.seen if self.seen else 0.0

    @property
    def equal_share(self) -> float:
        """
        The share of executions that repeat an earlier one to the letter.
        """
        return self.equal / self.seen if self.seen else 0.0


def repeats(profile: StatementProfile) -> Repeats:
    """
    What the samples tell; all zero where the log names no transactions.
    """
    values: dict[tuple[str, str], Counter[tuple[str, tuple[str | None, ...]]]] = defaultdict(Counter)
    for sample in profile.samples:
        if sample.transaction and sample.error is None:
            values[sample.session, sample.transaction][sample.text, tuple(sample.parameters)] += 1
    sizes = [sum(each.values()) for each in values.values()]
    return Repeats(
        most=max(sizes, default=0),
        seen=sum(sizes),
        transactions=len(sizes),
        most_equal=max((count for each in values.values() for count in each.values()), default=0),
        differing=sum(len(each) - 1 for each in values.values()),
        equal=sum(sum(each.values()) - len(each) for each in values.values()),
    )
