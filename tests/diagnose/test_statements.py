"""
Recorded statements, read.
"""

from typing import Any

import pytest

from hasten.diagnose import _statements as statements
from hasten.errors import NoData
from hasten.target import Allow, Target

PAGED = "SELECT id FROM inquiries ORDER BY id LIMIT $1 OFFSET $2"


def test_a_logged_text_is_read_before_a_normalized_one(observed: Any, make: Any) -> None:
    """
    It has the literals; where it cannot be read the normalized one is.
    """
    normal = "SELECT 1 FROM inquiries WHERE status = $1"
    logged = make.statement(normal, samples=make.executions("SELECT 1 FROM inquiries WHERE status = 'open'", [[]]))
    broken = make.statement(normal, samples=make.executions("SELECT 1 FROM inquiries WHERE status = 'op", [[]]))

    def literals(profile: Any) -> list[str]:
        return statements.shape_of(profile, {}).uses[0].predicates[0].literals

    assert (["open"], []) == (literals(logged), literals(broken))


def test_what_is_read_is_dearest_first_and_without_utilities(observed: Any, make: Any) -> None:
    """
    BEGIN, unreadable texts and rare statements are left out.
    """
    seen = observed(
        statements=[
            make.statement("SELECT 1 FROM roles", query_id="cheap", mean_s=0.1),
            make.statement("SELECT 1 FROM inquiries", query_id="dear", mean_s=0.9),
            make.statement("BEGIN", query_id="utility"),
            make.statement("SELECT FROM FROM", query_id="broken"),
            make.statement("SELECT 2 FROM roles", query_id="rare", calls=2),
        ]
    )

    assert ["dear", "cheap"] == [profile.query_id for profile, _ in statements.readable(seen, 5)]


def test_offsets_are_read_with_their_times(make: Any) -> None:
    """
    From parameters, from the text, and 0 where there is none.
    """
    samples = [
        *make.executions(PAGED, [["50", "100"], ["50", None], ["50"]], seconds=0.2),
        *make.executions("SELECT id FROM inquiries ORDER BY id LIMIT 50 OFFSET 7", [[]], seconds=0.3),
        *make.executions("SELECT id FROM inquiries ORDER BY id LIMIT 50", [[]], seconds=0.4),
    ]
    profile = make.statement(PAGED, samples=samples)

    assert [(100, 0.2), (7, 0.3), (0, 0.4)] == statements.offsets(profile, {})
    assert 7.0 == statements.typical_offset(profile, statements.shape_of(profile, {}), {})


def test_no_statements_is_nothing_and_unknown_traffic_is_told(observed: Any) -> None:
    """
    Without statements there is nothing to judge; without a day's traffic there is no cost.
    """
    assert statements.nothing_if_unseen(observed(statements=[]))
    assert not statements.nothing_if_unseen(observed())
    with pytest.raises(NoData):
        statements.nothing_if_unseen(observed(requests_per_day={}, seconds=0.0))


def test_executions_are_needed_with_or_without_values(observed: Any, make: Any) -> None:
    """
    What is missing is said.
    """
    careful = Target(allow=Allow(record_parameters=False))
    statements.need_executions(observed(), Target(), values=True)
    statements.need_executions(observed(), careful, values=False)

    with pytest.raises(NoData, match="record_parameters"):
        statements.need_executions(observed(), careful, values=True)
    with pytest.raises(NoData, match="no single execution"):
        statements.need_executions(observed(statements=[make.statement("SELECT 1")]), Target(), values=False)
