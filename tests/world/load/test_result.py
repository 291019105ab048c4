"""
hasten.world.load.result
"""

from array import array
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hasten.model import from_json, to_json
from hasten.world.load.result import COLUMNS, Flag, LoadProgress, LoadResult, Outcome, Records, Window, is_error

NAN = float("nan")


def a_result(
    rows: list[dict[str, Any]], windows: list[Window] | None = None, methods: list[str] | None = None
) -> LoadResult:
    """
    A run of the given requests; by default each of route 0 answered 200 after 10 ms.
    """
    fixed = {"outcome": Outcome.ANSWERED, "status": 200, "latency": 0.01}
    columns = {name: array(code, [row.get(name, fixed.get(name, 0)) for row in rows]) for name, code in COLUMNS.items()}
    routes = ["GET /a", "GET /b"]
    return LoadResult(
        routes=routes, methods=methods or ["GET", "GET"], records=Records.of(columns), windows=windows or []
    )


def a_window(start_s: float, end_s: float, *, rejected: bool) -> Window:
    return Window(
        start_s=start_s, end_s=end_s, requests=0, errors=0, p50_s=None, p95_s=None, lateness_p99_s=None, limit_s=0.005,
        rejected=rejected,
    )  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False), max_size=20))
def test_columns_survive_the_way_through_json(values: list[float]) -> None:
    """
    What the generator's process wrote is what this one reads, bit by bit.
    """
    result = a_result([{"latency": value} for value in values])

    assert values == list(from_json(to_json(result), LoadResult).records.floats("latency"))


def test_latencies_are_those_of_answers_and_of_requests_that_were_given_up() -> None:
    """
    A fast 500 does not make the server look fast, and a hanging one is not left out.
    """
    result = a_result(
        [
            {"latency": 0.1},
            {"latency": 0.001, "status": 500},
            {"latency": 0.2, "status": 404},
            {"latency": 9.0, "status": 0, "outcome": Outcome.TIMEOUT},
            {"latency": 0.001, "status": 0, "outcome": Outcome.RESET},
            {"latency": 0.001, "status": 401, "outcome": Outcome.EXPIRED},
            {"latency": NAN, "status": 0, "outcome": Outcome.UNSENT},
        ]
    )

    assert [0.1, 0.2, 9.0] == result.latencies()
    assert (6, 3) == (result.requests(), result.errors())


def test_rejected_windows_and_warm_up_do_not_count() -> None:
    """
    Their requests stay in the records and are in no number.
    """
    result = a_result(
        [{"intended": 0.5, "flags": Flag.WARMUP}, {"intended": 1.5}, {"intended": 2.5}],
        [a_window(1, 2, rejected=True), a_window(2, 3, rejected=False)],
    )

    assert [2] == list(result.counted())
    assert 0.5 == result.rejected_share


def test_numbers_can_be_had_by_route() -> None:
    """
    Each route has its own latencies and errors.
    """
    result = a_result([{"route": 0, "latency": 0.1}, {"route": 1, "latency": 0.3, "status": 503}])

    assert [0.1] == result.latencies("GET /a")
    assert (1, 1) == (result.requests("GET /b"), result.errors("GET /b"))
    assert {"ANSWERED": 1, "5xx": 1} == result.outcomes("GET /b")


def test_cacheable_are_gets_with_200_or_304() -> None:
    """
    Hits are counted among them only.
    """
    hit = {"flags": Flag.CACHE_HIT}
    result = a_result(
        [hit, {}, {"status": 304, **hit}, {"status": 404, **hit}, {"route": 1, **hit}], methods=["GET", "POST"]
    )

    assert (2, 3) == result.cache_hits()
    assert (0, 0) == result.cache_hits("GET /b")


def test_lateness_covers_rejected_windows_too() -> None:
    """
    How late the generator was is told of all it sent.
    """
    result = a_result([{"intended": 0.5, "lateness": 0.5}], [a_window(0, 1, rejected=True)])

    assert 0.5 == result.lateness().max


def test_an_error_is_what_a_user_would_call_one() -> None:
    """
    No answer and 5xx are errors; 404 is an answer.
    """
    assert is_error(Outcome.TIMEOUT, 0)
    assert is_error(Outcome.DROPPED, 0)
    assert is_error(Outcome.ANSWERED, 502)
    assert not is_error(Outcome.ANSWERED, 404)


def test_progress_reads_as_a_line() -> None:
    """
    Counts, p95 and errors where there are any; the time alone where nothing else is known.
    """
    full = LoadProgress(elapsed_s=1, total_s=4, planned=40, sent=10, answered=9, errors=1, in_flight=1, p95_s=0.2)

    assert (0.25, "9/40 answered, 1 in flight, p95 200 ms, 1 errors") == (full.fraction, full.text)
    assert "1 of 4 s" == LoadProgress(elapsed_s=1, total_s=4).text
