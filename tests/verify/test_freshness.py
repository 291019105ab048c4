"""
Reads after writes, on an application that is a dict.
"""

import itertools
import json
from collections.abc import Callable

import pytest

from hasten.verify.answers import CANDIDATE, CONTROL, Answer, Ask
from hasten.verify.freshness import MARKER, FreshnessPlan, Probe, check_freshness, guard, probes_of
from hasten.world.load.plan import LoadRequest

JSON = [("content-type", "application/json")]
WRITE = LoadRequest(method="PUT", path="/notes/1", body=b'{"text": "${marker}"}', principal="ada")
READ = LoadRequest(path="/notes", principal="ada")
PROBES = [Probe(write=WRITE, read=READ)]
ticks = itertools.count()


def desk(reads_before_new: float) -> Ask:
    """
    One state for all arms; the candidate's reads are cached, and a write is seen after so many more reads of it.
    """
    state = {"text": "nothing yet"}
    cached: list[str] = []
    reads = itertools.count()

    def ask(arm: str, request: LoadRequest) -> Answer:
        nonlocal reads
        if request.method == "PUT":
            state.update(json.loads(request.body))
            reads = itertools.count()
            return Answer(status=204)
        text = state["text"]
        if arm == CANDIDATE:
            if not cached or next(reads) >= reads_before_new:
                cached[:] = [text]
            text = cached[0]
        return Answer(
            status=200, headers=JSON, body=json.dumps({"notes": [{"text": text}], "at": next(ticks)}).encode()
        )

    return ask


def test_a_cache_that_is_told_of_writes_passes() -> None:
    """
    Where the next read shows each write the guard holds, and a clock in the answer does not matter.
    """
    found = check_freshness(PROBES, desk(0), FreshnessPlan())

    assert (3, [], True) == (found.shown, found.stale, guard(found).ok)


def test_a_cache_that_is_not_told_is_stale() -> None:
    """
    One old answer after a write is enough, and the field is named.
    """
    found = check_freshness(PROBES, desk(float("inf")), FreshnessPlan())

    assert (False, "$.notes[0].text") == (guard(found).ok, found.stale[0].where)


@pytest.mark.parametrize(("within_s", "ok"), [(0.0, False), (5.0, True)])
def test_a_rule_may_be_late_within_its_contract(within_s: float, ok: bool) -> None:
    """
    A contract that allows a delay is kept by reads that become new in time.
    """
    assert ok is guard(check_freshness(PROBES, desk(3), FreshnessPlan(within_s=within_s))).ok


def test_writes_of_others_count_when_the_plan_says_so() -> None:
    """
    A write may go through control, so that the candidate has to learn of it from elsewhere.
    """
    found = check_freshness(PROBES, desk(float("inf")), FreshnessPlan(writers=[CONTROL, CANDIDATE], repeats=2))

    assert 2 == len(found.stale)


@pytest.mark.parametrize(
    "answers",
    [lambda _: Answer(status=403), lambda request: Answer(status=204 if request.method == "PUT" else 200, body=b"x")],
)
def test_a_write_that_nothing_shows_proves_nothing(answers: Callable[[LoadRequest], Answer]) -> None:
    """
    A refused write, or a read that does not depend on it, is no good news.
    """
    found = check_freshness(PROBES, lambda _, request: answers(request), FreshnessPlan())

    assert (0, 3, None) == (found.shown, found.silent, guard(found).ok)


def test_no_probe_is_no_data() -> None:
    """
    Nothing probed is nothing known.
    """
    assert guard(check_freshness([], desk(0), FreshnessPlan())).ok is None


def test_too_little_time_is_no_good_news() -> None:
    """
    What is not probed in time is not known, however well the rest went.
    """
    moments = itertools.count()
    plan = FreshnessPlan(time_budget_s=2.0)
    found = check_freshness(PROBES * 3, desk(0), plan, clock=lambda: float(next(moments)))

    assert (3, 2, None) == (found.shown, found.unfinished, guard(found).ok)


def test_a_probe_is_taken_back() -> None:
    """
    When the repeats are over the write is undone.
    """
    ask = desk(0)
    undo = LoadRequest(method="PUT", path="/notes/1", body=b'{"text": "nothing yet"}', principal="ada")
    check_freshness([Probe(write=WRITE, read=READ, undo=undo)], ask, FreshnessPlan())

    assert b"nothing yet" in ask(CONTROL, READ).body


def test_probes_are_found_in_a_recording() -> None:
    """
    A recorded write is probed by the reads of the same principal at its path or above it.
    """
    others = [LoadRequest(path="/note", principal="ada"), LoadRequest(path="/notes", principal="ben")]
    deeper = LoadRequest(path="/notes/1?full=1", principal="ada")

    assert [READ, deeper] == [probe.read for probe in probes_of([WRITE, READ, *others, deeper])]
    assert MARKER.encode() in probes_of([WRITE, READ])[0].write.body
