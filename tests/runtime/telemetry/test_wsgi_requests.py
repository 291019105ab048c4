"""
Counting requests of WSGI applications.
"""

import io
import time
from collections.abc import Iterable, Iterator
from time import perf_counter_ns as now
from types import SimpleNamespace
from typing import Any
from wsgiref.util import FileWrapper

import flask
import pytest
from tests.runtime.http.test_wsgi import Pieces as Odd
from tests.runtime.http.test_wsgi import odd
from tests.runtime.http.test_wsgi import requests as varied
from tests.runtime.wsgi_driving import App, Sent, answering, environ_of, served
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from hasten_runtime.http.wsgi import Agent
from hasten_runtime.policy import Policy
from hasten_runtime.telemetry import requests, wsgi_requests
from hasten_runtime.telemetry.request import OUTSIDE, doing_now
from hasten_runtime.telemetry.requests import counted
from hasten_runtime.telemetry.statements import took
from hasten_runtime.telemetry.wsgi_requests import observed

NOTHING: Any = SimpleNamespace(policy=lambda: Policy(0, (), None))


def asked(app: App, path: str = "/", **given: Any) -> Sent:
    """
    The answer of the application behind the agent.
    """
    return served(Agent(app, NOTHING, observed), {"wsgi.file_wrapper": FileWrapper, **environ_of(path, **given)})


def lines() -> list[tuple[str, str, int, int, int]]:
    """
    Name, method, class of status, count and bytes of each line.
    """
    return [(each.name, each.method, each.status, each.count, each.sent_bytes) for each in counted()]


def test_a_request_is_counted_by_route_method_and_status() -> None:
    """
    Of an answer in one piece, in several, and of one that is a failure.
    """
    asked(answering(b"12345678"), "/orders/1")
    asked(answering(b"12345", b"678", length=False), "/orders/2")
    asked(answering(b"", status="503 Busy"), "/orders/3", method="POST")

    assert [("/orders/{}", "GET", 2, 2, 16), ("/orders/{}", "POST", 5, 1, 0)] == lines()
    assert doing_now() is OUTSIDE


def test_a_list_and_a_file_reach_the_server_as_they_are() -> None:
    """
    The server may see at a list how long it is, and send a file by itself; then its declared length counts.
    """
    listed, file = [b"abc"], FileWrapper(io.BytesIO(b"12345"))

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "5")] if environ["PATH_INFO"] == "/file" else [])
        return file if environ["PATH_INFO"] == "/file" else listed

    assert listed is asked(app, "/list").result
    assert file is asked(app, "/file").result
    assert [("/list", "GET", 2, 1, 3), ("/file", "GET", 2, 1, 5)] == lines()


def test_an_error_is_a_5xx() -> None:
    """
    Before the answer began; after that the client has seen a 200.
    """

    def early(environ: Any, start_response: Any) -> Iterable[bytes]:
        raise ValueError("no")

    def late(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"a"
        raise ValueError("late")

    assert isinstance(asked(early, "/early").error, ValueError)
    assert isinstance(asked(late, "/late").error, ValueError)
    assert [("/early", "GET", 5, 1, 0), ("/late", "GET", 2, 1, 1)] == lines()


def test_a_stream_ends_with_its_last_piece() -> None:
    """
    Statements until then are the request's; what the server does after the declared length is not in the time.
    """

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Length", "4")])
        for _ in range(2):
            took("select 1", now() - 1_000_000)
            yield b"ab"
        time.sleep(0.2)

    began_ns = now()
    asked(app, "/stream")
    took_ns = now() - began_ns
    (found,) = counted()

    assert (1, 4, 2, 2) == (found.count, found.sent_bytes, found.statements, found.most_statements)
    assert 2_000_000 <= found.database_ns
    assert found.sum_ns <= took_ns - 200_000_000


def test_a_stream_that_is_given_up_is_counted_and_closed() -> None:
    """
    The application knows that nobody asks for more, and its request is over.
    """
    closed = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            yield b"a"
            yield b"b"

        def close(self) -> None:
            closed.append(doing_now())

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return Body()

    result: Any = Agent(app, NOTHING, observed)(environ_of("/x"), lambda *_: None)
    next(result)
    before = lines()
    result.close()

    assert [] == before
    assert [("/x", "GET", 2, 1, 1)] == lines()
    assert closed[0] is not OUTSIDE
    assert doing_now() is OUTSIDE


def test_flasks_routes_are_names() -> None:
    """
    Converters become names; a mounted application has its prefix, and one name for all that it does not find.
    """
    app = flask.Flask("shop")
    app.add_url_rule("/orders/<int:id>", view_func=lambda id: {"id": id}, endpoint="order")
    app.add_url_rule("/files/<path:name>", view_func=lambda name: name, endpoint="file")
    mounted = DispatcherMiddleware(flask.Flask("outer"), {"/api": app})
    for path in ("/api/orders/7", "/api/files/a/b", "/api/secret"):
        asked(mounted, path)  # type: ignore[arg-type]

    assert ["/api/orders/{id}", "/api/files/{name}", "/api/{path}"] == [each.name for each in counted()]


def test_every_answer_is_the_same() -> None:
    """
    1,000 requests of many kinds: the same status, headers, pieces and errors, and every iterable is closed once.
    """
    agent = Agent(odd, NOTHING, observed)
    for one, other in zip(varied(1000), varied(1000), strict=True):
        plain, sent = served(odd, one), served(agent, other)

        assert plain.seen == sent.seen
        if isinstance(plain.result, Odd):
            assert plain.result.closed == sent.result._result.closed
    assert 1000 == sum(each.count for each in counted())


@pytest.mark.parametrize("broken", ["path_of", "Pieces", "routes"])
def test_a_fault_of_ours_is_not_the_requests(
    broken: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    With each part of the accounting broken in turn the client gets its answer, and the fault is said once.
    """

    def fail(*_: Any) -> None:
        raise KeyError("a fault")

    monkeypatch.setattr(wsgi_requests, broken, fail)
    for _ in range(2):
        sent = asked(answering(b"fi", b"ne"))
        assert (None, b"fine", 1) == (sent.error, sent.body, sent.closed or 1)

    assert 1 == capsys.readouterr().err.count("a request is not counted")


def test_odd_beginnings_reach_the_server() -> None:
    """
    A status that is none is the server's business.
    """

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("odd", [])
        return [b"x"]

    assert "odd" == asked(app).status
    assert [0] == [each.status for each in counted()]
    assert requests.counted()
