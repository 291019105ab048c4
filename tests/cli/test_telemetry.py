"""
hasten telemetry.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Said
from tests.story import CONFIG
from tests.world.test_telemetry import route, statement, write
from tests.world.test_traces import line

Run = Callable[..., Said]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    Where the snapshots of the application are.
    """
    (tmp_path / "hasten.toml").write_text(CONFIG)
    monkeypatch.setenv("HASTEN_CONFIG", str(tmp_path / "hasten.toml"))
    found = tmp_path / "policy" / "workers" / "telemetry"
    found.mkdir(parents=True)
    return found


def test_routes_and_statements_are_shown(run: Run, folder: Path) -> None:
    """
    For people: counts, quantiles, and the line of the application that executes a statement.
    """
    write(
        folder, os.getpid(), [route("/orders/{id}", 10, 12)], [statement("select ?", 2.5, callers=("shop.py:7 list",))]
    )
    said = run("telemetry")

    assert 0 == said.code
    for text in ("/orders/{id}", "12.0 ms", "2.5", "select ?", "2.50 ms", "shop.py:7 list", "1 worker,"):
        assert text in said.out


def test_programs_get_everything(run: Run, folder: Path) -> None:
    """
    With --json every line with its numbers.
    """
    write(folder, os.getpid(), [route("/orders/{id}", 10, 12)], [statement("select ?", 2.5)])
    data = run("telemetry", "--json").data

    assert ("/orders/{id}", 2, 22.0) == (
        data["routes"][0]["route"],
        data["routes"][0]["took"]["count"],
        data["routes"][0]["took"]["total_ms"],
    )
    assert 1 == data["statements"][0]["took"]["count"]


def test_where_nobody_counts_that_is_said(run: Run, folder: Path) -> None:
    """
    No table of nothing.
    """
    assert "no worker has counted anything" in run("telemetry").out
    assert [] == run("telemetry", "--json").data["routes"]


def test_the_time_of_followed_requests_is_taken_apart(run: Run, folder: Path) -> None:
    """
    For people as shares, for programs as seconds; nobody has measured from outside.
    """
    write(folder, os.getpid(), [route("/orders/{id}", 10, 12)], [])
    traces = folder.parent / "traces"
    traces.mkdir()
    steps = [["db", 1_000_000, 2_000_000, 0, "ef", 1, [1]]]
    (traces / f"{os.getpid()}.jsonl").write_bytes(line(1, steps=steps))
    said, data = run("telemetry"), run("telemetry", "--json").data

    assert "application 60% · database 40%" in said.out
    assert {"database": 0.002, "application": 0.003} == data["pictures"][0]["parts"]
