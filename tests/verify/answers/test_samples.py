"""
Differences are shown without secrets.
"""

import pytest

from hasten.log import REDACTED
from hasten.verify.answers import Answer
from hasten.verify.answers.differences import Key
from hasten.verify.answers.samples import sample_of, shortened


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("cookie:sid", "abcdef", REDACTED),
        ("cookie:sid;attributes", "httponly", "httponly"),
        (("user", "access_token"), "abcdef", REDACTED),
        (("users", 3, "name"), "Ada", "Ada"),
        (("count",), 3, "3"),
        ("header:location", "/a?token=abcdef", f"/a?token={REDACTED}"),
    ],
)
def test_secrets_are_not_shown(key: Key, value: object, shown: str) -> None:
    """
    What a name or a text says is secret is replaced, and cookies are secrets whatever their names are.
    """
    sample = sample_of(Answer(status=200, path="/x?api_key=abc", principal="ada"), key, (value, value))

    assert (shown, shown, "ada", f"GET /x?api_key={REDACTED}") == (
        sample.control,
        sample.candidate,
        sample.principal,
        sample.request,
    )


def test_long_values_are_cut() -> None:
    """
    A sample is a line, not a page.
    """
    assert 81 == len(shortened("x" * 500))
