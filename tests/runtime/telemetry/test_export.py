"""
The snapshot of a process.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns as now
from types import SimpleNamespace
from typing import Any

import pytest

from hasten_runtime.http.asgi import Agent
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


def test_a_server_without_a_loop_is_looked_after(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The requests after a snapshot are written a moment later, though nobody comes any more.
    """
    monkeypatch.setattr(export, "EVERY_S", 0.05)
    monkeypatch.setattr(export, "LOOK_AFTER_S", 0.06)
    for name in ("/a", "/b"):
        answered(name)

    assert soon(lambda: len((snapshot(folder) or {}).get("http.server.request.duration", ())) == 2)
    assert soon(lambda: not export._place.is_watched)


def test_at_its_end_a_process_writes_once_more(tmp_path: Path) -> None:
    """
    What it has counted last is there when it is gone; a process that has counted nothing leaves no file.
    """
    code = (
        "from hasten_runtime.telemetry import export, pulse, requests; from time import perf_counter_ns as now;"
        "from hasten_runtime.telemetry.request import OUTSIDE; export.begin(); pulse.due_ns = pulse.NEVER_NS;"
        "[requests.finished(requests.route('/last', 'GET', 2), now() - 1000, now(), 1, OUTSIDE) for _ in range(NUMBER)]"
    )
    environment = {**os.environ, "HASTEN_POLICY": str(tmp_path / "policy.json")}
    for number in (0, 3):
        subprocess.run([sys.executable, "-c", code.replace("NUMBER", str(number))], env=environment, check=True)
    (found,) = (tmp_path / "workers" / "telemetry").glob("*.json")

    assert 1 == len(json.loads(found.read_text())["http.server.request.duration"])


def test_the_end_of_a_server_is_heard(folder: Path) -> None:
    """
    A server that tells its application that it ends may be ended by a signal after that: all is written by then.
    """
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while len(seen) < 2:
            message = await receive()
            seen.append((message, snapshot(folder) is not None))

    async def receive() -> Any:
        return messages[len(seen)]

    pulse.due_ns = pulse.NEVER_NS
    answered("/last")
    asyncio.run(Agent(app, SimpleNamespace(ticks=now), requests.observed)({"type": "lifespan"}, receive, None))  # type: ignore[arg-type]

    assert [(messages[0], False), (messages[1], True)] == seen


def test_a_last_snapshot_that_fails_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The end of a process is not held up by it.
    """
    monkeypatch.setattr(export, "_extent", lambda: 1 / 0)
    export.write_last()

    assert "the last telemetry of a process is not written: ZeroDivisionError" in capsys.readouterr().err
