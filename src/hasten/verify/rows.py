"""
Are the rows the same? Digests of results that can be compared without keeping the rows.
"""

from dataclasses import dataclass
from hashlib import blake2b

from psycopg.pq.abc import PGresult

#: float4, float8: their last digits depend on the order in which a plan adds.
_FLOATS = frozenset({700, 701})
_FLOAT_DIGITS = 12
_MASK = (1 << 128) - 1


@dataclass(frozen=True)
class Rows:
    """
    A result in three numbers: how many rows, a digest of them as a multiset, and one of them in their order.
    """

    count: int
    multiset: str
    ordered: str


def rows_of(result: PGresult) -> Rows:
    """
    The digest of a result. Floating-point columns are compared to 12 digits.
    """
    columns = range(result.nfields)
    floats = [result.ftype(column) in _FLOATS for column in columns]
    total, ordered = 0, blake2b(digest_size=16)
    for row in range(result.ntuples):
        digest = blake2b(digest_size=16)
        for column in columns:
            value = result.get_value(row, column)
            if value is not None and floats[column]:
                value = f"{float(value):.{_FLOAT_DIGITS}g}".encode()
            # The length keeps ('ab', 'c') apart from ('a', 'bc'), and NULL apart from ''.
            digest.update(b"N" if value is None else b"%d:" % len(value))
            digest.update(value or b"")
        # A sum, so that the order does not matter and each row counts as often as it comes.
        total = (total + int.from_bytes(digest.digest(), "big")) & _MASK
        ordered.update(digest.digest())
    return Rows(count=result.ntuples, multiset=f"{total:032x}", ordered=ordered.hexdigest())
