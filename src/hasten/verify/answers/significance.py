"""
Is the candidate odd more often than a third control would be?

Under no change the three answers to one request are exchangeable: where exactly one of them differs from the other two
it is the candidate one time in three, whatever the request and however noisy the field. That is an exact test.
"""

import math
from collections.abc import Sequence

#: One of three.
BY_CHANCE = 1 / 3


def odd_p(candidate_odd: int, all_odd: int) -> float:
    """
    How likely it is that the candidate is the odd one at least so often among `all_odd` triples with one odd answer.
    """
    if candidate_odd <= 0:
        return 1.0
    terms = (
        math.exp(
            math.lgamma(all_odd + 1)
            - math.lgamma(count + 1)
            - math.lgamma(all_odd - count + 1)
            + count * math.log(BY_CHANCE)
            + (all_odd - count) * math.log(1 - BY_CHANCE)
        )
        for count in range(candidate_odd, all_odd + 1)
    )
    return min(1.0, math.fsum(terms))


def accused(p_values: Sequence[float], level: float) -> list[bool]:
    """
    Which of them are discoveries at that false-discovery rate (Benjamini and Hochberg 1995), in the order given.
    """
    count = len(p_values)
    ordered = sorted(p_values)
    bound = max((p for rank, p in enumerate(ordered, start=1) if p <= level * rank / count), default=-1.0)
    return [p <= bound for p in p_values]
