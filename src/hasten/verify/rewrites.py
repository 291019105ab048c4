"""
Another text for the same question: both run on the same rows and must answer alike.

On one server two sessions share an exported snapshot, whatever is written meanwhile; clones of one backup serve as
well. Nothing is written here.
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

    Raises:
        ConfigError, Unreachable, NotAllowed: the database cannot be reached.
    """
    with one_snapshot(database) as sessions:
        return compare_on(sessions, samples, text, indexes)


def compare_on(
    sessions: tuple[Connection, Connection],
    samples: Sequence[StatementSample],
    text: str,
    indexes: Sequence[IndexProfile] = (),
) -> Comparison:
    """
    The same for two sessions that see the same rows: of one snapshot, or of two clones of one backup.

    Rows are compared as multisets, and in their order where ORDER BY of the recorded text is total; columns by name,
    type and modifier; errors by SQLSTATE.
    """
    first, second = sessions
    comparison = Comparison()
    with operation("rewrite.compare", samples=len(samples)) as result:
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
