"""
From what a browser saw to the numbers that are compared.
"""

import pytest

from hasten.evidence import PageProfile, PageRun
from hasten.model import Conditions
from hasten.observe.page import _is_login, blocking_time_s, layout_shift, measure, page_run
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


def run(complete_s: float | None, wire_bytes: int = 10) -> PageRun:
    return PageRun(
        ttfb_s=0.1, fcp_s=1.0, lcp_s=1.0, cls=0.0, tbt_s=0.0, load_s=1.0, complete_s=complete_s, requests=1,
        wire_bytes=wire_bytes,
    )  # fmt: skip


def profile(*runs: PageRun) -> PageProfile:
    return PageProfile(page="/", principal="anonymous", network="none", cpu_slowdown=1.0, runs=list(runs))


def test_the_median_stands_with_its_spread() -> None:
    """
    Of three runs the middle one is the number, the others are its spread.
    """
    found = {m.metric: m for m in measure(profile(run(3.0), run(1.0), run(2.0)), Conditions())}

    complete = found["hasten.page.complete"]
    assert (2.0, 1.0, 3.0) == (complete.distribution.p50, complete.distribution.min, complete.distribution.max)
    assert ("s", "page", "/") == (complete.unit, complete.where.kind, complete.where.name)
    assert ("By", 10.0) == (found["hasten.page.bytes"].unit, found["hasten.page.bytes"].distribution.p50)


def test_half_of_the_runs_is_no_number() -> None:
    """
    When one run did not finish, the others do not stand for the page: those that finish are the fast ones.
    """
    metrics = {m.metric for m in measure(profile(run(1.0), run(None), run(1.0)), Conditions())}

    assert "hasten.page.complete" not in metrics
    assert "hasten.page.load" in metrics


@pytest.mark.parametrize(
    ("url", "is_login"),
    [
        ("http://h/login", True),
        ("http://h/app/sign-in?next=/", True),
        ("http://h/#/login", True),
        ("http://h/oauth2/authorize", True),
        ("http://h/Account/Login.aspx", True),
        ("http://h/lessons", False),
        ("http://h/blogins", False),
        ("http://h/", False),
    ],
)
def test_logins_are_recognized_by_their_path(url: str, is_login: bool) -> None:
    """
    A part of the path or fragment that means login does; a word that only contains one does not.
    """
    assert is_login == _is_login(url)
