"""
missing_index: read off plans and statistics, silent where an index would not pay.
"""

from typing import Any

import msgspec
import pytest

from hasten.diagnose import missing_index
from hasten.errors import NoData
from hasten.evidence import IndexProfile, StatementSample
from hasten.model import now

ASSIGNED = "SELECT subject FROM inquiries WHERE assignee_id = $1"


def test_a_selective_filter_that_reads_the_whole_table_is_found(observed: Any, target: Any, make: Any) -> None:
    """
    The finding names table, columns and statement, and costs the scan's share of the mean times calls per day.
    """
    ill = make.statement(ASSIGNED, plan=make.seq_scan("(assignee_id = 17)", rows=450, cost=22_500))

    [found] = missing_index.find(observed(statements=[ill]), target)

    assert "inquiries (assignee_id)" == found.where.name
    assert ("inquiries", ["assignee_id"]) == (found.evidence["table"], found.evidence["columns"])
    assert ("1001", ASSIGNED, 40, 0.4) == tuple(found.evidence[k] for k in ("query_id", "statement", "calls", "mean_s"))
    # The planner expects 450 of 200,000 rows, and 0.9 / 400 distinct values says the same.
    assert pytest.approx(0.00225) == found.evidence["selectivity"]
    # 450 rows on 445 of 19,531 pages, at 4 - 3 * sqrt(445 / 19531) each, and 0.015 a row, instead of 22,500 units; 40
    # calls stand for 4,000 a day.
    saved = 1 - (0.5 + 444.9 * 3.547 + 450 * 0.015) / 22_500
    assert pytest.approx(4000 * 0.4 * saved, rel=1e-3) == found.cost_s_per_day
    assert "All 200,000 rows of inquiries are read to find about 450" in found.says


def test_a_healthy_database_has_no_finding(observed: Any, target: Any) -> None:
    """
    A statement that goes by the primary key is left alone.
    """
    assert [] == missing_index.find(observed(), target)


def test_statements_that_ask_for_the_same_columns_share_a_finding(observed: Any, target: Any, make: Any) -> None:
    """
    One index, one finding, with the cost of both statements.
    """
    plan = make.seq_scan("(assignee_id = 17)", rows=450)
    one = make.statement(ASSIGNED, plan=plan)
    two = make.statement("SELECT id FROM inquiries WHERE assignee_id = $1", query_id="1002", mean_s=0.1, plan=plan)

    [found] = missing_index.find(observed(statements=[one, two]), target)

    assert ["1001", "1002"] == found.evidence["query_ids"]
    assert sum(line["cost_s_per_day"] for line in found.evidence["statements"]) == found.cost_s_per_day


def test_the_most_selective_column_comes_first(observed: Any, target: Any, make: Any) -> None:
    """
    Equal columns are ordered by what they leave; the second is there because the first leaves more than ten rows.
    """
    text = "SELECT subject FROM inquiries WHERE status = $1 AND assignee_id = $2"
    ill = make.statement(text, plan=make.seq_scan("((status = 'open') AND (assignee_id = 17))", rows=110))

    [found] = missing_index.find(observed(statements=[ill]), target)

    assert ["assignee_id", "status"] == found.evidence["columns"]


def test_a_sort_that_a_limit_cuts_wants_its_order(observed: Any, target: Any, make: Any) -> None:
    """
    ORDER BY … LIMIT over everything is found by its order, with the direction.
    """
    scan = make.seq_scan("", rows=200_000, cost=18_000)
    sort = {"Node Type": "Sort", "Total Cost": 24_000, "Plan Rows": 200_000, "Plans": [scan]}
    limit = {"Node Type": "Limit", "Total Cost": 23_600, "Plan Rows": 50, "Plans": [sort]}
    text = "SELECT subject FROM inquiries ORDER BY updated_at DESC, id DESC LIMIT $1"

    [found] = missing_index.find(observed(statements=[make.statement(text, plan=limit)]), target)

    assert ["updated_at", "id"] == found.evidence["columns"]
    assert [True, True] == [key["descending"] for key in found.evidence["order"]]


def test_a_deep_offset_is_not_saved_by_an_order(observed: Any, target: Any, make: Any) -> None:
    """
    Rows that OFFSET skips are read by an index too: where it skips most of the table, no index is asked for.
    """
    scan = make.seq_scan("", rows=200_000, cost=18_000)
    sort = {"Node Type": "Sort", "Total Cost": 24_000, "Plan Rows": 200_000, "Plans": [scan]}
    limit = {"Node Type": "Limit", "Total Cost": 23_600, "Plan Rows": 50, "Plans": [sort]}
    text = "SELECT subject FROM inquiries ORDER BY updated_at LIMIT $1 OFFSET $2"
    sample = StatementSample(at=now(), query_id="1001", text=text, parameters=["50", "150000"], seconds=0.4)

    assert [] == missing_index.find(observed(statements=[make.statement(text, plan=limit, samples=[sample])]), target)


def test_a_correlated_lookup_counts_every_repetition(observed: Any, target: Any, make: Any) -> None:
    """
    A sub-select that scans once per outer row is the whole cost of the statement.
    """
    scan = make.seq_scan("(customer_id = c.id)", rows=4, cost=20_000, **{"Parent Relationship": "Outer"})
    sub = {"Node Type": "Aggregate", "Total Cost": 20_000, "Plan Rows": 1, "Plans": [scan],
           "Parent Relationship": "SubPlan", "Subplan Name": "SubPlan 1"}  # fmt: skip
    root = {"Node Type": "Seq Scan", "Relation Name": "customers", "Alias": "c", "Schema": "public",
            "Total Cost": 1_000_200, "Plan Rows": 50, "Plans": [sub]}  # fmt: skip
    text = "SELECT name, (SELECT count(*) FROM inquiries WHERE customer_id = c.id) FROM customers c"

    [found] = missing_index.find(observed(statements=[make.statement(text, plan=root)]), target)

    assert ["customer_id"] == found.evidence["columns"]
    assert 50 == found.evidence["statements"][0]["scans_per_call"]
    assert found.evidence["statements"][0]["saved_share"] > 0.99


def test_a_hash_join_with_few_keys_wants_an_index_on_the_join(observed: Any, target: Any, make: Any) -> None:
    """
    Reading a big table to join it with ten rows is found; with half of the keys it is not.
    """

    def joined(other_rows: int) -> Any:
        scan = make.seq_scan("", rows=200_000, **{"Parent Relationship": "Outer"})
        few = {"Node Type": "Seq Scan", "Relation Name": "customers", "Alias": "c", "Schema": "public",
               "Total Cost": 100, "Plan Rows": other_rows}  # fmt: skip
        hashed = {"Node Type": "Hash", "Total Cost": 100, "Plan Rows": other_rows, "Plans": [few],
                  "Parent Relationship": "Inner"}  # fmt: skip
        plan = {"Node Type": "Hash Join", "Total Cost": 21_000, "Plan Rows": 40, "Plans": [scan, hashed]}
        text = "SELECT i.subject FROM inquiries i JOIN customers c ON c.id = i.customer_id WHERE c.country = $1"
        return observed(statements=[make.statement(text.replace(" i ", " inquiries ").replace("i.", "inquiries."),
                                                   plan=plan)])  # fmt: skip

    [found] = missing_index.find(joined(10), target)

    assert ["customer_id"] == found.evidence["columns"]
    assert [] == missing_index.find(joined(25_000), target)


def test_an_index_that_begins_with_the_column_is_enough(observed: Any, target: Any, make: Any) -> None:
    """
    The leading-column rule: (assignee_id, status) serves a filter on assignee_id; a partial or broken one does not.
    """
    ill = make.statement(ASSIGNED, plan=make.seq_scan("(assignee_id = 17)", rows=450))
    there = IndexProfile(name="a", table="inquiries", definition="…", columns=["assignee_id", "status"])

    def found_with(**changes: Any) -> int:
        indexes = [make.primary, msgspec.structs.replace(there, **changes)]
        return len(missing_index.find(observed(statements=[ill], indexes=indexes), target))

    assert 0 == found_with()
    assert 1 == found_with(partial=True)
    assert 1 == found_with(valid=False)
    assert 1 == found_with(columns=["status", "assignee_id"])


@pytest.mark.parametrize(
    ("column", "rows"),
    [("status", 50_000), ("assignee_id", 60_000)],
    ids=["few distinct values", "a value that is common"],
)
def test_an_unselective_filter_is_left_alone(observed: Any, target: Any, make: Any, column: str, rows: int) -> None:
    """
    Where a quarter of the table matches, reading it all is right, whatever the average says.
    """
    text = f"SELECT subject FROM inquiries WHERE {column} = $1"
    ill = make.statement(text, plan=make.seq_scan(f"({column} = 'x')", rows=rows))

    assert [] == missing_index.find(observed(statements=[ill]), target)


def test_a_small_table_is_left_alone(observed: Any, target: Any, make: Any) -> None:
    """
    Four roles are read as fast as an index.
    """
    plan = make.seq_scan("(name = 'x')", rows=1, **{"Relation Name": "roles", "Alias": "roles"})

    assert [] == missing_index.find(
        observed(statements=[make.statement("SELECT id FROM roles WHERE name = $1", plan=plan)]), target
    )


def test_too_few_calls_say_nothing(observed: Any, target: Any, make: Any) -> None:
    """
    Below five calls in the window the statement is not judged.
    """
    ill = make.statement(ASSIGNED, calls=4, plan=make.seq_scan("(assignee_id = 17)", rows=450))

    assert [] == missing_index.find(observed(statements=[ill]), target)


def test_a_scan_that_is_a_small_part_of_its_statement_is_left_alone(observed: Any, target: Any, make: Any) -> None:
    """
    Less than a tenth of the cost is not worth an index.
    """
    plan = {"Node Type": "Aggregate", "Total Cost": 900_000, "Plan Rows": 1,
            "Plans": [make.seq_scan("(assignee_id = 17)", rows=450)]}  # fmt: skip

    assert [] == missing_index.find(observed(statements=[make.statement(ASSIGNED, plan=plan)]), target)


def test_without_statistics_nothing_is_guessed(observed: Any, target: Any, make: Any) -> None:
    """
    A table that was never analyzed gives no selectivity, so no finding.
    """
    bare = msgspec.structs.replace(
        make.inquiries, columns=[msgspec.structs.replace(c, distinct=None) for c in make.inquiries.columns]
    )
    ill = make.statement(ASSIGNED, plan=make.seq_scan("(assignee_id = 17)", rows=450))

    assert [] == missing_index.find(observed(statements=[ill], tables=[bare]), target)


def test_without_any_plan_it_says_why_it_is_silent(observed: Any, target: Any, make: Any) -> None:
    """
    No plan is no data, with the probe's reason.
    """
    blind = observed(statements=[make.statement(ASSIGNED)], missing={"statements.plans": "EXPLAIN was refused"})

    with pytest.raises(NoData, match="EXPLAIN was refused"):
        missing_index.find(blind, target)
