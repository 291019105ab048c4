"""
The rules on WSGI answers: what is special to them. What a rule makes of an answer is tested for ASGI.
"""

import io
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper

import pytest
from tests.runtime.driving import RULE, TEXT, write_policy
from tests.runtime.wsgi_driving import TAKES_GZIP, Server, agent_for, answering, asked, behind, environ_of, served

from hasten_runtime.http import compression, thread_variants, wsgi_answer

JSON = ("Content-Type", "application/json")
SCRIPT = ("Content-Type", "text/javascript; charset=utf-8")
COOKIE = {"HTTP_COOKIE": "session=1"}


def test_a_file_is_compressed_once(tmp_path: Path) -> None:
    """
    Coding, length and Vary are right, other headers keep their order, and the second request costs no compression.
    """
    app = answering(TEXT, headers=[("X-First", "1"), SCRIPT, ("Vary", "Origin"), ("Accept-Ranges", "bytes")])
    agent = behind(app, tmp_path)
    first, second = (asked(agent, **TAKES_GZIP) for _ in range(2))

    assert first.seen == second.seen
    assert (TEXT, 1) == (first.text, agent._variants.made)
    assert [
        ("X-First", "1"),
        SCRIPT,
        ("Vary", "Origin, Accept-Encoding"),
        ("content-encoding", "gzip"),
        ("content-length", str(len(first.body))),
    ] == first.pairs


@pytest.mark.parametrize(
    "more",
    [
        [SCRIPT, ("Content-Encoding", "br")],
        [SCRIPT, ("Cache-Control", "public, no-transform")],
        [SCRIPT, ("Content-Digest", "sha-256=:x:")],
        [("Content-Type", "image/png")],
        [("Content-Type", "text/event-stream")],
        [JSON, ("ETag", '"version-7"')],
        [],
    ],
)
def test_what_is_not_ours_to_change_stays(tmp_path: Path, more: list[tuple[str, str]]) -> None:
    """
    The server gets what the application returned, itself.
    """
    app = answering(TEXT, TEXT, headers=more)
    plain, sent = asked(app, **TAKES_GZIP), asked(behind(app, tmp_path), **TAKES_GZIP)

    assert plain.seen == sent.seen
    assert type(plain.result) is type(sent.result)


@pytest.mark.parametrize("status", ["201 Created", "206 Partial Content", "301 Moved", "404 Not Found", "500 Oh"])
def test_other_statuses_stay(tmp_path: Path, status: str) -> None:
    """
    Only 200 is compressed.
    """
    app = answering(TEXT, status=status, headers=[SCRIPT])

    assert asked(app, **TAKES_GZIP).seen == asked(behind(app, tmp_path), **TAKES_GZIP).seen


@pytest.mark.parametrize("asks", [{}, {"HTTP_ACCEPT_ENCODING": "br"}, {**TAKES_GZIP, "HTTP_RANGE": "bytes=0-9"}])
def test_who_does_not_take_it_gets_plain_bytes_and_is_told(tmp_path: Path, asks: dict[str, str]) -> None:
    """
    A cache in between learns from Vary that others may get other bytes.
    """
    sent = asked(behind(answering(TEXT, headers=[SCRIPT, ("ETag", '"v"')]), tmp_path), **asks)

    assert (TEXT, "Accept-Encoding", '"v"') == (sent.body, sent.headers["vary"], sent.headers["etag"])
    assert "content-encoding" not in sent.headers


@pytest.mark.parametrize("body", [[TEXT], [], (TEXT,)])
def test_head_says_nothing_that_get_would_not_say(tmp_path: Path, body: Any) -> None:
    """
    HEAD has Vary and the weak ETag of GET and no length, and a server cannot work one out from a list.
    """

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [SCRIPT, ("ETag", '"v"'), ("Content-Length", str(len(TEXT)))])
        return body  # type: ignore[no-any-return]

    agent = behind(app, tmp_path)
    head = asked(agent, method="HEAD", **TAKES_GZIP)

    assert {"vary": "Accept-Encoding", "etag": 'W/"v"', "content-type": SCRIPT[1]} == head.headers
    assert not hasattr(head.result, "__len__")


@pytest.mark.parametrize(("knows", "expected"), [('W/"v"', 'W/"v"'), ('"v"', '"v"')])
def test_not_modified_speaks_of_the_tag_that_the_client_has(tmp_path: Path, knows: str, expected: str) -> None:
    """
    Who got the compressed answer has its weak ETag, and the 304 confirms that one.
    """
    app = answering(status="304 Not Modified", headers=[("ETag", '"v"')], length=False)
    sent = asked(behind(app, tmp_path), **TAKES_GZIP, HTTP_IF_NONE_MATCH=knows)

    assert expected == sent.headers["etag"]


@pytest.mark.parametrize(
    ("asks", "query", "settings", "coding"),
    [
        (COOKIE, "", {}, None),
        (COOKIE, "", {"dynamic": True}, "gzip"),
        ({"HTTP_AUTHORIZATION": "Bearer x"}, "", {}, None),
        (COOKIE, "q=customer", {"dynamic": True}, None),
        (COOKIE, "q=cust%6Fmer", {"dynamic": True}, None),
        ({}, "q=customer", {}, "gzip"),
    ],
)
def test_a_secret_is_not_compressed_beside_what_an_attacker_chose(
    tmp_path: Path, asks: dict[str, str], query: str, settings: dict[str, Any], coding: str | None
) -> None:
    """
    BREACH: as for ASGI, the environ tells of credentials and of the query.
    """
    agent = behind(answering(TEXT, headers=[JSON]), tmp_path, **settings)
    sent = asked(agent, query=query, **TAKES_GZIP, **asks)

    assert (TEXT, coding) == (sent.text, sent.headers.get("content-encoding"))


def test_a_stream_goes_on_streaming(tmp_path: Path) -> None:
    """
    Of a generator no piece is asked for before the one in front of it is out, and each can be read when it comes.
    """
    asked_for: list[int] = []

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [JSON])
        for number in range(4):
            asked_for.append(number)
            yield b"piece %d of many. " % number * 100

    undo = zlib.decompressobj(31)
    server = Server()
    result = iter(behind(app, tmp_path)(environ_of(**TAKES_GZIP), server.start_response))
    for number in range(4):
        assert b"piece %d of many. " % number * 100 == undo.decompress(next(result))
        assert list(range(number + 1)) == asked_for

    assert [b""] == [undo.decompress(rest) for rest in result] and undo.eof
    assert [JSON, ("vary", "Accept-Encoding"), ("content-encoding", "gzip")] == server.sent.pairs


def test_a_stream_for_a_known_user_stays(tmp_path: Path) -> None:
    """
    What cannot be searched before it is sent is left alone where there may be a secret in it.
    """
    sent = asked(behind(answering(TEXT, TEXT, headers=[JSON]), tmp_path, dynamic=True), **TAKES_GZIP, **COOKIE)

    assert (TEXT * 2, None) == (sent.body, sent.headers.get("content-encoding"))


def test_a_body_of_the_declared_length_is_whole(tmp_path: Path) -> None:
    """
    A framework that returns an iterable of one piece and its length is not taken for a stream, and its length is right;
    what it does after its last piece is done.
    """
    done: list[str] = []

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [JSON, ("Content-Length", str(len(TEXT)))])

        def pieces() -> Iterator[bytes]:
            yield TEXT
            done.append("after the last piece")

        return pieces()

    sent = asked(behind(app, tmp_path), **TAKES_GZIP)

    assert (TEXT, str(len(sent.body))) == (sent.text, sent.headers["content-length"])
    assert ["after the last piece"] == done
    assert sent.begun_in_time


def test_a_file_in_pieces_is_compressed_as_one(tmp_path: Path) -> None:
    """
    A file that a server's own wrapper reads piece by piece gives one variant, with its length, and is closed.
    """
    file = io.BytesIO(TEXT * 3)

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [SCRIPT, ("Content-Length", str(3 * len(TEXT)))])
        return environ["wsgi.file_wrapper"](file, 4096)  # type: ignore[no-any-return]

    agent = behind(app, tmp_path)
    sent = served(agent, {**environ_of(**TAKES_GZIP), "wsgi.file_wrapper": FileWrapper})

    assert (TEXT * 3, 1, str(len(sent.body))) == (sent.text, agent._variants.made, sent.headers["content-length"])
    assert file.closed


def test_a_file_that_stays_plain_is_the_servers_to_send(tmp_path: Path) -> None:
    """
    The server gets its own file wrapper back, so that it may use sendfile.
    """

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [SCRIPT])
        return environ["wsgi.file_wrapper"](io.BytesIO(TEXT))  # type: ignore[no-any-return]

    sent = served(behind(app, tmp_path), {**environ_of(), "wsgi.file_wrapper": FileWrapper})

    assert FileWrapper is type(sent.result)


class Sequence:
    """
    What a server's file wrapper may be: no iterator, only items by number.
    """

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    def __getitem__(self, number: int) -> bytes:
        return self.pieces[number]


def test_items_by_number_are_an_iterable_too(tmp_path: Path) -> None:
    """
    The old protocol of iteration works.
    """

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [JSON])
        return Sequence([TEXT, TEXT])

    assert TEXT * 2 == asked(behind(app, tmp_path), **TAKES_GZIP).text


@pytest.mark.parametrize("headers", [[JSON], [SCRIPT, ("Content-Length", str(3 * len(TEXT)))], [SCRIPT]])
def test_what_is_written_is_compressed_too(tmp_path: Path, headers: list[tuple[str, str]]) -> None:
    """
    Pieces by `write`, and then by the iterable, are one body.
    """

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        write = start_response("200 OK", headers)
        write(TEXT)
        write(TEXT)
        return [TEXT]

    sent = asked(behind(app, tmp_path), **TAKES_GZIP)

    assert (TEXT * 3, "gzip") == (sent.text, sent.headers["content-encoding"])


@pytest.mark.parametrize("when", ["before", "first", "later"])
def test_an_error_page_takes_the_place_of_an_answer_that_is_not_out(tmp_path: Path, when: str) -> None:
    """
    With `exc_info` the server decides: what it has not sent is replaced; if it has, the application's error goes up.
    """

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [JSON])

        def pieces() -> Iterator[bytes]:
            if when == "later":
                yield TEXT
            yield from failed(start_response)

        return failed(start_response) if when == "before" else pieces()

    def failed(start_response: Any) -> list[bytes]:
        try:
            raise KeyError("broken")
        except KeyError:
            start_response("500 Oh", [("Content-Type", "text/plain")], sys.exc_info())
        return [b"an error page, ", b"which is short"]

    plain, sent = asked(app, **TAKES_GZIP), asked(behind(app, tmp_path), **TAKES_GZIP)

    assert (plain.status, plain.body, repr(plain.error)) == (sent.status, sent.text, repr(sent.error))
    assert ("500 Oh" if when != "later" else "200 OK") == sent.status


def test_the_answer_that_was_replaced_is_known_to_the_server(tmp_path: Path) -> None:
    """
    A server may keep something of the first answer (gunicorn keeps its headers), so it gets to know that one, too.
    """
    known: list[tuple[Any, ...]] = []

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [JSON])
        start_response("500 Oh", [SCRIPT], (KeyError, KeyError(), None))
        return [TEXT]

    environ = environ_of(**TAKES_GZIP)
    assert [TEXT] == behind(app, tmp_path)(environ, lambda *given: known.append(given[:2]))
    assert [("200 OK", [JSON]), ("500 Oh", [SCRIPT])] == known


def test_a_fault_of_the_server_stays_the_servers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    What `start_response` raises goes to the application, and is none of what is said of our own faults.
    """
    raised = AssertionError("a header that is not allowed")

    def start_response(*_: Any) -> Any:
        raise raised

    with pytest.raises(AssertionError) as caught:
        agent = behind(answering(TEXT, headers=[JSON]), tmp_path)
        agent(environ_of(**TAKES_GZIP), start_response)

    assert caught.value is raised
    assert "" == capsys.readouterr().err


@pytest.mark.parametrize("pieces", [[TEXT], [TEXT, TEXT], [b"", TEXT, TEXT]])
@pytest.mark.parametrize("name", ["_served", "_message", "_tell"])
def test_what_fails_here_leaves_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, pieces: list[bytes]
) -> None:
    """
    Wherever our own code fails while nothing is out: the status, the headers and the pieces are the application's.
    """

    def fail(*_: object, **__: object) -> Any:
        raise RecursionError("too deep")

    app = answering(*pieces, headers=[JSON])
    plain = asked(app, **TAKES_GZIP)
    monkeypatch.setattr(wsgi_answer.Answer, name, fail)
    sent = asked(behind(app, tmp_path), **TAKES_GZIP)

    assert (plain.status, plain.pairs, plain.body, None) == (sent.status, sent.pairs, sent.body, sent.error)
    assert plain.closed == sent.closed


@pytest.mark.parametrize("when", ["twice", "start", "written", "first", "later", "file"])
def test_an_application_that_breaks_off_is_seen_as_far_as_it_came(tmp_path: Path, when: str) -> None:
    """
    What was held back is sent, the error goes on to the server, and the server complains of what it always does.
    """
    declared = [SCRIPT, ("Content-Length", str(2 * len(TEXT)))] if when == "file" else [SCRIPT]

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        write = start_response("200 OK", declared)
        if when == "twice":
            start_response("200 OK", declared)
        if when == "written":
            write(TEXT)
        if when in ("start", "written"):
            raise RuntimeError("broken")
        return pieces()

    def pieces() -> Iterator[bytes]:
        if when in ("later", "file"):
            yield TEXT
        raise RuntimeError("broken")

    plain, sent = asked(app, **TAKES_GZIP), asked(behind(app, tmp_path), **TAKES_GZIP)

    assert (plain.status, plain.body, repr(plain.error)) == (sent.status, sent.text, repr(sent.error))
    if when in ("twice", "start", "first", "file"):
        assert plain.pairs == sent.pairs


def test_a_length_that_is_not_kept_is_passed_on(tmp_path: Path) -> None:
    """
    An application that sends another length than it declared is the server's to judge, as without the agent.
    """

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [SCRIPT, ("Content-Length", "2000")])
        return iter([TEXT, TEXT])

    sent = asked(behind(app, tmp_path), **TAKES_GZIP)

    assert ("2000", 2 * TEXT) == (sent.headers["content-length"], sent.body)


@pytest.mark.parametrize("result", [["a text"], ["a text", "another"], [None], [b"bytes" * 500, "a text"]])
def test_what_is_no_bytes_is_the_servers_to_complain_of(tmp_path: Path, result: Any) -> None:
    """
    The server meets the wrong piece as it would have met it.
    """

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [JSON])
        return result

    plain, sent = asked(app, **TAKES_GZIP), asked(behind(app, tmp_path), **TAKES_GZIP)

    assert AssertionError is type(plain.error) is type(sent.error)
    assert plain.status == sent.status


def test_what_our_own_code_cannot_do_leaves_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A fault is said once, and each answer goes out as the application gave it, wherever the fault is.
    """

    def fail(*_: object, **__: object) -> Any:
        raise MemoryError("no room")

    app = answering(TEXT, headers=[JSON])
    for owner, name in ((thread_variants, "packed"), (compression.Answer, "_body"), (compression.Answer, "_begin")):
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, fail)
            agent = behind(app, tmp_path)

            assert [TEXT] * 2 == [asked(agent, **TAKES_GZIP).body for _ in range(2)]
    assert 1 == capsys.readouterr().err.count("an answer goes out as it is: MemoryError: no room")


def test_a_list_that_stays_plain_is_the_list(tmp_path: Path) -> None:
    """
    A server that works out the length from a list still can.
    """
    sent = asked(behind(answering(b"small", headers=[JSON], length=False), tmp_path), **TAKES_GZIP)

    assert ([b"small"], [JSON, ("vary", "Accept-Encoding")]) == (sent.result, sent.pairs)


def test_headers_that_are_no_list_pass(tmp_path: Path) -> None:
    """
    What PEP 3333 does not allow reaches the server as it is.
    """
    seen: list[Any] = []
    given = iter([SCRIPT])

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", given)
        return [TEXT]

    behind(app, tmp_path)(environ_of(**TAKES_GZIP), lambda _, headers: seen.append(headers))

    assert [given] == seen


@pytest.mark.parametrize("pieces", [[TEXT], [TEXT, TEXT]])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_has_the_answer_already_is_told_so(tmp_path: Path, pieces: list[bytes], method: str) -> None:
    """
    With `cache_headers` a second request gets a 304 without a body; the application is asked to the end, and closed.
    """
    rules = [{**RULE, "id": kind, "kind": kind} for kind in ("compression", "cache_headers")]
    write_policy(tmp_path / "policy.json", rules)
    agent = agent_for(answering(*pieces, headers=[SCRIPT]), tmp_path)
    first = asked(agent, **TAKES_GZIP)
    second = asked(agent, method=method, HTTP_IF_NONE_MATCH=first.headers["etag"], **TAKES_GZIP)

    assert ("200 OK", b"".join(pieces), "no-cache") == (first.status, first.text, first.headers["cache-control"])
    assert ("304 Not Modified", b"", None) == (second.status, second.body, second.error)
    assert first.headers["etag"] == second.headers["etag"]
    assert second.begun_in_time


@pytest.mark.parametrize(("software", "coding"), [("Granian", None), ("Granite/1.0", "gzip")])
def test_an_answer_that_is_begun_after_its_headers_are_out_stays(
    tmp_path: Path, software: str, coding: str | None, capfd: pytest.CaptureFixture[str]
) -> None:
    """
    granian sends no header that is said while it goes through the iterable: nothing would tell a client of a coding.
    """

    def app(_environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [SCRIPT])
        yield TEXT

    sent = asked(behind(app, tmp_path), **TAKES_GZIP, SERVER_SOFTWARE=software)

    assert ("200 OK", TEXT, coding) == (sent.status, sent.text, sent.headers.get("content-encoding"))
    assert (TEXT == sent.body) == (coding is None)
    assert "" == capfd.readouterr().err


class Deaf(Server):
    """
    A server that goes on with the answer that it has where another one is begun too late, as granian does.
    """

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        """
        Set once.
        """
        return self.write if self.sent.pieces else super().start_response(status, headers, exc_info)


def test_an_answer_that_is_begun_again_too_late_stays_in_one_coding(tmp_path: Path) -> None:
    """
    A server that does not raise, though PEP 3333 wants it, gets the rest in the coding that it has announced.
    """

    def pieces(start_response: Any) -> Iterator[bytes]:
        yield TEXT
        try:
            raise LookupError("too late")
        except LookupError:
            start_response("500 Oh", [SCRIPT], sys.exc_info())
        yield TEXT

    def app(_environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [SCRIPT])
        return pieces(start_response)

    server = Deaf()
    for piece in behind(app, tmp_path)(environ_of(**TAKES_GZIP), server.start_response):
        server.write(piece)

    assert ("200 OK", "gzip") == (server.sent.status, server.sent.headers["content-encoding"])
    assert TEXT * 2 == server.sent.text
