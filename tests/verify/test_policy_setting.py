"""
Which requests a trial is about; whole trials are in tests/real/test_policy_trial.py.
"""

from pathlib import Path
from typing import cast

import pytest

from hasten.application import App
from hasten.model import Change
from hasten.target import Target
from hasten.verify.policy_requests import again
from hasten.verify.policy_setting import Setting, is_changed
from hasten.verify.tally import Tally
from hasten.world.exchange import RawAnswer
from hasten.world.load.duet import Told, Turn
from hasten.world.load.plan import LoadRequest
from hasten.world.load.result import Outcome
from hasten.world.policy_file import Candidate
from hasten.world.principals import Sessions
from hasten.world.supervisor import Supervisor

CANDIDATE = Candidate(
    id="c", key="k" * 32, share=0, split="request", block_s=5, seed=1, lease_s=6, expires_at=1e10, rules=[]
)
FIRST, OTHER = LoadRequest(path="/a.js"), LoadRequest(path="/b")


def raw(status: int = 200, body: bytes = b"body", **headers: str) -> RawAnswer:
    """
    An answer as it is on the wire.
    """
    lines = [(name.replace("_", "-"), value) for name, value in {"content_type": "text/css", **headers}.items()]
    return RawAnswer(status=status, headers=lines, body=body, seconds=0.1)


@pytest.mark.parametrize(
    ("candidate", "changed"),
    [
        (raw(), False),
        (raw(etag='"a"'), True),
        (raw(body=b"BODY"), True),
        (raw(status=500), True),
        (raw(date="later"), False),
        (raw(hasten_arm="candidate; revision=1"), False),
        (raw(x_request_id="3"), False),
        (raw(server_timing="app;dur=1"), False),
    ],
)
def test_whatever_differs_by_the_rule_is_changed(candidate: RawAnswer, changed: bool) -> None:
    """
    Status, headers or body, but for what differs between two answers of control too.
    """
    control, control_again = raw(x_request_id="1"), raw(x_request_id="2")
    candidate = candidate if any(name == "x-request-id" for name, _ in candidate.headers) else _numbered(candidate)

    assert changed is is_changed(control, control_again, candidate)


def _numbered(answer: RawAnswer) -> RawAnswer:
    headers = [*answer.headers, ("x-request-id", "4")]
    return RawAnswer(status=answer.status, headers=headers, body=answer.body, seconds=answer.seconds)


def test_what_is_no_answer_in_either_arm_is_not_of_the_trial() -> None:
    """
    A refusal cannot be timed.
    """
    assert not is_changed(raw(404), raw(404), raw(404, etag='"a"'))


def setting(folder: Path) -> Setting:
    """
    A trial of one file, for first visitors and for those who come back, beside one other request.
    """
    app = App(Target(), folder, cast(Supervisor, None), url="http://127.0.0.1:1")
    known = ({}, {"if-none-match": '"a"'})
    sessions = Sessions(app.target, app.url)
    return Setting(cast(Change, None), app, CANDIDATE, sessions, [FIRST], [(again(FIRST), known)], [OTHER])


def test_who_comes_back_names_what_that_arm_gave(tmp_path: Path) -> None:
    """
    The validators are each arm's own, whichever way round a request goes.
    """
    plans = setting(tmp_path).plans("http://127.0.0.1:1")
    named = [
        [(each.headers["hasten-arm"].partition(":")[2], "if-none-match" in each.headers) for each in plan.requests[2:4]]
        for plan in plans
    ]

    assert [[("control", False), ("candidate", True)], [("candidate", True), ("control", False)]] == named
    assert ["GET /a.js", "GET /a.js", "GET /a.js (again)", "GET /a.js (again)", "GET /b", "GET /b"] == [
        each.name for each in plans[0].requests
    ]
    assert [False, False, True, True, False, False] == ["cache-control" in each.headers for each in plans[0].requests]


def test_a_304_is_an_answer_to_who_has_it_and_to_nobody_else(tmp_path: Path) -> None:
    """
    It is timed for those who come back; to a first visitor it is another status.
    """
    pair = (Told(0.2, Outcome.ANSWERED, 200), Told(0.1, Outcome.ANSWERED, 304))
    tally = Tally()
    block = setting(tmp_path).block(tally, [Turn(0.0, 0), Turn(0.0, 3)], [pair, pair], 0)

    assert ({"GET /a.js (again)": 0.2}, {"GET /a.js (again)": 0.1}) == (block.control, block.candidate)
    assert {"GET /a.js: 200 without the change, 304 with it": 1} == dict(tally.unlike)
