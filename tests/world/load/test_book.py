"""
hasten.world.load.book
"""

from hasten.world.load.book import Book
from hasten.world.load.connection import Exchange
from hasten.world.load.plan import LoadPlan, LoadRequest
from hasten.world.load.result import Flag, Outcome
from hasten.world.load.wire import Wire

PLAN = LoadPlan(
    base_url="http://127.0.0.1", requests=[LoadRequest()], rate_per_s=2, duration_s=1, warmup_s=1, arrivals="constant"
)


def test_a_settled_request_has_its_line() -> None:
    """
    Moments are kept relative to the intended one; what never came is NaN.
    """
    book = Book(PLAN, Wire(PLAN))
    exchange = Exchange(2, 0, intended=100.0)
    exchange.sent, exchange.status, exchange.wire, exchange.hit = 100.5, 200, 77, True
    book.settle(exchange, Outcome.ANSWERED, 102.0)

    records = book.result(3.0, connections=1, interrupted=False).records

    assert (2.0, 0.5) == (records.floats("latency")[2], records.floats("sent")[2])
    assert records.floats("ttfb")[2] != records.floats("ttfb")[2]
    assert (200, 77, Flag.CACHE_HIT) == (records.ints("status")[2], records.ints("wire")[2], records.ints("flags")[2])


def test_warm_up_is_marked() -> None:
    """
    Requests meant before the measured time carry the flag.
    """
    book = Book(PLAN, Wire(PLAN))

    assert [Flag.WARMUP, Flag.WARMUP, 0, 0] == list(
        book.result(2.0, connections=0, interrupted=False).records.ints("flags")
    )


def test_progress_counts_what_is_settled() -> None:
    """
    Answers and errors are counted as they come.
    """
    book = Book(PLAN, Wire(PLAN))
    book.settle(Exchange(0, 0, 0.0), Outcome.ANSWERED, 0.1)
    book.settle(Exchange(1, 0, 0.0), Outcome.RESET, 0.1)

    progress = book.progress(0.5, sent=3, in_flight=1, waiting=0)

    assert (4, 3, 1, 1, 1) == (progress.planned, progress.sent, progress.answered, progress.errors, progress.in_flight)
    assert 0.1 == progress.p95_s
