"""
Which request of the load a trace is of, and of how many others it is an example.

The load generator and the worker have written down the same request, each by its own clock, which on one machine is the
same one. They are paired by the moment at which the answer ended: that comes through a socket in well under a
millisecond, while a request may wait for long before the worker takes it.

Traces are a sample, and a route's requests are not alike: a trace is an example of those whose latency is nearer to its
own than to that of any other. What is left between the weighted mean and the mean of all can be checked, and is.
"""

import bisect
import itertools
from collections import Counter

from msgspec.structs import replace

from hasten.trace import Trace
from hasten.world.load import LoadResult
from hasten.world.load.result import Outcome

#: How far the end of a trace may seem to lie behind its answer, and how long an answer may be on its way.
EARLY_S = 0.005
LATE_S = 5.0

Answers = list[tuple[float, float]]


def paired(traces: list[Trace], load: LoadResult, route: str) -> list[Trace]:
    """
    The traces with what the load measured for them, and of how many of its requests they are examples.
    """
    answers = _answers(load, route)
    pairs = _pairs(traces, answers)
    measured = {number: answers[place][1] for number, place in pairs.items()}
    weights = _weights(measured, [latency_s for _, latency_s in answers])
    return [
        replace(trace, measured_s=measured[number], stands_for=weights[number]) if number in measured else trace
        for number, trace in enumerate(traces)
    ]


def _answers(load: LoadResult, route: str) -> Answers:
    """
    When each answer of a route had come, and how long it had taken since the request was due; the earliest first.
    """
    outcome, status = load.records.ints("outcome"), load.records.ints("status")
    intended, latency = load.records.floats("intended"), load.records.floats("latency")
    began = load.started_at.timestamp()
    return sorted(
        (began + intended[index] + latency[index], latency[index])
        for index in load.counted(route)
        if outcome[index] == Outcome.ANSWERED and status[index] < 500
    )


def _pairs(traces: list[Trace], answers: Answers) -> dict[int, int]:
    """
    Trace → answer, by number; each at most once, those that ended closest together first.
    """
    ends = [end for end, _ in answers]
    near = []
    for number, trace in enumerate(traces):
        ended = trace.at + trace.duration_ns / 1e9
        first = bisect.bisect_left(ends, ended - EARLY_S)
        for place in range(first, bisect.bisect_right(ends, ended + LATE_S)):
            end, latency_s = answers[place]
            if end - latency_s <= trace.at + EARLY_S:
                near.append((abs(end - ended), number, place))
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, number, place in sorted(near):
        if number not in pairs and place not in taken:
            pairs[number] = place
            taken.add(place)
    return pairs


def _weights(measured: dict[int, float], latencies: list[float]) -> dict[int, float]:
    """
    Of how many answers each trace is the nearest; those that are equally near share them.
    """
    values = sorted(set(measured.values()))
    edges = [(low + high) / 2 for low, high in itertools.pairwise(values)]
    nearest = Counter(values[bisect.bisect_left(edges, latency_s)] for latency_s in latencies) if values else Counter()
    alike = Counter(measured.values())
    return {number: nearest[value] / alike[value] for number, value in measured.items()}
