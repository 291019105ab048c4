"""
Recorded executions, run again: timed, explained, and their rows turned into digests that can be compared.

Nothing that is executed here stays: each statement runs in a transaction, or at a savepoint, that is rolled back.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from time import perf_counter
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGresult

from hasten.evidence import StatementSample
from hasten.world.postgres import Row, as_query

Connection = psycopg.Connection[Row]

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


@dataclass(frozen=True)
class Column:
    """
    What a client is told of one column: its name, the oid of its type, and the modifier (varchar(20), numeric(9,2)).
    """

    name: str
    oid: int
    modifier: int


@dataclass(frozen=True)
class Run:
    """
    One execution: its seconds, and its rows and columns where they were asked for; or its SQLSTATE.
    """

    seconds: float
    count: int = -1
    rows: Rows | None = None
    error: str | None = None
    columns: tuple[Column, ...] = ()


def execute(connection: Connection, sample: StatementSample, *, with_rows: bool = False) -> Run:
    """
    One statement ran and was rolled back. Only the statement is timed, up to its last row.

    An error of the statement is a result.

    Raises:
        psycopg.Error: the connection broke.
    """
    with _undone(connection):
        cursor = psycopg.RawCursor(connection)
        start = perf_counter()
        try:
            # Parameters go as text of no stated type, so the server gives them the types that the statement asks for.
            cursor.execute(as_query(sample.text), sample.parameters or None)
            seconds = perf_counter() - start
        except psycopg.Error as error:
            if connection.broken:
                raise
            return Run(seconds=perf_counter() - start, error=error.sqlstate or type(error).__name__)
        result = cursor.pgresult
        if not with_rows or result is None:
            return Run(seconds=seconds, count=cursor.rowcount)
        return Run(seconds=seconds, count=cursor.rowcount, rows=rows_of(result), columns=columns_of(result))


def plan_of(connection: Connection, sample: StatementSample) -> dict[str, Any] | None:
    """
    The plan for one execution with its parameters, on this session; None where the server refuses to plan it.
    """
    with _undone(connection):
        cursor = psycopg.RawCursor(connection)
        try:
            cursor.execute(as_query(f"EXPLAIN (FORMAT JSON) {sample.text}"), sample.parameters or None)
            row: Any = cursor.fetchone()
        except psycopg.Error:
            if connection.broken:
                raise
            return None
    found = next(iter(row.values())) if row else None
    plan = json.loads(found) if isinstance(found, str) else found
    return plan[0]["Plan"] if plan else None


def outline_of(plan: dict[str, Any]) -> str:
    """
    The plan without its numbers: equal outlines do the same work on the same data.
    """
    words = [str(plan.get(key, "")) for key in _OUTLINE]
    return f"{' '.join(filter(None, words))}({','.join(outline_of(child) for child in plan.get('Plans', []))})"


_OUTLINE = (
    "Node Type",
    "Strategy",
    "Join Type",
    "Relation Name",
    "Alias",
    "Index Name",
    "Scan Direction",
    "Index Cond",
    "Filter",
    "Sort Key",
    "Parent Relationship",
    "Subplan Name",
)


@contextmanager
def _undone(connection: Connection) -> Iterator[None]:
    idle = connection.info.transaction_status == TransactionStatus.IDLE
    connection.execute("BEGIN" if idle else "SAVEPOINT hasten")
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("ROLLBACK" if idle else "ROLLBACK TO SAVEPOINT hasten")


def columns_of(result: PGresult) -> tuple[Column, ...]:
    """
    What the result tells of its columns.
    """
    return tuple(
        Column((result.fname(at) or b"").decode("utf-8", "replace"), result.ftype(at), result.fmod(at))
        for at in range(result.nfields)
    )


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
