"""
Durations counted in buckets so narrow that every quantile read from them is within 1 % of the true one.

Log-linear: each power of two of nanoseconds has 64 buckets of equal width. A bucket is at most 1/64 of its lower bound
wide, so its middle is at most 1/128 (0.78 %) away from any duration in it. A row of 64 counts (512 bytes) is made when
the first duration of its power of two comes; 36 rows cover 64 ns to 73 minutes, and nothing grows after that.

One `+=` on a slot of an array is not interrupted by another thread under the GIL of Python 3.10 and later: between its
read and its write nothing is called. On 3.9, and without the GIL, two threads may rarely count as one; nothing breaks.
"""

from array import array
from collections.abc import Iterable, Iterator
from typing import Optional

#: 2**6 buckets for each power of two.
SUB_BITS = 6
SUB_BUCKETS = 1 << SUB_BITS
#: From 64 ns (bit length 7) below which no clock of ours tells durations apart …
LEAST_BITS = SUB_BITS + 1
LEAST_NS = SUB_BUCKETS
#: … to 2**42 ns, 73 minutes.
MOST_BITS = 42
MOST_NS = (1 << MOST_BITS) - 1
#: Bit lengths that may be asked for without a check: what is longer than MOST_NS has a place, and never a row.
_LENGTHS = 64
_EMPTY = bytes(8 * SUB_BUCKETS)

Rows = list[Optional["array[int]"]]


class Histogram:
    """
    Counts of durations, in nanoseconds.

    Attributes:
        rows: By bit length; where nothing was counted, None. Whoever counts itself does what `add` does.
        sum_ns: Of all durations, exactly.
    """

    __slots__ = ("rows", "sum_ns")

    def __init__(self) -> None:
        self.rows: Rows = [None] * _LENGTHS
        self.sum_ns = 0

    def add(self, duration_ns: int) -> None:
        """
        One more duration is counted.
        """
        bits = duration_ns.bit_length()
        row = self.rows[bits]
        if row is None:
            self.add_rare(duration_ns)
        else:
            row[(duration_ns >> (bits - LEAST_BITS)) & 63] += 1
            self.sum_ns += duration_ns

    def add_rare(self, duration_ns: int) -> None:
        """
        The same for a duration whose row is not there yet, and for one that is out of bounds: it counts as the bound.
        """
        duration_ns = min(max(duration_ns, LEAST_NS), MOST_NS)
        bits = duration_ns.bit_length()
        row = self.rows[bits]
        if row is None:
            # Two threads may come here together; the one that is late must not throw away what the other counted.
            row = array("Q", _EMPTY)
            found = self.rows[bits]
            if found is None:
                self.rows[bits] = row
            else:
                row = found
        row[(duration_ns >> (bits - LEAST_BITS)) & 63] += 1
        self.sum_ns += duration_ns

    @property
    def count(self) -> int:
        """
        How many durations were counted.
        """
        return sum(sum(row) for row in list(self.rows) if row is not None)

    def buckets(self) -> Iterator[tuple[int, int]]:
        """
        The buckets with something in them, as (number, count), from the shortest; the number is 64 × bit length + slot.
        """
        for bits, row in enumerate(self.rows):
            if row is not None:
                for slot, count in enumerate(row):
                    if count:
                        yield (bits << SUB_BITS) + slot, count

    def merge(self, buckets: Iterable[tuple[int, int]], sum_ns: int) -> None:
        """
        What another histogram has counted is counted here too.
        """
        for number, count in buckets:
            bits, slot = number >> SUB_BITS, number & (SUB_BUCKETS - 1)
            row = self.rows[bits]
            if row is None:
                row = self.rows[bits] = array("Q", _EMPTY)
            row[slot] += count
        self.sum_ns += sum_ns

    def quantile_ns(self, share: float) -> Optional[float]:
        """
        The duration that `share` of all durations do not exceed (nearest rank), within 0.78 %; None if there is none.
        """
        found = list(self.buckets())
        count = sum(each for _, each in found)
        if not count:
            return None
        rank = max(1, -int(-share * count // 1))
        for number, each in found:
            rank -= each
            if rank <= 0:
                return middle_ns(number)
        return middle_ns(found[-1][0])


def middle_ns(number: int) -> float:
    """
    The middle of the bucket of that number.
    """
    bits, slot = number >> SUB_BITS, number & (SUB_BUCKETS - 1)
    shift = bits - LEAST_BITS
    return float((SUB_BUCKETS + slot) << shift) + ((1 << shift) - 1) / 2
