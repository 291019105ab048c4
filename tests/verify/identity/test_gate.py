"""
Caches with the right key pass the gate, and those with a wrong one do not.
"""

import gzip
import itertools
import json
from collections.abc import Callable
from threading import Barrier, BrokenBarrierError
from typing import Any

import msgspec
import pytest

from hasten.verify.answers import CANDIDATE, Answer, Ask
from hasten.verify.identity import CRITICAL, Identity, IdentityPlan, LeakKind, check_identity, guard
from hasten.world.load.plan import LoadRequest

PEOPLE = ["ada", "ben", "cleo"]
URLS = [LoadRequest(path="/me"), LoadRequest(path="/news"), LoadRequest(path="/hello")]
PLAN = IdentityPlan(principals=PEOPLE)
JSON = [("content-type", "application/json")]
Cached = Callable[[Callable[[LoadRequest], object]], Ask]


def whole(request: LoadRequest) -> object:
    """
    Everything that the handler can see.
    """
    return (request.path, request.principal, tuple(sorted(request.headers.items())))


def kinds(found: Identity) -> set[LeakKind]:
    """
    What leaked.
    """
    return {leak.kind for leak in found.leaks}


def test_a_key_of_everything_passes(cached: Cached) -> None:
    """
    A cache whose key holds all that the answer depends on leaks nothing, and the gate says how much it asked.
    """
    found = check_identity(URLS, cached(whole), PLAN)

    assert (True, [], 36, 1) == (guard(found).ok, found.leaks, found.pairs, found.personal)


def test_a_key_without_who_asks_is_a_leak(cached: Cached) -> None:
    """
    Another one's mail address is found, recorded as critical, and enough to reject the change.
    """
    found = check_identity(URLS, cached(lambda request: (request.path, request.headers.get("accept-language"))), PLAN)
    said = guard(found)

    assert (False, CRITICAL, True) == (said.ok, found.as_data()["severity"], said.detail.startswith(CRITICAL))
    assert LeakKind.CANARY in kinds(found)


def test_a_key_without_the_language_is_a_leak(cached: Cached) -> None:
    """
    The answer for another language is wrong even for the same principal.
    """
    found = check_identity(URLS, cached(lambda request: (request.path, request.principal)), PLAN)

    assert {LeakKind.VARIANT} == kinds(found)
    assert "/hello" in found.leaks[0].request


INPUTS: dict[str, Callable[[LoadRequest], object]] = {
    "who": lambda request: request.principal,
    "language": lambda request: request.headers.get("accept-language"),
    "coding": lambda request: request.headers.get("accept-encoding"),
    "host": lambda request: request.headers.get("host"),
}


@pytest.mark.parametrize("inputs", [names for n in range(5) for names in itertools.combinations(INPUTS, n)], ids=str)
def test_a_key_passes_if_it_holds_what_matters(cached: Cached, inputs: tuple[str, ...]) -> None:
    """
    Of all keys exactly those pass that hold who asks and in which language, which is what the answers depend on.
    """
    found = check_identity(
        URLS, cached(lambda request: (request.path, *(INPUTS[name](request) for name in inputs))), PLAN
    )

    assert ({"who", "language"} <= set(inputs)) is guard(found).ok


def test_joined_requests_of_two_people_are_a_leak(respond: Callable[[LoadRequest], Answer]) -> None:
    """
    Only requests that are on the way together share an answer here, and that is found too.
    """
    gate = Barrier(2, timeout=0.05)
    shared: dict[str, Answer] = {}

    def ask(arm: str, request: LoadRequest) -> Answer:
        if arm != CANDIDATE:
            return respond(request)
        try:
            if gate.wait() == 0:
                shared[request.path] = respond(request)
            gate.wait()
            return shared[request.path]
        except BrokenBarrierError:
            gate.reset()
            return respond(request)

    found = check_identity(URLS[:1], ask, msgspec.structs.replace(PLAN, variants=[]))

    assert {True} == {leak.how.startswith("together") for leak in found.leaks}


def test_a_canary_named_by_people_is_found_anywhere(cached: Cached) -> None:
    """
    A string of the configuration counts wherever it comes up, header or body, and whoever gets it.
    """

    def ask(arm: str, request: LoadRequest) -> Answer:
        own = "SECRET-OF-ADA" if arm == CANDIDATE or request.principal == "ada" else request.principal
        return Answer(status=200, headers=[("x-debug", f"for {own}")], body=request.principal.encode())

    plan = msgspec.structs.replace(PLAN, canaries={"ada": ["SECRET-OF-ADA"]})

    assert LeakKind.CANARY in kinds(check_identity(URLS[:1], ask, plan))


@pytest.mark.parametrize("is_replayed", [True, False])
def test_a_cookie_that_is_set_twice_is_a_leak(is_replayed: bool) -> None:
    """
    A session that control gives anew to each visitor may not be given to two of them.
    """
    numbers = itertools.count()

    def ask(arm: str, request: LoadRequest) -> Answer:
        number = 0 if arm == CANDIDATE and is_replayed else next(numbers)
        lines = [("set-cookie", f"sid=s{number}; HttpOnly"), ("content-type", "application/json")]
        return Answer(status=200, headers=lines, body=json.dumps({"name": request.principal}).encode())

    found = check_identity(URLS[:1], ask, PLAN)

    assert ({LeakKind.COOKIE} if is_replayed else set()) == kinds(found)


def test_a_coding_that_was_not_offered_is_found() -> None:
    """
    A stored compressed body must not go to a client that cannot read it.
    """

    def ask(arm: str, request: LoadRequest) -> Answer:
        body = json.dumps({"name": request.principal}).encode()
        if arm != CANDIDATE:
            return Answer(status=200, headers=[("content-type", "application/json")], body=body)
        lines = [("content-type", "application/json"), ("content-encoding", "gzip"), ("vary", "accept-encoding")]
        return Answer(status=200, headers=lines, body=gzip.compress(body))

    assert {LeakKind.CODING} == kinds(check_identity(URLS[:1], ask, PLAN))


def test_what_somebody_wrote_meanwhile_is_no_leak() -> None:
    """
    A value that control gives to this principal by now as well belongs to it.
    """
    learning = 2 * (len(PEOPLE) + 1)
    told = itertools.count()

    def ask(arm: str, request: LoadRequest) -> Answer:
        is_published = arm == CANDIDATE or next(told) >= learning
        note = "the note that ada wrote" if is_published or request.principal == "ada" else ""
        return Answer(status=200, headers=JSON, body=json.dumps({"name": request.principal, "note": note}).encode())

    plan = msgspec.structs.replace(PLAN, variants=[])
    found = check_identity(URLS[:1], ask, plan)

    assert ([], True) == (found.leaks, bool(found.notes))


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (msgspec.structs.replace(PLAN, principals=PEOPLE[:2]), "2 principals are too few"),
        (msgspec.structs.replace(PLAN, time_budget_s=0.0), "the time did not suffice for 3"),
    ],
)
def test_too_little_is_no_proof(cached: Cached, plan: IdentityPlan, says: str) -> None:
    """
    Too few principals, or too little time, is no good news.
    """
    said = guard(check_identity(URLS, cached(whole), plan))

    assert (None, True) == (said.ok, says in said.detail)


def test_the_time_is_kept_in_the_middle_of_a_url(cached: Cached) -> None:
    """
    A budget that ends between two questions leaves the URL unfinished, and what leaked before still counts.
    """
    moments = itertools.count()
    plan = msgspec.structs.replace(PLAN, time_budget_s=30.0)
    found = check_identity(URLS[:1], cached(lambda request: request.path), plan, clock=lambda: float(next(moments)))

    assert (0, 1, False) == (found.urls, found.unfinished, guard(found).ok)


def test_principals_that_nothing_tells_apart_prove_nothing(cached: Cached) -> None:
    """
    Where control answers everybody alike, three test identities may be one; naming a telling URL helps.
    """
    ask, news = cached(whole), URLS[1:2]
    telling = msgspec.structs.replace(PLAN, telling=URLS[:1])

    assert [None, True] == [guard(check_identity(news, ask, plan)).ok for plan in (PLAN, telling)]


def test_errors_for_everybody_prove_nothing() -> None:
    """
    Equal refusals are no answers.
    """
    said = guard(check_identity(URLS, lambda _arm, _request: Answer(status=500), PLAN))

    assert (None, True) == (said.ok, "without an error" in said.detail)


def test_a_leak_is_logged_at_once(cached: Cached, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The first leak is an event of severity CRITICAL.
    """
    events: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr("hasten.verify.identity.gate.event", lambda name, **fields: events.append((name, fields)))
    check_identity(URLS, cached(lambda request: request.path), PLAN)

    assert [("identity.leak", CRITICAL)] == [(name, fields["severity"]) for name, fields in events]
