"""
A search compares every row, because its pattern begins with a wildcard.

What it means: `ILIKE '%word%'` cannot use an ordinary index, which is sorted by how a value begins.
Why it costs: the whole table is read, and each text is searched, at each call.
How it is found: the statement's shape, the logged patterns, and a sequential scan of a big table in its plan. Cost: the
    scan's share of the plan × (1 − the share of the table that the planner expects to match) × mean × calls per day.
Minimum support: three calls in the window; a table of 1,000 rows and 1 MB; a tenth of the statement's cost saved; at
    most a tenth of the table matching; three letters in a row in the pattern, which is what a trigram index needs.
What could be wrong: the planner's guess of how much matches is rough for patterns. Under OR with a condition on another
    table no index helps before the statement is rewritten. A trigram index is large and costs each write something.
"""

import re
from typing import Any

from hasten.diagnose import _plan, _statements, _words, cost
from hasten.diagnose._plan import Scan
from hasten.diagnose.about import About
from hasten.evidence import Observation, StatementProfile, TableProfile
from hasten.model import Finding, Where
from hasten.sql import TableUse
from hasten.target import Target

about = About(
    symptom="unindexed_search",
    title="A search compares every row",
    phase=2,
    place='"<table> <columns>"',
    reads=("statements", "tables"),
    minimum={"calls": 3, "rows": 1000, "size_bytes": 1_000_000, "saved_share": 0.1, "matching_most": 0.1, "letters": 3},
    treated_by=("database.indexes",),
)


def find(observation: Observation, target: Target) -> list[Finding]:  # noqa: ARG001 - one signature for all
    """
    One finding per table and searched columns, with every statement that searches so.
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
            columns = _searched(use, profile) if use else []
            if table is None or not columns:
                continue
            line = _line(scan, profile, table, observation)
            if line is not None:
                asked.setdefault((table.name, ", ".join(columns)), []).append(line)
    return [_finding(tables[table], columns, lines) for (table, columns), lines in asked.items()]


def _searched(use: TableUse, profile: StatementProfile) -> list[str]:
    """
    The expressions that are compared with a pattern that begins with a wildcard.
    """
    found = []
    for predicate in use.predicates:
        if predicate.kind != "pattern" or predicate.operator not in ("~~", "~~*"):
            continue
        patterns = [*predicate.literals]
        for number in predicate.parameters:
            patterns += [
                value
                for sample in profile.samples
                if number <= len(sample.parameters) and (value := sample.parameters[number - 1])
            ]
        if any(_begins_with_wildcard(each) for each in patterns):
            found.append(predicate.expression)
    return list(dict.fromkeys(found))


def _begins_with_wildcard(pattern: str) -> bool:
    longest = max((len(part) for part in re.split(r"[%_]", pattern)), default=0)
    return pattern[:1] in ("%", "_") and longest >= about.minimum["letters"]


def _line(
    scan: Scan, profile: StatementProfile, table: TableProfile, observation: Observation
) -> dict[str, Any] | None:
    least = about.minimum
    if scan.node != "Seq Scan" or table.rows < least["rows"] or table.size_bytes < least["size_bytes"]:
        return None
    matching = min(1.0, scan.rows / table.rows)
    share = scan.share * (1 - matching)
    if not scan.filter or matching > least["matching_most"] or share < least["saved_share"]:
        return None
    per_day = cost.calls_per_day(profile.calls, observation)
    return {
        "query_id": profile.query_id,
        "text": profile.text,
        "matching_share": round(matching, 8),
        "scan_share_of_cost": round(scan.share, 4),
        "saved_share": round(share, 4),
        "calls": profile.calls,
        "mean_s": profile.mean_s,
        "calls_per_day": round(per_day, 1),
        "avoidable_s": round(share * profile.mean_s, 6),
        "cost_s_per_day": cost.cost_s_per_day(per_day, share * profile.mean_s),
    }


def _finding(table: TableProfile, columns: str, lines: list[dict[str, Any]]) -> Finding:
    lines.sort(key=lambda line: -line["cost_s_per_day"])
    first = lines[0]
    return Finding(
        symptom=about.symptom,
        where=Where(kind="table", name=f"{table.name} {columns}"),
        cost_s_per_day=sum(line["cost_s_per_day"] for line in lines),
        says=f"A search in {columns} compares all {_words.count(round(table.rows))} rows of {table.name}, because its "
        f"pattern begins with a wildcard; that is {_words.seconds(first['avoidable_s'])} of the "
        f"{_words.seconds(first['mean_s'])} that the statement takes.",
        evidence={
            "table": table.name,
            "columns": columns.split(", "),
            "table_rows": table.rows,
            "table_size_bytes": table.size_bytes,
            "query_id": first["query_id"],
            "query_ids": [line["query_id"] for line in lines],
            "statement": first["text"],
            "calls": first["calls"],
            "mean_s": first["mean_s"],
            "statements": lines[:10],
        },
    )
