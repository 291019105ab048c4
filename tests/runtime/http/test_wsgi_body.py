"""
What a server goes through in place of what the application returned.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from hasten_runtime.http.wsgi_body import Body


class Answer:
    """
    An answer that holds its first piece back, passes the others in capitals and has an end.
    """

    def __init__(self) -> None:
        self.is_held = True
        self.first = b""
        self.last = b"END"

    def take(self, piece: bytes, *, more: bool = True) -> bytes:
        """
        The piece in capitals, with the one that was held back; the end, once.
        """
        if not more:
            end, self.last = self.last, b""
            return end
        if self.is_held and not self.first:
            self.first = piece
            return b""
        first, self.first, self.is_held = self.first, b"", False
        return (first + piece).upper()

    def let_go(self) -> bytes:
        """
        What was held back.
        """
        first, self.first, self.is_held = self.first, b"", False
        return first


def body_of(answer: Answer, pieces: Any) -> Body:
    """
    The body of that answer.
    """
    body = Body(answer)
    body.result = pieces
    return body


def failing(*pieces: bytes) -> Iterator[bytes]:
    """
    The pieces, and then an error.
    """
    yield from pieces
    raise RuntimeError("broken")


def test_pieces_are_what_the_answer_makes_of_them() -> None:
    """
    What is held back is waited for, and the end follows the last piece.
    """
    body = body_of(Answer(), [b"a", b"b", b"c"])
    body.begin()

    assert [b"AB", b"C", b"END"] == list(body)


def test_without_a_beginning_nothing_is_asked_for() -> None:
    """
    An application that begins its answer late is not asked earlier than a server would ask.
    """
    asked: list[Any] = []

    def pieces() -> Iterator[bytes]:
        asked.append(1)
        yield b"a"

    body = body_of(Answer(), pieces())

    assert [] == asked
    assert [b"END"] == list(body)


@pytest.mark.parametrize(("pieces", "expected"), [([b"a"], [b"a"]), ([b"a", b"b", b"c"], [b"AB", b"C"]), ([], [])])
def test_an_error_comes_after_what_came_before_it(pieces: list[bytes], expected: list[bytes]) -> None:
    """
    The server gets what was held back, and then the error, where it would have met it.
    """
    body = body_of(Answer(), failing(*pieces))
    body.begin()
    seen = []
    with pytest.raises(RuntimeError, match="broken"):
        for piece in body:
            seen.append(piece)  # noqa: PERF402 (the error comes in the middle)

    assert expected == seen


def test_who_is_killed_while_it_begins_is_closed() -> None:
    """
    The server never sees the body then, so nobody else would close it.
    """
    closed: list[Any] = []

    class Killed:
        def __iter__(self) -> Any:
            raise KeyboardInterrupt

        def close(self) -> None:
            closed.append(self)

    with pytest.raises(KeyboardInterrupt):
        body_of(Answer(), Killed()).begin()

    assert 1 == len(closed)


def test_what_cannot_be_closed_is_not() -> None:
    """
    An iterable need not have `close`.
    """
    body_of(Answer(), [b"a"]).close()
