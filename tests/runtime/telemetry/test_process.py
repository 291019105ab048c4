"""
What a process uses.
"""

import os
from time import perf_counter_ns as now

import psutil
import pytest

from hasten_runtime.telemetry import process, requests
from hasten_runtime.telemetry.process import used
from hasten_runtime.telemetry.request import OUTSIDE


def test_what_the_system_says_is_told() -> None:
    """
    Memory and threads are those that others see, and requests those that were counted.
    """
    requests.finished(requests.route("/a", "GET", 2), now() - 1_000_000, now(), 0, OUTSIDE)
    found = used()
    seen = psutil.Process(os.getpid())

    assert found["rss_bytes"] == pytest.approx(seen.memory_info().rss, rel=0.2)
    assert abs(found["threads"] - seen.num_threads()) <= 2
    assert 1 == found["requests"]
    assert 0 < found["cpu_ns"]


def test_what_is_not_told_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A system without /proc has no number, rather than nothing for one.
    """
    monkeypatch.setattr(process, "_STATM", "/nowhere")

    assert {"cpu_ns", "requests"} == set(used())
