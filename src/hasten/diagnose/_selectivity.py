"""
Which columns an index could begin with for one read of a table, and what share of the table is left then.

The estimates are PostgreSQL's own statistics (distinct values, planner's row count for the logged parameters); the
smaller share never wins over the planner's, so a common value is not taken for a rare one.
"""

import math
import re
from dataclasses import dataclass, field

from hasten.diagnose._plan import Scan
from hasten.evidence import ColumnProfile, IndexProfile, TableProfile
from hasten.sql import OrderKey, TableUse

#: With so few rows left, another column in the index gains nothing.
_FEW_ROWS = 10
#: A column whose condition leaves more than this share does not belong into an index.
_USELESS = 0.5
_MOST_COLUMNS = 3

# PostgreSQL's default cost settings: a page read at random, in sequence, and the work per index entry and row.
_RANDOM_PAGE, _NEXT_PAGE, _PER_ROW, _DESCENT = 4.0, 1.0, 0.015, 0.5
_PAGE_BYTES = 8192


@dataclass(frozen=True)
class Lookup:
    """
    How an index could find the rows of one scan.

    selectivity: the share of the table that one lookup leaves to be read.
    lookups: how often it would be asked, for one execution of the scan.
    """

    columns: list[str]
    equality: list[str]
    selectivity: float
    lookups: float = 1.0
    order: list[OrderKey] = field(default_factory=list)


def lookup_of(scan: Scan, use: TableUse, table: TableProfile, sorts: bool) -> Lookup | None:
    """
    The columns that a B-tree could begin with for this scan, most selective first; None where there are none.

    Args:
        sorts: The index shall also deliver the order that the statement asks for.
    """
    rows = max(table.rows, 1.0)
    shares, lookups = _shares(scan, use, table)
    equality: list[str] = []
    left = 1.0
    for name, share in sorted(shares.items(), key=lambda each: (each[1], each[0])):
        if share > _USELESS or left * rows <= _FEW_ROWS or len(equality) == _MOST_COLUMNS:
            break
        equality.append(name)
        left *= share
    planned = min(1.0, scan.rows / rows) if scan.filter else None
    order = use.order_by if sorts and _is_servable(use.order_by) else []
    columns = equality + [key.column for key in order if key.column not in equality]
    if not order and use.ranges and planned is not None and len(equality) < _MOST_COLUMNS and left * rows > _FEW_ROWS:
        columns += [name for name in use.ranges if name not in equality][:1]
        left = planned
    if planned is not None and lookups == 1.0:
        left = max(left, planned)
    if not columns:
        return None
    return Lookup(columns=columns, equality=equality, selectivity=left, lookups=lookups, order=order)


def _shares(scan: Scan, use: TableUse, table: TableProfile) -> tuple[dict[str, float], float]:
    """
    What share of the table each compared column leaves, and how often it is looked up per execution of the scan.
    """
    shares = {name: share for name in use.equality if (share := _equal_share(name, use, table)) is not None}
    lookups = 1.0
    for name in use.join_columns:
        share = _share(table, name)
        if share is None or name in shares:
            continue
        if _mentions(scan.filter, name) or (scan.join == "Nested Loop" and scan.is_inner):
            shares[name] = share
        elif scan.join and not use.equality and not use.ranges and scan.other_rows > 0:
            shares[name], lookups = share, scan.other_rows
    return shares, lookups


def index_cost(lookup: Lookup, table: TableProfile) -> float:
    """
    What finding the rows by that index would cost, in the planner's units at its default settings.
    """
    rows, pages = lookup.selectivity * table.rows, max(1.0, table.size_bytes / _PAGE_BYTES)
    # As PostgreSQL prices a bitmap scan: the more of the pages are read, the nearer it is to a sequential read.
    fetched = min(pages, 2 * pages * rows / (2 * pages + rows))
    per_page = _RANDOM_PAGE - (_RANDOM_PAGE - _NEXT_PAGE) * math.sqrt(fetched / pages)
    return lookup.lookups * (_DESCENT + fetched * per_page + rows * _PER_ROW)


def serving(lookup: Lookup, table: TableProfile, indexes: list[IndexProfile], most_share: float) -> IndexProfile | None:
    """
    An index that begins with what the lookup needs already (the leading-column rule).
    """
    for index in indexes:
        if index.table != table.name or not index.valid or index.partial or index.method not in ("btree", "hash"):
            continue
        count = len(lookup.equality)
        if lookup.order:
            ends = index.columns[count : len(lookup.columns)] == lookup.columns[count:]
            if ends and set(index.columns[:count]) == set(lookup.equality):
                return index
        elif _leads(index.columns[0] if index.columns else "", lookup, table, most_share):
            return index
    return None


def _leads(leading: str, lookup: Lookup, table: TableProfile, most_share: float) -> bool:
    if leading not in lookup.columns:
        return False
    return (
        leading not in lookup.equality or lookup.columns == [leading] or (_share(table, leading) or 1.0) <= most_share
    )


def _equal_share(name: str, use: TableUse, table: TableProfile) -> float | None:
    share = _share(table, name)
    if share is None:
        return None
    compared = [
        max(1, len(each.parameters) + len(each.literals))
        for each in use.predicates
        if each.conjunctive and each.kind == "equality" and each.columns == [name] and not each.is_expression
    ]
    return min(1.0, share * min(compared, default=1))


def _share(table: TableProfile, name: str) -> float | None:
    """
    The share of rows that one value of the column has on average; None without statistics.
    """
    column = next((each for each in table.columns if each.name == name), None)
    distinct = distinct_values(column, table) if column else None
    if column is None or not distinct:
        return None
    return (1 - (column.null_fraction or 0.0)) / distinct


def distinct_values(column: ColumnProfile, table: TableProfile) -> float | None:
    """
    How many different values a column has; pg_stats gives a negative share of the rows where it grows with them.
    """
    if column.distinct is None or column.distinct == 0:
        return None
    return column.distinct if column.distinct > 0 else -column.distinct * max(table.rows, 1.0)


def _mentions(filter_text: str, column: str) -> bool:
    return re.search(rf'(?<![\w"]){re.escape(column)}(?![\w"])', filter_text) is not None


def _is_servable(order: list[OrderKey]) -> bool:
    """
    A plain B-tree delivers the order, forwards or backwards.
    """
    return (
        bool(order) and all(key.column and not key.nulls for key in order) and len({k.descending for k in order}) == 1
    )
