"""
The rule `cache_headers`, answer by answer.
"""

import asyncio
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.driving import (
    RULE,
    TAKES_GZIP,
    TEXT,
    App,
    Sent,
    answering,
    ask,
    asked,
    hold_at_most,
    scope_of,
    write_policy,
)

from hasten_runtime.http import cache_headers, holding
from hasten_runtime.http.asgi import Agent
from hasten_runtime.policy import Rule, read_policy
from hasten_runtime.standing import Standing

Pairs = Sequence[tuple[bytes, bytes]]

HEADERS = {"id": "headers", "kind": "cache_headers", "match": {"paths": ["/{rest:path}"]}}
HTML, JSON = (b"content-type", b"text/html"), (b"content-type", b"application/json")
SCRIPT, PICTURE = (b"content-type", b"text/javascript"), (b"content-type", b"image/png")
COOKIE = (b"cookie", b"session=1")
THEN = b"Sun, 06 Nov 1994 08:49:37 GMT"
#: What an answer has that a 304 must not have.
OF_THE_BODY = (b"content-language", b"de"), (b"last-modified", THEN)


def behind(app: App, folder: Path, *others: dict[str, Any], **settings: Any) -> Agent:
    """
    The application behind an agent that obeys the rule with these settings, and other rules.
    """
    write_policy(folder / "policy.json", [*others, {**HEADERS, "settings": settings}])
    return Agent(app, Standing(str(folder / "policy.json"), None, lambda _: None))


def again(agent: App, first: Sent, path: str = "/", *, method: str = "GET", headers: Pairs = ()) -> Sent:
    """
    What somebody gets who asks with the ETag of an earlier answer.
    """
    return asked(agent, path, method=method, headers=[*headers, (b"if-none-match", first.headers["etag"].encode())])


def test_who_comes_back_is_told_that_nothing_changed(tmp_path: Path) -> None:
    """
    The first answer has a strong ETag and must be asked for; the second one is a 304 with the fields it should have.
    """
    agent = behind(answering(TEXT, headers=[HTML, *OF_THE_BODY, (b"vary", b"Accept")]), tmp_path)
    first = asked(agent)
    second = again(agent, first)

    assert (200, TEXT, "no-cache") == (first.status, first.body, first.headers["cache-control"])
    assert first.headers["etag"].startswith('"')
    assert {name: first.headers[name] for name in ("etag", "cache-control", "vary")} == second.headers
    assert (304, b"") == (second.status, second.body)


def test_what_changed_is_sent_whole(tmp_path: Path) -> None:
    """
    Another body, or another header that the client would keep, is another answer.
    """
    first = asked(behind(answering(TEXT, headers=[HTML]), tmp_path))
    for app in (answering(TEXT + b"!", headers=[HTML]), answering(TEXT, headers=[HTML, (b"x-total", b"1")])):
        assert 200 == again(behind(app, tmp_path), first).status


@pytest.mark.parametrize(
    "headers",
    [
        [HTML, (b"set-cookie", b"a=1")],
        [HTML, (b"Cache-Control", b"no-store")],
        [HTML, (b"cache-control", b"private, no-store")],
        [HTML, (b"vary", b"*")],
        [HTML, (b"content-range", b"bytes 0-1/2")],
        [(b"content-type", b"text/event-stream")],
        [(b"content-type", b"multipart/x-mixed-replace; boundary=x")],
    ],
)
def test_what_is_not_ours_to_keep_stays(tmp_path: Path, headers: Pairs) -> None:
    """
    Cookies that are set, what must not be stored, parts and streams go out byte by byte as they were.
    """
    app = answering(TEXT, headers=headers)
    for knows in ((), [(b"if-none-match", b"*")]):
        assert asked(app, headers=knows).messages == asked(behind(app, tmp_path), headers=knows).messages


@pytest.mark.parametrize("status", [201, 203, 204, 206, 301, 304, 404, 500])
def test_other_statuses_stay(tmp_path: Path, status: int) -> None:
    """
    Only 200 is touched.
    """
    app = answering(TEXT, status=status, headers=[HTML])

    assert asked(app).messages == asked(behind(app, tmp_path)).messages


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "QUERY"])
def test_other_methods_stay(tmp_path: Path, method: str) -> None:
    """
    Also where a rule says that it is for them.
    """
    app = answering(TEXT, headers=[HTML])
    write_policy(tmp_path / "policy.json", [{**HEADERS, "match": {"paths": ["/"], "methods": [method]}}])
    agent = Agent(app, Standing(str(tmp_path / "policy.json"), None, lambda _: None))

    assert asked(app, method=method).messages == asked(agent, method=method).messages


@pytest.mark.parametrize("said", [(b"cache-control", b"max-age=60"), (b"Expires", THEN), (b"pragma", b"no-cache")])
def test_what_the_application_says_of_keeping_it_stands(tmp_path: Path, said: tuple[bytes, bytes]) -> None:
    """
    It gets an ETag and no other word.
    """
    sent = asked(behind(answering(TEXT, headers=[HTML, said]), tmp_path))

    assert {"content-type", "content-length", "etag", said[0].decode().lower()} == set(sent.headers)
    assert said[1].decode() == sent.headers[said[0].decode().lower()]


@pytest.mark.parametrize("tag", [b'"v7"', b'W/"v7"'])
def test_the_applications_own_tag_stands(tmp_path: Path, tag: bytes) -> None:
    """
    It is confirmed to those of whom nothing is known; who has credentials may have got it of another user's answer.
    """
    agent = behind(answering(TEXT, headers=[HTML, (b"etag", tag)]), tmp_path)
    first = asked(agent)

    assert tag.decode() == first.headers["etag"]
    assert [304, 200] == [again(agent, first, headers=headers).status for headers in ((), [COOKIE])]


def test_with_the_applications_own_tag_nothing_is_held(tmp_path: Path) -> None:
    """
    A large file goes out piece by piece as it comes; of one that the client has, nothing does.
    """
    app = answering(TEXT, TEXT, TEXT, headers=[PICTURE, (b"etag", b'"v"')])
    agent = behind(app, tmp_path, most_bytes=len(TEXT))
    first = asked(agent)

    assert asked(app).messages[1:] == first.messages[1:]
    assert ([304, 304], 2) == (
        [(found := again(agent, first, method=method)).status for method in ("GET", "HEAD")],
        len(found.messages),
    )


def test_a_date_is_enough_where_there_is_one(tmp_path: Path) -> None:
    """
    If-Modified-Since is answered by Last-Modified, unless the client names tags or could be told from others.
    """
    since = (b"if-modified-since", THEN)
    dated, plain = (behind(answering(TEXT, headers=given), tmp_path / name) for name, given in (
        ("a", [HTML, (b"last-modified", THEN)]), ("b", [HTML]),
    ) if (tmp_path / name).mkdir() is None)  # fmt: skip
    asks: list[tuple[App, Pairs]] = [
        (dated, [since]), (dated, [since, (b"if-none-match", b'"other"')]), (dated, [since, COOKIE]), (plain, [since]),
        (dated, [(b"if-modified-since", b"Sat, 05 Nov 1994 08:49:37 GMT")]),
    ]  # fmt: skip

    assert [304, 200, 200, 200, 200] == [asked(agent, headers=headers).status for agent, headers in asks]


def test_other_preconditions_are_the_applications(tmp_path: Path) -> None:
    """
    With If-Match in the request no 304 is made up.
    """
    agent = behind(answering(TEXT, headers=[HTML]), tmp_path)

    assert 200 == again(agent, asked(agent), headers=[(b"if-match", b'"x"')]).status


@pytest.mark.parametrize("gives_body", [True, False])
def test_head_says_nothing_that_get_would_not_say(tmp_path: Path, gives_body: bool) -> None:
    """
    With what an application gives for HEAD, its body or only its length.
    """
    whole = answering(TEXT, headers=[HTML])

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["method"] == "HEAD" and not gives_body:
            headers = [HTML, (b"content-length", b"%d" % len(TEXT))]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body"})
        else:
            await whole(scope, receive, send)

    agent = behind(app, tmp_path)
    get, head = (asked(agent, method=method) for method in ("GET", "HEAD"))

    assert head.headers.items() <= get.headers.items()
    assert gives_body == ("etag" in head.headers)
    assert [304, 304 if gives_body else 200] == [again(agent, get, method=each).status for each in ("GET", "HEAD")]


def test_a_head_without_a_length_stays(tmp_path: Path) -> None:
    """
    What GET would answer may be a stream.
    """
    app = answering(b"", headers=[HTML], length=False)

    assert asked(app, method="HEAD").messages == asked(behind(app, tmp_path), method="HEAD").messages


def test_a_part_is_not_touched_and_the_whole_is(tmp_path: Path) -> None:
    """
    A request with Range is answered by the application; where it sends all of it, that has its ETag.
    """
    agent = behind(answering(TEXT, headers=[HTML]), tmp_path)
    sent = asked(agent, headers=[(b"range", b"bytes=0-9")])

    assert (200, TEXT, asked(agent).headers) == (sent.status, sent.body, sent.headers)
    assert 304 == again(agent, sent, headers=[(b"range", b"bytes=0-9")]).status


def test_http_1_0_is_answered_too(tmp_path: Path) -> None:
    """
    Without a length the connection ends the body, and a whole one is as good.
    """
    agent = behind(answering(TEXT, headers=[HTML], length=False), tmp_path)
    first = asyncio.run(ask(agent, {**scope_of(), "http_version": "1.0"}))
    knows = [(b"if-none-match", first.headers["etag"].encode())]
    second = asyncio.run(ask(agent, {**scope_of(headers=knows), "http_version": "1.0"}))

    assert (200, TEXT, 304, b"") == (first.status, first.body, second.status, second.body)


@pytest.mark.parametrize("last_is_empty", [True, False])
def test_a_body_in_pieces_is_one_answer(tmp_path: Path, last_is_empty: bool) -> None:
    """
    Middlewares cut bodies: up to the declared length they are held, and go out in the same pieces.
    """
    pieces = (TEXT, TEXT, b"") if last_is_empty else (TEXT, TEXT)
    app = answering(*pieces, headers=[HTML])
    agent = behind(app, tmp_path)
    first = asked(agent)

    assert asked(app).messages[1:] == first.messages[1:]
    assert asked(behind(answering(TEXT + TEXT, headers=[HTML]), tmp_path)).headers == first.headers
    assert [304, b""] == [(found := again(agent, first)).status, found.body]
    assert 2 == len(found.messages)


def test_what_does_not_fit_beside_others_passes_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Many answers at once are not to fill the memory of a process that alone would send them piece by piece.
    """
    hold_at_most(monkeypatch, 2 * len(TEXT))
    app = answering(TEXT, TEXT, TEXT, TEXT, headers=[HTML])

    assert asked(app).messages == asked(behind(app, tmp_path)).messages
    assert not sum(holding._sizes.values())


def test_a_stream_is_not_held(tmp_path: Path) -> None:
    """
    What comes in pieces without a length goes on when it comes, as it is.
    """
    out: list[dict[str, Any]] = []
    seen: list[int] = []

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [JSON]})
        for _ in range(3):
            await send({"type": "http.response.body", "body": TEXT, "more_body": True})
            seen.append(len(out))
        await send({"type": "http.response.body", "body": b""})

    async def send(message: dict[str, Any]) -> None:
        out.append(message)

    asyncio.run(_awaited(behind(app, tmp_path)(scope_of(), None, send)))

    assert [2, 3, 4] == seen
    assert asked(app).messages == out


async def _awaited(answer: Any) -> None:
    await answer


@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize("size", [999, 1000, 20_000, 20_001])
def test_only_what_is_between_the_bounds_is_held(tmp_path: Path, length: bool, size: int) -> None:
    """
    Smaller and larger answers pass, whether or not their length was told.
    """
    app = answering(b"a" * size, headers=[HTML], length=length)
    sent = asked(behind(app, tmp_path, most_bytes=20_000), headers=[(b"if-none-match", b"*")])

    assert (304 if 1000 <= size <= 20_000 else 200) == sent.status
    assert sent.status == 304 or asked(app).messages == sent.messages


@pytest.mark.parametrize("declared", [len(TEXT) - 1, len(TEXT) + 1])
def test_a_length_that_is_not_kept_is_passed_on(tmp_path: Path, declared: int) -> None:
    """
    More or less than was declared is the server's to judge, as without the agent.
    """
    app = answering(TEXT, headers=[HTML, (b"content-length", b"%d" % declared)], length=False)

    assert asked(app).messages == asked(behind(app, tmp_path)).messages


@pytest.mark.parametrize("when", ["start", "piece", "nothing"])
def test_an_application_that_breaks_off_is_seen_as_far_as_it_came(tmp_path: Path, when: str) -> None:
    """
    What was held back is sent, through all links, and the error goes on to the server.
    """

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = [SCRIPT, (b"content-length", b"%d" % (2 * len(TEXT)))]
        if when != "nothing":
            await send({"type": "http.response.start", "status": 200, "headers": headers})
        if when == "piece":
            await send({"type": "http.response.body", "body": TEXT, "more_body": True})
        raise RuntimeError("broken")

    plain, sent = asked(app, headers=TAKES_GZIP), asked(behind(app, tmp_path, RULE), headers=TAKES_GZIP)

    assert (plain.messages, str(plain.error)) == (sent.messages, str(sent.error))


def test_what_our_own_code_cannot_do_leaves_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Wherever a fault is, it is said once and each answer goes out as the application gave it.
    """

    def fail(*_: object, **__: object) -> Any:
        raise MemoryError("no room")

    app = answering(TEXT, headers=[HTML])
    for name in ("tag_of", "is_open", "cache_control", "of_304"):
        with monkeypatch.context() as patched:
            patched.setattr(cache_headers, name, fail)
            sent = asked(behind(app, tmp_path), headers=[(b"if-none-match", b"*")])

        assert asked(app).messages == sent.messages
    assert 1 == capsys.readouterr().err.count("an answer goes out as it is: MemoryError: no room")


def test_a_large_answer_does_not_hold_up_others(tmp_path: Path) -> None:
    """
    What takes long to hash is hashed in a thread, with the same result.
    """
    body = TEXT * 30
    agent = behind(answering(body, headers=[HTML]), tmp_path)
    first = asked(agent)

    assert len(body) > cache_headers.INLINE_BYTES
    assert (body, 304) == (first.body, again(agent, first).status)


def test_a_fault_at_the_start_sends_one_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Also where nothing is held, and where a header was added already.
    """

    def fail(*_: object) -> Any:
        raise MemoryError("no room")

    monkeypatch.setattr(cache_headers, "is_open", fail)
    app = answering(TEXT, headers=[HTML, (b"etag", b'"v"')])

    assert asked(app).messages == asked(behind(app, tmp_path, server_timing=True)).messages


@pytest.mark.parametrize(("status", "path"), [(200, "/"), (304, "/"), (404, "/")])
def test_server_timing_is_said_if_it_is_wanted(tmp_path: Path, status: int, path: str) -> None:
    """
    Beside what the application says there, on every answer.
    """
    app = answering(TEXT, status=200 if status == 304 else status, headers=[HTML, (b"server-timing", b"db;dur=1")])
    knows = [(b"if-none-match", b"*")] if status == 304 else []
    timed, plain = (asked(behind(app, tmp_path, server_timing=on), path, headers=knows) for on in (True, False))
    said = timed.headers["server-timing"].split(", ")

    assert (status, status) == (timed.status, plain.status)
    assert said[-1].startswith("app;dur=") and float(said[-1].partition("=")[2]) >= 0
    assert {200: 2, 404: 2, 304: 1}[status] == len(said)
    assert timed.headers.get("etag") == plain.headers.get("etag")


def test_vary_is_one_line(tmp_path: Path) -> None:
    """
    Several lines become one, in the 304 too: some caches read the first line only.
    """
    app = answering(TEXT, headers=[HTML, (b"Vary", b"Accept"), (b"vary", b"Origin, accept")])
    agent = behind(app, tmp_path)
    first = asked(agent)
    lines = [
        [v for k, v in sent.messages[0]["headers"] if k.lower() == b"vary"] for sent in (first, again(agent, first))
    ]

    assert [[b"Accept, Origin"]] * 2 == lines


@pytest.mark.parametrize("who", [b"ann", b"bob", b"eve"])
@pytest.mark.parametrize("name", [b"cookie", b"authorization", b"x-api-key"])
def test_nobody_is_told_that_anothers_answer_is_theirs(tmp_path: Path, who: bytes, name: bytes) -> None:
    """
    Three users, known by a cookie, a token or a key: each answer is private, and each has its own ETag, which confirms
    that answer to that user only.
    """

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        user = dict(scope["headers"]).get(name, b"nobody")
        await answering(user + TEXT, headers=[HTML])(scope, receive, send)

    agent = behind(app, tmp_path, short=["/{rest:path}"], immutable=["/{rest:path}"])
    users = (b"ann", b"bob", b"eve", None)
    asks: dict[bytes | None, Pairs] = {each: [(name, each)] if each else [] for each in users}
    firsts = {each: asked(agent, headers=asks[each]) for each in users}
    statuses = {each: again(agent, firsts[each], headers=asks[who]).status for each in users}

    assert {each: 304 if each == who else 200 for each in users} == statuses
    assert 4 == len({first.headers["etag"] for first in firsts.values()})
    assert "private, no-cache" == firsts[who].headers["cache-control"]


TELLING = {b"cookie", b"authorization", b"x-api-key", b"x-odd"}
NAMES = st.sampled_from(
    [b"cookie", b"authorization", b"x-api-key", b"accept", b"user-agent", b"x-odd", b"x-forwarded-for"]
)
TYPES = st.sampled_from([HTML, JSON, SCRIPT, PICTURE, (b"content-type", b"font/woff2"), (b"x-none", b"")])
PATHS = st.sampled_from(["/", "/assets/app-3f2a1b9c.js", "/assets/a-3f2a1b9c.png", "/avatars/7.png"])
SAID = st.sampled_from(
    [(b"set-cookie", b"a=1"), (b"vary", b"Cookie"), (b"vary", b"X-Odd"), (b"x-none", b""), (b"etag", b'"v"')]
)


@settings(deadline=None)
@given(names=st.lists(NAMES, unique=True), kind=TYPES, path=PATHS, said=SAID)
def test_no_personal_answer_becomes_one_that_a_shared_cache_may_keep(
    everywhere: Rule, names: list[bytes], kind: tuple[bytes, bytes], path: str, said: tuple[bytes, bytes]
) -> None:
    """
    Whatever is asked for and whatever comes: with anything in it that could tell who asks it is private, or untouched.
    """
    app = answering(TEXT, headers=[kind, said])
    asks = scope_of(path, headers=[(name, b"x") for name in names])
    plain, sent = (asyncio.run(ask(each, asks)) for each in (app, dressed(app, everywhere)))
    tells = {*names, said[1].lower() if said[0] == b"vary" else b""} & TELLING

    if said[0] == b"set-cookie":
        assert plain.messages == sent.messages
    else:
        assert bool(tells) == sent.headers["cache-control"].startswith("private, ")


@pytest.fixture(scope="module")
def everywhere() -> Rule:
    """
    The rule with lifetimes for files and pictures.
    """
    given = {**HEADERS, "settings": {"short": ["/avatars/{file}"], "immutable": ["/assets/{file}"]}}
    return read_policy(json.dumps({"version": 1, "revision": 1, "rules": [given]}).encode()).rules[0]


def dressed(app: App, rule: Rule) -> App:
    """
    The application with what this one rule makes of its answers.
    """

    async def behind_it(scope: dict[str, Any], receive: Any, send: Any) -> None:
        link = cache_headers.Answer(cache_headers.Request(rule, scope), send)
        await app(scope, receive, link)
        await link.let_go()

    return behind_it


@pytest.mark.parametrize("asks", [[], [COOKIE]])
@pytest.mark.parametrize("kind", [SCRIPT, HTML, JSON])
@pytest.mark.parametrize("order", [1, -1])
def test_it_goes_together_with_compression(tmp_path: Path, asks: Pairs, kind: tuple[bytes, bytes], order: int) -> None:
    """
    Both rules for one answer, whichever stands first: as compressed as by that rule alone, with a weak ETag that the
    304 has too, and the same Vary.
    """
    app = answering(TEXT, headers=[kind])
    rules = [{**RULE, "settings": {"codings": ["gzip"]}}, HEADERS][::order]
    write_policy(tmp_path / "policy.json", rules)
    agent = Agent(app, Standing(str(tmp_path / "policy.json"), None, lambda _: None))
    first = asked(agent, headers=[*TAKES_GZIP, *asks])
    second = again(agent, first, headers=[*TAKES_GZIP, *asks])
    write_policy(tmp_path / "policy.json", rules[::order][:1], revision=2)
    alone = asked(
        Agent(app, Standing(str(tmp_path / "policy.json"), None, lambda _: None)), headers=[*TAKES_GZIP, *asks]
    )

    assert alone.messages[1:] == first.messages[1:]
    assert TEXT == first.text
    assert alone.headers.items() <= first.headers.items()
    assert ("content-encoding" in first.headers) == first.headers["etag"].startswith("W/")
    assert {name: first.headers.get(name) for name in ("etag", "cache-control", "vary")} == {
        name: second.headers.get(name) for name in ("etag", "cache-control", "vary")
    }
    assert (304, b"") == (second.status, second.body)


def test_each_coding_has_a_tag_of_its_own_or_a_weak_one(tmp_path: Path) -> None:
    """
    Who takes no coding gets the strong ETag of the plain bytes, and either form confirms the answer to both.
    """
    agent = behind(answering(TEXT, headers=[SCRIPT]), tmp_path, {**RULE, "settings": {"codings": ["gzip"]}})
    coded, plain = (asked(agent, headers=headers) for headers in (TAKES_GZIP, []))

    assert f"W/{plain.headers['etag']}" == coded.headers["etag"]
    assert TEXT == plain.body == zlib.decompress(coded.body, 31)
    for first in (coded, plain):
        for headers in (TAKES_GZIP, []):
            assert (304, "Accept-Encoding") == (
                (found := again(agent, first, headers=headers)).status, found.headers["vary"],
            )  # fmt: skip


def test_a_version_of_the_applications_own_is_not_weakened(tmp_path: Path) -> None:
    """
    What compression leaves alone for its strong ETag it leaves alone here too.
    """
    app = answering(TEXT, headers=[JSON, (b"etag", b'"version-7"')])
    sent = asked(behind(app, tmp_path, RULE), headers=TAKES_GZIP)

    assert ('"version-7"', TEXT, "no-cache") == (sent.headers["etag"], sent.body, sent.headers["cache-control"])
