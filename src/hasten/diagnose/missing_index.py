"""
A statement reads a whole table to find a few of its rows.

What it means: the table is big, the condition (or the order with a LIMIT) leaves few rows, and no index begins with
    the columns that would lead to them.
Why it costs: every row is read and looked at, at each call; an index reads those that count.
How it is found: the plan of the statement with logged parameters. A sequential scan is held against what an index on
    the compared columns would read: the share of the table that is left is taken from the number of distinct values
    (pg_stats) and from the planner's own row count, whichever is larger. The scan's share of the plan's cost, less the
    cost of the index's way at PostgreSQL's default settings, is the share of the statement's measured mean time that
    can be avoided. Cost: that time × calls per day, over all statements that the same columns serve.
Minimum support: five calls in the window; a table of 1,000 rows and 1 MB; at most a tenth of the table left after the
    condition; at least a tenth of the statement's cost saved. Nothing is found where a usable index begins with one of
    the columns already, or where the statistics are not there (ANALYZE brings them).
What could be wrong: the planner's costs are not times; correlated columns leave more rows than estimated; each index
    costs the writes something. So this only says where to look: the remedy tries the index before it stays.
"""

from typing import Any

from hasten.diagnose import _plan, _selectivity, _statements, _words, cost
from hasten.diagnose._plan import Scan
from hasten.diagnose._selectivity import Lookup
from hasten.diagnose.about import About
from hasten.evidence import Observation, StatementProfile, TableProfile
from hasten.model import Finding, Where
from hasten.sql import StatementShape
from hasten.target import Target

about = About(
    symptom="missing_index",
    title="A whole table is read to find a few rows",
    phase=2,
    place='"<table> (<columns>)"',
    reads=("statements", "tables"),
    minimum={"calls": 5, "rows": 1000, "size_bytes": 1_000_000, "selectivity_most": 0.1, "saved_share": 0.1},
    treated_by=("database.indexes",),
)

Asked = dict[tuple[str, tuple[str, ...]], list[dict[str, Any]]]


def find(observation: Observation, target: Target) -> list[Finding]:  # noqa: ARG001 - one signature for all
    """
    One finding per table and columns, with every statement that asks for them.
    """
    if _statements.nothing_if_unseen(observation) or not observation.tables:
        return []
    if not any(profile.plan for profile in observation.statements):
        raise _statements.no_plans(observation)
    tables = {table.name: table for table in observation.tables}
    asked: Asked = {}
    for profile, shape in _statements.readable(observation, about.minimum["calls"]):
        for scan in _plan.scans(profile.plan):
            table = tables.get(scan.table)
            if table is not None and (line := _line(scan, profile, shape, table, observation)):
                asked.setdefault((scan.table, tuple(line["columns"])), []).append(line)
    return [_finding(tables[table], list(columns), lines) for (table, columns), lines in asked.items()]


def _line(
    scan: Scan, profile: StatementProfile, shape: StatementShape, table: TableProfile, observation: Observation
) -> dict[str, Any] | None:
    """
    What an index could save this statement at this scan, or None.
    """
    least = about.minimum
    if scan.node != "Seq Scan" or table.rows < least["rows"] or table.size_bytes < least["size_bytes"]:
        return None
    use = _plan.use_of(scan, shape)
    if use is None:
        return None
    offset = _statements.typical_offset(profile, shape, _statements.catalog_of(observation))
    best: tuple[float, Lookup] | None = None
    for sorts in (True, False):
        lookup = _selectivity.lookup_of(scan, use, table, sorts)
        if lookup and not _selectivity.serving(lookup, table, observation.indexes, least["selectivity_most"]):
            saved = _saved_share(scan, lookup, table, offset)
            # The order is worth its column only where it saves more than the condition alone.
            if saved >= least["saved_share"] and (best is None or saved > best[0]):
                best = saved, lookup
    if best is None:
        return None
    share, lookup = best
    per_day = cost.calls_per_day(profile.calls, observation)
    return {
        "query_id": profile.query_id,
        "text": profile.text,
        "columns": lookup.columns,
        "equality": lookup.equality,
        "order": [{"column": key.column, "descending": key.descending} for key in lookup.order],
        "selectivity": round(lookup.selectivity, 8),
        "rows_left": round(lookup.selectivity * table.rows, 1),
        "scans_per_call": round(scan.executions, 1),
        "scan_share_of_cost": round(scan.share, 4),
        "saved_share": round(share, 4),
        "calls": profile.calls,
        "mean_s": profile.mean_s,
        "calls_per_day": round(per_day, 1),
        "avoidable_s": round(share * profile.mean_s, 6),
        "cost_s_per_day": cost.cost_s_per_day(per_day, share * profile.mean_s),
        "filter": scan.filter,
    }


def _saved_share(scan: Scan, lookup: Lookup, table: TableProfile, offset: float) -> float:
    """
    The share of the statement's cost that the index would save; 0 where the condition leaves too much.
    """
    most = about.minimum["selectivity_most"]
    if lookup.order:
        # The index delivers in order: only as many rows are read as OFFSET and LIMIT want, and those that other
        # conditions drop on the way. No sort is needed.
        wanted, sorted_rows = scan.limit_rows + offset, max(scan.sort_rows, 1.0)
        read = wanted * max(1.0, lookup.selectivity * table.rows / sorted_rows)
        is_worth = sorted_rows >= about.minimum["rows"] and max(wanted / sorted_rows, read / table.rows) <= most
        return max(scan.sort_share, scan.share) * (1 - read / table.rows) if is_worth else 0.0
    if min(1.0, lookup.selectivity * lookup.lookups) > most:
        return 0.0
    return scan.share * max(0.0, 1 - _selectivity.index_cost(lookup, table) / max(scan.cost, 1e-9))


def _finding(table: TableProfile, columns: list[str], lines: list[dict[str, Any]]) -> Finding:
    lines.sort(key=lambda line: -line["cost_s_per_day"])
    first = lines[0]
    key = ", ".join(columns)
    wanted = f"the first few by {key}" if first["order"] else f"about {_words.count(first['rows_left'])}"
    more = f" {len(lines)} statements would gain." if len(lines) > 1 else ""
    return Finding(
        symptom=about.symptom,
        where=Where(kind="table", name=f"{table.name} ({key})"),
        cost_s_per_day=sum(line["cost_s_per_day"] for line in lines),
        says=f"All {_words.count(round(table.rows))} rows of {table.name} are read to find {wanted}, because no index "
        f"begins with {key}; that is {_words.seconds(first['avoidable_s'])} of the "
        f"{_words.seconds(first['mean_s'])} that the statement takes.{more}",
        evidence={
            "table": table.name,
            "columns": columns,
            "order": first["order"],
            "table_rows": table.rows,
            "table_size_bytes": table.size_bytes,
            "selectivity": first["selectivity"],
            "query_id": first["query_id"],
            "query_ids": [line["query_id"] for line in lines],
            "statement": first["text"],
            "calls": first["calls"],
            "mean_s": first["mean_s"],
            "statistics": [
                {
                    "column": each.name,
                    "distinct": _selectivity.distinct_values(each, table),
                    "most_common_frequency": each.most_common_frequency,
                    "null_fraction": each.null_fraction,
                }
                for each in table.columns
                if each.name in columns
            ],
            "statements": lines[:10],
        },
    )
