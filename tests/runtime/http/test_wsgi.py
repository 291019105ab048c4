"""
The agent in front of a WSGI application: what no rule is for is byte for byte as without it.
"""

import random
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest
from tests.runtime.driving import RULE, TEXT, hold_at_most, trial, write_policy
from tests.runtime.wsgi_driving import TAKES_GZIP, Sent, agent_for, answering, asked, behind, environ_of, served

from hasten_runtime.http import compression, holding, wsgi

KEY = "k" * 20
SCRIPT = ("Content-Type", "text/javascript")


class Pieces:
    """
    An iterable of its own kind, which may fail at a piece and at its end, and counts how often it is closed.
    """

    def __init__(self, pieces: list[bytes], fails_at: int | None = None) -> None:
        self.left = iter(pieces)
        self.fails_at = fails_at
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for number, piece in enumerate(self.left):
            if number == self.fails_at:
                raise ConnectionError("in the middle")
            yield piece

    def close(self) -> None:
        """
        It is closed.
        """
        self.closed += 1


def odd(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """
    An application of many habits: lists, tuples, generators, `write`, redirects, HEAD, ranges, cookies, errors.
    """
    number = int(environ["PATH_INFO"].rpartition("/")[2] or 0)
    asks = sorted((key, value) for key, value in environ.items() if key.startswith("HTTP_"))
    seen = repr((environ["REQUEST_METHOD"], environ["QUERY_STRING"], asks)).encode()
    headers = [("Content-Type", ["text/html", "application/json", "image/png"][number % 3])]
    if number % 5 == 1:
        headers += [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Vary", "Cookie")]
    if number % 7 == 3:
        raise ValueError(f"number {number}")
    status = ["200 OK", "200 OK", "404 Not Found", "200 OK", "206 Partial Content", "200 OK"][number % 6]
    pieces = [seen * 40] * (number % 4) if environ["REQUEST_METHOD"] != "HEAD" else []
    if number % 4 == 0:
        headers.append(("Content-Length", str(len(seen * 40) * (number % 8 + 1))))
        pieces = [seen * 40 for _ in range(number % 8 + 1)]
    return _answered(number, status, headers, pieces, start_response)


def _answered(number: int, status: str, headers: Any, pieces: list[bytes], start_response: Any) -> Iterable[bytes]:
    kind = number % 9
    if kind == 0:
        return _late(status, headers, pieces, start_response)
    write = start_response(status, headers)
    if kind == 1:
        raise LookupError("after the start")
    if kind == 2:
        for piece in pieces:
            write(piece)
        return []
    if kind == 3:
        return tuple(pieces)
    if kind in (4, 5):
        return Pieces(pieces, fails_at=number % 3 if kind == 4 else None)
    if kind == 6:
        try:
            raise KeyError("handled")
        except KeyError:
            start_response("500 Internal Server Error", [("Content-Type", "text/plain")], sys.exc_info())
        return [b"an error page"]
    return pieces


def _late(status: str, headers: Any, pieces: list[bytes], start_response: Any) -> Iterator[bytes]:
    start_response(status, headers)
    yield from pieces


def requests(count: int) -> list[dict[str, Any]]:
    """
    Environs of many kinds, the same in each run.
    """
    source = random.Random(7)
    headers = {
        "HTTP_RANGE": "bytes=0-9", "HTTP_COOKIE": "session=1", "HTTP_IF_NONE_MATCH": '"v"',
        "HTTP_HASTEN_ARM": "nobody:candidate", "HTTP_ACCEPT": "*/*",
    }  # fmt: skip
    return [
        environ_of(
            f"/odd/{source.randrange(500)}",
            method=source.choice(["GET", "GET", "GET", "HEAD", "POST"]),
            query=source.choice(["", "a=1&b=%20"]),
            **(TAKES_GZIP if source.random() < 0.6 else {}),
            **{name: value for name, value in headers.items() if source.random() < 0.2},
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("policy", ["none", "no rules", "another path", "corrupt", "stopped"])
def test_without_a_rule_for_it_everything_is_as_without_the_agent(tmp_path: Path, policy: str) -> None:
    """
    2,000 requests of all kinds: the same status, headers, pieces and errors.
    """
    elsewhere = {**RULE, "match": {"paths": ["/elsewhere/{rest:path}"]}}
    if policy == "corrupt":
        (tmp_path / "policy.json").write_text('{"version": 1')
    elif policy != "none":
        write_policy(tmp_path / "policy.json", {"no rules": [], "another path": [elsewhere]}.get(policy, [RULE]))
    if policy == "stopped":
        (tmp_path / "STOP").touch()
    agent = agent_for(odd, tmp_path)

    for one, other in zip(requests(2000), requests(2000), strict=True):
        assert served(odd, one).seen == served(agent, other).seen


@pytest.mark.parametrize("kinds", [["compression"], ["cache_headers"], ["compression", "cache_headers"]])
def test_the_same_with_rules_for_everything_but_what_they_add(tmp_path: Path, kinds: list[str]) -> None:
    """
    2,000 requests with every rule on: same status, same text, same errors, same headers but for those that are theirs,
    and every iterable is closed once.
    """
    write_policy(tmp_path / "policy.json", [{**RULE, "id": kind, "kind": kind} for kind in kinds])
    added = {"vary", "content-encoding", "content-length", "etag", "accept-ranges", "cache-control"}
    agent = agent_for(odd, tmp_path)
    changed = {"content-encoding": 0, "etag": 0}
    for asks, same in zip(requests(2000), requests(2000), strict=True):
        one, other = served(odd, asks), served(agent, same)

        assert (one.status, repr(one.error)) == (other.status, repr(other.error))
        assert [(k, v) for k, v in one.pairs if k.lower() not in added] == [
            (k, v) for k, v in other.pairs if k.lower() not in added
        ]
        assert one.body == other.text
        if isinstance(one.result, Pieces):
            assert 1 == one.result.closed == getattr(other.result, "result", other.result).closed
        for name in changed:
            changed[name] += name in other.headers

    assert ("compression" in kinds) == (changed["content-encoding"] > 100)
    assert ("cache_headers" in kinds) == (changed["etag"] > 100)


def test_a_request_that_no_rule_is_for_meets_nothing_in_between(tmp_path: Path) -> None:
    """
    Environ and start_response are the server's own objects, and the server gets the application's own object.
    """
    write_policy(tmp_path / "policy.json", [{**RULE, "match": {"paths": ["/other"]}}])
    token = object()
    agent = agent_for(lambda *given: (token, given), tmp_path)  # type: ignore[arg-type, return-value]
    environ, start = environ_of(), object()

    assert (token, (environ, start)) == agent(environ, start)  # type: ignore[arg-type, comparison-overlap]


@pytest.mark.parametrize(
    ("header", "coding", "label"),
    [
        (KEY + ":candidate", "gzip", "candidate; revision=3"),
        (KEY + ":control", None, "control; revision=3"),
        ("x" * 20 + ":candidate", None, None),
        (KEY + ":other", None, None),
        (f"{KEY}:candidate,{KEY}:control", None, None),
    ],
)
def test_an_arm_is_had_by_its_key(tmp_path: Path, header: str, coding: str | None, label: str | None) -> None:
    """
    The right key gets the arm and is told so; any other is an ordinary request. The application never sees the header.
    """
    write_policy(tmp_path / "policy.json", [], revision=3, trial=trial())
    seen: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.extend(name for name in environ if name.startswith("HTTP_"))
        return answering(TEXT, headers=[SCRIPT])(environ, start_response)

    sent = asked(agent_for(app, tmp_path), **TAKES_GZIP, HTTP_HASTEN_ARM=header)

    assert (coding, label) == (sent.headers.get("content-encoding"), sent.headers.get("hasten-arm"))
    assert ["HTTP_ACCEPT_ENCODING"] == seen


def test_the_draw_is_that_of_asgi(tmp_path: Path) -> None:
    """
    With a share of 1 every ordinary request obeys the candidate; by identity the same visitor has the same arm.
    """
    write_policy(tmp_path / "policy.json", [], trial=trial(share=1.0))
    sent = asked(agent_for(answering(TEXT, headers=[SCRIPT]), tmp_path), **TAKES_GZIP)

    assert ("gzip", None) == (sent.headers["content-encoding"], sent.headers.get("hasten-arm"))
    write_policy(tmp_path / "policy.json", [], trial=trial(share=0.5, split="identity"))
    agent = agent_for(answering(TEXT, headers=[SCRIPT]), tmp_path)
    arms = [
        {asked(agent, **TAKES_GZIP, HTTP_COOKIE=f"s={who}").headers.get("content-encoding") for _ in range(3)}
        for who in range(40)
    ]
    assert all(len(arm) == 1 for arm in arms)
    assert {"gzip", None} == set.union(*arms)


def test_a_rule_is_for_the_whole_path_as_asgi_has_it(tmp_path: Path) -> None:
    """
    Where an application is mounted counts, and letters beyond ASCII are letters.
    """
    rule = {**RULE, "match": {"paths": ["/shop/köln/{name}"]}}
    write_policy(tmp_path / "policy.json", [rule])
    agent = agent_for(answering(TEXT, headers=[SCRIPT]), tmp_path)
    path = "/köln/dom".encode().decode("latin-1")
    sents = [asked(agent, path, SCRIPT_NAME=mount, **TAKES_GZIP) for mount in ("/shop", "")]

    assert ["gzip", None] == [sent.headers.get("content-encoding") for sent in sents]


def test_a_fault_in_the_rules_lets_the_request_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Whatever our own code raises before the application runs, the request is answered without any rule.
    """
    write_policy(tmp_path / "policy.json", trial=trial())
    app = answering(TEXT, headers=[SCRIPT])

    def fail(*_: object) -> Any:
        raise KeyError("a fault")

    for module, name in ((wsgi, "arm_of"), (compression, "Request")):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, fail)

            assert asked(app, **TAKES_GZIP).seen == asked(agent_for(app, tmp_path), **TAKES_GZIP).seen
    assert "a request passes without any rule: KeyError" in capsys.readouterr().err


def test_a_rule_of_another_kind_is_passed_over(tmp_path: Path) -> None:
    """
    What an agent for WSGI cannot do is not done, and the next rule has its turn.
    """
    write_policy(tmp_path / "policy.json")
    agent = agent_for(answering(TEXT, headers=[SCRIPT]), tmp_path)
    policy = agent._standing.policy()
    other = policy.rules[0]._replace(kind="another", settings={})
    agent._standing._now = policy._replace(rules=(other, *policy.rules))

    assert "gzip" == asked(agent, **TAKES_GZIP).headers["content-encoding"]


@pytest.mark.parametrize("coding", ["gzip", None])
def test_a_file_that_does_not_fit_beside_others_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, coding: str | None
) -> None:
    """
    What was held until then goes out first, and the rest after it as it comes.
    """
    hold_at_most(monkeypatch, 2 * len(TEXT))
    write_policy(tmp_path / "policy.json")
    headers = [("Content-Type", "text/javascript"), ("Content-Length", str(5 * len(TEXT)))]

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", headers)
        return Pieces([TEXT] * 5)

    sent = asked(agent_for(app, tmp_path), **(TAKES_GZIP if coding else {}))

    assert (coding, 5 * TEXT) == (sent.headers.get("content-encoding"), sent.text)
    assert not sum(holding._sizes.values())


@pytest.mark.parametrize("pieces", [[TEXT], [TEXT, TEXT], [b"", TEXT, b"", TEXT], [b"small"], []])
@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize("kind", ["text/javascript", "application/json", "image/png"])
def test_both_sides_keep_to_the_standard(tmp_path: Path, pieces: list[bytes], length: bool, kind: str) -> None:
    """
    The standard library's validator has nothing to say, in front of the agent and behind it.
    """
    write_policy(tmp_path / "policy.json")
    headers = [("Content-Type", kind)]
    total = [("Content-Length", str(sum(map(len, pieces))))] if length else []

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", headers + total)
        return Pieces(pieces)

    sent = asked(validator(agent_for(validator(app), tmp_path)), **TAKES_GZIP)

    assert (None, b"".join(pieces), 1) == (sent.error, sent.text, sent.closed)


def test_nothing_that_a_server_for_wsgi_has_no_use_for_is_imported() -> None:
    """
    A worker without an event loop does not get one from us.
    """
    code = "import sys; import hasten_runtime.http.wsgi; sys.exit('asyncio' in sys.modules)"

    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode


def test_two_requests_do_not_meet(tmp_path: Path) -> None:
    """
    An answer that is under way is not touched by the next one.
    """
    write_policy(tmp_path / "policy.json")

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        for number in range(3):
            yield f"{environ['PATH_INFO']} {number} ".encode() * 100

    agent = agent_for(app, tmp_path)
    sents: list[Sent] = []
    for path in ("/one", "/two"):
        sent = Sent()

        def start(status: str, headers: Any, sent: Sent = sent) -> Any:
            sent.status, sent.pairs = status, headers

        sent.result = iter(agent(environ_of(path, **TAKES_GZIP), start))
        sents.append(sent)
    for _ in range(4):
        for sent in sents:
            sent.pieces.append(next(sent.result))

    assert [b"/one 0", b"/two 0"] == [sent.text[:6] for sent in sents]


def test_head_under_waitress_keeps_its_length(tmp_path: Path) -> None:
    """
    That server sends the end of a body that there is not, and closes, where HEAD is answered without a length.
    """
    app, waitress = answering(TEXT, headers=[("Content-Type", "text/css")]), {"waitress.client_disconnected": ""}
    agent = behind(app, tmp_path)
    head, other = (asked(agent, method="HEAD", HTTP_ACCEPT_ENCODING="gzip", **more).headers for more in (waitress, {}))
    got = asked(agent, HTTP_ACCEPT_ENCODING="gzip", **waitress).headers

    assert (str(len(TEXT)), None, "gzip") == (
        head["content-length"], other.get("content-length"), got["content-encoding"]
    )  # fmt: skip
