"""
Flask and Django in front of their WSGI interface, with the agent and without: thousands of varied requests, the same
answers.
"""

import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.driving import RULE, write_policy
from tests.runtime.wsgi_driving import App, Sent, agent_for, environ_of, served

from hasten_runtime.http.wsgi import Agent
from hasten_runtime.standing import Standing
from hasten_runtime.telemetry.traces import file as file_of_traces
from hasten_runtime.telemetry.traces import sampling, trace
from hasten_runtime.telemetry.wsgi_requests import Pieces, observed

# Both frameworks leave the closing of files that HEAD does not send to the collector.
pytestmark = [pytest.mark.real, pytest.mark.filterwarnings("ignore::ResourceWarning")]

COUNT = 5000
#: Rules take a different way through each answer, and a fifth of the requests sees all of them.
RULED = 1000
WORDS = [f"item {number} of a list that is long enough to be worth it" for number in range(60)]
PATHS = [
    "/", "/json/7", "/json/8?q=list", "/page", "/file", "/stream", "/away", "/cookie", "/made", "/nothing", "/broken",
    "/denied", "/tagged", "/missing/page", "/j%C3%BCrgen", "/echo",
]  # fmt: skip
HEADERS = {
    "HTTP_ACCEPT_ENCODING": "gzip, deflate", "HTTP_COOKIE": "session=1", "HTTP_RANGE": "bytes=10-99",
    "HTTP_IF_NONE_MATCH": '"v1"', "HTTP_AUTHORIZATION": "Bearer x", "HTTP_HASTEN_ARM": "nobody:candidate",
    "HTTP_IF_MODIFIED_SINCE": "Mon, 02 Jan 2040 10:00:00 GMT",
}  # fmt: skip
#: What the rules may say or say otherwise.
THEIRS = {"vary", "content-encoding", "content-length", "etag", "accept-ranges", "cache-control"}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A script to be served.
    """
    found = tmp_path_factory.mktemp("files") / "app.js"
    found.write_text("\n".join(f"export const word{n} = {word!r};" for n, word in enumerate(WORDS * 20)))
    return found


def flask_app(file: Path) -> App:
    """
    An application in Flask with an answer of each kind.
    """
    import flask

    app = flask.Flask(__name__)
    app.logger.disabled = True

    def answer(path: str) -> Any:
        kind = path.partition("/")[0]
        if kind == "stream":
            return flask.Response((f"{word}\n" for word in WORDS), mimetype="text/plain")
        if kind == "file":
            return flask.send_file(file, conditional=True)
        if kind == "away":
            return flask.redirect("/page")
        if kind == "tagged":
            tagged = flask.jsonify(WORDS)
            tagged.set_etag("v1")
            return tagged.make_conditional(flask.request)
        if kind == "cookie":
            known = flask.make_response("<p>" + "</p><p>".join(WORDS))
            known.set_cookie("a", "1")
            known.set_cookie("b", "2")
            return known
        if kind == "broken":
            raise KeyError(path)
        if kind in ("made", "nothing", "denied"):
            return flask.Response("done", {"made": 201, "nothing": 204, "denied": 403}[kind])
        if kind == "missing":
            flask.abort(404)
        if kind == "echo":
            return {"method": flask.request.method, "body": flask.request.get_data(as_text=True), "words": WORDS}
        return {"path": path, "query": flask.request.query_string.decode(), "words": WORDS}

    methods = ["GET", "HEAD", "POST", "PUT", "OPTIONS"]
    app.add_url_rule("/", "root", answer, defaults={"path": ""}, methods=methods)
    app.add_url_rule("/<path:path>", "any", answer, methods=methods)
    return app.wsgi_app  # type: ignore[no-any-return]


def django_app(file: Path) -> App:
    """
    The same in Django.
    """
    import django
    from django import http
    from django.conf import settings
    from django.core.exceptions import PermissionDenied
    from django.core.wsgi import get_wsgi_application
    from django.urls import re_path
    from django.views.decorators.http import condition

    @condition(etag_func=lambda *_, **__: '"v1"')
    def tagged(request: Any) -> Any:
        return http.JsonResponse({"words": WORDS})

    def answer(request: Any, path: str) -> Any:
        kind = path.partition("/")[0]
        if kind == "stream":
            return http.StreamingHttpResponse((f"{word}\n".encode() for word in WORDS), content_type="text/plain")
        if kind == "file":
            return http.FileResponse(file.open("rb"))
        if kind == "away":
            return http.HttpResponseRedirect("/page")
        if kind == "tagged":
            return tagged(request)
        if kind == "cookie":
            known = http.HttpResponse("<p>" + "</p><p>".join(WORDS))
            known.set_cookie("a", "1")
            known.set_cookie("b", "2")
            return known
        if kind == "broken":
            raise KeyError(path)
        if kind == "denied":
            raise PermissionDenied
        if kind in ("made", "nothing"):
            return http.HttpResponse("done" if kind == "made" else "", status={"made": 201, "nothing": 204}[kind])
        if kind == "missing":
            raise http.Http404
        if kind == "echo":
            return http.JsonResponse({"method": request.method, "body": request.body.decode(), "words": WORDS})
        return http.JsonResponse({"path": path, "query": request.META["QUERY_STRING"], "words": WORDS})

    if not settings.configured:
        settings.configure(
            SECRET_KEY="of a test",
            ALLOWED_HOSTS=["*"],
            LOGGING_CONFIG=None,
            MIDDLEWARE=[
                "django.middleware.common.CommonMiddleware",
                "django.middleware.http.ConditionalGetMiddleware",
            ],
        )
        django.setup()
    settings.ROOT_URLCONF = type("addresses", (), {"urlpatterns": [re_path(r"^(.*)$", answer)]})
    return get_wsgi_application()  # type: ignore[no-any-return]


def requests(count: int) -> Iterator[dict[str, Any]]:
    """
    Environs of many kinds, the same in each run; each has a server's own file wrapper or none.
    """
    source = random.Random(11)
    for _ in range(count):
        path, _, query = source.choice(PATHS).partition("?")
        body = source.choice([b"", b"a body"])
        environ = environ_of(
            path.replace("%C3%BC", "\xc3\xbc"),
            method=source.choice(["GET", "GET", "GET", "HEAD", "POST", "OPTIONS"]),
            query=query,
            CONTENT_LENGTH=str(len(body)),
            **{name: value for name, value in HEADERS.items() if source.random() < 0.3},
        )
        environ["wsgi.input"] = io.BytesIO(body)
        if source.random() < 0.5:
            environ["wsgi.file_wrapper"] = Wrapper
        yield environ


class Wrapper:
    """
    A server's file wrapper, as plain as PEP 3333 has it.
    """

    def __init__(self, file: Any, size: int = 8192) -> None:
        self.file = file
        self.size = size

    def close(self) -> None:
        """
        The file is closed.
        """
        self.file.close()

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.file.read(self.size):
            yield piece


@pytest.fixture(params=["flask", "django"])
def app(request: pytest.FixtureRequest, file: Path) -> App:
    """
    The application in this framework.
    """
    return {"flask": flask_app, "django": django_app}[request.param](file)


def test_without_a_rule_for_it_every_answer_is_the_same(app: App, tmp_path: Path) -> None:
    """
    5,000 requests: the same status, headers and pieces, and the server gets the framework's own kind of object.
    """
    write_policy(tmp_path / "policy.json", [{**RULE, "match": {"paths": ["/elsewhere"]}}])
    agent = agent_for(app, tmp_path)
    statuses = set()
    for one, other in zip(requests(COUNT), requests(COUNT), strict=True):
        plain, sent = undated(served(app, one)), undated(served(agent, other))

        assert (plain.seen, type(plain.result), plain.closed) == (sent.seen, type(sent.result), sent.closed)
        statuses.add(plain.status[:3])

    assert {"200", "201", "204", "206", "302", "304", "403", "404", "500"} - {"206"} <= statuses


def test_counted_and_traced_every_answer_is_the_same(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    1,000 requests, each of them traced: the same status, headers, pieces and errors; files and lists are themselves.
    """
    monkeypatch.setattr(file_of_traces._place, "folder", str(tmp_path / "traces"))
    monkeypatch.setattr(file_of_traces, "MOST_WAITING", RULED)
    monkeypatch.setattr(sampling, "paid", lambda _: None)
    monkeypatch.setattr(sampling, "_is_drawn", lambda: True)
    write_policy(tmp_path / "policy.json", [])
    agent = Agent(app, Standing(str(tmp_path / "policy.json"), None, lambda _: None), observed)
    for one, other in zip(requests(RULED), requests(RULED), strict=True):
        sampling.due_ns = 0
        plain, sent = undated(served(app, one)), undated(served(agent, other))

        assert plain.seen == sent.seen
        assert type(sent.result) in (type(plain.result), Pieces)
        assert not isinstance(plain.result, list | Wrapper) or type(plain.result) is type(sent.result)
    sampling.due_ns = 1 << 62
    file_of_traces.write()
    with file_of_traces._place.writing:
        # A thread that was at it is done.
        pass
    traced = sum(len(path.read_text().splitlines()) for path in (tmp_path / "traces").iterdir())

    assert RULED == traced
    assert 0 == trace.under_way


def test_with_every_rule_the_answers_mean_the_same(app: App, tmp_path: Path) -> None:
    """
    1,000 requests with compression and cache headers: same status, text and other headers, or a 304 for whom it fits.
    """
    kinds = ("compression", "cache_headers")
    write_policy(tmp_path / "policy.json", [{**RULE, "id": kind, "kind": kind} for kind in kinds])
    agent = agent_for(app, tmp_path)
    changed = {"content-encoding": 0, "etag": 0}
    for one, other in zip(requests(RULED), requests(RULED), strict=True):
        plain, sent = undated(served(app, one)), undated(served(agent, other))
        is_known = (plain.status[:3], sent.status[:3]) == ("200", "304")

        assert repr(plain.error) == repr(sent.error)
        assert is_known or (plain.status, plain.text, _others(plain)) == (sent.status, sent.text, _others(sent))
        assert plain.closed <= sent.closed
        for name in changed:
            changed[name] += sent.headers.get(name) != plain.headers.get(name)

    assert all(count > 5 for count in changed.values()), changed


def undated(sent: Sent) -> Sent:
    """
    The same answer at no particular time.
    """
    sent.pairs = [pair for pair in sent.pairs if pair[0].lower() != "date"]
    return sent


def _others(sent: Sent) -> list[tuple[str, str]]:
    return [(name, value) for name, value in sent.pairs if name.lower() not in THEIRS]
