"""
From the runs of a page to its Measurements.
"""

import pytest

from hasten.evidence import PageProfile, PageRun
from hasten.model import Conditions
from hasten.observe.page import _is_login, measure


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
