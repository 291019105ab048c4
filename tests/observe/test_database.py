"""
What the database probe makes of counters and log entries; the probe itself runs in tests/real.
"""

from datetime import UTC, datetime
from pathlib import Path

from hasten import objectives
from hasten.evidence import Observation, StatementProfile, StatementSample
from hasten.observe import database
from hasten.observe.database import Mark, measure
from hasten.world.catalog import StatementTotal
from hasten.world.postgres import Facts
from hasten.world.statement_log import StatementLog


def profile(name: str, **given: object) -> StatementProfile:
    """
    A statement that was called 40 times, 10 ms each, all of them logged.
    """
    values = {"text": "SELECT 1", "calls": 40, "total_s": 0.4, "mean_s": 0.01, "timed_calls": 40}
    values |= {"p50_s": 0.009, "p95_s": 0.03, "p99_s": 0.04}
    return StatementProfile(query_id=name, **{**values, **given})  # type: ignore[arg-type]


def sample(text: str, *parameters: str) -> StatementSample:
    """
    One logged execution.
    """
    at = datetime(2026, 11, 23, tzinfo=UTC)
    return StatementSample(at=at, query_id="1", text=text, parameters=list(parameters), seconds=0.01)


def mark() -> Mark:
    """
    A window of a server that logs every statement.
    """
    facts = Facts(
        version="18.1", major=18, database="desk", role="desk", is_superuser=False, may_create=True,
        may_replicate=False, may_create_databases=False, may_see_all_statements=True, tables=2, owned_tables=2,
        is_read_only=False, in_recovery=False, statements_preloaded=True, statements_installed=True,
        hypopg_installed=False, hypopg_available=False, size_bytes=1,
    )  # fmt: skip
    return Mark(facts, [], StatementLog(Path("log"), "desk"))


TOTALS: list[StatementTotal] = []


def test_each_statement_and_the_whole_database_are_measured() -> None:
    """
    The statement's distribution is of its logged executions; all database time is their sum.
    """
    one, two, whole = measure([profile("quick", total_s=0.4), profile("slow", total_s=4.0, mean_s=0.1)], "desk")

    assert ["slow", "quick"] == [one.where.name, two.where.name]
    assert ("db.client.operation.duration", "s", 40, 0.03) == (
        one.metric, one.unit, one.distribution.count, one.distribution.p95,
    )  # fmt: skip
    assert ("hasten.database.time", "desk", 80, 4.4) == (
        whole.metric, whole.where.name, whole.distribution.count, whole.distribution.total,
    )  # fmt: skip


def test_the_objective_looks_at_statements_with_enough_timed_calls() -> None:
    """
    Nineteen timed calls of a slow statement do not make db_p95; without percentiles there is none at all.
    """

    def db_p95_ms(*profiles: StatementProfile) -> float | None:
        return objectives.values(Observation(name="x", measurements=measure(profiles, "desk")))["db_p95_ms"]

    rare = profile("rare", timed_calls=19, p95_s=9.0)

    assert 30.0 == db_p95_ms(profile("often"), rare)
    assert db_p95_ms(rare) is None
    assert db_p95_ms(profile("untimed", timed_calls=0, p50_s=None, p95_s=None, p99_s=None)) is None


def test_values_are_kept_only_where_that_is_allowed() -> None:
    """
    Without leave, parameters and constants go; a text that cannot be read goes wholly.
    """
    samples = [sample("SELECT 1 FROM a WHERE b = $1", "secret"), sample("SELECT 'secret'"), sample("SELECT 'secret")]
    kept = database._allowed(samples, keep_values=False)

    assert samples == database._allowed(samples, keep_values=True)
    assert ["SELECT $2 FROM a WHERE b = $1", "SELECT $1"] == [each.text for each in kept]
    assert [[], []] == [each.parameters for each in kept]


def test_a_log_that_holds_almost_all_executions_is_whole() -> None:
    """
    A few executions at the edges of the window do not matter.
    """
    missing: dict[str, str] = {}

    assert database._is_fair([profile("a", timed_calls=37)], TOTALS, mark(), missing)
    assert {} == missing


def test_a_log_that_holds_a_part_is_told() -> None:
    """
    Percentiles stay, with the share that they are of.
    """
    missing: dict[str, str] = {}

    assert database._is_fair([profile("a", timed_calls=10)], TOTALS, mark(), missing)
    assert "the log holds 10 of 40 executions" in missing["statements.percentiles"]


def test_a_log_that_holds_nothing_is_the_wrong_one() -> None:
    """
    Counters moved and the log did not: no percentiles, and what to look at.
    """
    missing: dict[str, str] = {}

    assert not database._is_fair([profile("a", timed_calls=0)], TOTALS, mark(), missing)
    assert "none of the executions" in missing["statements.percentiles"]


def test_without_counters_the_log_is_all_there_is() -> None:
    """
    Nothing to compare it with.
    """
    assert database._is_fair([profile("a", timed_calls=1)], None, mark(), {})
