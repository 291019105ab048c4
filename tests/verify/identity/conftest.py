"""
A small application as a function, for principals that it knows, and caches in front of it that are right or wrong.
"""

import json
from collections.abc import Callable
from threading import Lock

import pytest

from hasten.verify.answers import CANDIDATE, Answer, Ask
from hasten.world.load.plan import LoadRequest

Key = Callable[[LoadRequest], object]


def answer_of(request: LoadRequest) -> Answer:
    """
    What the application answers: personal at /me, by language at /hello, the same for all at /news.
    """
    language = request.headers.get("accept-language", "en")[:2]
    lines = [("content-type", "application/json"), ("vary", "authorization, accept-language")]
    if request.path == "/news":
        value: object = {"news": ["one", "two"]}
    elif request.path == "/hello":
        value = {"text": {"de": "Guten Tag"}.get(language, "Good day")}
    elif request.principal == "anonymous":
        return Answer(status=401, headers=lines, body=b'{"error": "sign in"}')
    else:
        value = {"name": request.principal, "mail": f"{request.principal}@example.org", "unread": 3}
    return Answer(status=200, headers=lines, body=json.dumps(value).encode())


@pytest.fixture
def respond() -> Callable[[LoadRequest], Answer]:
    """
    Give the application.
    """
    return answer_of


@pytest.fixture
def cached() -> Callable[[Key], Ask]:
    """
    Give a way to put a cache in front of the candidate, with a key of one's choice.
    """

    def make(key: Key) -> Ask:
        kept: dict[object, Answer] = {}
        lock = Lock()

        def ask(arm: str, request: LoadRequest) -> Answer:
            if arm != CANDIDATE:
                return answer_of(request)
            with lock:
                return kept.setdefault(key(request), answer_of(request))

        return ask

    return make
