"""
Same answers, or not: whole comparisons on arms that are functions.
"""

import copy
import gzip
import itertools
import json
import random
from collections import Counter
from collections.abc import Callable
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hasten.errors import Unreachable
from hasten.verify.answers import (
    CANDIDATE,
    COMPRESSION,
    CONTROL,
    CONTROL_AGAIN,
    Answer,
    Ask,
    ComparisonPlan,
    Declared,
    Equivalence,
    compare_answers,
    guard,
)
from hasten.world.load.plan import LoadRequest

REQUESTS = [LoadRequest(path=f"/items?page={page}", route="GET /items") for page in range(10)]
PLAN = ComparisonPlan(least_clean=30)
Respond = Callable[[LoadRequest], Answer]
Arms = Callable[[Respond, Respond], Ask]
MakeAnswer = Callable[..., Answer]

leaves = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, width=16) | st.text(max_size=4)
documents = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=3), inner, max_size=4),
    max_leaves=12,
)


def as_json(value: Any) -> Answer:
    """
    An answer in JSON.
    """
    return Answer(status=200, headers=[("content-type", "application/json")], body=json.dumps(value).encode())


def names(found: Equivalence) -> list[str]:
    """
    The fields that were called wrong.
    """
    return [field.name for field in found.mismatches]


def leaf_paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """
    Where the leaves of a document are.
    """
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [found for key, item in items for found in leaf_paths(item, (*path, key))]
    return [path]


def with_leaf(value: Any, path: tuple[Any, ...], leaf: Any) -> Any:
    """
    A copy of a document with another leaf.
    """
    if not path:
        return leaf
    changed = copy.deepcopy(value)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = leaf
    return changed


def test_equal_answers_are_enough_after_the_wanted_number(answer: MakeAnswer, arms: Arms) -> None:
    """
    The guard holds once every route class has its number of clean comparisons, and no request more is sent.
    """
    found = compare_answers(REQUESTS, arms(lambda _: answer({"a": 1}), lambda _: answer({"a": 1})), PLAN)

    assert (30, 30, True) == (found.compared, found.clean, guard(found).ok)


def test_too_few_comparisons_are_no_good_news(answer: MakeAnswer, arms: Arms) -> None:
    """
    Where neither the number nor the shapes are reached the guard says that it does not know.
    """
    plan = ComparisonPlan(rounds=2)
    found = guard(compare_answers(REQUESTS, arms(lambda _: answer(1), lambda _: answer(1)), plan))

    assert (None, True) == (found.ok, "GET /items (20 clean)" in found.detail)


def test_covering_every_shape_is_enough(answer: MakeAnswer, arms: Arms) -> None:
    """
    A corpus that covers all known parameter shapes needs no thousand comparisons; one unseen shape and it does.
    """
    ask = arms(lambda _: answer(1), lambda _: answer(1))
    other = LoadRequest(path="/items?sort=age", route="GET /items")
    covered = compare_answers(REQUESTS, ask, ComparisonPlan(known=REQUESTS, rounds=3))
    uncovered = compare_answers(REQUESTS, ask, ComparisonPlan(known=[*REQUESTS, other], rounds=3))

    assert (True, None) == (guard(covered).ok, guard(uncovered).ok)


def test_a_corpus_of_errors_is_no_data(answer: MakeAnswer, arms: Arms) -> None:
    """
    Agreeing in errors proves nothing.
    """
    ask = arms(lambda _: answer("no", status=500), lambda _: answer("no", status=500))
    found = compare_answers(REQUESTS, ask, ComparisonPlan(rounds=3, least_clean=10))

    assert (0, None, "no answer was compared that is not an error") == (
        found.clean,
        guard(found).ok,
        guard(found).detail,
    )


def test_no_requests_are_no_data(answer: MakeAnswer, arms: Arms) -> None:
    """
    Nothing to ask is nothing learned.
    """
    assert guard(compare_answers([], arms(lambda _: answer(1), lambda _: answer(1)), PLAN)).ok is None


def test_writes_are_not_replayed_unasked(answer: MakeAnswer, arms: Arms) -> None:
    """
    An unsafe method would be carried out three times, so it is left out and counted.
    """
    asked: list[str] = []
    ask = arms(lambda request: asked.append(request.method) or answer(1), lambda _: answer(1))  # type: ignore[func-returns-value]
    found = compare_answers([*REQUESTS, LoadRequest(method="POST", path="/items")], ask, PLAN)

    assert ({"GET"}, 1) == (set(asked), sum(found.skipped.values()))


def test_an_arm_that_does_not_answer_is_a_difference(answer: MakeAnswer) -> None:
    """
    No answer is an answer of its own kind, not a gap in the data.
    """

    def ask(arm: str, request: LoadRequest) -> Answer:
        if arm == CANDIDATE:
            raise Unreachable("gone")
        return answer(1)

    assert "status" in names(compare_answers(REQUESTS, ask, PLAN))


def test_a_write_in_between_is_no_mismatch(answer: MakeAnswer) -> None:
    """
    One difference that is gone when all three are asked once more was somebody else's write.
    """
    calls = itertools.count()

    def ask(arm: str, request: LoadRequest) -> Answer:
        return answer({"total": 2 if arm == CANDIDATE and next(calls) == 7 else 1})

    assert guard(compare_answers(REQUESTS, ask, PLAN)).ok


def test_one_wrong_answer_among_many_is_found(answer: MakeAnswer, arms: Arms) -> None:
    """
    A field without noise must never differ: one request of ten that answers otherwise is a mismatch, with a sample.
    """
    ask = arms(
        lambda request: answer({"items": [{"id": 1, "title": "a"}]}),
        lambda request: answer({"items": [{"id": 1, "title": "b" if request.path.endswith("=3") else "a"}]}),
    )
    found = compare_answers(REQUESTS, ask, PLAN)
    sample = found.mismatches[0].samples[0]

    assert ["$.items[0].title"] == names(found)
    assert ("GET /items?page=3", "a", "b") == (sample.request, sample.control, sample.candidate)
    assert guard(found).ok is False


def test_more_noise_than_control_is_a_mismatch(answer: MakeAnswer) -> None:
    """
    Where the controls differ now and then, the candidate must not differ far more often.
    """
    rng = random.Random(3)

    def ask(arm: str, request: LoadRequest) -> Answer:
        return answer({"flag": rng.random() < (0.5 if arm == CANDIDATE else 0.02)})

    assert ["$.flag"] == names(compare_answers(REQUESTS, ask, ComparisonPlan(least_clean=200)))


def test_noise_makes_a_route_uncacheable(answer: MakeAnswer) -> None:
    """
    What differs between two equal requests would be frozen by a cache, so it is fatal for a cache rule alone.
    """
    ticks = itertools.count()

    def ask(arm: str, request: LoadRequest) -> Answer:
        return answer({"at": next(ticks)})

    oks = [
        guard(compare_answers(REQUESTS, ask, ComparisonPlan(least_clean=30, noise_is_fatal=fatal))).ok
        for fatal in (False, True)
    ]

    assert [True, False] == oks


def test_two_instances_are_asked_at_the_same_moment(answer: MakeAnswer) -> None:
    """
    The candidate together with one control or the other, and what differs is found all the same.
    """
    meeting, met = Barrier(2), Counter[str]()

    def ask(arm: str, _request: LoadRequest) -> Answer:
        try:
            # A control that is asked alone waits in vain.
            meeting.wait(2.0 if arm == CANDIDATE else 0.1)
            met[arm] += 1
        except BrokenBarrierError:
            meeting.reset()
        return answer({"a": arm == CANDIDATE})

    found = compare_answers(REQUESTS[:4], ask, ComparisonPlan(apart=True, rounds=1))

    assert ["$.a"] == names(found)
    # Each request was asked twice, because its answers differed.
    assert 8 == met[CANDIDATE] == met[CONTROL] + met[CONTROL_AGAIN]
    assert met[CONTROL] and met[CONTROL_AGAIN]


def test_a_seed_gives_the_same_order(answer: MakeAnswer) -> None:
    """
    The same seed asks the same arms in the same order, which is not the order of the recording.
    """

    def order(seed: int) -> list[tuple[str, str]]:
        asked: list[tuple[str, str]] = []

        def ask(arm: str, request: LoadRequest) -> Answer:
            asked.append((arm, request.path))
            return answer(1)

        compare_answers(REQUESTS, ask, ComparisonPlan(seed=seed, rounds=1))
        return asked

    assert order(1) == order(1)
    assert order(1) != order(2)
    assert {arm for arm, _ in order(1)[::3]} > {CONTROL}


@pytest.mark.parametrize(
    ("vary", "accused"), [("Accept-Encoding", []), ("", ["header:vary"]), ("accept-encoding, cookie", ["header:vary"])]
)
def test_what_a_change_declares_it_may_add(answer: MakeAnswer, arms: Arms, vary: str, accused: list[str]) -> None:
    """
    Compression may add its coding and the word in Vary, must add the word, and nothing else.
    """

    def compressed(request: LoadRequest) -> Answer:
        lines = [("content-type", "application/json"), ("content-encoding", "gzip"), ("etag", 'W/"2"')]
        lines += [("vary", vary)] if vary else []
        return Answer(status=200, headers=lines, body=gzip.compress(json.dumps({"a": 1}).encode()))

    ask = arms(lambda _: answer({"a": 1}, etag='"1"'), compressed)

    assert accused == names(compare_answers(REQUESTS, ask, ComparisonPlan(least_clean=10, declared=COMPRESSION)))


def test_undeclared_compression_is_a_difference(answer: MakeAnswer, arms: Arms) -> None:
    """
    The same body in a coding that nobody announced is not the same answer.
    """
    lines = [("content-type", "application/json"), ("content-encoding", "gzip"), ("vary", "accept-encoding")]
    body = gzip.compress(b"1")
    ask = arms(lambda _: answer(1), lambda _: Answer(status=200, headers=lines, body=body))

    assert ["header:content-encoding", "header:vary"] == names(compare_answers(REQUESTS, ask, PLAN))


def test_fields_that_say_nothing_can_be_named(answer: MakeAnswer) -> None:
    """
    A request id that a person calls harmless is neither noise nor a mismatch.
    """
    ticks = itertools.count()
    plan = ComparisonPlan(least_clean=20, noise_is_fatal=True, declared=Declared(may_differ=["header:x-request-id"]))
    found = compare_answers(REQUESTS, lambda arm, _: answer(1, x_request_id=str(next(ticks))), plan)

    assert ([], True) == (found.fields, guard(found).ok)


@settings(max_examples=60, deadline=None)
@given(document=documents, data=st.data())
def test_a_change_of_any_leaf_is_found(document: Any, data: st.DataObject) -> None:
    """
    Whatever leaf the candidate changes, in value or only in type, is found.
    """
    path = data.draw(st.sampled_from(leaf_paths(document) or [()]))
    changed = with_leaf(document, path, data.draw(st.just("planted") | leaves))
    ask: Ask = lambda arm, _: as_json(changed if arm == CANDIDATE else document)  # noqa: E731
    is_same = json.dumps(document) == json.dumps(changed)
    found = compare_answers(REQUESTS, ask, ComparisonPlan(rounds=1))

    assert is_same == (not found.mismatches)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), rows=st.integers(2, 12), keyed=st.booleans())
def test_noise_of_the_controls_is_never_a_mismatch(seed: int, rows: int, keyed: bool) -> None:
    """
    Rows in any order, clocks, counters and random words that control gives differently itself accuse nobody.
    """
    rng = random.Random(seed)
    clock = itertools.count(rng.randrange(10**9))

    def ask(arm: str, request: LoadRequest) -> Answer:
        items = [{"id": n, "n": n % 3, "at": next(clock)} if keyed else {"n": n} for n in range(rows)]
        rng.shuffle(items)
        value = {"items": items[: rng.choice([rows, rows - 1])], "took": rng.random(), "coin": rng.random() < 0.5}
        lines = [("content-type", "application/json"), ("x-request-id", str(rng.random()))]
        return Answer(status=200, headers=lines, body=json.dumps(value).encode())

    found = compare_answers(REQUESTS, ask, ComparisonPlan(seed=seed, least_clean=40, rounds=8, false_discoveries=1e-4))

    assert [] == names(found)
