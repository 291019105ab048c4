"""
hasten.world.traffic
"""

import json
from pathlib import Path
from typing import Any

import pytest

from hasten.errors import ConfigError, Unreachable
from hasten.target import Principal, Target, Traffic
from hasten.world.recordings.tally import Recording
from hasten.world.traffic import NOT_ALLOWED, read_traffic

LINES = """\
{"path": "/api/things/7", "principal": "agent"}
{"method": "POST", "path": "/api/things/7/notes", "name": "/api/things/{id}/notes", "json": {}, "replay": true}
"""


def read(folder: Path, base_url: str = "http://127.0.0.1:1", **traffic: Any) -> Recording:
    target = Target(traffic=Traffic(**traffic), principals=[Principal(name="agent", user="a")])
    return read_traffic(target, base_url=base_url, folder=folder)


def test_only_safe_requests_are_replayed_unless_named(tmp_path: Path) -> None:
    """
    A write that hasten.toml does not name is dropped and counted, whatever the recording says.
    """
    (tmp_path / "t.jsonl").write_text(LINES)

    found = read(tmp_path, requests="t.jsonl")

    assert (["/api/things/7"], {NOT_ALLOWED: 1}) == ([request.path for request in found.requests], found.dropped)


@pytest.mark.parametrize("named", ["POST /api/things/{id}/notes", "/api/things/{id}/notes"])
def test_a_named_write_is_replayed(tmp_path: Path, named: str) -> None:
    """
    By its route, with or without the method.
    """
    (tmp_path / "t.jsonl").write_text(LINES)

    assert 2 == len(read(tmp_path, requests="t.jsonl", replay_writes=[named]).requests)


def test_an_openapi_document_names_the_routes_of_a_log(application: Any, tmp_path: Path) -> None:
    """
    Beside another source it is not traffic but vocabulary.
    """
    application.on("GET", "/openapi.json", body=json.dumps({"paths": {"/u/{name}": {"get": {}}}}).encode())
    (tmp_path / "access.log").write_text('INFO: 1.1.1.1:1 - "GET /u/anna HTTP/1.1" 200 OK\n')

    found = read(tmp_path, application.url, access_log="access.log", openapi="/openapi.json")

    assert ["GET /u/{name}"] == [request.name for request in found.requests]


def test_an_openapi_document_alone_is_traffic(tmp_path: Path) -> None:
    """
    From a file, as the first principal.
    """
    (tmp_path / "api.json").write_text(json.dumps({"paths": {"/a": {"get": {}}}}))

    assert [("GET /a", "agent")] == [
        (request.name, request.principal) for request in read(tmp_path, openapi="api.json").requests
    ]


def test_a_har_is_traffic(tmp_path: Path) -> None:
    """
    Named in [traffic] har.
    """
    one = {"request": {"method": "GET", "url": "http://127.0.0.1:1/a", "headers": []}, "response": {"status": 200}}
    (tmp_path / "x.har").write_text(json.dumps({"log": {"entries": [one]}}))

    assert ["GET /a"] == [request.name for request in read(tmp_path, har="x.har").requests]


def test_nothing_named_is_an_error(tmp_path: Path) -> None:
    """
    The hint lists what can be named.
    """
    with pytest.raises(ConfigError) as caught:
        read(tmp_path)

    assert "openapi" in caught.value.hint


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """
    With the key it stands under.
    """
    with pytest.raises(ConfigError, match=r"requests.*none\.jsonl"):
        read(tmp_path, requests="none.jsonl")


def test_nothing_left_to_replay_tells_why(tmp_path: Path) -> None:
    """
    The reasons and their counts are in the message.
    """
    (tmp_path / "t.jsonl").write_text('{"path": "/a", "principal": "stranger"}')

    with pytest.raises(ConfigError, match="1 × identity"):
        read(tmp_path, requests="t.jsonl")


def test_an_application_without_openapi_is_unreachable(application: Any, tmp_path: Path) -> None:
    """
    The page that is not there is in the message.
    """
    with pytest.raises(Unreachable, match=r"/openapi\.json"):
        read(tmp_path, application.url, openapi="/openapi.json")
