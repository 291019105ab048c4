"""
Traces find the request of the load that they are of.
"""

from array import array
from datetime import UTC, datetime

import pytest
from tests.traced import Written

from hasten.observe.pairing import paired
from hasten.world.load import LoadResult, Outcome
from hasten.world.load.result import COLUMNS, Column, Records

BEGAN = 1000.0
ROUTE = "GET /api/inquiries"


def load(*requests: tuple[float, float], status: int = 200) -> LoadResult:
    """
    A load that began at BEGAN; each request: when it was due, and how long its answer took.
    """
    count = len(requests)
    columns: dict[str, Column] = {name: array(code, [0] * count) for name, code in COLUMNS.items()}
    columns["intended"] = array("d", [due for due, _ in requests])
    columns["latency"] = array("d", [latency for _, latency in requests])
    columns["outcome"] = array("B", [Outcome.ANSWERED] * count)
    columns["status"] = array("H", [status] * count)
    return LoadResult(
        routes=[ROUTE], methods=["GET"], records=Records.of(columns), started_at=datetime.fromtimestamp(BEGAN, UTC)
    )


def measured(of: Written, result: LoadResult) -> list[float | None]:
    """
    What the load measured for each trace.
    """
    return [trace.measured_s and round(trace.measured_s, 6) for trace in paired(of.taken, result, ROUTE)]


def test_a_trace_has_what_was_measured_for_its_request() -> None:
    """
    Due at 1, taken by the worker at 1.02, answered within 100 ms there, and a millisecond on its way.
    """
    of = Written()
    of.add(at=BEGAN + 1.02, takes_ms=100)

    assert [0.121] == measured(of, load((1.0, 0.121), (3.0, 0.2)))


def test_of_requests_side_by_side_each_has_its_own() -> None:
    """
    Both were under way at once; they are told apart by when their answers ended.
    """
    of = Written()
    of.add(at=BEGAN + 1.0, takes_ms=300)
    of.add(at=BEGAN + 1.1, takes_ms=100)

    assert [0.302, 0.151] == measured(of, load((1.0, 0.302), (1.05, 0.151)))


@pytest.mark.parametrize(
    ("at_s", "status"), [(0.0, 200), (20.0, 200), (1.0, 500)], ids=["before", "after", "not answered well"]
)
def test_what_the_load_did_not_send_has_nothing(at_s: float, status: int) -> None:
    """
    A probe, a health check, a request whose answer does not count.
    """
    of = Written()
    of.add(at=BEGAN + at_s, takes_ms=100)

    assert [None] == measured(of, load((1.0, 0.102), status=status))


def test_each_request_is_given_once() -> None:
    """
    Two traces and one request of the load: the nearer one has it.
    """
    of = Written()
    of.add(at=BEGAN + 1.0, takes_ms=100)
    of.add(at=BEGAN + 1.0, takes_ms=98)

    assert [0.101, None] == measured(of, load((1.0, 0.101)))


def test_a_trace_stands_for_the_requests_that_are_nearest_to_it() -> None:
    """
    Of ten requests the short one and the long one were traced: seven took about as long as the short one.
    """
    of = Written()
    of.add(at=BEGAN + 1, takes_ms=100)
    of.add(at=BEGAN + 9, takes_ms=900)
    latencies = [0.1, 0.101, 0.11, 0.12, 0.09, 0.13, 0.2, 0.8, 0.9, 1.0]
    requests = [(1.0, 0.1), *((20.0 + n, latency) for n, latency in enumerate(latencies[1:8])), (9.0, 0.9), (40.0, 1.0)]
    found = paired(of.taken, load(*requests), ROUTE)

    assert [7, 3] == [trace.stands_for for trace in found]


def test_without_traces_nobody_is_asked_for() -> None:
    """
    A route that was loaded and not followed.
    """
    assert [] == paired([], load((1.0, 0.1)), ROUTE)
