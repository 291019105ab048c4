"""
Executions of a recorded statement that can be repeated, and a fair choice among them.
"""

from collections.abc import Sequence

from hasten.evidence import StatementProfile, StatementSample


def repeatable(profile: StatementProfile) -> list[StatementSample]:
    """
    The executions that ended well, each text with each set of parameters once, cheapest first.
    """
    seen: dict[tuple[str, tuple[str | None, ...]], StatementSample] = {}
    for sample in sorted(profile.samples, key=lambda each: each.seconds):
        if sample.error is None:
            seen.setdefault((sample.text, tuple(sample.parameters)), sample)
    return list(seen.values())


def spread(samples: Sequence[StatementSample], count: int) -> list[StatementSample]:
    """
    At most `count` of the samples, evenly from the cheapest to the dearest; the middle one if only one is wanted.
    """
    if len(samples) <= count:
        return list(samples)
    if count == 1:
        return [samples[len(samples) // 2]]
    return [samples[round(place * (len(samples) - 1) / (count - 1))] for place in range(count)]
