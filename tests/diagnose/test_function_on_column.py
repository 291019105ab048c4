"""
function_on_column: a condition that no index on the bare column serves.
"""

from typing import Any

import pytest

from hasten.diagnose import function_on_column
from hasten.errors import NoData
from hasten.evidence import IndexProfile

BY_DAY = "SELECT count(*) FROM inquiries WHERE date(updated_at) = $1"
LOWER = "SELECT id FROM inquiries WHERE lower(subject) = $1"
ON_SUBJECT = IndexProfile(
    name="ix_subject", table="inquiries", definition="CREATE INDEX … (subject)", columns=["subject"]
)


def test_a_computed_condition_that_reads_everything_is_found(observed: Any, target: Any, make: Any) -> None:
    """
    The index on the bare column is named; what is left is at least one value of 100,000 distinct ones.
    """
    ill = make.statement(LOWER, plan=make.seq_scan("(lower(subject) = 'x'::text)", rows=1000))

    [found] = function_on_column.find(observed(statements=[ill], indexes=[make.primary, ON_SUBJECT]), target)

    assert "inquiries lower(subject)" == found.where.name
    assert pytest.approx(4000 * 0.4 * (1 - 0.005), rel=1e-3) == found.cost_s_per_day
    assert (["ix_subject"], True) == (found.evidence["indexes_on_the_bare_column"], found.evidence["left_is_a_guess"])
    assert "ix_subject is on the bare column and cannot serve it" in found.says


def test_a_function_of_a_column_with_few_values_leaves_much(observed: Any, target: Any, make: Any) -> None:
    """
    upper(status) has at most four values, so at least a quarter of the table is left, whatever the planner guesses.
    """
    text = "SELECT id FROM inquiries WHERE upper(status) = $1"
    ill = make.statement(text, plan=make.seq_scan("(upper(status) = 'OPEN'::text)", rows=1000))

    [found] = function_on_column.find(observed(statements=[ill]), target)

    assert 0.25 == found.evidence["statements"][0]["left_share"]


def test_a_bare_condition_has_no_finding(observed: Any, target: Any, make: Any) -> None:
    """
    The same scan without a function is missing_index's business.
    """
    ill = make.statement(
        "SELECT id FROM inquiries WHERE customer_id = $1", plan=make.seq_scan("(customer_id = 7)", rows=4)
    )

    assert [] == function_on_column.find(observed(statements=[ill]), target)


def test_a_selective_bare_condition_beside_it_has_no_finding(observed: Any, target: Any, make: Any) -> None:
    """
    Where customer_id leads to four rows, computing lower() for four rows costs nothing.
    """
    text = "SELECT id FROM inquiries WHERE customer_id = $1 AND lower(subject) = $2"
    ill = make.statement(text, plan=make.seq_scan("((customer_id = 7) AND (lower(subject) = 'x'::text))", rows=1))

    assert [] == function_on_column.find(observed(statements=[ill]), target)


@pytest.mark.parametrize(
    "given",
    [
        {"calls": 4},
        {"plan": {"Node Type": "Index Scan", "Relation Name": "inquiries", "Alias": "inquiries", "Schema": "public",
                  "Total Cost": 8.0, "Plan Rows": 3}},
    ],
    ids=["too few calls", "an index on the expression"],
)  # fmt: skip
def test_below_the_support_nothing_is_said(observed: Any, target: Any, make: Any, given: Any) -> None:
    """
    Four calls, or a plan that goes by an index: silent.
    """
    values = {"plan": make.seq_scan("(date(updated_at) = '2026-01-01'::date)", rows=1000)} | given

    assert [] == function_on_column.find(observed(statements=[make.statement(BY_DAY, **values)]), target)


def test_without_any_plan_it_says_that_it_cannot_know(observed: Any, target: Any, make: Any) -> None:
    """
    No plan is no data.
    """
    with pytest.raises(NoData, match="plan"):
        function_on_column.find(observed(statements=[make.statement(BY_DAY)]), target)
