"""
A worker's memory grows with every request.

What it means: something that a request makes is kept after it, and the next one keeps more.
Why it costs: the worker grows until the machine swaps or somebody restarts it, and all that it knew is gone.
How it is found: resident memory of each worker against the requests it has served, as the agent writes both down. The
    first half is left out, in which caches fill and threads begin; in the second, memory must grow with the requests,
    in both of its halves, and by more than its own ups and downs. Cost: one second for each time that the growth of a
    day would fill [objectives] memory_mb. That only ranks it: what a restart costs cannot be seen.
Minimum support: 500 requests of one worker in the second half, over ten looks; 1 MB, and 200 bytes a request.
What could be wrong: a cache that fills slowly looks the same until it is full, and memory that was given back to the
    allocator but not to the system never shrinks. A longer run tells them apart.
"""

import math

from hasten.diagnose import _words, cost
from hasten.diagnose.about import About
from hasten.evidence import Observation
from hasten.model import Finding, Where
from hasten.target import Target
from hasten.trace import WorkerProfile

about = About(
    symptom="leaking_worker",
    title="A worker's memory grows with every request",
    phase=4,
    place='the worker\'s server, "uvicorn"',
    reads=("workers",),
    minimum={"requests": 500, "looks": 10, "growth_bytes": 1_000_000, "bytes_per_request": 200},
    treated_by=("backend.memory",),
)

#: The slope must be so many of its standard errors; neighboring looks are alike, so a plain 3 would be too little.
_SIGMAS = 6.0

Series = list[tuple[float, int, int]]


def find(observation: Observation, target: Target) -> list[Finding]:
    """
    One finding per kind of server, of its worst worker.
    """
    worst: dict[str, Finding] = {}
    for worker in observation.workers:
        finding = _of_worker(worker, observation, target)
        if finding is not None and (
            worker.server not in worst or finding.cost_s_per_day > worst[worker.server].cost_s_per_day
        ):
            worst[worker.server] = finding
    return [finding for _, finding in sorted(worst.items())]


def _of_worker(worker: WorkerProfile, observation: Observation, target: Target) -> Finding | None:
    later = _second_half(worker.series)
    if len(later) < about.minimum["looks"]:
        return None
    requests, grown = later[-1][2] - later[0][2], _level(later[-5:]) - _level(later[:5])
    if requests < about.minimum["requests"] or grown < about.minimum["growth_bytes"]:
        return None
    slope, error = _slope(later)
    middle = len(later) // 2
    halves = [_slope(later[:middle])[0], _slope(later[middle:])[0]]
    if slope < max(about.minimum["bytes_per_request"], _SIGMAS * error) or min(halves) < slope / 3:
        return None
    per_day = sum(observation.requests_per_day.values()) or requests * cost.DAY_S / (later[-1][0] - later[0][0])
    restarts = per_day * slope / (target.objectives.memory_mb * 1e6)
    return Finding(
        symptom=about.symptom,
        where=Where(kind="process", name=worker.server),
        cost_s_per_day=restarts,
        says=f"A worker of {worker.server} keeps {_words.size(slope)} of every request: {_words.size(grown)} over "
        f"{_words.count(requests)} requests, which is {_words.size(slope * per_day)} a day.",
        evidence={
            "bytes_per_request": round(slope),
            "standard_error": round(error, 1),
            "bytes_per_request_by_half": [round(each) for each in halves],
            "grown_bytes": round(grown),
            "requests": requests,
            "requests_per_day": round(per_day, 1),
            "looks": len(later),
        },
    )


def _second_half(series: Series) -> Series:
    """
    The looks after half of the requests; one for each number of requests, so that standing still weighs nothing.
    """
    if not series:
        return []
    half = (series[0][2] + series[-1][2]) / 2
    by_requests = {each[2]: each for each in series if each[2] >= half}
    return [each for _, each in sorted(by_requests.items())]


def _level(series: Series) -> float:
    """
    The memory in the middle of a few looks.
    """
    return float(sorted(each[1] for each in series)[len(series) // 2])


def _slope(series: Series) -> tuple[float, float]:
    """
    Bytes per request by least squares, and its standard error.
    """
    count = len(series)
    mean_x = sum(each[2] for each in series) / count
    mean_y = sum(each[1] for each in series) / count
    square = sum((each[2] - mean_x) ** 2 for each in series)
    if not square or count < 3:
        return 0.0, math.inf
    slope = sum((each[2] - mean_x) * (each[1] - mean_y) for each in series) / square
    rest = sum((each[1] - mean_y - slope * (each[2] - mean_x)) ** 2 for each in series)
    return slope, math.sqrt(rest / (count - 2) / square)
