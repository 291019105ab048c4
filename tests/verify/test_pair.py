"""
hasten.verify.pair
"""

import json
from pathlib import Path

import pytest

from hasten.application import App
from hasten.errors import NoData
from hasten.target import Target, Traffic
from hasten.verify.pair import Pair, pair_of
from hasten.world.supervisor import Supervisor


def pair(folder: Path, *, may_write: bool) -> Pair:
    """
    Two instances that recorded one request that reads and one that writes.
    """
    traffic = Traffic(requests="traffic.jsonl", replay_writes=["POST /b"], timeout_s=3)
    app = App(Target(traffic=traffic), folder, Supervisor(folder), root=folder, url="http://127.0.0.1:1")
    return pair_of(app, app, folder=folder, may_write=may_write)


def record(folder: Path, *methods: tuple[str, str]) -> None:
    """
    The recording has these requests.
    """
    lines = [json.dumps({"method": method, "path": path}) for method, path in methods]
    (folder / "traffic.jsonl").write_text("\n".join(lines))


def test_writes_go_only_where_they_hurt_nobody(tmp_path: Path) -> None:
    """
    Without databases of their own only safe methods are sent, and that is said.
    """
    record(tmp_path, ("GET", "/a"), ("POST", "/b"))
    alone, together = pair(tmp_path, may_write=True), pair(tmp_path, may_write=False)

    assert (["GET", "POST"], ["GET"]) == tuple(
        sorted(request.method for request in each.requests) for each in (alone, together)
    )
    assert ["1 requests that write were not sent"] == together.notes


def test_nothing_left_is_no_trial(tmp_path: Path) -> None:
    """
    A recording of writes alone cannot be sent to two instances of one database.
    """
    record(tmp_path, ("POST", "/b"))
    with pytest.raises(NoData, match="no recorded request"):
        pair(tmp_path, may_write=False)


def test_both_are_sent_the_same(tmp_path: Path) -> None:
    """
    The two plans differ in nothing but address and credentials, and credentials are not shared.
    """
    record(tmp_path, ("GET", "/a"))
    first, second = pair(tmp_path, may_write=True).plans(3)

    assert first == second
    assert first.credentials is not second.credentials
    assert (3, 3.0) == (first.seed, first.timeout_s)
