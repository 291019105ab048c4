"""
The snapshot of a process.
"""

import asyncio
import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns as now
from typing import Any

import pytest

from hasten_runtime.telemetry import export, pulse, requests, statements
from hasten_runtime.telemetry.request import OUTSIDE
from hasten_runtime.telemetry.statements import took


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    Where snapshots go from now on.
    """
    monkeypatch.setenv("HASTEN_POLICY", str(tmp_path / "policy.json"))
    monkeypatch.delenv("HASTEN_WORKERS", raising=False)
    monkeypatch.setattr(pulse, "_act", [])
    export.begin("uvicorn")
    return tmp_path / "workers" / "telemetry"


def snapshot(folder: Path) -> Any:
    """
    What this process has written; None if nothing.
    """
    path = folder / f"{os.getpid()}.json"
    return json.loads(path.read_text()) if path.exists() else None


def soon(is_so: Callable[[], Any]) -> bool:
    """
    Whether it is so within ten seconds.
    """
    until = time.monotonic() + 10
    while not is_so() and time.monotonic() < until:
        time.sleep(0.01)
    return bool(is_so())


def written_now(folder: Path) -> Any:
    """
    A snapshot of everything so far, after the one that may be under way.
    """
    assert soon(lambda: not export._place.writing.locked())
    export.write()
    return snapshot(folder)


def answered(name: str, duration_ns: int = 1_000_000) -> None:
    """
    A request was answered just now.
    """
    end = now()
    requests.finished(requests.route(name, "GET", 2), end - duration_ns, end, 10, OUTSIDE)


def test_the_first_request_writes_a_snapshot(folder: Path) -> None:
    """
    It holds the process, the route and the statement, in OpenTelemetry's names.
    """
    took("select * from t where a = 'secret'", now() - 1_000_000)
    answered("/orders/{id}")
    assert soon(lambda: snapshot(folder))
    found = written_now(folder)

    assert (os.getpid(), "uvicorn", 1, 0) == (found["pid"], found["server"], found["version"], found["left_out"])
    (route,) = found["http.server.request.duration"]
    assert ("/orders/{id}", "GET", 2) == (route["http.route"], route["http.request.method"], route["status_class"])
    assert 1 == sum(route["buckets"][1::2])
    (statement,) = found["db.client.operation.duration"]
    assert "select * from t where a = ?" == statement["db.query.text"]
    assert ("postgresql", "SELECT") == (statement["db.system.name"], statement["db.operation.name"])
    assert [] == list(folder.glob("*.new"))


def test_no_thread_is_left_and_none_waits(folder: Path) -> None:
    """
    After a snapshot the next is due in a while, and until then a request starts nothing.
    """
    answered("/x")
    assert soon(lambda: snapshot(folder) and not export._place.writing.locked())
    written = (folder / f"{os.getpid()}.json").stat().st_mtime_ns
    answered("/x")

    assert not export._place.writing.locked()
    assert written == (folder / f"{os.getpid()}.json").stat().st_mtime_ns
    assert now() < pulse.due_ns < pulse.NEVER_NS


def test_a_slow_snapshot_puts_off_the_next(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The next comes no sooner than two hundred times the processor time that this one took.
    """
    times = iter((10.0, 10.5))
    monkeypatch.setattr(export.time, "thread_time", lambda: next(times))
    export.write()

    assert pulse.due_ns - now() > 95 * 1e9


def test_an_event_loop_writes_what_came_last(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Requests that end before a pause are written without another request, and then nothing is written any more.
    """
    monkeypatch.setattr(export, "EVERY_S", 0.1)

    async def serve() -> int:
        answered("/x")
        answered("/x")
        await asyncio.sleep(1.0)
        written = (folder / f"{os.getpid()}.json").stat().st_mtime_ns
        await asyncio.sleep(0.5)
        return (folder / f"{os.getpid()}.json").stat().st_mtime_ns - written

    later = asyncio.run(serve())

    assert 2 == sum(snapshot(folder)["http.server.request.duration"][0]["buckets"][1::2])
    assert 0 == later


def test_the_size_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What has taken least time is left out of a file that would be too large, and it says how many lines that are.
    """
    monkeypatch.setattr(export, "MOST_BYTES", 20_000)
    for number in range(200):
        took(f"select column_{number} from t", now() - 1_000_000 * (number + 1))
    found = written_now(folder)
    texts = [each["db.query.text"] for each in found["db.client.operation.duration"]]

    assert (folder / f"{os.getpid()}.json").stat().st_size < 21_000
    assert "select column_199 from t" == texts[0]
    assert 200 == len(texts) + found["left_out"]


def test_a_folder_that_cannot_be_written_is_said_once(
    folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """
    The application goes on, and the log has one line.
    """
    (tmp_path / "workers").write_text("a file")
    for _ in range(3):
        export.write()

    assert 1 == capsys.readouterr().err.count("no telemetry is written")


def test_without_a_policy_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Counting goes on, and no snapshot is ever due.
    """
    monkeypatch.delenv("HASTEN_POLICY", raising=False)
    export.begin()
    answered("/x")

    assert pulse.NEVER_NS == pulse.due_ns
    assert 1 == len(requests.counted())


def test_an_earlier_process_of_the_same_number_keeps_its_counts(folder: Path) -> None:
    """
    Its file is set aside by the first snapshot, and by none after it.
    """
    folder.mkdir(parents=True)
    (folder / f"{os.getpid()}.json").write_text('{"an": "earlier one"}')
    answered("/x")
    found = written_now(folder)
    written_now(folder)
    (aside,) = (path for path in folder.glob("*.json") if path.stem != str(os.getpid()))

    assert "/x" == found["http.server.request.duration"][0]["http.route"]
    assert '{"an": "earlier one"}' == aside.read_text()


def test_the_last_requests_are_written_at_the_end(tmp_path: Path) -> None:
    """
    A process that ends in an ordinary way leaves everything that it has counted.
    """
    source = """
        from hasten_runtime.telemetry import export, pulse, requests
        from hasten_runtime.telemetry.request import OUTSIDE
        export.begin("none")
        for number in range(50):
            requests.finished(requests.route("/x", "GET", 2), 0, 1_000_000, 10, OUTSIDE)
    """
    environment = {**os.environ, "HASTEN_POLICY": str(tmp_path / "policy.json")}
    subprocess.run([sys.executable, "-c", textwrap.dedent(source)], check=True, timeout=60, env=environment)
    (path,) = (tmp_path / "workers" / "telemetry").glob("*.json")

    assert 50 == sum(json.loads(path.read_text())["http.server.request.duration"][0]["buckets"][1::2])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_writes_its_own(folder: Path) -> None:
    """
    Forked in the middle of a snapshot, a child counts from nothing and writes a file of its own.
    """
    answered("/parent")
    assert soon(lambda: snapshot(folder))
    export._place.writing.acquire(False)  # as if the thread that writes were in the middle of it
    child = os.fork()
    if not child:
        answered("/child")
        written = soon(lambda: snapshot(folder))
        names = [each["http.route"] for each in snapshot(folder)["http.server.request.duration"]] if written else []
        os._exit(0 if names == ["/child"] else 1)
    _, status = os.waitpid(child, 0)
    export._place.writing.release()

    assert 0 == os.waitstatus_to_exitcode(status)
    assert statements.counted() == []


def test_values_of_the_application_are_in_no_snapshot(folder: Path) -> None:
    """
    Names, addresses and numbers in statements and paths stay in the process.
    """
    took("select * from people where name = 'Ann' and mail = E'ann@example.org' -- for Ann", now())
    took("update people set pin = 4711 where name = $$Ann$$", now())
    took("SET app.user TO ann", now())
    written_now(folder)
    text = (folder / f"{os.getpid()}.json").read_text().replace("test_values", "")

    assert not [word for word in ("Ann", "ann@", "4711", "TO ann") if word in text]
