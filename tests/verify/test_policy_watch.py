"""
The guards of the look at a live policy; the whole look is in tests/real/test_policy_trial.py.
"""

import pytest

from hasten.verify.policy_watch import errors, refusals
from hasten.world.workers import Obeyed, Worker


def worker(error: str | None) -> Worker:
    """
    A worker that refuses the policy for this reason, or obeys it.
    """
    obeyed = Obeyed(revision=1, error=error)
    return Worker(version=1, pid=7, server="uvicorn", agent="0.1.0", python="3.11", at=1.0, policy=obeyed)


@pytest.mark.parametrize(("statuses", "ok"), [([], None), ([200, 304, 404], True), ([200, 500], False)])
def test_a_failed_request_is_a_reason_to_go_back(statuses: list[int], ok: bool | None) -> None:
    """
    5xx fails the guard, anything below does not, and without a request nothing is known.
    """
    assert ok is errors(statuses).ok


def test_a_worker_that_refuses_is_named() -> None:
    """
    One is enough; nobody there is no good news.
    """
    refusing = worker("rules is not a list")
    found = refusals([worker(None), refusing], [refusing])

    assert (False, True) == (found.ok, "7: rules is not a list" in found.detail)
    assert (True, None) == (refusals([worker(None)], []).ok, refusals([], []).ok)
