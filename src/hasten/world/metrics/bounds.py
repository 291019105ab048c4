"""
Few bounds for histograms with many buckets, chosen so that no count is guessed.

The agents count in 64 buckets for each power of two of nanoseconds. A bound for other systems is the last nanosecond of
one of those buckets, the one nearest to the round number that people expect; so what is at or below a bound is known
exactly, and the bound is at most 0.8 % away from the round number.
"""

from bisect import bisect_right
from collections.abc import Sequence

from hasten.world.telemetry import LEAST_BITS, SUB_BUCKETS

#: OpenTelemetry's advice for HTTP begins at 5 ms and for databases at 1 ms; with what is faster, and 0.2 for the
#: objective of an API's p95.
ROUND_S = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.2, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
)  # fmt: skip


def number_of(duration_ns: int) -> int:
    """
    The number of the bucket that a duration is counted in.
    """
    bits = duration_ns.bit_length()
    return (bits * SUB_BUCKETS) + ((duration_ns >> (bits - LEAST_BITS)) & (SUB_BUCKETS - 1))


def lower_ns(number: int) -> int:
    """
    Where the bucket of that number begins.
    """
    bits, slot = divmod(number, SUB_BUCKETS)
    return (SUB_BUCKETS + slot) << (bits - LEAST_BITS)


def _first_above(round_s: float) -> int:
    """
    The number of the bucket that begins nearest to this many seconds.
    """
    wanted_ns = round(round_s * 1e9)
    number = number_of(wanted_ns)
    return min((number, number + 1), key=lambda each: abs(lower_ns(each) - wanted_ns))


#: For each bound the first bucket above it, and the bound itself: durations up to and with it are at or below.
FIRST_ABOVE = tuple(map(_first_above, ROUND_S))
BOUNDS_S = tuple((lower_ns(number) - 1) / 1e9 for number in FIRST_ABOVE)


def counted(buckets: Sequence[int]) -> list[int]:
    """
    How many durations are in each of the buckets that BOUNDS_S make, the last of them without an upper bound.

    Args:
        buckets: As the agents write them: number, count, number, count …
    """
    counts = [0] * (len(FIRST_ABOVE) + 1)
    for number, count in zip(buckets[::2], buckets[1::2], strict=True):
        counts[bisect_right(FIRST_ABOVE, number)] += count
    return counts
