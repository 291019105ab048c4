"""
What statements cost with some of the candidates in place: asked of a private copy where all of them are really built.

A built index has its true size and height, and can be timed. Which candidates a plan may use is chosen by dropping the
others in a transaction that is rolled back.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Protocol

import psycopg

from hasten.evidence import StatementSample
from hasten.log import event
from hasten.optimize.database._indexes.candidates import Candidate
from hasten.optimize.database._indexes.catalog import index_named
from hasten.optimize.database._indexes.definition import Definition
from hasten.optimize.database._indexes.workload import Statement
from hasten.world.execution import Connection, execute, plan_of
from hasten.world.postgres import as_query

#: A statement that takes longer than this on the copy counts as taking this long.
TIMEOUT_S = 10.0
#: Below this one timing says little, so the better of two is taken.
REPEAT_BELOW_S = 0.5


class Prices(Protocol):
    """
    Something that can say what statements cost under a choice of indexes.
    """

    name: str

    @property
    def sizes(self) -> dict[Definition, int]:
        """
        The candidates that can be priced, with their bytes on disk.
        """

    def costs(self, statements: Sequence[Statement], chosen: Collection[Definition]) -> dict[str, float]:
        """
        The planner's cost of each statement (by query id), summed over its samples; none where it cannot be planned.
        """

    def seconds(self, statements: Sequence[Statement], chosen: Collection[Definition]) -> dict[str, float] | None:
        """
        The measured seconds of each reading statement (its `timed` samples); None where nothing can be measured.
        """


class BuiltPrices:
    """
    Prices on a private copy of the database, with every candidate built there.
    """

    name = "clone"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._built: dict[Definition, int] = {}

    @property
    def sizes(self) -> dict[Definition, int]:
        """
        The candidates that were built, with their true sizes.
        """
        return dict(self._built)

    def build(self, wanted: Sequence[Candidate], *, deadline: float) -> None:
        """
        As many of the candidates as can be built until `deadline` (monotonic clock), in their order.
        """
        self._connection.execute("SET maintenance_work_mem = '256MB'")
        for candidate in wanted:
            if monotonic() > deadline:
                event("indexes.unpriced", reason="no time left to build it", index=str(candidate.definition))
                continue
            try:
                self._connection.execute(as_query(candidate.definition.create(concurrently=False)))
            except psycopg.Error as error:
                # Not immutable, no order for the type, a value too long for a page: not a candidate then.
                event("indexes.unpriced", reason=str(error).splitlines()[0], index=str(candidate.definition))
                if self._connection.broken:
                    raise
                continue
            found = index_named(self._connection, candidate.definition)
            self._built[candidate.definition] = found.size_bytes if found else 0
        # Expressions have no statistics before ANALYZE.
        for statement in sorted({each.analyze for each in self._built if each.has_expression}):
            self._connection.execute(as_query(statement))

    def costs(self, statements: Sequence[Statement], chosen: Collection[Definition]) -> dict[str, float]:
        """
        The planner's cost with only the chosen candidates in place.
        """
        with self._only(chosen):
            return planned_costs(self._connection, statements)

    def seconds(self, statements: Sequence[Statement], chosen: Collection[Definition]) -> dict[str, float] | None:
        """
        Measured seconds with only the chosen candidates in place.
        """
        with self._only(chosen):
            self._connection.execute(as_query(f"SET LOCAL statement_timeout = '{TIMEOUT_S:.0f}s'"))
            reading = [statement for statement in statements if not statement.is_write]
            return {each.query_id: sum(self._timed(sample) for sample in each.timed) for each in reading}

    def _timed(self, sample: StatementSample) -> float:
        first = execute(self._connection, sample).seconds
        return first if first >= REPEAT_BELOW_S else min(first, execute(self._connection, sample).seconds)

    @contextmanager
    def _only(self, chosen: Collection[Definition]) -> Iterator[None]:
        self._connection.execute("BEGIN")
        try:
            for definition in self._built:
                if definition not in chosen:
                    self._connection.execute(as_query(definition.drop(concurrently=False)))
            yield
        finally:
            if not self._connection.broken:
                self._connection.execute("ROLLBACK")


def planned_costs(connection: Connection, statements: Sequence[Statement]) -> dict[str, float]:
    """
    The planner's cost of each statement with the indexes that this session sees.
    """
    found: dict[str, float] = {}
    for statement in statements:
        plans = [plan_of(connection, sample) for sample in statement.samples]
        costs = [float(plan["Total Cost"]) for plan in plans if plan]
        if costs and len(costs) == len(statement.samples):
            found[statement.query_id] = sum(costs)
    return found
