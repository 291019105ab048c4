"""
Totals and samples become profiles.
"""

from datetime import UTC, datetime

from hasten.evidence import StatementSample
from hasten.world.catalog import KEPT_SAMPLES, StatementTotal, since, statement_profiles


def total(
    query_id: str = "1", text: str = "SELECT * FROM inquiries WHERE id = $1", calls: int = 1, total_s: float = 1.0
):
    """
    One row of pg_stat_statements.
    """
    return StatementTotal(
        query_id=query_id,
        text=text,
        calls=calls,
        total_s=total_s,
        rows=calls,
        shared_blocks_hit=0,
        shared_blocks_read=0,
    )


def sample(seconds: float, query_id: str = "1", error: str | None = None) -> StatementSample:
    """
    One execution.
    """
    text = "SELECT * FROM inquiries WHERE id = 5"
    return StatementSample(at=datetime.now(UTC), query_id=query_id, text=text, seconds=seconds, error=error)


def test_what_was_counted_between_two_readings():
    """
    Differences, new statements, and none that stood still.
    """
    found = since(
        [total("1", calls=5, total_s=2.0), total("2")], [total("1", calls=7, total_s=2.5), total("2"), total("3")]
    )

    assert [("3", 1, 1.0), ("1", 2, 0.5)] == [(each.query_id, each.calls, each.total_s) for each in found]


def test_a_reset_counter_counts_whole():
    """
    Fewer calls than before: the counter began anew.
    """
    (found,) = since([total(calls=100, total_s=50.0)], [total(calls=3, total_s=0.5)])

    assert (3, 0.5) == (found.calls, found.total_s)


def test_a_profile_has_totals_and_percentiles():
    """
    Totals from the server's counters, percentiles from the log, tables from the parser.
    """
    (found,) = statement_profiles([total(calls=4, total_s=2.0)], [sample(number / 100) for number in range(101)])

    assert (4, 0.5) == (found.calls, found.mean_s)
    assert (0.5, 0.95, 101) == (found.p50_s, found.p95_s, found.timed_calls)
    assert (["inquiries"], False) == (found.tables, found.is_write)


def test_errors_do_not_make_a_statement_fast():
    """
    A failed execution has no duration that counts.
    """
    (found,) = statement_profiles([total()], [sample(1.0), sample(0.0, error="57014")])

    assert (1.0, 1) == (found.p50_s, found.timed_calls)


def test_no_log_is_no_percentile():
    """
    What was not measured is None, never 0.
    """
    (found,) = statement_profiles([total()], [])

    assert (None, None, 0) == (found.p50_s, found.p95_s, found.timed_calls)


def test_no_counters_leave_the_log():
    """
    Without pg_stat_statements the log's own sums are the totals.
    """
    (found,) = statement_profiles([], [sample(1.0), sample(3.0)])

    assert (2, 4.0, 2.0) == (found.calls, found.total_s, found.mean_s)


def test_the_costliest_comes_first():
    """
    By total time.
    """
    found = statement_profiles([total("1", total_s=1.0), total("2", total_s=3.0)], [])

    assert ["2", "1"] == [profile.query_id for profile in found]


def test_statements_about_the_server_are_left_out():
    """
    Catalog queries and EXPLAIN are tools' work, not the application's.
    """
    texts = ["SELECT * FROM pg_class", "EXPLAIN SELECT 1", "SELECT * FROM information_schema.tables", "SELECT 1"]
    found = statement_profiles([total(text, text) for text in texts], [])

    assert ["SELECT 1"] == [profile.text for profile in found]


def test_the_samples_kept_span_all_durations():
    """
    The cheapest and the dearest are among them.
    """
    (found,) = statement_profiles([total()], [sample(number) for number in range(1000)])

    assert KEPT_SAMPLES == len(found.samples)
    assert (0.0, 999.0) == (found.samples[0].seconds, found.samples[-1].seconds)


def test_a_text_that_cannot_be_read_counts_as_a_write():
    """
    Doubt is on the safe side.
    """
    (found,) = statement_profiles([total(text="SELEC nonsense FROM")], [])

    assert found.is_write
