"""
Names of calls.
"""

import pytest

from hasten_runtime.telemetry.routes import MOST_WORDS
from hasten_runtime.telemetry.traces.naming import call_name


@pytest.mark.parametrize(
    ("method", "url", "name"),
    [
        ("POST", "http://127.0.0.1:8001/introspect", "POST 127.0.0.1:8001/introspect"),
        ("get", "https://api.example.com/users/17?token=secret#x", "GET api.example.com/users/{}"),
        (b"GET", "https://ann:secret@example.com", "GET example.com/"),
        ("GET", "https://example.com/4f2a9c/orders", "GET example.com/{}/orders"),
        ("BREW!", "https://example.com/a", "_OTHER example.com/a"),
        ("GET", "example.com/a", "GET example.com/a"),
    ],
)
def test_a_name_has_no_ids_and_no_secrets(method: str, url: str, name: str) -> None:
    """
    Method, host and the words of the path.
    """
    assert name == call_name(method, url)


def test_words_are_few() -> None:
    """
    With many beside each other they are names of things; another host's words are its own.
    """
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = [first + second for first in letters for second in letters]
    found = {call_name("GET", f"http://one/{word}") for word in words}

    assert MOST_WORDS + 1 == len(found)
    assert "GET one/{}" in found
    assert "GET two/zz" == call_name("GET", "http://two/zz")
