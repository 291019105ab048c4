"""
What statements would cost with indexes that do not exist, by HypoPG, where the server has it.

HypoPG is off in two ways, both corrected here: it ignores B-tree de-duplication (sizes up to 4 × too big), and it gives
a new index no height, so that a look-up seems to cost nothing before its first page. Its indexes live in one session
and touch nothing of the application.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any

import psycopg

from hasten.application import App
from hasten.evidence import TableProfile
from hasten.log import event
from hasten.optimize.database._indexes.definition import Definition
from hasten.optimize.database._indexes.workload import Statement
from hasten.world.execution import Connection, plan_of

_PAGE = 8192
_FILL = 0.9
_LINE_POINTER = 4
_TUPLE_HEADER = 8
_ROW_POINTER = 6  # each further row with the same key, after de-duplication
#: Entries in an inner page: CREATE INDEX fills it to 70 %, 20 bytes for a narrow key.
FAN_OUT = 285
#: cpu_operator_cost × 50 per level, as btcostestimate charges for a descent.
_DESCENT = 50 * 0.0025


def has_hypopg(app: App) -> bool:
    """
    Whether HypoPG is installed in the application's database; it is never installed for the purpose.
    """
    return app.database.check().hypopg_installed


class HypotheticalPrices:
    """
    Prices in one session of the application's server, without building anything.
    """

    name = "hypopg"

    def __init__(self, connection: Connection, wanted: Sequence[Definition], tables: Iterable[TableProfile]) -> None:
        self._connection = connection
        self._tables = {table.name: table for table in tables}
        self._sizes = {each: estimated_bytes(each, self._tables.get(each.table)) for each in wanted}

    @property
    def sizes(self) -> dict[Definition, int]:
        """
        The candidates with their sizes as estimated.
        """
        return dict(self._sizes)

    def costs(self, statements: Sequence[Statement], chosen: Collection[Definition]) -> dict[str, float]:
        """
        The planner's cost with the chosen candidates pretended, and the missing descents added.
        """
        heights = self._pretend(chosen)
        try:
            found: dict[str, float] = {}
            for statement in statements:
                plans = [plan_of(self._connection, sample) for sample in statement.samples]
                if plans and all(plans):
                    found[statement.query_id] = sum(
                        float(plan["Total Cost"]) + missing_descents(plan, heights) for plan in plans if plan
                    )
            return found
        finally:
            if not self._connection.broken:
                self._connection.execute("SELECT hypopg_reset()")

    def seconds(self, _statements: Sequence[Statement], _chosen: Collection[Definition]) -> dict[str, float] | None:
        """
        None: what does not exist cannot be timed.
        """
        return None

    def _pretend(self, chosen: Collection[Definition]) -> dict[str, int]:
        heights: dict[str, int] = {}
        self._connection.execute("SELECT hypopg_reset()")
        for definition in chosen:
            try:
                made = self._connection.execute(
                    "SELECT indexname FROM hypopg_create_index(%s)", [definition.create(concurrently=False)]
                ).fetchone()
            except psycopg.Error as error:
                event("indexes.unpriced", reason=str(error).splitlines()[0], index=str(definition))
                with suppress(KeyError):
                    del self._sizes[definition]
                continue
            if made:
                heights[str(made["indexname"])] = height_of(self._sizes.get(definition, 0))
        return heights


def estimated_bytes(wanted: Definition, table: TableProfile | None) -> int:
    """
    The size of a B-tree as PostgreSQL 13 and later build it: equal keys share one copy of the key.
    """
    if table is None or table.rows <= 0:
        return 0
    columns = {column.name: column for column in table.columns}
    width, distinct = 0, 1.0
    for key in wanted.keys:
        column = columns.get(key.text)
        width += column.width_bytes if column and column.width_bytes else 16
        seen = column.distinct if column and column.distinct is not None else -1.0
        distinct *= seen if seen >= 0 else -seen * table.rows
    distinct = max(1.0, min(distinct, table.rows))
    one = _aligned(_TUPLE_HEADER + width)
    shared = distinct * (_LINE_POINTER + _aligned(one + table.rows / distinct * _ROW_POINTER))
    # Keys that hardly repeat are kept one by one.
    return int(min(shared, table.rows * (_LINE_POINTER + one)) / _FILL) + _PAGE


def _aligned(size: float) -> int:
    return math.ceil(size / 8) * 8


def height_of(size_bytes: int, fan_out: int = FAN_OUT) -> int:
    """
    The levels above the leaves of a B-tree of that size.
    """
    leaves = max(size_bytes // _PAGE, 1)
    return max(0, math.ceil(math.log(leaves, fan_out))) if leaves > 1 else 0


def missing_descents(plan: dict[str, Any], heights: dict[str, int], loops: float = 1.0) -> float:
    """
    The cost of going down the pretended indexes, once per loop of whatever is around them.
    """
    name = plan.get("Index Name")
    cost = loops * (heights[name] + 1) * _DESCENT if name in heights else 0.0
    children = plan.get("Plans", [])
    for at, child in enumerate(children):
        inner = plan.get("Node Type") == "Nested Loop" and at == 1
        rounds = loops * max(float(children[0].get("Plan Rows", 1)), 1.0) if inner else loops
        cost += missing_descents(child, heights, rounds)
    return cost
