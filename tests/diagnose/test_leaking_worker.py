"""
leaking_worker: memory that grows with the requests.
"""

import random
from collections.abc import Callable
from typing import Any

import pytest

from hasten.diagnose import leaking_worker
from hasten.trace import WorkerProfile

START = 90_000_000


def worker(memory: Callable[[int], float], looks: int = 60, step: int = 100, noise: float = 50_000) -> WorkerProfile:
    """
    A worker that was looked at every two seconds, a hundred requests apart.
    """
    chance = random.Random(7)
    series = [(2.0 * n, int(START + memory(n * step) + chance.gauss(0, noise)), n * step) for n in range(looks)]
    return WorkerProfile(pid=7, server="uvicorn", series=series)


def find(observed: Any, target: Any, *workers: WorkerProfile) -> Any:
    """
    What is found about these workers.
    """
    return leaking_worker.find(observed(workers=list(workers)), target)


def test_memory_that_grows_with_every_request_is_found(observed: Any, target: Any) -> None:
    """
    A kilobyte a request, whatever the first half did.
    """
    [found] = find(observed, target, worker(lambda requests: 1000 * requests))

    assert ("process", "uvicorn") == (found.where.kind, found.where.name)
    assert pytest.approx(1000, rel=0.05) == found.evidence["bytes_per_request"]
    assert pytest.approx(8000 * 1000 / 512e6, rel=0.05) == found.cost_s_per_day


@pytest.mark.parametrize(
    ("memory", "given"),
    [
        (lambda _: 0, {}),
        (lambda requests: 20_000_000 * min(1.0, requests / 2_000), {}),
        (lambda requests: 4_000_000 * (requests >= 4_000), {}),
        (lambda requests: 1000 * requests, {"step": 10}),
        (lambda requests: 1000 * requests, {"looks": 15}),
        (lambda requests: 100 * requests, {}),
        (lambda requests: 400 * requests, {"noise": 3_000_000}),
    ],
    ids=["flat", "a cache that fills", "one step", "few requests", "few looks", "little", "lost in noise"],
)
def test_what_may_be_something_else_is_left_alone(observed: Any, target: Any, memory: Any, given: Any) -> None:
    """
    Memory that grows once, or in the beginning, or not for certain.
    """
    assert [] == find(observed, target, worker(memory, **given))


def test_without_a_series_nothing_is_said(observed: Any, target: Any) -> None:
    """
    Agents that tell no memory, and workers that were seen once.
    """
    assert [] == find(observed, target, WorkerProfile(pid=1), worker(lambda requests: 1000 * requests, looks=1))


def test_the_worst_worker_speaks_for_its_server(observed: Any, target: Any) -> None:
    """
    One finding for one kind of server, however many workers it has.
    """
    [found] = find(observed, target, worker(lambda requests: 1000 * requests), worker(lambda requests: 3000 * requests))

    assert pytest.approx(3000, rel=0.05) == found.evidence["bytes_per_request"]
