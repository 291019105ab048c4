"""
What is told of workers that come, go, obey and refuse, by a clock that the test moves.
"""

from typing import Any

import pytest

from hasten.silence import Cause
from hasten.watching import Clocks, Event, Sources, Watch
from hasten.world.workers import Obeyed, Worker

CAUSE = Cause(kind="isolated", says="it was started with -I", hint="without it")


class Scene:
    """
    Workers that are set, a clock that is moved, and what was told.
    """

    def __init__(self) -> None:
        self.now = 100.0
        self.workers: list[Worker] = []
        self.causes = [CAUSE]
        self.latest: int | None = 1
        self.stopped = False
        self.processes: list[int] = []
        self.told: list[Event] = []
        sources = Sources(
            workers=lambda: self.workers,
            causes=lambda: self.causes,
            revision=lambda: self.latest,
            stopped=lambda: self.stopped,
            processes=lambda: self.processes,
        )
        clocks = Clocks(lambda: self.now, lambda: self.now)
        self.watch = Watch(7, sources, self.told.append, 30.0, clocks)

    def pass_time(self, seconds: float) -> list[Event]:
        """
        What was told while so much time passed.
        """
        before = len(self.told)
        for _ in range(int(seconds * 4)):
            self.now += 0.25
            self.watch.look()
        return self.told[before:]


@pytest.fixture
def scene() -> Scene:
    """
    Nobody reports yet.
    """
    return Scene()


def worker(pid: int, revision: int = 1, error: str | None = None, **other: Any) -> Worker:
    """
    A report.
    """
    obeyed = Obeyed(revision=revision, error=error)
    return Worker(
        version=1, pid=pid, agent="0", python="3.11.7", at=0.0, policy=obeyed, **{"server": "gunicorn", **other}
    )


def test_workers_that_start_together_are_told_together(scene: Scene) -> None:
    """
    How many, under which server, and which revision they obey; and it is not told again.
    """
    for pid in (1, 2, 3):
        scene.workers = [*scene.workers, worker(pid)]
        assert [] == scene.pass_time(0.5)
    (event,) = scene.pass_time(60)

    assert ("workers", [1, 2, 3], [1, 2, 3], []) == (event.event, event.workers, event.appeared, event.gone)
    assert ({"gunicorn": 3}, {"1": 3}, 1) == (event.servers, event.revisions, event.latest)


def test_one_that_goes_and_one_that_comes_are_told(scene: Scene) -> None:
    """
    With their pids.
    """
    scene.workers = [worker(1), worker(2)]
    scene.pass_time(5)
    scene.workers = [worker(2), worker(3)]
    (event,) = scene.pass_time(5)

    assert ([2, 3], [3], [1]) == (event.workers, event.appeared, event.gone)


def test_another_revision_and_a_refusal_are_told(scene: Scene) -> None:
    """
    Who obeys which, and why one does not.
    """
    scene.workers = [worker(1), worker(2)]
    scene.pass_time(5)
    scene.latest, scene.workers = 2, [worker(1, 2), worker(2, 1, "RefusedPolicy: no")]
    (event,) = scene.pass_time(5)

    assert ({"2": 1, "1": 1}, 2, {"2": "RefusedPolicy: no"}) == (event.revisions, event.latest, event.refusing)


def test_a_switch_is_told(scene: Scene) -> None:
    """
    Off and on again.
    """
    scene.workers = [worker(1)]
    scene.pass_time(5)
    scene.stopped = True
    (off,) = scene.pass_time(5)
    scene.stopped = False
    (on,) = scene.pass_time(5)

    assert (True, False) == (off.stopped, on.stopped)


def test_what_never_settles_is_told_all_the_same(scene: Scene) -> None:
    """
    A worker that comes every half second for a minute is not kept back for a minute.
    """
    told = []
    for pid in range(120):
        scene.workers = [worker(pid)]
        told += scene.pass_time(0.5)

    assert 5 <= len(told) <= 13


def test_silence_is_told_with_its_causes(scene: Scene) -> None:
    """
    After the patience and not before; once for each reason.
    """
    assert [] == scene.pass_time(29)
    (event,) = scene.pass_time(600)
    scene.causes = [Cause(kind="unknown_server", says="", hint="")]
    (other,) = scene.pass_time(1200)

    assert ("silent", [CAUSE], 30.0) == (event.event, event.causes, event.waited_s)
    assert ["unknown_server"] == [cause.kind for cause in other.causes]


def test_a_worker_ends_the_silence_and_its_end_begins_another(scene: Scene) -> None:
    """
    That none is left is told at once, why is told after the patience.
    """
    scene.pass_time(40)
    scene.workers = [worker(1)]
    assert ["workers"] == [event.event for event in scene.pass_time(40)]
    scene.workers = []
    gone, silent = scene.pass_time(60)

    assert (["workers", "silent"], [], [1]) == ([gone.event, silent.event], gone.workers, gone.gone)


def test_the_beginning_and_the_end_are_told(scene: Scene) -> None:
    """
    And a program that went on in the background is not called ended.
    """
    scene.watch.begin(["gunicorn"], "/p/policy.json")
    scene.processes = [1]
    scene.watch.end()
    scene.processes = []
    scene.watch.end()
    begin, background, end = scene.told

    assert ("started", ["gunicorn"], "/p/policy.json", 7) == (begin.event, begin.command, begin.policy, begin.pid)
    assert ("background", [1]) == (background.event, background.processes)
    assert ("ended", []) == (end.event, end.processes)
