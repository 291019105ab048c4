"""
A condition computes something from a column, so an index on the column cannot be used.

What it means: `lower(email) = …` or `date(created_at) >= …` must be worked out for every row of the table; an index on
    `email` or `created_at` holds other values.
Why it costs: the whole table is read, at each call.
How it is found: the statement's shape and its plan: a sequential scan of a big table whose condition is on an
    expression. Cost: the scan's share of the plan × (1 − the share of the table that is left) × mean × calls per day.
    The share that is left is the larger of the planner's row count and, for an equality, of 1 / distinct values of the
    column (a function can only make values equal, never more different).
Minimum support: five calls in the window; a table of 1,000 rows and 1 MB; a tenth of the statement's cost saved; no
    condition on a bare column that already leaves a tenth of the table or less.
What could be wrong: without statistics on the expression the planner guesses (one row in 200 for an equality, one in
    three for a range); `left_is_a_guess` says so. An index on the expression brings statistics; a range on the bare
    column needs neither. Only immutable functions can be indexed: date() of a timestamp with time zone is not.
"""

from typing import Any

from hasten.diagnose import _plan, _selectivity, _statements, _words, cost
from hasten.diagnose._plan import Scan
from hasten.diagnose.about import About
from hasten.evidence import Observation, StatementProfile, TableProfile
from hasten.model import Finding, Where
from hasten.sql import Predicate, TableUse
from hasten.target import Target

about = About(
    symptom="function_on_column",
    title="A condition on a function of a column",
    phase=2,
    place='"<table> <expression>"',
    reads=("statements", "tables"),
    minimum={"calls": 5, "rows": 1000, "size_bytes": 1_000_000, "saved_share": 0.1},
    treated_by=("database.indexes", "database.query_rewrites"),
)

#: Below this a condition on a bare column leads to few rows already.
_SELECTIVE = 0.1


def find(observation: Observation, target: Target) -> list[Finding]:  # noqa: ARG001 - one signature for all
    """
    One finding per table and expression, with every statement that asks for it.
    """
    if _statements.nothing_if_unseen(observation) or not observation.tables:
        return []
    if not any(profile.plan for profile in observation.statements):
        raise _statements.no_plans(observation)
    tables = {table.name: table for table in observation.tables}
    asked: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for profile, shape in _statements.readable(observation, about.minimum["calls"]):
        for scan in _plan.scans(profile.plan):
            table, use = tables.get(scan.table), _plan.use_of(scan, shape)
            if table is None or use is None:
                continue
            for predicate in _computed(scan, use, table):
                line = _line(scan, predicate, profile, table, observation)
                if line["saved_share"] >= about.minimum["saved_share"]:
                    asked.setdefault((table.name, predicate.expression), []).append(line)
    return [_finding(tables[table], text, lines, observation) for (table, text), lines in asked.items()]


def _computed(scan: Scan, use: TableUse, table: TableProfile) -> list[Predicate]:
    least = about.minimum
    if scan.node != "Seq Scan" or table.rows < least["rows"] or table.size_bytes < least["size_bytes"]:
        return []
    bare = _selectivity.lookup_of(scan, use, table, sorts=False)
    if bare is not None and bare.equality and bare.selectivity <= _SELECTIVE:
        return []
    seen = {each.expression: each for each in use.expressions if each.kind in ("equality", "range") and each.columns}
    return list(seen.values())


def _line(
    scan: Scan, predicate: Predicate, profile: StatementProfile, table: TableProfile, observation: Observation
) -> dict[str, Any]:
    left = min(1.0, scan.rows / table.rows)
    columns = [each for each in table.columns if each.name in predicate.columns]
    distinct = [value for each in columns if (value := _selectivity.distinct_values(each, table))]
    if predicate.kind == "equality" and len(columns) == 1 and distinct:
        left = max(left, 1 / distinct[0])
    share = scan.share * (1 - left)
    per_day = cost.calls_per_day(profile.calls, observation)
    return {
        "query_id": profile.query_id,
        "text": profile.text,
        "kind": predicate.kind,
        "columns": predicate.columns,
        "left_share": round(left, 8),
        "scan_share_of_cost": round(scan.share, 4),
        "saved_share": round(share, 4),
        "calls": profile.calls,
        "mean_s": profile.mean_s,
        "calls_per_day": round(per_day, 1),
        "avoidable_s": round(share * profile.mean_s, 6),
        "cost_s_per_day": cost.cost_s_per_day(per_day, share * profile.mean_s),
    }


def _finding(table: TableProfile, text: str, lines: list[dict[str, Any]], observation: Observation) -> Finding:
    lines.sort(key=lambda line: -line["cost_s_per_day"])
    first = lines[0]
    useless = [
        index.name
        for index in observation.indexes
        if index.table == table.name and index.columns and index.columns[0] in first["columns"]
    ]
    instead = f"; {useless[0]} is on the bare column and cannot serve it" if useless else ""
    return Finding(
        symptom=about.symptom,
        where=Where(kind="table", name=f"{table.name} {text}"),
        cost_s_per_day=sum(line["cost_s_per_day"] for line in lines),
        says=f"All {_words.count(round(table.rows))} rows of {table.name} are read because the condition is on {text}"
        f"{instead}. That is {_words.seconds(first['avoidable_s'])} of the {_words.seconds(first['mean_s'])} that the "
        "statement takes." + (f" {len(lines)} statements ask so." if len(lines) > 1 else ""),
        evidence={
            "table": table.name,
            "expression": text,
            "columns": first["columns"],
            "table_rows": table.rows,
            "table_size_bytes": table.size_bytes,
            "indexes_on_the_bare_column": useless,
            "left_is_a_guess": not any(
                index.table == table.name and text in index.definition for index in observation.indexes
            ),
            "query_id": first["query_id"],
            "query_ids": [line["query_id"] for line in lines],
            "statement": first["text"],
            "calls": first["calls"],
            "mean_s": first["mean_s"],
            "statements": lines[:10],
        },
    )
