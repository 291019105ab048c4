"""
hasten.world.recordings.tally
"""

from datetime import UTC, datetime, timedelta

import pytest

from hasten.world.load.plan import LoadRequest
from hasten.world.recordings import tally
from hasten.world.recordings.tally import TOO_RARE, Tally, holds_credential, is_static, leaves

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)


def test_the_most_frequent_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Beyond the bound the rarest are dropped and counted.
    """
    monkeypatch.setattr(tally, "MAX_DIFFERENT", 1)
    found = Tally("x")
    for path in ("/a", "/b", "/b"):
        found.add(LoadRequest(path=path))

    recording = found.recording()

    assert (["/b"], {TOO_RARE: 1}) == ([request.path for request in recording.requests], recording.dropped)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    When too many different ones are held, new ones are dropped and known ones still counted.
    """
    monkeypatch.setattr(tally, "MAX_HELD", 1)
    found = Tally("x")
    for path in ("/a", "/b", "/a"):
        found.add(LoadRequest(path=path))

    assert [2.0] == [request.weight for request in found.recording().requests]


def test_times_tell_how_many_come_in_a_day() -> None:
    """
    121 requests in two minutes are 87,120 a day; a few seconds tell nothing.
    """
    long, short = Tally("x"), Tally("x")
    for second in range(121):
        long.add(LoadRequest(), NOON + timedelta(seconds=second))
    short.add(LoadRequest(), NOON)
    short.add(LoadRequest(), NOON + timedelta(seconds=5))

    assert 121 / 120 * 86_400 == long.recording().per_day
    assert None is short.recording().per_day


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("access_token=a", True),
        ("q=x&api_key=b", True),
        ("JSESSIONID=c", True),
        ("sig=", True),
        ("q=token", False),
        ("page_token=3", False),
        ("key=name", False),
        ("", False),
    ],
)
def test_a_credential_in_the_query_is_seen(query: str, expected: bool) -> None:
    """
    By the parameter's name; a cursor is none.
    """
    assert expected is holds_credential(f"/a?{query}")


def test_files_and_logins_are_known_by_their_paths() -> None:
    """
    A built file is no answer of the application; logging in and out is Hasten's own to do.
    """
    assert is_static("/assets/index-3f.js?v=1")
    assert not is_static("/api/js")
    assert leaves("/api/auth/logout")
    assert not leaves("/api/logins-of-today")
