"""
Answers as they are on the wire.
"""

import pytest

from hasten.verify.answers import NO_ANSWER, Answer


@pytest.mark.parametrize(
    ("status", "is_error"), [(200, False), (304, False), (404, True), (500, True), (NO_ANSWER, True)]
)
def test_what_is_an_error(status: int, is_error: bool) -> None:
    """
    Refusals, failures and silence are errors.
    """
    assert is_error == Answer(status=status).is_error


def test_lines_of_a_header_are_joined() -> None:
    """
    A header is one value for whoever wants one, and its lines for whoever needs them.
    """
    answer = Answer(status=200, headers=[("vary", "accept"), ("x", "1"), ("Vary", "cookie")])

    assert ("accept, cookie", ["accept", "cookie"], "") == (
        answer.header("vary"),
        answer.lines("vary"),
        answer.header("etag"),
    )
