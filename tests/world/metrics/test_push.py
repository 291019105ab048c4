"""
Exports to a real server, and what becomes of those that it does not take.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.world.metrics.collecting import Collecting, collecting

from hasten.errors import ConfigError
from hasten.world.metrics.push import Export, Exporter, Patience, go_on, judged, persist, refusal
from hasten.world.metrics.surroundings import collector
from hasten.world.ports import free_port

TAKEN = Export(is_taken=True, status=200)
FOR_NOW = Export(is_taken=False, status=503, problem="busy", wait_s=0.0)
FOR_GOOD = Export(is_taken=False, status=400, problem="bad")


@pytest.fixture
def server() -> Iterator[Collecting]:
    """
    A collector.
    """
    with collecting() as found:
        yield found


def exported(server: Collecting, **environment: str) -> Export:
    """
    What became of one export to it.
    """
    with Exporter(collector(server.url, environment=environment)) as exporter:
        return exporter.metrics({"resourceMetrics": []})


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_an_export_arrives(server: Collecting, compression: str) -> None:
    """
    As JSON, with the headers of the variables, packed where that is wanted.
    """
    variables = {"OTEL_EXPORTER_OTLP_HEADERS": "api-key=k1", "OTEL_EXPORTER_OTLP_COMPRESSION": compression}
    export = exported(server, **variables)
    (taken,) = server.taken

    assert (True, 0) == (export.is_taken, export.rejected)
    assert ("/v1/metrics", "application/json", "k1") == (
        taken.path,
        taken.headers["content-type"],
        taken.headers["api-key"],
    )
    assert b'{"resourceMetrics":[]}' == taken.body


def test_what_is_rejected_is_told(server: Collecting) -> None:
    """
    A collector may take an export and leave out points of it.
    """
    said = b'{"partialSuccess": {"rejectedDataPoints": "7", "errorMessage": "too old"}}'
    server.answers.append((200, {}, said))
    export = exported(server)

    assert (True, 7, "too old") == (export.is_taken, export.rejected, export.problem)


@pytest.mark.parametrize(
    ("status", "headers", "wait_s"),
    [
        (503, {"Retry-After": "7"}, 7.0),
        (429, {}, 0.0),
        (502, {"Retry-After": "soon"}, 0.0),
        (504, {"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        (400, {"Retry-After": "7"}, None),
        (500, {}, None),
        (302, {"Location": "http://127.0.0.1:1/"}, None),
    ],
)
def test_a_refusal_says_whether_to_come_back(
    server: Collecting, status: int, headers: dict[str, str], wait_s: float | None
) -> None:
    """
    As the protocol has it; no redirect is followed, for it would take the credentials elsewhere.
    """
    server.answers.append((status, headers, b'{"code": 3, "message": "no room for token=s3cret"}'))
    export = exported(server)

    assert (False, wait_s, 1) == (export.is_taken, export.wait_s, len(server.taken))
    assert "no room" in export.problem and "s3cret" not in export.problem


def test_nobody_there_is_an_answer_too() -> None:
    """
    A collector that does not run is worth another try, and a message that says what to do.
    """
    with Exporter(collector(f"http://127.0.0.1:{free_port()}", environment={})) as exporter:
        export = exporter.metrics({})

    assert (False, 0.0) == (export.is_taken, export.wait_s)
    assert "start the collector" in refusal(export).hint


def test_a_certificate_that_is_none_is_named() -> None:
    """
    Before anything is sent.
    """
    variables = {"OTEL_EXPORTER_OTLP_CERTIFICATE": "/none.pem"}
    with pytest.raises(ConfigError, match=r"none\.pem"):
        Exporter(collector("https://127.0.0.1:1", environment=variables))


@given(st.lists(st.sampled_from([TAKEN, FOR_NOW, FOR_GOOD]), max_size=30), st.floats(0, 1))
def test_patience_grows_and_begins_anew(exports: list[Export], chance: float) -> None:
    """
    Each wait is between half of and the whole of twice the last one, never above a minute, and none after a success.
    """
    patience, failures = Patience(lambda: chance), 0
    for export in exports:
        wait_s = patience.after(export)
        failures = 0 if export.is_taken else failures + 1
        most = min(60.0, 2.0 ** (failures - 1)) if failures else 0.0
        assert most / 2 <= wait_s <= most


def test_the_collector_is_waited_for_as_long_as_it_asks() -> None:
    """
    No sooner than Retry-After says.
    """
    assert 30.0 == Patience().after(Export(is_taken=False, status=429, wait_s=30.0))


def test_one_export_is_tried_for_a_while() -> None:
    """
    Until it is taken, refused for good, or the time is over.
    """
    slept: list[float] = []
    after_two = iter([FOR_NOW, FOR_NOW, TAKEN])

    assert TAKEN == persist(lambda: next(after_two), 15.0, slept.append)
    assert 2 == len(slept)
    assert FOR_GOOD == persist(lambda: FOR_GOOD, 15.0, slept.append)
    assert FOR_NOW == persist(lambda: FOR_NOW, 15.0, slept.append)
    assert sum(slept[2:]) <= 15.0


class Clock:
    """
    Time that passes only by sleeping; after some sleeps somebody presses Ctrl-C.
    """

    def __init__(self, most: int) -> None:
        self.now, self.slept, self._left = 0.0, list[float](), most

    def sleep(self, seconds: float) -> None:
        """
        Later by that much.
        """
        self.slept.append(seconds)
        self.now += seconds
        self._left -= 1
        if not self._left:
            raise KeyboardInterrupt


def run(exports: list[Export], sleeps: int, costs_s: float = 0.0) -> tuple[Clock, list[Export]]:
    """
    Exports every ten seconds, each with the next outcome.
    """
    clock, heard, outcomes = Clock(sleeps), list[Export](), itertools.cycle(exports)

    def send() -> Export:
        clock.now += costs_s
        return next(outcomes)

    with pytest.raises(KeyboardInterrupt):
        go_on(send, 10.0, heard.append, clock.sleep, lambda: clock.now)
    return clock, heard


def test_it_goes_on_at_its_interval() -> None:
    """
    Whatever an export takes; moments that were missed are not made up for.
    """
    assert [8.0, 8.0, 8.0] == run([TAKEN], 3, costs_s=2.0)[0].slept
    assert [0.0, 0.0] == run([TAKEN], 2, costs_s=25.0)[0].slept


def test_a_failure_is_tried_again_and_then_all_is_as_before() -> None:
    """
    With growing waits for one that may pass, at the next interval for one that will not.
    """
    clock, heard = run([FOR_NOW, FOR_NOW, TAKEN, FOR_GOOD], 4)

    assert [False, False, True, False] == [each.is_taken for each in heard]
    assert 0.5 <= clock.slept[0] <= 1.0 and 1.0 <= clock.slept[1] <= 2.0
    assert 10.0 == pytest.approx(clock.slept[3])


@pytest.mark.parametrize(
    "said", [b"", b"[]", b"{", b"\xff", b'{"partialSuccess": {"rejectedDataPoints": {}}}', b"null"]
)
def test_odd_answers_do_no_harm(said: bytes) -> None:
    """
    What a collector says besides its status is never trusted to be anything.
    """
    assert judged("http://c", 200, {}, said).is_taken
    assert not judged("http://c", 400, {}, said).is_taken


def test_hints_fit_the_status() -> None:
    """
    A key that is missing, an address that is wrong, and the rest.
    """

    def hint(status: int) -> Any:
        return refusal(Export(is_taken=False, status=status, problem="x")).hint

    assert "OTEL_EXPORTER_OTLP_HEADERS" in hint(401)
    assert "--endpoint" in hint(404)
    assert "log" in hint(400)
