"""
hasten.world.load.generator
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from hasten.errors import Unreachable
from hasten.world.load.generator import Generator
from hasten.world.load.plan import LoadPlan, LoadRequest
from hasten.world.load.result import Flag, Outcome

Exchange = Callable[..., Any]


def at_once(peer: Any, request: bytes, number: int) -> None:
    peer.say()


def never(peer: Any, request: bytes, number: int) -> None:
    pass


def after(seconds: float) -> Callable[[Any, bytes, int], None]:
    """
    An answer that takes its time.
    """

    def later(peer: Any, request: bytes, number: int) -> None:
        asyncio.get_running_loop().call_later(seconds, peer.say)

    return later


def test_every_request_is_sent_and_counted(exchange: Exchange) -> None:
    """
    As many as the schedule says, all answered, on connections that are used again.
    """
    run = exchange(at_once, duration_s=0.5)

    assert {"ANSWERED": 50} == run.result.outcomes()
    assert 50 == len(run.seen)
    assert run.result.connections < 50


def test_latency_counts_from_the_intended_moment(exchange: Exchange) -> None:
    """
    With one request at a time and 50 ms for each, the wait of those that come every 10 ms grows and is counted.
    """
    run = exchange(after(0.05), duration_s=0.05, max_in_flight=1)
    latencies = list(run.result.records.floats("latency"))

    # The k-th waits for k answers before its own, and came 10 ms after the one before.
    for index, latency in enumerate(latencies):
        assert latency >= 0.05 + index * (0.05 - 0.01) - 0.002


def test_no_request_waits_for_the_answers_of_others(exchange: Exchange) -> None:
    """
    All ten are on the wire before the first is answered: the loop is open.
    """
    waiting: list[Any] = []

    def when_all_are_there(peer: Any, request: bytes, number: int) -> None:
        waiting.append(peer)
        if number == 10:
            for each in waiting:
                each.say()

    run = exchange(when_all_are_there)

    assert {"ANSWERED": 10} == run.result.outcomes()


def test_a_full_queue_drops_and_counts(exchange: Exchange) -> None:
    """
    One in flight, one waiting, the others dropped; those two are given up. All are errors.
    """
    run = exchange(never, max_in_flight=1, queue_limit=1, timeout_s=0.3)

    assert {"TIMEOUT": 2, "DROPPED": 8} == run.result.outcomes()
    assert 10 == run.result.errors()


def test_a_timeout_is_a_latency_of_at_least_its_time(exchange: Exchange) -> None:
    """
    A hanging server has the latency that was waited, not none.
    """
    run = exchange(never, duration_s=0.02, timeout_s=0.2)

    assert 2 == len(run.result.latencies())
    assert min(run.result.latencies()) >= 0.2


def test_server_errors_are_errors(exchange: Exchange) -> None:
    """
    5xx counts as an error, 4xx as an answer.
    """
    run = exchange(lambda peer, _, number: peer.say(b"", "503 Busy" if number % 2 else "404 None"))

    assert (5, 5) == (run.result.errors(), len(run.result.latencies()))


def closes_on_second(peer: Any, request: bytes, number: int) -> None:
    """
    A server that forgot to say it would close: the second request on a connection meets its end.
    """
    if peer.served == 2:
        peer.transport.abort()
    else:
        peer.say()


def test_a_closed_kept_connection_costs_one_retry_and_no_error(exchange: Exchange) -> None:
    """
    As in a browser: nothing had come, so the request is sent once more on a new connection.
    """
    run = exchange(closes_on_second, duration_s=0.04, max_in_flight=1)
    flags = run.result.records.ints("flags")

    assert {"ANSWERED": 4} == run.result.outcomes()
    assert any(flag & Flag.RETRIED for flag in flags)


def test_a_write_is_not_sent_twice(exchange: Exchange) -> None:
    """
    A POST may have done its work before the connection ended: it counts as an error instead.
    """
    run = exchange(closes_on_second, duration_s=0.02, max_in_flight=1, requests=[LoadRequest(method="POST", body=b"x")])

    assert {"ANSWERED": 1, "RESET": 1} == run.result.outcomes()
    assert 2 == len(run.seen)


def test_a_new_connection_that_is_closed_is_an_error(exchange: Exchange) -> None:
    """
    Only kept connections are tried again.
    """
    run = exchange(lambda peer, *_: peer.transport.abort(), duration_s=0.03)

    assert {"RESET": 3} == run.result.outcomes()


def test_an_expired_session_is_reported_and_renewed(exchange: Exchange) -> None:
    """
    A 401 with credentials is no answer of the route; later requests carry the new ones.
    """

    def guarded(peer: Any, request: bytes, number: int) -> None:
        peer.say(b"", "200 OK" if b"Bearer second" in request else "401 Who?")

    run = exchange(
        guarded,
        requests=[LoadRequest(principal="agent")],
        credentials={"agent": {"authorization": "Bearer first"}},
        expired_status=[401],
        max_in_flight=1,
    )

    assert ["agent"] == run.expired
    assert {"EXPIRED": 1, "ANSWERED": 9} == run.result.outcomes()
    assert 0 == run.result.errors()


def test_a_401_of_an_anonymous_visitor_is_an_answer(exchange: Exchange) -> None:
    """
    Who has no session cannot lose it.
    """
    run = exchange(lambda peer, *_: peer.say(b"", "401 Who?"), expired_status=[401])

    assert ([], 10) == (run.expired, len(run.result.latencies()))


def test_warm_up_is_sent_and_not_counted(exchange: Exchange) -> None:
    """
    Its requests reach the server and are in no number.
    """
    run = exchange(at_once, warmup_s=0.1)

    assert (20, 10) == (len(run.seen), run.result.requests())


def test_a_stopped_run_ends_at_once_and_says_so(exchange: Exchange) -> None:
    """
    What was not sent is neither an answer nor an error.
    """

    def soon(generator: Generator) -> None:
        asyncio.get_running_loop().call_later(0.1, generator.stop)

    run = exchange(at_once, duration_s=60.0, during=soon)

    assert run.result.interrupted
    assert run.result.seconds < 30
    assert 0 == run.result.errors()
    assert Outcome.UNSENT in run.result.records.ints("outcome")


def test_no_server_is_unreachable_with_a_hint(silent_url: str) -> None:
    """
    Where nothing listens, nothing is measured.
    """
    plan = LoadPlan(base_url=silent_url, requests=[LoadRequest()], rate_per_s=1, duration_s=1)

    with pytest.raises(Unreachable) as caught:
        asyncio.run(Generator(plan, lambda _: None, lambda _: None).run())

    assert "" != caught.value.hint


def test_the_samples_are_one_per_route(exchange: Exchange) -> None:
    """
    The first good answer of each route is kept, whatever came before it.
    """
    run = exchange(
        lambda peer, _, number: peer.say(
            b"x" * 1000, "500 No" if number == 1 else "200 OK", "Set-Cookie: sid=geheim; Path=/"
        ),
        requests=[LoadRequest(path="/a"), LoadRequest(path="/b")],
    )
    samples = {sample.route: sample for sample in run.result.samples}

    assert {"GET /a", "GET /b"} == set(samples)
    assert [200, 200] == [sample.status for sample in samples.values()]
    assert "geheim" not in str(samples)
    assert 1000 == samples["GET /a"].body_bytes
    assert 0 < (samples["GET /a"].gzip_bytes or 0) < 100
