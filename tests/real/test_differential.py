"""
Example applications on real servers: byte for byte the same with the agent and without, but for what the rules add.

The benchmark `differential` asks thousands of requests of each; here it is a few hundred, from the same seed.
"""

from pathlib import Path

import pytest
from bench.differential.answers import parsed
from bench.differential.applications import FIRST, Application
from bench.differential.arms import BARE, RULES, UNMATCHED
from bench.differential.asking import Exchange, Request, exchanges
from bench.differential.judging import but_for_the_rules, exactly
from bench.differential.run import compared
from bench.differential.wire import Told

pytestmark = pytest.mark.real

COUNT = 200
PLAIN = b"HTTP/1.1 200 OK\r\ndate: then\r\nvary: Cookie\r\ncontent-length: 4\r\n\r\ntext"
ASKED = Exchange("once", (Request("GET", "/", (("If-None-Match", "*"),)),))


@pytest.mark.parametrize("application", FIRST, ids=lambda each: each.name)
def test_every_answer_is_the_one_without_the_agent(application: Application, tmp_path: Path) -> None:
    """
    Telemetry and a policy that matches nothing change no byte; compression and cache headers only what is theirs.
    """
    result = compared(application, [BARE, UNMATCHED, RULES], COUNT, 1, tmp_path)

    assert {UNMATCHED: 0, RULES: 0} == result.different, "\n".join(result.shown)
    assert result.is_good, f"{result.workers} {result.complaints} {result.rewritten}"
    assert {200, 204, 304, 404, 500} <= result.statuses
    assert COUNT <= result.requests


def test_the_same_seed_asks_the_same() -> None:
    """
    Two runs ask the same requests, and another seed asks others.
    """
    first, second, other = (list(exchanges(FIRST[0], 300, seed)) for seed in (1, 1, 2))

    assert first == second
    assert first != other
    assert {"once", "alive", "pipelined", "leaves", "talks", "raw", "half", "expects"} == {each.way for each in first}


def told(data: bytes) -> Told:
    """
    A server that said this.
    """
    return Told(parsed(data, ["GET"]), b"")


@pytest.mark.parametrize(
    "said",
    [
        PLAIN.replace(b"text", b"tent"),
        PLAIN.replace(b"200 OK", b"200 Fine"),
        PLAIN.replace(b"vary: Cookie\r\n", b""),
        PLAIN.replace(b"vary: Cookie", b"Vary: Cookie"),
        PLAIN.replace(b"content-length: 4\r\n\r\n", b"transfer-encoding: chunked\r\n\r\n4\r\n") + b"\r\n0\r\n\r\n",
        PLAIN + b"more",
        PLAIN + PLAIN,
        b"",
    ],
)
def test_a_byte_that_differs_is_seen(said: bytes) -> None:
    """
    Whatever is added, missing, spelled or framed otherwise is a difference; the time of day is none.
    """
    assert "" != exactly(ASKED, told(PLAIN), told(said))
    assert "" == exactly(ASKED, told(PLAIN), told(PLAIN.replace(b"then", b"now")))


@pytest.mark.parametrize(
    ("said", "is_allowed"),
    [
        (PLAIN.replace(b"Cookie", b"Cookie, Accept-Encoding"), True),
        (PLAIN.replace(b"vary", b'etag: "x"\r\ncache-control: no-cache\r\nvary'), True),
        (b'HTTP/1.1 304 Not Modified\r\ndate: now\r\netag: "x"\r\n\r\n', True),
        (PLAIN.replace(b"vary: Cookie", b"vary: Accept-Encoding"), False),
        (PLAIN.replace(b"text", b"tent"), False),
        (PLAIN.replace(b"200 OK", b"201 OK"), False),
        (PLAIN.replace(b"vary", b"x-other: 1\r\nvary"), False),
        (b"", False),
    ],
)
def test_the_rules_may_add_what_is_theirs(said: bytes, is_allowed: bool) -> None:
    """
    Names in Vary, a validator, a lifetime and a 304 for who asked; nothing is taken away, and no text changes.
    """
    assert is_allowed == (but_for_the_rules(ASKED, told(PLAIN), told(said)) == "")
