"""
What every rule's hold on an answer has in common.
"""

import asyncio
from typing import Any

import pytest

from hasten_runtime.http.links import Link, Message, OwnStart

START: Message = {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]}
BODY: Message = {"type": "http.response.body", "body": b"x"}


class Faulty(Link):
    """
    Puts messages aside, and fails at a body.
    """

    kind = "faulty"

    async def _next(self, message: Message) -> list[Message]:
        self._held.append(message)
        if message["type"] == "http.response.body":
            raise ArithmeticError("a fault")
        return []


async def _told(link: Link, *messages: Message) -> None:
    for message in messages:
        await link(message)
    await link.let_go()


def sent(*messages: Message, committed: bool = False) -> list[Any]:
    """
    What a faulty link sends for these.
    """
    found: list[Any] = []

    async def send(message: Message) -> None:
        found.append(message)

    link = Faulty(send)
    link._committed = committed
    asyncio.run(_told(link, *messages))
    return found


def test_a_fault_lets_everything_pass(capsys: pytest.CaptureFixture[str]) -> None:
    """
    What was put aside and what comes later is sent, each once and in its order; the fault is said.
    """
    assert [START, BODY, BODY] == sent(START, BODY, BODY)
    assert "hasten: faulty: an answer goes out as it is: ArithmeticError: a fault\n" == capsys.readouterr().err


def test_half_an_answer_cannot_be_taken_back() -> None:
    """
    Where a part is out in another form, the fault goes on to the server.
    """
    with pytest.raises(ArithmeticError):
        sent(START, BODY, committed=True)


def test_what_was_held_is_let_go() -> None:
    """
    An application that ends early is seen as far as it came.
    """
    assert [START] == sent(START)


def test_a_start_of_our_own_is_a_message() -> None:
    """
    A server sees the same keys and values; the links see what the application had said.
    """
    start = OwnStart({**START, "status": 304}, [(b"a", b"b")])

    assert {**START, "status": 304} == start
    assert [(b"a", b"b")] == start.said
