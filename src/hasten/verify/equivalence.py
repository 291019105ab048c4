"""
Same results in both arms: rows, columns and errors; which differences count, and which are the server's to choose.
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
#: Errors that say something of the moment and nothing of the statement: cancelled, locked out, serialized, shut down.
_PASSING = ("57", "55P03", "40", "53", "08")
_MOST_NAMED = 20


@dataclass
class Comparison:
    """
    What was compared so far.

    noisy: control does not agree with itself (now(), random(), another session).
    free: the statement leaves it to the server which rows or which order it gives, so only their number was compared.
    failed_alike: it fails in both arms with the same SQLSTATE.
    """

    compared: int = 0
    equal: int = 0
    noisy: int = 0
    free: int = 0
    failed_alike: int = 0
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
            self._add_errors(statement, sample, pair)
            return
        self.compared += 1
        if not same_columns(control, candidate):
            self._unequal(statement, sample, pair, "columns")
            return
        if same_rows(statement, pair, total_order=total_order):
            self.equal += 1
            return
        if control.count == candidate.count and not total_order and leaves_a_choice(statement.shape):
            self.free += 1
            return
        repeated = again().rows
        if not statement.is_write and repeated and control.rows and repeated.multiset != control.rows.multiset:
            self.noisy += 1
            return
        self._unequal(statement, sample, pair, "rows")

    def _add_errors(self, statement: Replayed, sample: int, pair: tuple[Run, Run]) -> None:
        """
        Both arms must fail with the same SQLSTATE. That is no clean comparison: agreeing in errors proves little.

        An error of the moment says nothing, and a write may fail in one arm because of what a sequence gave it there.
        """
        control, candidate = pair
        if any(run.error and run.error.startswith(_PASSING) for run in pair):
            return
        if control.error == candidate.error:
            self.failed_alike += 1
        elif not statement.is_write:
            self.compared += 1
            self._unequal(statement, sample, pair, "error")

    def _unequal(self, statement: Replayed, sample: int, pair: tuple[Run, Run], what: str) -> None:
        control, candidate = pair
        found: dict[str, Any] = {"query_id": statement.query_id, "sample": sample, "what": what}
        if what == "error":
            found |= {"control_error": control.error, "candidate_error": candidate.error}
        elif what == "columns":
            found |= {"control_columns": _told(control), "candidate_columns": _told(candidate)}
        else:
            found |= {"control_rows": control.count, "candidate_rows": candidate.count}
        self.unequal.append(found)

    def as_data(self) -> dict[str, Any]:
        """
        The comparison for the ledger.
        """
        return {
            "compared": self.compared,
            "equal": self.equal,
            "noisy": self.noisy,
            "free": self.free,
            "failed_alike": self.failed_alike,
            "unequal": self.unequal[:_MOST_NAMED],
        }


def same_columns(control: Run, candidate: Run) -> bool:
    """
    Whether both results have the same columns: names, types and modifiers, in the same order.
    """
    return control.columns == candidate.columns


def same_rows(statement: Replayed, pair: tuple[Run, Run], *, total_order: bool) -> bool:
    """
    Whether both results hold the same rows, in the same order where ORDER BY leaves no choice.
    """
    control, candidate = pair
    if statement.is_write or control.rows is None or candidate.rows is None:
        # Values of a write may come from a sequence or a clock; the number of rows may not.
        return control.count == candidate.count
    same = control.rows.multiset == candidate.rows.multiset and control.rows.count == candidate.rows.count
    return same and (not total_order or control.rows.ordered == candidate.rows.ordered)


def _told(run: Run) -> list[str]:
    return [f"{column.name}: {column.oid} ({column.modifier})" for column in run.columns]


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
