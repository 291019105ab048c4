"""
hasten.world.load.duet
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest
from tests.world.load.conftest import Peer

from hasten.errors import NotAllowed, Unreachable
from hasten.world.load.clock import new_loop
from hasten.world.load.duet import Answers, Duet, Turn
from hasten.world.load.plan import LoadPlan, LoadRequest
from hasten.world.load.result import Outcome

Answer = Callable[[Any, bytes, int], None]


def at_once(peer: Any, _request: bytes, _number: int) -> None:
    peer.say()


def play(first: Answer, second: Answer, turns: list[Turn], **settings: Any) -> tuple[Answers, list[list[bytes]]]:
    """
    The turns, played to two scripted servers in the duet's own loop; what it said, and what each server saw.
    """
    seen: list[list[bytes]] = [[], []]
    plan = {"requests": [LoadRequest(path="/a"), LoadRequest(path="/b")], "rate_per_s": 1.0, "duration_s": 1.0}
    plan |= {key: value for key, value in settings.items() if key not in ("first", "renew")}

    async def serve(answer: Answer, into: list[bytes]) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(lambda: Peer(answer, into), "127.0.0.1", 0)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        servers = [runner.run(serve(answer, into)) for answer, into in zip((first, second), seen, strict=True)]
        addresses = [server.sockets[0].getsockname()[1] for server in servers]
        plans = [LoadPlan(base_url=f"http://127.0.0.1:{port}", **plan) for port in addresses]
        both = Duet(plans, runner, settings.get("renew"))
        try:
            return both.play(turns, first=settings.get("first", 0)), seen
        finally:
            both.close()
            for server in servers:
                server.close()


def after(seconds: float) -> Answer:
    """
    An answer that takes its time.
    """
    return lambda peer, _request, _number: asyncio.get_running_loop().call_later(seconds, peer.say) and None


def test_every_turn_is_taken_by_both() -> None:
    """
    Both arms are asked the same, in the order of the turns, and each answer has its own time.
    """
    answers, seen = play(at_once, after(0.05), [Turn(0.0, 0), Turn(0.01, 1)])

    assert [b"/a", b"/b"] == [request.split()[1] for request in seen[0]] == [request.split()[1] for request in seen[1]]
    assert all(told[0].seconds < 0.05 <= told[1].seconds for told in answers)
    assert {(Outcome.ANSWERED, 200)} == {(each.outcome, each.status) for told in answers for each in told}


def test_a_turn_does_not_wait_for_the_answers_before_it() -> None:
    """
    Ten requests that take 50 ms each and are due at once are asked at once.
    """
    answers, _ = play(after(0.05), after(0.05), [Turn(0.0, 0)] * 10)

    assert max(each.seconds for told in answers for each in told) < 0.3


def test_a_failure_is_one_arm_s_alone() -> None:
    """
    What one arm refuses, drops or never answers, the other one may have answered.
    """

    def badly(peer: Any, _request: bytes, number: int) -> None:
        if number == 1:
            peer.say(b"", "500 Oops")
        elif number == 2:
            peer.transport.abort()

    turns = [Turn(0.0, 0), Turn(0.05, 0), Turn(0.1, 0)]
    answers, _ = play(at_once, badly, turns, timeout_s=0.5, requests=[LoadRequest(method="POST", path="/a")])

    assert [False] * 3 == [told[0].failed for told in answers]
    assert [True] * 3 == [told[1].failed for told in answers]
    assert [Outcome.ANSWERED, Outcome.RESET, Outcome.TIMEOUT] == [told[1].outcome for told in answers]


def test_an_expired_session_is_renewed_after_the_block() -> None:
    """
    The answer does not count as the route's, and the principal is logged in again in that arm alone.
    """
    renewed: list[tuple[int, str]] = []

    def renew(arm: int, principal: str) -> dict[str, str]:
        renewed.append((arm, principal))
        return {"cookie": "session=second"}

    def expired(peer: Any, _request: bytes, _number: int) -> None:
        peer.say(b"", "401 Unauthorized")

    answers, _ = play(
        at_once,
        expired,
        [Turn(0.0, 0)],
        renew=renew,
        requests=[LoadRequest(principal="agent")],
        credentials={"agent": {"cookie": "session=first"}},
        expired_status=[401],
    )

    assert (Outcome.ANSWERED, Outcome.EXPIRED) == tuple(each.outcome for each in answers[0])
    assert [(1, "agent")] == renewed


def test_an_arm_that_is_not_there_is_told_at_once() -> None:
    """
    Nothing is asked of one arm alone.
    """
    with socket.socket() as taken, asyncio.Runner(loop_factory=new_loop) as runner:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        plan = LoadPlan(base_url=f"http://127.0.0.1:{port}", requests=[LoadRequest()], rate_per_s=1.0, duration_s=1.0)
        with pytest.raises(Unreachable):
            Duet([plan, plan], runner)


def test_other_machines_are_not_asked() -> None:
    """
    As everywhere, load goes to this machine only.
    """
    plan = LoadPlan(base_url="http://192.0.2.1", requests=[LoadRequest()], rate_per_s=1.0, duration_s=1.0)
    with asyncio.Runner(loop_factory=new_loop) as runner, pytest.raises(NotAllowed):
        Duet([plan, plan], runner)
