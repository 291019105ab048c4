"""
Arms that are functions: what each of them answers to a request.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from hasten.verify.answers import CANDIDATE, Answer, Ask
from hasten.world.load.plan import LoadRequest

Respond = Callable[[LoadRequest], Answer]
MakeAnswer = Callable[..., Answer]


def json_answer(value: Any, *, status: int = 200, **headers: str) -> Answer:
    """
    An answer in JSON; header names with _ for -.
    """
    lines = [("content-type", "application/json"), *((key.replace("_", "-"), text) for key, text in headers.items())]
    return Answer(status=status, headers=lines, body=json.dumps(value).encode())


@pytest.fixture
def answer() -> MakeAnswer:
    """
    Give a way to make an answer in JSON.
    """
    return json_answer


@pytest.fixture
def arms() -> Callable[[Respond, Respond], Ask]:
    """
    Give a way to ask two functions: one for both controls, one for the candidate.
    """

    def two(control: Respond, candidate: Respond) -> Ask:
        return lambda arm, request: (candidate if arm == CANDIDATE else control)(request)

    return two
