"""
hasten telemetry.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import httpx
import pytest
from tests.cli.conftest import Said
from tests.story import CONFIG
from tests.world.metrics.collecting import collecting
from tests.world.metrics.exposition import read
from tests.world.metrics.protocol import metrics_request, texts, traces_request
from tests.world.test_telemetry import route, statement, write
from tests.world.test_traces import line

from hasten.world.metrics import push
from hasten.world.metrics.endpoint import Endpoint

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


@pytest.mark.parametrize("form", ["prometheus", "openmetrics"])
def test_other_systems_get_their_format(run: Run, folder: Path, form: str) -> None:
    """
    On standard output, with the counts of workers that have ended.
    """
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as ended:
        ended.wait()
    write(folder, ended.pid, [route("/a", 1, 2)], [])
    write(folder, os.getpid(), [route("/a", 3)], [])
    said = run("telemetry", "--format", form)
    found = read(said.out, openmetrics=form == "openmetrics")["http_server_request_duration_seconds"]

    assert 0 == said.code
    assert [3] == [value for (name, _), value in found.samples.items() if name.endswith("_count")]


def test_counts_are_served(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The address is told, a scrape gets the counts, and Ctrl-C ends it.
    """
    write(folder, os.getpid(), [route("/a", 1, 2)], [])
    scraped = []

    def scrape(endpoint: Endpoint) -> NoReturn:
        scraped.append(httpx.get(endpoint.url, trust_env=False).text)
        raise KeyboardInterrupt

    monkeypatch.setattr(Endpoint, "wait", scrape)
    said = run("telemetry", "serve", "--port", "0")

    assert 130 == said.code
    assert "scrape http://127.0.0.1:" in said.out
    assert "http_server_request_duration_seconds" in read(scraped[0])


def test_nobody_else_is_served_unless_told(run: Run, folder: Path) -> None:
    """
    An address that other machines reach is an error with the way to mean it.
    """
    said = run("telemetry", "serve", "--host", "0.0.0.0", "--port", "0")

    assert 1 == said.code
    assert "--allow-remote" in said.err


def test_counts_are_pushed(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    To the collector of the variables, as the application that hasten.toml names.
    """
    write(folder, os.getpid(), [route("/a", 1, 2)], [])
    with collecting() as server:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.url)
        data = run("telemetry", "push", "--header", "key=k", "--json").data
    (taken,) = server.taken
    (resource,) = metrics_request(taken.body).resource_metrics

    assert {"service.name": "shop"} == texts(resource.resource.attributes)
    assert (True, f"{server.url}/v1/metrics", "k") == (data["export"]["is_taken"], data["url"], taken.headers["key"])


def test_traces_are_pushed_where_they_are_wanted(run: Run, folder: Path) -> None:
    """
    Beside the counts, to the collector's address for spans.
    """
    traces = folder.parent / "traces"
    traces.mkdir()
    (traces / f"{os.getpid()}.jsonl").write_bytes(line(1) + line(2))
    with collecting() as server:
        without = run("telemetry", "push", "--endpoint", server.url)
        said = run("telemetry", "push", "--endpoint", server.url, "--traces")
    (resource,) = traces_request(server.taken[-1].body).resource_spans

    assert (0, 0) == (without.code, said.code)
    assert ["/v1/metrics", "/v1/metrics", "/v1/traces"] == [each.path for each in server.taken]
    assert 4 == len(resource.scope_spans[0].spans)


def test_a_collector_that_refuses_is_an_error(run: Run, folder: Path) -> None:
    """
    With what it said, and what to do about it.
    """
    with collecting() as server:
        server.answers.append((401, {}, b"who are you?"))
        said = run("telemetry", "push", "--endpoint", server.url)

    assert 1 == said.code
    assert "who are you?" in said.err and "OTEL_EXPORTER_OTLP_HEADERS" in said.err


def test_pushing_goes_on_and_says_what_is_new(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A failure is told once however often it comes, and that it is over.
    """
    left = [None] * 5

    def sleep(seconds: float) -> None:
        if not left:
            raise KeyboardInterrupt
        left.pop()

    monkeypatch.setattr(push.go_on, "__defaults__", (sleep, time.monotonic))
    with collecting() as server:
        server.answers.extend([(503, {}, b"busy")] * 3)
        said = run("telemetry", "push", "--endpoint", server.url, "--every", "5s")

    assert (130, 6) == (said.code, len(server.taken))
    assert (1, 1) == (said.err.count("busy"), said.err.count("exported to"))


@pytest.mark.parametrize("words", ["0s", "often", "500ms"])
def test_an_interval_that_is_none_is_refused(run: Run, folder: Path, words: str) -> None:
    """
    Before anything is sent.
    """
    assert 1 == run("telemetry", "push", "--every", words).code


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

    # Where the terminal is narrow the name and its share stand on two lines.
    assert all(word in said.out for word in ("application", "60%", "database", "40%"))
    assert {"database": 0.002, "application": 0.003} == data["pictures"][0]["parts"]
