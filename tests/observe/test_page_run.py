"""
From what a browser saw to the numbers that are compared.
"""

import pytest

from hasten.observe.page_run import blocking_time_s, layout_shift, page_run
from hasten.world.browser_traffic import Fetch
from hasten.world.browser_visit import Visit

SEEN = Visit(
    final_url="http://127.0.0.1/",
    origin_s=100.0,
    load_s=2.0,
    response_s=0.2,
    last_request_s=3.0,
    is_quiet=True,
    paints={"first-contentful-paint": 1.0},
    largest_paint_s=1.5,
    fetches=[Fetch("http://127.0.0.1/?token=secret", "Document", 100.1, 100.4, 200, 900, 700)],
)


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ([], 0.0),
        ([(1.0, 0.05)], 0.0),
        ([(1.0, 0.25), (2.0, 0.15)], 0.3),
        ([(0.2, 0.34)], 0.0),
        ([(0.2, 0.5)], 0.15),
        ([(2.9, 1.0)], 0.05),
    ],
)
def test_blocking_time_is_what_exceeds_50_ms(tasks: list[tuple[float, float]], expected: float) -> None:
    """
    Only the part of a task between first paint (0.5 s) and completion (3 s) counts, less 50 ms.
    """
    assert blocking_time_s(tasks, 0.5, 3.0) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("shifts", "expected"),
    [
        ([], 0.0),
        ([(1.0, 0.1), (1.5, 0.1)], 0.2),
        ([(1.0, 0.1), (2.5, 0.15)], 0.15),
        ([(at / 2, 0.1) for at in range(20)], 1.1),
        ([(3.0, 0.2), (1.0, 0.1)], 0.2),
    ],
)
def test_layout_shift_is_the_worst_session(shifts: list[tuple[float, float]], expected: float) -> None:
    """
    Shifts belong together while at most 1 s apart and 5 s in all; the worst such session counts.
    """
    assert layout_shift(shifts) == pytest.approx(expected)


def test_a_visit_becomes_a_run() -> None:
    """
    Completion is the later of load and last request; times of resources count from the start of navigation.
    """
    run = page_run(SEEN)

    assert (0.2, 1.0, 1.5, 0.0, 0.0, 2.0, 3.0) == (
        run.ttfb_s, run.fcp_s, run.lcp_s, run.cls, run.tbt_s, run.load_s, run.complete_s
    )  # fmt: skip
    assert (1, 900, 0.1, 0.4) == (run.requests, run.wire_bytes, run.resources[0].start_s, run.resources[0].end_s)
    assert "secret" not in run.resources[0].url


def test_what_did_not_happen_has_no_time() -> None:
    """
    A page that never fell quiet has no completion; one that never painted has no paint, shift or blocking time.
    """
    run = page_run(Visit(final_url="", origin_s=0.0, load_s=2.0))

    assert (None,) * 5 == (run.complete_s, run.fcp_s, run.lcp_s, run.cls, run.tbt_s)
    assert 2.0 == run.load_s
