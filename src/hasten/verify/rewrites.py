"""
Another text for the same question: both run on one exported snapshot of one server, and must answer alike.

Two sessions see exactly the same rows, whatever is written meanwhile; nothing is written here.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import msgspec

from hasten.evidence import IndexProfile, StatementSample
from hasten.log import operation
from hasten.sql import read_statement
from hasten.verify.equivalence import Comparison, has_total_order
from hasten.verify.replay import Replayed
from hasten.world.execution import Connection, execute
from hasten.world.postgres import Database


def compare_rewrite(
    database: Database, samples: Sequence[StatementSample], text: str, indexes: Sequence[IndexProfile] = ()
) -> Comparison:
    """
    Every execution ran as it was recorded and with the other text, with the same parameters, on one snapshot.

    Rows are compared as multisets, and in their order where ORDER BY of the recorded text is total; columns by name,
    type and modifier; errors by SQLSTATE.

    Raises:
        ConfigError, Unreachable, NotAllowed: the database cannot be reached.
    """
    comparison = Comparison()
    with operation("rewrite.compare", samples=len(samples)) as result, one_snapshot(database) as (first, second):
        for number, sample in enumerate(samples):
            statement = _replayed(sample)
            other = msgspec.structs.replace(sample, text=text)
            pair = execute(first, sample, with_rows=True), execute(second, other, with_rows=True)
            total_order = has_total_order(statement.shape, indexes)
            again = partial(execute, first, sample, with_rows=True)
            comparison.add(statement, number, pair, again, total_order=total_order)
        result.update(compared=comparison.compared, unequal=len(comparison.unequal))
    return comparison


@contextmanager
def one_snapshot(database: Database) -> Iterator[tuple[Connection, Connection]]:
    """
    Two sessions of one server that see the same rows until the end of the block, and write none.
    """
    with database.connect(read_only=True) as first, database.connect(read_only=True) as second:
        first.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = first.execute("SELECT pg_export_snapshot() AS name").fetchone()
        second.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        # Its name is the server's own: hexadecimal digits and dashes, and no parameter is allowed here.
        name = str(row["name"] if row else "").replace("'", "")
        second.execute(f"SET TRANSACTION SNAPSHOT '{name}'".encode())
        try:
            yield first, second
        finally:
            for connection in (first, second):
                if not connection.broken:
                    connection.execute("ROLLBACK")


def _replayed(sample: StatementSample) -> Replayed:
    shape = read_statement(sample.text)
    return Replayed(
        query_id=sample.query_id,
        calls=1,
        is_write=shape.is_write,
        shape=shape,
        samples=(sample,),
        seconds=sample.seconds,
    )
