"""
Traces of one test are not there in the next; what a traced request leaves is read as the control plane reads it.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hasten_runtime.telemetry import pulse
from hasten_runtime.telemetry.traces import file, sampling, trace


@pytest.fixture(autouse=True)
def nothing_traced(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """
    No request is traced, and none will be.
    """
    pulse.forget()
    monkeypatch.setattr(sampling, "_is_begun", False)
    monkeypatch.setattr(sampling, "due_ns", pulse.NEVER_NS)
    monkeypatch.setattr(file._place, "folder", "")
    yield
    pulse.forget()


@pytest.fixture
def of() -> Iterator[trace.Trace]:
    """
    The trace of a request that is under way here.
    """
    made = trace.Trace(time.perf_counter_ns(), time.time(), 1)
    token = trace.set_trace(made)
    trace.began()
    yield made
    trace.ended()
    trace.reset_trace(token)


@pytest.fixture
def written(tmp_path: Path) -> Callable[[], list[Any]]:
    """
    What has been written, once all that is finished is.
    """
    file.begin(str(tmp_path / "traces"))

    def read() -> list[Any]:
        until = time.monotonic() + 10
        while (file._place.waiting or file._place.writing.locked()) and time.monotonic() < until:
            time.sleep(0.002)
        lines = [path.read_text().splitlines() for path in sorted(tmp_path.glob("traces/*.jsonl"))]
        return [json.loads(line) for each in lines for line in each]

    return read
