"""
hasten.world.recordings.jsonl
"""

from pathlib import Path

import pytest

from hasten.errors import ConfigError
from hasten.world.recordings.jsonl import MARKED, read_jsonl
from hasten.world.recordings.routes import Routes
from hasten.world.recordings.tally import UNKNOWN_IDENTITY, Recording


def read(*lines: str) -> Recording:
    return read_jsonl(Path("traffic.jsonl"), lines, ["agent"], Routes())


def test_a_line_is_a_weighted_request() -> None:
    """
    The name is the route, with the method put before it; JSON becomes a body with its type.
    """
    found = read(
        '{"method": "POST", "path": "/a/7", "name": "/a/{id}", "principal": "agent", "weight": 0.5, "json": {"b": 1}}'
    ).requests[0]

    assert ("POST /a/{id}", "agent", 0.5, b'{"b":1}') == (found.name, found.principal, found.weight, found.body)
    assert "application/json" == found.headers["content-type"]


def test_a_name_may_have_its_method() -> None:
    """
    It is not put there twice; without a name the path's shape is the route.
    """
    found = read('{"path": "/a", "name": "GET /a"}', '{"path": "/b/9"}')

    assert {"GET /a", "GET /b/{id}"} == {request.name for request in found.requests}


def test_equal_lines_are_one_with_their_weights_together() -> None:
    """
    Two and a half times the same is one request of weight 2.5.
    """
    found = read('{"path": "/a", "weight": 2}', '{"path": "/a", "weight": 0.5}', "", "# a remark")

    assert [2.5] == [request.weight for request in found.requests]


def test_unknown_identities_are_counted_and_dropped() -> None:
    """
    A name that no principal has, a credential in the headers or in the query.
    """
    found = read(
        '{"path": "/a", "principal": "stranger"}',
        '{"path": "/a", "headers": {"Cookie": "sid=1"}}',
        '{"path": "/a?token=abc"}',
        '{"path": "/a"}',
    )

    assert ({UNKNOWN_IDENTITY: 3}, 1) == (found.dropped, len(found.requests))


def test_replay_false_leaves_a_line_out() -> None:
    """
    It is counted with its reason.
    """
    assert {MARKED: 1} == read('{"path": "/a", "replay": false}', '{"path": "/b"}').dropped


@pytest.mark.parametrize("line", ["{", '{"path": 1}', '{"method": "GET"}', '{"path": "/a", "wieght": 1}', "[]"])
def test_a_bad_line_is_named(line: str) -> None:
    """
    The error says which line it is.
    """
    with pytest.raises(ConfigError, match="line 2"):
        read('{"path": "/a"}', line)


def test_moments_stay_with_their_request() -> None:
    """
    Those of equal lines together.
    """
    found = read('{"path": "/a", "weight": 2, "at": [0.5, 3]}', '{"path": "/a", "at": [1.25]}', '{"path": "/b"}')

    assert {"/a": [0.5, 3, 1.25], "/b": []} == {each.path: each.at for each in found.requests}
