"""
slow_statement: time beyond the objective, from what was measured.
"""

from typing import Any

import msgspec
import pytest

from hasten.diagnose import slow_statement
from hasten.evidence import StatementSample
from hasten.model import now

TEXT = "SELECT subject FROM inquiries WHERE assignee_id = $1"


def timed(*seconds: float) -> list[StatementSample]:
    """
    Logged executions that took so long.
    """
    return [StatementSample(at=now(), query_id="1001", text=TEXT, parameters=["7"], seconds=each) for each in seconds]


def test_a_mean_above_the_objective_costs_the_difference(observed: Any, target: Any, make: Any) -> None:
    """
    40 calls in a window that stands for a hundredth of a day, 0.35 s each beyond 50 ms.
    """
    [found] = slow_statement.find(observed(statements=[make.statement(TEXT)]), target)

    assert pytest.approx(4000 * 0.35) == found.cost_s_per_day
    assert ("statement", "1001") == (found.where.kind, found.where.name)
    assert (4000.0, 0.05, 1.0) == tuple(
        found.evidence[key] for key in ("calls_per_day", "objective_s", "share_of_database_time")
    )
    assert "A statement on inquiries takes 400 ms on average; the objective is 50 ms." in found.says


def test_logged_times_beat_the_mean(observed: Any, target: Any, make: Any) -> None:
    """
    With 20 logged calls the time beyond the objective is counted call by call: quick calls do not pay for slow ones.
    """
    samples = timed(*[0.01] * 30, *[1.05] * 10)
    ill = make.statement(TEXT, mean_s=0.27, samples=samples)

    [found] = slow_statement.find(observed(statements=[ill]), target)

    assert pytest.approx(10 * 1.0 / 40) == found.evidence["avoidable_s"]


def test_a_slow_tail_counts_at_its_least(observed: Any, target: Any, make: Any) -> None:
    """
    A quick mean with p95 above the objective costs a twentieth of what p95 is beyond it.
    """
    ill = make.statement(TEXT, mean_s=0.02, p50_s=0.001, p95_s=0.25)

    [found] = slow_statement.find(observed(statements=[ill]), target)

    assert pytest.approx(0.05 * 0.2) == found.evidence["avoidable_s"]
    assert "one call in twenty more than 250 ms" in found.says


def test_a_percentile_of_few_calls_is_not_spoken_of(observed: Any, target: Any, make: Any) -> None:
    """
    Ten timed calls tell a mean, not what one call in twenty takes; the number stays in the evidence.
    """
    ill = make.statement(TEXT, p95_s=2.1, timed_calls=10)

    [found] = slow_statement.find(observed(statements=[ill]), target)

    assert "one call in twenty" not in found.says
    assert 2.1 == found.evidence["p95_s"]


def test_a_quick_statement_has_no_finding(observed: Any, target: Any) -> None:
    """
    Below the objective there is nothing to say.
    """
    assert [] == slow_statement.find(observed(), target)


def test_too_few_calls_say_nothing(observed: Any, target: Any, make: Any) -> None:
    """
    Four calls say nothing about a mean, nineteen timed ones nothing about a 95th percentile.
    """
    few = make.statement(TEXT, calls=4)
    tail = make.statement(TEXT, query_id="1002", mean_s=0.02, p95_s=0.3, timed_calls=19)

    assert [] == slow_statement.find(observed(statements=[few, tail]), target)


def test_begin_and_commit_are_no_statements_to_optimize(observed: Any, target: Any, make: Any) -> None:
    """
    A slow COMMIT waits for the disk, which no index cures.
    """
    assert [] == slow_statement.find(observed(statements=[make.statement("COMMIT")]), target)


def test_the_objective_is_the_one_in_the_configuration(observed: Any, target: Any, make: Any) -> None:
    """
    A looser objective finds less.
    """
    loose = msgspec.structs.replace(target, objectives=msgspec.structs.replace(target.objectives, db_p95_ms=500.0))

    assert [] == slow_statement.find(observed(statements=[make.statement(TEXT)]), loose)
