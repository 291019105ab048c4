"""
Same answers in both arms: which differences count, and which a statement leaves to the server.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from hasten.evidence import IndexProfile
from hasten.sql import StatementShape
from hasten.verify.replay import Replayed, Run

#: Aggregates whose value depends on the order of the rows unless they state one.
_ORDER_DEPENDENT = frozenset(
    {"array_agg", "string_agg", "json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg", "xmlagg", "mode"}
    | {"first_value", "last_value", "nth_value", "row_number", "rank", "lag", "lead", "ntile"}
)
_MOST_NAMED = 20


@dataclass
class Comparison:
    """
    What was compared so far.

    noisy: control does not agree with itself (now(), random(), another session).
    free: the statement leaves it to the server which rows or which order it gives, so only their number was compared.
    """

    compared: int = 0
    equal: int = 0
    noisy: int = 0
    free: int = 0
    unequal: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self, statement: Replayed, sample: int, pair: tuple[Run, Run], again: Callable[[], Run], *, total_order: bool
    ) -> None:
        """
        The two results of one execution are compared.

        Args:
            sample: The number of the execution among the statement's samples.
            again: Runs it once more in control.
            total_order: Whether its ORDER BY leaves no choice, so that the order counts.
        """
        control, candidate = pair
        if control.error or candidate.error:
            return
        self.compared += 1
        if statement.is_write or control.rows is None or candidate.rows is None:
            # Values of a write may come from a sequence or a clock; the number of rows may not.
            same = control.count == candidate.count
        else:
            same = control.rows.multiset == candidate.rows.multiset and control.rows.count == candidate.rows.count
            same = same and (not total_order or control.rows.ordered == candidate.rows.ordered)
        if same:
            self.equal += 1
            return
        if control.count == candidate.count and not total_order and leaves_a_choice(statement.shape):
            self.free += 1
            return
        repeated = again().rows
        if not statement.is_write and repeated and control.rows and repeated.multiset != control.rows.multiset:
            self.noisy += 1
            return
        counts = {"control_rows": control.count, "candidate_rows": candidate.count}
        self.unequal.append({"query_id": statement.query_id, "sample": sample, **counts})

    def as_data(self) -> dict[str, Any]:
        """
        The comparison for the ledger.
        """
        return {
            "compared": self.compared,
            "equal": self.equal,
            "noisy": self.noisy,
            "free": self.free,
            "unequal": self.unequal[:_MOST_NAMED],
        }


def leaves_a_choice(shape: StatementShape) -> bool:
    """
    Whether the server may give other rows or values for the same data: LIMIT without a total order, and the like.
    """
    if shape.has_limit or shape.has_offset or any(use.limited or use.distinct_on for use in shape.uses):
        return True
    return shape.has_window or bool(_ORDER_DEPENDENT.intersection(shape.functions))


def has_total_order(shape: StatementShape, indexes: Iterable[IndexProfile]) -> bool:
    """
    Whether ORDER BY (with columns held equal) holds the whole primary key of the only table in the statement.
    """
    if len(shape.uses) != 1 or shape.has_group_by or shape.has_distinct or shape.has_set_operation:
        return False
    use = shape.uses[0]
    if not use.order_by:
        return False
    single = {p.columns[0] for p in use.predicates if p.operator == "=" and p.conjunctive and not p.is_expression}
    fixed = {key.column for key in use.order_by} | single
    return any(
        index.primary and index.columns and set(index.columns) <= fixed for index in indexes if index.table == use.table
    )
