"""
Reading the plan that EXPLAIN (FORMAT JSON) gives: which tables are read whole, and what share of the cost that is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from hasten.sql import StatementShape, TableUse

Plan = dict[str, Any]

_JOINS = frozenset({"Hash Join", "Merge Join", "Nested Loop"})
#: What may stand between a LIMIT and the scan that it could stop early.
_PASSES_ORDER = frozenset({
    "Gather", "Gather Merge", "Hash Join", "Incremental Sort", "Limit", "LockRows", "Materialize", "Memoize",
    "Merge Join", "Nested Loop", "Result", "Sort", "Subquery Scan",
})  # fmt: skip


#: What reads all of its input before it gives the first row: a LIMIT above saves nothing below.
_BLOCKING = frozenset({"Sort", "Hash"})
#: What makes new rows of many, so that a join above is no join of the table below.
_FOLDS = frozenset({"Aggregate", "WindowAgg", "Unique", "SetOp"})


@dataclass(frozen=True)
class Scan:
    """
    One read of one table.

    cost: of one execution, in the planner's units. executions: how often it runs for one statement.
    share: of the whole statement's cost, all executions together, at most 1.
    join: the join that it is a side of ("" for none), with the other side's rows; `is_inner` for the repeated side of
        a nested loop or a sub-select.
    sort_rows, limit_rows, sort_share: of a sort above it that a LIMIT cuts; 0 where there is none.
    """

    node: str
    table: str
    alias: str
    rows: float
    cost: float
    share: float
    executions: float
    filter: str = ""
    condition: str = ""
    join: str = ""
    other_rows: float = 0.0
    is_inner: bool = False
    sort_rows: float = 0.0
    limit_rows: float = 0.0
    sort_share: float = 0.0


@dataclass(frozen=True)
class _Above:
    """
    What stands above a node. `processes`: how many share the rows of a parallel scan.
    """

    executions: float = 1.0
    factor: float = 1.0
    join: str = ""
    other_rows: float = 0.0
    is_inner: bool = False
    limit_rows: float = 0.0
    sort_rows: float = 0.0
    sort_share: float = 0.0
    processes: float = 1.0


def root_of(plan: Any) -> Plan:
    """
    The top node, however much of EXPLAIN's wrapping was kept.
    """
    if isinstance(plan, list):
        return root_of(plan[0]) if plan else {}
    found: Plan = plan.get("Plan", plan) if isinstance(plan, dict) else {}
    return found


def scans(plan: Any) -> list[Scan]:
    """
    Every read of a table in the plan.
    """
    root = root_of(plan)
    return list(_walk(root, _Above(), max(_cost(root), 1e-9))) if root else []


def use_of(scan: Scan, shape: StatementShape) -> TableUse | None:
    """
    Where in the statement the table is read so; None where that is not certain.
    """
    uses = shape.of(scan.table)
    named = [use for use in uses if use.alias == scan.alias]
    # EXPLAIN numbers a table that is named twice (inquiries, inquiries_1); then only a lone use is certain.
    return named[0] if len(named) == 1 else uses[0] if len(uses) == 1 else None


def summary(plan: Any, most: int = 20) -> list[str]:
    """
    The plan in lines a person can read, cut: node, table, cost, rows.
    """
    lines: list[str] = []
    pending = [(root_of(plan), 0)]
    while pending and len(lines) < most:
        node, depth = pending.pop(0)
        on = f" on {node['Relation Name']}" if "Relation Name" in node else ""
        using = f" using {node['Index Name']}" if "Index Name" in node else ""
        rows, cost = node.get("Plan Rows", "?"), node.get("Total Cost", "?")
        lines.append(f"{'  ' * depth}{node.get('Node Type', '?')}{using}{on} (cost {cost}, rows {rows})")
        pending = [(child, depth + 1) for child in node.get("Plans", [])] + pending
    return lines


def _walk(node: Plan, above: _Above, total: float) -> Iterator[Scan]:
    kind = node.get("Node Type", "")
    if "Relation Name" in node and kind.endswith("Scan"):
        yield _scan(node, above, total)
    children = node.get("Plans", [])
    sides = [child for child in children if child.get("Parent Relationship") in ("Outer", "Inner")]
    for child in children:
        yield from _walk(child, _below(node, child, sides, above, total), total)


def _below(node: Plan, child: Plan, sides: list[Plan], above: _Above, total: float) -> _Above:
    kind, relation = node.get("Node Type", ""), child.get("Parent Relationship", "")
    if relation == "SubPlan":
        # A hashed sub-select runs once; any other, at least once for each row that its node puts out.
        once = f"hashed {child.get('Subplan Name', '?')}" in str(node)
        executions = above.executions * (1 if once else max(1.0, _rows(node)))
        return _Above(executions=executions, factor=above.factor, is_inner=not once)
    if relation == "InitPlan":
        return _Above(factor=above.factor)
    if kind in _BLOCKING or (kind == "Aggregate" and node.get("Strategy") in ("Plain", "Hashed")):
        above = replace(above, factor=1.0)
    passed = above if kind in _PASSES_ORDER else replace(above, limit_rows=0.0, sort_rows=0.0, sort_share=0.0)
    if kind == "Limit":
        whole = max(_cost(child), 1e-9)
        factor = above.factor * min(1.0, _cost(node) / whole)
        return replace(passed, factor=factor, limit_rows=_rows(node), sort_rows=0.0, sort_share=0.0)
    if kind in ("Gather", "Gather Merge"):
        workers = float(node.get("Workers Planned", 0))
        # The leader helps too, the less the more workers it has to listen to (get_parallel_divisor).
        return replace(passed, processes=workers + max(0.0, 1 - 0.3 * workers))
    if kind in ("Sort", "Incremental Sort") and passed.limit_rows:
        share = min(1.0, _cost(node) * above.executions * above.factor / total)
        return replace(passed, sort_rows=_rows(child) * above.processes, sort_share=share)
    if kind in _JOINS and len(sides) == 2:
        other = sides[1] if child is sides[0] else sides[0]
        inner = kind == "Nested Loop" and child is sides[1]
        # A materialized inner side is read once and kept.
        repeats = _rows(other) if inner and child.get("Node Type") != "Materialize" else 1.0
        executions = above.executions * max(1.0, repeats)
        return replace(
            passed, executions=executions, join=kind, other_rows=_rows(other), is_inner=inner or above.is_inner
        )
    return replace(passed, join="", other_rows=0.0) if kind in _FOLDS else passed


def _scan(node: Plan, above: _Above, total: float) -> Scan:
    schema = node.get("Schema", "public")
    name: str = node["Relation Name"]
    cost = _cost(node)
    return Scan(
        node=node["Node Type"],
        table=name if schema == "public" else f"{schema}.{name}",
        alias=str(node.get("Alias", name)),
        rows=_rows(node) * (above.processes if node.get("Parallel Aware") else 1.0),
        cost=cost,
        share=min(1.0, cost * above.executions * above.factor / total),
        executions=above.executions,
        filter=node.get("Filter", ""),
        condition=node.get("Index Cond", ""),
        join=above.join,
        other_rows=above.other_rows,
        is_inner=above.is_inner,
        sort_rows=above.sort_rows,
        limit_rows=above.limit_rows,
        sort_share=above.sort_share,
    )


def _cost(node: Plan) -> float:
    return float(node.get("Total Cost", 0.0))


def _rows(node: Plan) -> float:
    return float(node.get("Plan Rows", 0.0))
