"""
The generators that are compared, each for the same time against the same server.
"""

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from dataclasses import dataclass

from hasten.errors import Missing
from hasten.model import quantile
from hasten.world.load import LoadPlan, LoadRequest, LoadResult, run_load
from hasten.world.load.locust import run_locust

CONNECTIONS = 16


@dataclass(frozen=True)
class Seen:
    """
    What a generator reported, in seconds; None where it does not tell.
    """

    requests: int
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


def of(values: list[float]) -> Seen:
    """
    The quantiles of a sample.
    """
    if not values:
        return Seen(0)
    ordered = sorted(values)
    return Seen(len(ordered), *(quantile(ordered, q) for q in (0.50, 0.95, 0.99)))


def plan(port: int, arm: str, rate_per_s: float, seconds: float, seed: int) -> LoadPlan:
    """
    What Hasten and Locust are asked to send.
    """
    return LoadPlan(
        base_url=f"http://127.0.0.1:{port}",
        requests=[LoadRequest(path=f"/{arm}/")],
        rate_per_s=rate_per_s,
        duration_s=seconds,
        seed=seed,
        # A stall of two seconds piles up two seconds of arrivals.
        max_in_flight=int(rate_per_s * 4) + 100,
        timeout_s=20.0,
    )


def open_loop(port: int, arm: str, rate_per_s: float, seconds: float, seed: int) -> tuple[Seen, Seen, LoadResult]:
    """
    Hasten's generator: (reported, injected, result), over the windows that it vouches for.
    """
    result = run_load(plan(port, arm, rate_per_s, seconds, seed))
    start = result.started_at.timestamp()
    rejected = [(start + window.start_s, start + window.end_s) for window in result.windows if window.rejected]
    delays = [seconds for wall, seconds in log_of(port, arm) if not any(begin <= wall < end for begin, end in rejected)]
    return of(result.latencies()), of(delays), result


def closed_loop(port: int, seconds: float) -> Seen:
    """
    A fixed number of connections that wait for their answers.
    """
    command = [sys.executable, "-m", "bench.load_generator.closed_loop", str(port), str(seconds), str(CONNECTIONS)]
    ran = subprocess.run(command, check=True, capture_output=True, timeout=seconds + 60)
    return of(json.loads(ran.stdout))


def locust(port: int, rate_per_s: float, seconds: float, seed: int) -> Seen | None:
    """
    Locust with as many users as the rate needs; None where it is not installed.
    """
    try:
        return of(run_locust(plan(port, "locust", rate_per_s, seconds, seed)).latencies())
    except Missing:
        return None


def wrk(port: int, seconds: float) -> Seen | None:
    """
    wrk, which tells no p95; None where it is not installed.
    """
    program = shutil.which("wrk")
    if program is None:
        return None
    url = f"http://127.0.0.1:{port}/wrk/"
    command = [program, "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "--timeout", "20s", "--latency", url]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 60).stdout
    unit = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
    found = {at: float(value) * unit[name] for at, value, name in re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s)", said)}
    counted = re.search(r"(\d+) requests in", said)
    return Seen(int(counted.group(1)) if counted else 0, found.get("50"), None, found.get("99"))


def log_of(port: int, arm: str) -> list[tuple[float, float]]:
    """
    What the server injected in an arm: (wall clock at arrival, seconds).
    """
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/log/{arm}", timeout=60) as answer:
        return [(wall, seconds) for wall, seconds in json.load(answer)]
