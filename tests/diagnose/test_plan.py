"""
Plans: which tables are read whole, how often, and for what share of the cost.
"""

from typing import Any

import pytest

from hasten.diagnose import _plan as plan


def node(kind: str, cost: float, rows: float, *children: Any, **more: Any) -> dict[str, Any]:
    """
    A node of a plan.
    """
    found: dict[str, Any] = {"Node Type": kind, "Total Cost": cost, "Plan Rows": rows} | more
    return found | ({"Plans": list(children)} if children else {})


def scan(table: str, cost: float, rows: float, **more: Any) -> dict[str, Any]:
    """
    A sequential scan.
    """
    return node("Seq Scan", cost, rows, **{"Relation Name": table, "Alias": table, "Schema": "public"} | more)


OUTER, INNER = {"Parent Relationship": "Outer"}, {"Parent Relationship": "Inner"}


def test_a_scan_s_share_is_of_the_whole_statement() -> None:
    """
    80 of 100 units.
    """
    [found] = plan.scans(node("Aggregate", 100, 1, scan("a", 80, 10)))

    assert (0.8, 1.0, "a") == (found.share, found.executions, found.table)


@pytest.mark.parametrize("wrap", [lambda p: p, lambda p: {"Plan": p}, lambda p: [{"Plan": p}]])
def test_the_wrapping_of_explain_does_not_matter(wrap: Any) -> None:
    """
    The node itself, the object, or the list of it.
    """
    assert ["a"] == [each.table for each in plan.scans(wrap(scan("a", 80, 10)))]


def test_no_plan_has_no_scans() -> None:
    """
    None, an empty list and an empty object are no plans.
    """
    assert [[], [], []] == [plan.scans(each) for each in (None, [], {})]


def test_the_inner_side_of_a_nested_loop_runs_for_each_outer_row() -> None:
    """
    20 rows outside, 20 scans inside; a materialized inner side is scanned once.
    """
    loop = node("Nested Loop", 1000, 20, scan("a", 10, 20, **OUTER), scan("b", 45, 1, **INNER))
    kept = node(
        "Nested Loop", 1000, 20, scan("a", 10, 20, **OUTER), node("Materialize", 50, 9, scan("b", 45, 9), **INNER)
    )

    assert [1.0, 20.0] == [each.executions for each in plan.scans(loop)]
    assert [False, True] == [each.is_inner for each in plan.scans(loop)]
    assert [1.0, 1.0] == [each.executions for each in plan.scans(kept)]


def test_a_sub_select_runs_for_each_row_unless_it_is_hashed() -> None:
    """
    SubPlan: once per row of its node; hashed SubPlan and InitPlan: once.
    """
    below = {"Parent Relationship": "SubPlan", "Subplan Name": "SubPlan 1"}
    first = {"Parent Relationship": "InitPlan", "Subplan Name": "InitPlan 1"}

    def executions(child: Any, **more: Any) -> list[float]:
        return [each.executions for each in plan.scans(node("Index Scan", 9000, 30, child, **more))]

    assert [30.0] == executions(scan("b", 45, 1, **below))
    assert [1.0] == executions(scan("b", 45, 1, **below), Filter="(NOT (ANY (id = (hashed SubPlan 1).col1)))")
    assert [1.0] == executions(scan("b", 45, 1, **first))


def test_a_limit_cuts_what_streams_and_not_what_is_sorted() -> None:
    """
    LIMIT over a scan reads part of it; over a sort, all of it, also when the rows come from several processes.
    """
    streamed = node("Limit", 10, 5, scan("a", 1000, 500))
    merged = node(
        "Limit", 1300, 50,
        node("Gather Merge", 3600, 200, node("Sort", 1220, 80, scan("a", 860, 80, **{"Parallel Aware": True})),
             **{"Workers Planned": 2}),
    )  # fmt: skip

    assert [1.0] == [each.share for each in plan.scans(streamed)]
    [found] = plan.scans(merged)
    assert (pytest.approx(860 / 1300), pytest.approx(1220 / 1300)) == (found.share, found.sort_share)
    # Two workers, and a leader who helps with 0.4 of its time.
    assert (pytest.approx(192), pytest.approx(192), 50) == (found.rows, found.sort_rows, found.limit_rows)


def test_a_sort_under_a_limit_is_known_through_joins_and_not_through_grouping() -> None:
    """
    An index could deliver the order of joined rows, not that of groups.
    """
    joined = node("Hash Join", 90, 400, scan("a", 50, 400, **OUTER), node("Hash", 20, 9, scan("b", 20, 9), **INNER))
    grouped = node("Aggregate", 90, 400, scan("a", 50, 400), Strategy="Hashed")

    def sorted_rows(below: Any) -> list[float]:
        return [each.sort_rows for each in plan.scans(node("Limit", 96, 5, node("Sort", 95, 400, below)))]

    assert [400, 0] == sorted_rows(joined)
    assert [0] == sorted_rows(grouped)


def test_a_join_is_known_with_the_other_side_s_rows() -> None:
    """
    The table under the hash knows the rows that will probe it, and the other way round; below a group nothing is known.
    """
    join = node("Hash Join", 90, 400, scan("a", 50, 400, **OUTER), node("Hash", 20, 9, scan("b", 20, 9), **INNER))
    above = node("Hash Join", 90, 400, scan("a", 50, 400, **OUTER), node("Aggregate", 20, 9, scan("b", 20, 9), **INNER))

    assert [("Hash Join", 9.0), ("Hash Join", 400.0)] == [(each.join, each.other_rows) for each in plan.scans(join)]
    assert ("", 0.0) == (plan.scans(above)[1].join, plan.scans(above)[1].other_rows)


def test_a_schema_other_than_public_is_named() -> None:
    """
    As in the profiles.
    """
    assert ["audit.log"] == [each.table for each in plan.scans(scan("log", 9, 9, Schema="audit"))]


def test_a_plan_can_be_read_by_people() -> None:
    """
    One line per node, indented, cut.
    """
    lines = plan.summary(node("Limit", 10, 5, node("Index Scan", 9, 5, **{"Relation Name": "a", "Index Name": "a_x"})))

    assert ["Limit (cost 10, rows 5)", "  Index Scan using a_x on a (cost 9, rows 5)"] == lines
    assert 3 == len(plan.summary(node("Append", 9, 9, *[scan("a", 1, 1)] * 9), most=3))
