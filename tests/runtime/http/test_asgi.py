"""
The agent in front of an application: what no rule is for is byte for byte as without it.
"""

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.driving import RULE, TAKES_GZIP, TEXT, Sent, answering, ask, asked, scope_of, trial, write_policy

from hasten_runtime.http import asgi, compression
from hasten_runtime.http.asgi import Agent
from hasten_runtime.standing import Standing

KEY = b"k" * 20
SCRIPT = (b"content-type", b"text/javascript")


def agent_for(app: Any, folder: Path) -> Agent:
    """
    An agent that looks at the policy of this folder.
    """
    return Agent(app, Standing(str(folder / "policy.json"), None, lambda _: None))


async def odd(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """
    An application of many habits: streams, redirects, HEAD, ranges, cookies, errors, disconnects, background work.
    """
    if scope["type"] == "lifespan":
        await send({"type": "lifespan.startup.complete"})
        return
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept", "headers": [(b"x", b"y")]})
        await send({"type": "websocket.send", "text": repr(scope["headers"])})
        return
    message = await receive()
    number = int(scope["path"].rpartition("/")[2] or 0)
    seen = repr((scope["method"], scope["headers"], scope["query_string"], message)).encode()
    headers = [(b"content-type", [b"text/html", b"application/json", b"image/png"][number % 3])]
    if number % 5 == 1:
        headers += [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"Vary", b"Cookie")]
    if number % 7 == 3:
        raise ValueError(f"number {number}")
    status = [200, 200, 404, 302, 206, 500][number % 6]
    if number % 4 == 0:
        headers.append((b"content-length", b"%d" % len(seen * 30)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if number % 11 == 5:
        raise ConnectionError("in the middle")
    if number % 4:
        for _ in range(number % 4):
            await send({"type": "http.response.body", "body": seen * 10, "more_body": True})
        await send({"type": "http.response.body"})
    else:
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else seen * 30})
    if number % 13 == 2:
        raise RuntimeError("after the answer")


def requests(count: int) -> list[dict[str, Any]]:
    """
    Scopes of many kinds, the same in each run.
    """
    source = random.Random(7)
    headers: Sequence[tuple[bytes, bytes]] = [
        (b"range", b"bytes=0-9"), (b"cookie", b"session=1"), (b"if-none-match", b'"v"'),
        (b"hasten-arm", b"nobody:candidate"), (b"accept", b"*/*"),
    ]  # fmt: skip
    return [
        scope_of(
            f"/odd/{source.randrange(200)}",
            method=source.choice(["GET", "GET", "GET", "HEAD", "POST"]),
            headers=[*TAKES_GZIP[: source.randrange(4)], *(each for each in headers if source.random() < 0.2)],
            query=source.choice([b"", b"a=1&b=%20"]),
        )
        for _ in range(count)
    ]


async def all_of(app: Any, scopes: list[dict[str, Any]]) -> list[Sent]:
    """
    What comes back for each.
    """
    return [await ask(app, scope) for scope in scopes]


@pytest.mark.parametrize("policy", ["none", "no rules", "another path", "corrupt", "stopped"])
def test_without_a_rule_for_it_everything_is_as_without_the_agent(tmp_path: Path, policy: str) -> None:
    """
    2,000 requests of all kinds: the same messages in the same order, and the same errors.
    """
    elsewhere = {**RULE, "match": {"paths": ["/elsewhere/{rest:path}"]}}
    if policy == "corrupt":
        (tmp_path / "policy.json").write_text('{"version": 1')
    elif policy != "none":
        write_policy(tmp_path / "policy.json", {"no rules": [], "another path": [elsewhere]}.get(policy, [RULE]))
    if policy == "stopped":
        (tmp_path / "STOP").touch()
    plain = asyncio.run(all_of(odd, requests(2000)))
    behind = asyncio.run(all_of(agent_for(odd, tmp_path), requests(2000)))

    for one, other in zip(plain, behind, strict=True):
        assert (one.messages, repr(one.error)) == (other.messages, repr(other.error))


@pytest.mark.parametrize("kinds", [["compression"], ["cache_headers"], ["compression", "cache_headers"]])
def test_the_same_with_rules_for_everything_but_what_they_add(tmp_path: Path, kinds: list[str]) -> None:
    """
    2,000 requests with every rule on: same status, same text, same errors, same headers but for those that are theirs.
    """
    write_policy(tmp_path / "policy.json", [{**RULE, "id": kind, "kind": kind} for kind in kinds])
    added = {"vary", "content-encoding", "content-length", "etag", "accept-ranges", "cache-control"}
    plain = asyncio.run(all_of(odd, requests(2000)))
    behind = asyncio.run(all_of(agent_for(odd, tmp_path), requests(2000)))
    changed = {"content-encoding": 0, "etag": 0}

    for one, other in zip(plain, behind, strict=True):
        assert repr(one.error) == repr(other.error)
        if not one.messages:
            assert [] == other.messages
            continue
        assert (one.status, {k: v for k, v in one.headers.items() if k not in added}) == (
            other.status,
            {k: v for k, v in other.headers.items() if k not in added},
        )
        for name in changed:
            changed[name] += name in other.headers
        if one.error is None or other.headers.get("content-encoding") != "gzip":
            assert one.body == other.text

    assert ("compression" in kinds) == (changed["content-encoding"] > 100)
    assert ("cache_headers" in kinds) == (changed["etag"] > 50)


def test_of_each_kind_the_first_rule_that_matches_is_obeyed(tmp_path: Path) -> None:
    """
    Rules of different kinds go together; a second one of the same kind says nothing.
    """
    rules = [
        {"id": "no", "kind": "cache_headers", "match": {"paths": ["/other"]}},
        {"id": "a", "kind": "cache_headers", "match": {"paths": ["/"]}, "settings": {"minimum_bytes": 1}},
        {"id": "b", "kind": "cache_headers", "match": {"paths": ["/"]}, "settings": {"minimum_bytes": 10**6}},
        RULE,
    ]
    found = []
    for order in (rules, rules[::-1]):
        write_policy(tmp_path / "policy.json", order)
        sent = asked(agent_for(answering(TEXT, headers=[SCRIPT]), tmp_path), headers=TAKES_GZIP)
        found.append(("etag" in sent.headers, sent.headers.get("content-encoding")))

    assert [(True, "gzip"), (False, "gzip")] == found


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
def test_other_protocols_pass(tmp_path: Path, kind: str) -> None:
    """
    Lifespan and websockets reach the application with the very same scope, receive and send.
    """
    write_policy(tmp_path / "policy.json", trial=trial())
    seen: list[Any] = []

    async def app(*given: Any) -> None:
        seen.extend(given)

    given = ({"type": kind, "headers": [(b"hasten-arm", b"x")], "path": "/"}, object(), object())
    asyncio.run(_awaited(agent_for(app, tmp_path)(*given)))

    assert all(one is other for one, other in zip(given, seen, strict=True))


async def _awaited(answer: Any) -> None:
    await answer


def test_a_request_that_no_rule_is_for_meets_nothing_in_between(tmp_path: Path) -> None:
    """
    Scope, receive and send are the server's own objects, and the agent gives back the application's own awaitable.
    """
    write_policy(tmp_path / "policy.json", [{**RULE, "match": {"paths": ["/other"]}}])
    token = object()
    agent = agent_for(lambda *given: (token, given), tmp_path)
    scope = scope_of()

    assert (token, (scope, 1, 2)) == agent(scope, 1, 2)  # type: ignore[arg-type, comparison-overlap]


@pytest.mark.parametrize(
    ("header", "coding", "label"),
    [
        (KEY + b":candidate", "gzip", "candidate; revision=3"),
        (KEY + b":control", None, "control; revision=3"),
        (b"x" * 20 + b":candidate", None, None),
        (KEY + b":other", None, None),
    ],
)
def test_an_arm_is_had_by_its_key(tmp_path: Path, header: bytes, coding: str | None, label: str | None) -> None:
    """
    The right key gets the arm and is told so; any other is an ordinary request. The application never sees the header.
    """
    write_policy(tmp_path / "policy.json", [], revision=3, trial=trial())
    seen: list[Any] = []

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        seen.extend(scope["headers"])
        await answering(TEXT, headers=[SCRIPT])(scope, receive, send)

    scope = scope_of(headers=[*TAKES_GZIP, (b"hasten-arm", header)])
    sent = asyncio.run(ask(agent_for(app, tmp_path), scope))

    assert (coding, label) == (sent.headers.get("content-encoding"), sent.headers.get("hasten-arm"))
    assert TAKES_GZIP == seen
    assert len(scope["headers"]) == 2


def test_a_share_of_everybodys_requests_is_the_candidates(tmp_path: Path) -> None:
    """
    With a share of 1 every ordinary request obeys the candidate, without a label.
    """
    write_policy(tmp_path / "policy.json", [], trial=trial(share=1.0))
    sent = asked(agent_for(answering(TEXT, headers=[SCRIPT]), tmp_path), headers=TAKES_GZIP)

    assert ("gzip", None) == (sent.headers["content-encoding"], sent.headers.get("hasten-arm"))


def test_a_fault_in_the_rules_lets_the_request_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Whatever our own code raises before the application runs, the request is answered without any rule.
    """
    write_policy(tmp_path / "policy.json", trial=trial())
    app = answering(TEXT, headers=[SCRIPT])
    plain = asked(app, headers=TAKES_GZIP)

    def fail(*_: object) -> Any:
        raise KeyError("a fault")

    for module, name in ((asgi, "arm_of"), (compression, "Request")):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, fail)

            assert plain.messages == asked(agent_for(app, tmp_path), headers=TAKES_GZIP).messages
    assert "a request passes without any rule: KeyError" in capsys.readouterr().err


def test_a_scope_that_lacks_what_it_should_have_is_the_applications(tmp_path: Path) -> None:
    """
    An odd server's scope is passed on untouched.
    """
    write_policy(tmp_path / "policy.json")
    app = answering(TEXT, headers=[SCRIPT])
    scope = {"type": "http", "path": "/"}

    assert asyncio.run(ask(app, scope)).messages == asyncio.run(ask(agent_for(app, tmp_path), scope)).messages
