"""
The rule `compression`, answer by answer.
"""

import asyncio
import threading
import zlib
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.driving import (
    RULE,
    TAKES_GZIP,
    TEXT,
    App,
    answering,
    ask,
    asked,
    hold_at_most,
    scope_of,
    write_policy,
)

from hasten_runtime.http import codings, holding, variants
from hasten_runtime.http.asgi import Agent
from hasten_runtime.standing import Standing

JSON = (b"content-type", b"application/json")
SCRIPT = (b"content-type", b"text/javascript; charset=utf-8")
COOKIE = (b"cookie", b"session=1")


def behind(app: App, folder: Path, **settings: Any) -> Agent:
    """
    The application behind an agent that obeys the rule with these settings.
    """
    write_policy(folder / "policy.json", [{**RULE, "settings": {"codings": ["gzip"], **settings}}])
    return Agent(app, Standing(str(folder / "policy.json"), None, lambda _: None))


def test_a_file_is_compressed(tmp_path: Path) -> None:
    """
    Coding, length and Vary are right, and the text is the same; other headers keep their order.
    """
    app = answering(TEXT, headers=[(b"x-first", b"1"), SCRIPT, (b"Vary", b"Origin"), (b"accept-ranges", b"bytes")])
    sent = asked(behind(app, tmp_path), headers=TAKES_GZIP)

    assert TEXT == sent.text
    assert {
        "x-first": "1",
        "content-type": "text/javascript; charset=utf-8",
        "vary": "Origin, Accept-Encoding",
        "content-encoding": "gzip",
        "content-length": str(len(sent.body)),
    } == sent.headers


def test_the_second_request_costs_no_compression(tmp_path: Path) -> None:
    """
    A file that was sent once is compressed already.
    """
    agent = behind(answering(TEXT, headers=[SCRIPT]), tmp_path)
    first, second = (asked(agent, headers=TAKES_GZIP) for _ in range(2))

    assert first.messages == second.messages
    assert 1 == agent._variants.made


@pytest.mark.parametrize(
    "headers",
    [
        [SCRIPT, (b"content-encoding", b"br")],
        [SCRIPT, (b"cache-control", b"public, no-transform")],
        [SCRIPT, (b"content-digest", b"sha-256=:x:")],
        [SCRIPT, (b"content-range", b"bytes 0-1/2")],
        [(b"content-type", b"image/png")],
        [(b"content-type", b"text/event-stream")],
        [],
    ],
)
def test_what_is_not_ours_to_change_stays(tmp_path: Path, headers: list[tuple[bytes, bytes]]) -> None:
    """
    Encoded, sealed, partial, forbidden and dense answers go out byte by byte as they were.
    """
    app = answering(TEXT, headers=headers)

    assert asked(app, headers=TAKES_GZIP).messages == asked(behind(app, tmp_path), headers=TAKES_GZIP).messages


@pytest.mark.parametrize("status", [201, 204, 206, 301, 400, 404, 500])
def test_other_statuses_stay(tmp_path: Path, status: int) -> None:
    """
    Only 200 is compressed.
    """
    app = answering(TEXT, status=status, headers=[SCRIPT])

    assert asked(app, headers=TAKES_GZIP).messages == asked(behind(app, tmp_path), headers=TAKES_GZIP).messages


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_stay(tmp_path: Path, method: str) -> None:
    """
    The rule is for GET and HEAD, unless it says otherwise.
    """
    app = answering(TEXT, headers=[SCRIPT])
    given = {"method": method, "headers": TAKES_GZIP}

    assert asked(app, **given).messages == asked(behind(app, tmp_path), **given).messages


@pytest.mark.parametrize("asks", [[], [(b"accept-encoding", b"br")], [*TAKES_GZIP, (b"range", b"bytes=0-9")]])
def test_who_does_not_take_it_gets_plain_bytes_and_is_told(tmp_path: Path, asks: list[tuple[bytes, bytes]]) -> None:
    """
    A cache in between learns from Vary that others may get other bytes.
    """
    app = answering(TEXT, headers=[SCRIPT, (b"etag", b'"v"')])
    sent = asked(behind(app, tmp_path), headers=asks)

    assert (TEXT, "Accept-Encoding", '"v"') == (sent.body, sent.headers["vary"], sent.headers["etag"])
    assert "content-encoding" not in sent.headers


def test_a_small_answer_stays(tmp_path: Path) -> None:
    """
    Below `minimum_bytes` nothing changes, whether or not the length is declared.
    """
    for length in (True, False):
        app = answering(b"a" * 100, headers=[SCRIPT], length=length)
        sent = asked(behind(app, tmp_path), headers=TAKES_GZIP)

        assert (b"a" * 100, None) == (sent.body, sent.headers.get("content-encoding"))


def test_head_says_nothing_that_get_would_not_say(tmp_path: Path) -> None:
    """
    HEAD has Vary and the weak ETag of GET, and no length: that of the plain bytes would be wrong.
    """
    agent = behind(answering(TEXT, headers=[SCRIPT, (b"etag", b'"v"')]), tmp_path)
    get, head = (asked(agent, method=method, headers=TAKES_GZIP) for method in ("GET", "HEAD"))

    assert "content-length" not in head.headers
    for name in ("vary", "etag", "content-type"):
        assert get.headers[name] == head.headers[name]


@pytest.mark.parametrize(("knows", "expected"), [(b'W/"v"', 'W/"v"'), (b'"v"', '"v"'), (b'"u", W/"v"', 'W/"v"')])
def test_not_modified_speaks_of_the_tag_that_the_client_has(tmp_path: Path, knows: bytes, expected: str) -> None:
    """
    Who got the compressed answer has its weak ETag, and the 304 confirms that one.
    """
    app = answering(status=304, headers=[(b"etag", b'"v"')], length=False)
    sent = asked(behind(app, tmp_path), headers=[*TAKES_GZIP, (b"if-none-match", knows)])

    assert expected == sent.headers["etag"]
    assert expected.startswith("W/") == (sent.headers.get("vary") == "Accept-Encoding")


def test_a_dynamic_answer_with_a_strong_tag_stays(tmp_path: Path) -> None:
    """
    The tag may come back in If-Match, where a weak one would be refused.
    """
    app = answering(TEXT, headers=[JSON, (b"etag", b'"version-7"')])

    assert asked(app, headers=TAKES_GZIP).messages == asked(behind(app, tmp_path), headers=TAKES_GZIP).messages


@pytest.mark.parametrize(
    ("asks", "query", "settings", "coding"),
    [
        ([], b"", {}, "gzip"),
        ([COOKIE], b"", {}, None),
        ([COOKIE], b"", {"dynamic": True}, "gzip"),
        ([(b"authorization", b"Bearer x")], b"", {}, None),
        ([COOKIE], b"q=customer", {"dynamic": True}, None),
        ([COOKIE], b"q=cust%6Fmer", {"dynamic": True}, None),
        ([COOKIE], b"q=again+and", {"dynamic": True}, None),
        ([COOKIE], b"customer=1", {"dynamic": True}, None),
        ([COOKIE], b"q=cust", {"dynamic": True}, "gzip"),
        ([COOKIE], b"q=cust", {"dynamic": True, "reflected_bytes": 4}, None),
        ([COOKIE], b"q=something+else", {"dynamic": True}, "gzip"),
        ([], b"q=customer", {}, "gzip"),
    ],
)
def test_a_secret_is_not_compressed_beside_what_an_attacker_chose(
    tmp_path: Path, asks: list[tuple[bytes, bytes]], query: bytes, settings: dict[str, Any], coding: str | None
) -> None:
    """
    BREACH: an answer to a known user is left alone unless told, and in any case if it holds a value of the query.
    """
    agent = behind(answering(TEXT, headers=[JSON]), tmp_path, **settings)
    sent = asked(agent, headers=[*TAKES_GZIP, *asks], query=query)

    assert (TEXT, coding) == (sent.text, sent.headers.get("content-encoding"))


def test_what_the_path_was_chosen_to_hold_counts_too(tmp_path: Path) -> None:
    """
    A placeholder of the rule's path is input, for answers and not for scripts, whose names stand in them.
    """
    known = [*TAKES_GZIP, COOKIE]
    found = [
        asked(behind(answering(TEXT, headers=[kind]), tmp_path, dynamic=True), "/message", headers=known)
        for kind in (JSON, SCRIPT)
    ]

    assert [None, "gzip"] == [sent.headers.get("content-encoding") for sent in found]


@pytest.mark.parametrize("extra", [(b"set-cookie", b"a=1"), (b"cache-control", b"private")])
def test_what_is_somebodys_own_is_not_kept(tmp_path: Path, extra: tuple[bytes, bytes]) -> None:
    """
    An answer that sets a cookie or is private is dynamic, and no variant of it stays in memory.
    """
    agent = behind(answering(TEXT, headers=[SCRIPT, extra]), tmp_path)
    sent = asked(agent, headers=TAKES_GZIP)

    assert ("gzip", TEXT, 0) == (sent.headers["content-encoding"], sent.text, agent._variants.made)


def test_a_stream_is_compressed_piece_by_piece(tmp_path: Path) -> None:
    """
    Each piece goes out when it comes and can be read by then; nothing is held until the end.
    """
    pieces = [b"piece %d of many. " % number * 100 for number in range(4)]
    undo = zlib.decompressobj(31)
    seen: list[bytes] = []

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [JSON]})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            assert piece == undo.decompress(out[-1]["body"])
            seen.append(piece)
        await send({"type": "http.response.body", "body": b""})

    out: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        out.append(message)

    asyncio.run(_awaited(behind(app, tmp_path)(scope_of(headers=TAKES_GZIP), None, send)))

    assert pieces == seen
    assert b"" == undo.decompress(out[-1]["body"]) and undo.eof
    assert "content-length" not in dict(out[0]["headers"])


async def _awaited(answer: Any) -> None:
    await answer


@pytest.mark.parametrize("asks", [[COOKIE], []])
def test_a_stream_for_a_known_user_stays(tmp_path: Path, asks: list[tuple[bytes, bytes]]) -> None:
    """
    What cannot be searched before it is sent is left alone where there may be a secret in it.
    """
    agent = behind(answering(TEXT, TEXT, headers=[JSON], length=False), tmp_path, dynamic=True)
    sent = asked(agent, headers=[*TAKES_GZIP, *asks])

    assert (TEXT + TEXT, None if asks else "gzip") == (sent.text, sent.headers.get("content-encoding"))


def test_a_file_in_pieces_is_compressed_as_one(tmp_path: Path) -> None:
    """
    A file response that reads 64 KiB at a time gives one variant, with its length.
    """
    agent = behind(answering(TEXT, TEXT, TEXT, headers=[SCRIPT]), tmp_path)
    sent = asked(agent, headers=TAKES_GZIP)

    assert (3 * TEXT, str(len(sent.body)), 1) == (sent.text, sent.headers["content-length"], agent._variants.made)


def test_a_file_that_does_not_fit_beside_others_is_compressed_as_a_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Nothing is lost of what was held until then, and nothing is kept.
    """
    hold_at_most(monkeypatch, 2 * len(TEXT))
    agent = behind(answering(TEXT, TEXT, TEXT, TEXT, headers=[SCRIPT]), tmp_path)
    sent = asked(agent, headers=TAKES_GZIP)

    assert (4 * TEXT, "gzip", 0) == (sent.text, sent.headers["content-encoding"], agent._variants.made)
    assert "content-length" not in sent.headers
    assert not sum(holding._sizes.values())


def test_a_file_that_does_not_fit_goes_to_a_known_user_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A stream is not searched for what an attacker chose.
    """
    hold_at_most(monkeypatch, 2 * len(TEXT))
    app = answering(TEXT, TEXT, TEXT, TEXT, headers=[SCRIPT])
    asks = [*TAKES_GZIP, COOKIE]
    sent = asked(behind(app, tmp_path), headers=asks)

    assert asked(app, headers=asks).messages[1:] == sent.messages[1:]
    assert "Accept-Encoding" == sent.headers["vary"]


def test_a_length_that_is_not_kept_is_passed_on(tmp_path: Path) -> None:
    """
    An application that sends more than it declared is the server's to judge, as without the agent.
    """

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = [SCRIPT, (b"content-length", b"2000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for _ in range(2):
            await send({"type": "http.response.body", "body": TEXT, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    sent = asked(behind(app, tmp_path), headers=TAKES_GZIP)

    assert ("2000", 2 * TEXT) == (sent.headers["content-length"], sent.body)


@pytest.mark.parametrize("when", ["start", "file", "nothing"])
def test_an_application_that_breaks_off_is_seen_as_far_as_it_came(tmp_path: Path, when: str) -> None:
    """
    What was held back is sent and the error goes on to the server.
    """

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = [SCRIPT, (b"content-length", b"%d" % (2 * len(TEXT)))]
        if when != "nothing":
            await send({"type": "http.response.start", "status": 200, "headers": headers})
        if when == "file":
            await send({"type": "http.response.body", "body": TEXT, "more_body": True})
        raise RuntimeError("broken")

    plain, sent = asked(app, headers=TAKES_GZIP), asked(behind(app, tmp_path), headers=TAKES_GZIP)

    assert str(plain.error) == str(sent.error)
    assert plain.messages == sent.messages


@pytest.mark.parametrize(
    ("kind", "pieces"), [(JSON, [TEXT]), (SCRIPT, [TEXT]), (SCRIPT, [TEXT, TEXT]), (SCRIPT, [TEXT, TEXT, TEXT])]
)
def test_what_our_own_code_cannot_do_leaves_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: Any, pieces: list[bytes]
) -> None:
    """
    A fault in the compressor is said once, and each answer goes out as the application gave it.
    """

    def fail(*_: object) -> bytes:
        raise MemoryError("no room")

    monkeypatch.setattr(variants, "packed", fail)
    app = answering(*pieces, headers=[kind])
    agent = behind(app, tmp_path)
    plain = asked(app, headers=TAKES_GZIP)

    for sent in (asked(agent, headers=TAKES_GZIP) for _ in range(2)):
        assert (plain.headers, plain.body) == (sent.headers, sent.body)
    assert 1 == capsys.readouterr().err.count("an answer goes out as it is: MemoryError: no room")


def test_brotli_is_taken_where_it_is_there(tmp_path: Path) -> None:
    """
    The best coding that both sides have is used.
    """
    agent = behind(answering(TEXT, headers=[SCRIPT]), tmp_path, codings=["br", "gzip"])
    sent = asked(agent, headers=[(b"accept-encoding", b"gzip, deflate, br")])

    assert codings.available(("br", "gzip"))[0] == sent.headers["content-encoding"]


@pytest.mark.parametrize("size", [100, 20_000])
def test_headers_may_come_as_any_iterable(tmp_path: Path, size: int) -> None:
    """
    A generator of headers is gone through once, whether or not the answer is compressed.
    """

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = (pair for pair in [SCRIPT, (b"x", b"1")])
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": TEXT[:size]})

    sent = asked(behind(app, tmp_path), headers=TAKES_GZIP)

    assert ("1", TEXT[:size]) == (sent.headers["x"], sent.text)


def test_a_large_answer_does_not_hold_up_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Whatever takes long to compress is compressed in a thread of its own.
    """
    threads: list[str] = []

    def pack(coding: str, level: int, body: bytes) -> bytes:
        threads.append(threading.current_thread().name)
        return codings.packed(coding, level, body)

    monkeypatch.setattr(variants, "packed", pack)
    for body in (TEXT, TEXT * 100):
        assert body == asked(behind(answering(body, headers=[JSON]), tmp_path), headers=TAKES_GZIP).text

    assert ["MainThread"] == threads[:1] != threads[1:]


def test_unknown_messages_pass(tmp_path: Path) -> None:
    """
    An extension of the server that the agent does not know works as without it.
    """

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [SCRIPT]})
        await send({"type": "http.response.pathsend", "path": "/etc/hostname"})

    plain, sent = (asyncio.run(ask(each, scope_of(headers=TAKES_GZIP))) for each in (app, behind(app, tmp_path)))

    assert plain.messages == sent.messages
