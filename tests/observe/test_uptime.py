"""
hasten.observe.uptime
"""

import socket
import time
from typing import Any

from hasten.observe.uptime import UPTIME, UptimeProbe


def wait_for(probe: UptimeProbe, count: int) -> None:
    """
    So many probes have a result.
    """
    until = time.monotonic() + 60
    while probe.count < count and time.monotonic() < until:
        time.sleep(0.02)


def test_an_application_that_answers_is_up(application: Any) -> None:
    """
    All probes succeed, and the thread is gone afterwards.
    """
    application.on("GET", "/health")
    with UptimeProbe(application.url, "/health", interval_s=0.05, timeout_s=30) as probe:
        wait_for(probe, 3)

    assert 1.0 == probe.ratio
    measured = probe.measurements("shop")[0]
    assert (UPTIME, probe.count) == (measured.metric, measured.distribution.count)
    assert len(application.asked) == probe.count


def test_what_fails_in_between_is_seen(application: Any) -> None:
    """
    Server errors count as down.
    """
    application.on("GET", "/health")
    with UptimeProbe(application.url, "/health", interval_s=0.05, timeout_s=30) as probe:
        wait_for(probe, 2)
        application.on("GET", "/health", 500)
        wait_for(probe, probe.count + 3)

    assert 0.0 < (probe.ratio or 0.0) < 1.0


def test_a_hanging_application_is_down_at_every_second(silent_url: str) -> None:
    """
    Probes do not wait for each other: several are under way before the first gives up.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=50) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        with UptimeProbe(url, interval_s=0.05, timeout_s=1.0) as probe:
            wait_for(probe, 1)

    # One after the other it would be one second for each, so no more than the first and one more.
    assert 0.0 == probe.ratio
    assert probe.count > 3


def test_no_probe_is_no_measurement(silent_url: str) -> None:
    """
    Without a single result there is no ratio.
    """
    probe = UptimeProbe(silent_url)

    assert (None, []) == (probe.ratio, probe.measurements("shop"))
