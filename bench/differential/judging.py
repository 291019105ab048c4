"""
What two servers may differ in: in nothing, or in what the rules of a policy add.
"""

from collections.abc import Callable

from bench.differential.answers import Answer
from bench.differential.asking import Exchange, Request
from bench.differential.wire import Told

Judge = Callable[[Exchange, Told, Told], str]

#: Stands for what was asked where no request of ours was.
ANY = Request("GET", "/")
#: Headers that the rules write or change, each as `_headers` allows.
THEIRS = {b"vary", b"content-encoding", b"content-length", b"transfer-encoding", b"etag", b"accept-ranges"}
ADDED = {b"cache-control", b"server-timing", b"hasten-arm"}


def exactly(_exchange: Exchange, plain: Told, told: Told) -> str:
    """
    What differs between the two, in a few words; nothing where every byte is the same.
    """
    if plain.answers != told.answers:
        return "the bytes on the wire"
    return "what the application noted" if plain.notes != told.notes else ""


def but_for_the_rules(exchange: Exchange, plain: Told, told: Told) -> str:
    """
    The same, where compression and cache headers are allowed to do their work.
    """
    if plain.notes != told.notes:
        return "what the application noted"
    if exchange.way == "talks":
        return exactly(exchange, plain, told)
    one, other = plain.answers.found, told.answers.found
    last = min(len(one), len(other))
    may_end = bool(one) and exchange.way in ("alive", "pipelined") and b"waitress" in one[0].values(b"server")
    if may_end:
        # It closes where it is not told how long an answer is, and a rule makes that better or worse.
        one, other = one[:last], other[:last]
    if len(one) != len(other):
        return f"the number of answers: {len(one)} and {len(other)}"
    requests = iter(exchange.requests)
    for without, answer in zip(one, other, strict=True):
        request = next(requests, ANY) if without.status >= 200 else ANY
        difference = _answer(request, without, answer)
        if difference:
            return difference
    return "what follows the answers" if plain.answers.rest != told.answers.rest and not may_end else ""


def _answer(request: Request, plain: Answer, told: Answer) -> str:
    is_safe = request.method in ("GET", "HEAD")
    if is_safe and (plain.status, told.status) == (200, 304):
        is_asked = any(name.lower() in ("if-none-match", "if-modified-since") for name, _ in request.headers)
        return "" if is_asked and told.body == b"" else "a 304 for nothing"
    if plain.start != told.start:
        return "the status line"
    if _others(plain) != _others(told):
        return "headers that no rule touches"
    if not is_safe and plain.headers != told.headers:
        return "headers of another method"
    for name in ADDED:
        if plain.values(name) and plain.values(name) != told.values(name)[: len(plain.values(name))]:
            return f"the application's own {name.decode()}"
    if plain.values(b"content-encoding") and plain.values(b"content-encoding") != told.values(b"content-encoding"):
        return "the application's own coding"
    if not _tokens(plain) <= _tokens(told):
        return "Vary lacks a name"
    if plain.values(b"etag") and told.values(b"etag") not in (
        plain.values(b"etag"), [b"W/" + each for each in plain.values(b"etag")]
    ):  # fmt: skip
        return "the application's own ETag"
    if bool(plain.is_whole) > bool(told.is_whole is not False):
        return "the end of the body"
    return "" if plain.text == told.text else "the text of the body"


def _others(answer: Answer) -> list[tuple[bytes, bytes]]:
    is_waitress = answer.values(b"server") == [b"waitress"]
    theirs = THEIRS | ADDED | ({b"connection"} if is_waitress else set())
    return [each for each in answer.headers if each[0].lower() not in theirs]


def _tokens(answer: Answer) -> set[bytes]:
    members = b",".join(answer.values(b"vary")).lower().split(b",")
    return {member.strip() for member in members} - {b""}


def shown(exchange: Exchange, plain: Told, told: Told, difference: str) -> str:
    """
    A case that failed, for people: the request, and both answers.
    """
    asked = [f"  {request.head[:700]!r} + {len(request.framed)} bytes" for request in exchange.requests]
    asked += [f"  {frame[:300]!r}" for frame in exchange.frames]
    lines = [f"{difference} differ, asked {exchange.way}:", *asked]
    for name, said in (("without the agent", plain), ("with it", told)):
        lines.append(f" {name}: {said.notes.decode('latin-1')}")
        for each in said.answers.found:
            lines.append(f"  {each.start!r}")
            lines += [f"    {key!r}: {value!r}" for key, value in each.headers]
            lines.append(f"    {len(each.framed)} bytes, whole: {each.is_whole}: {each.framed[:300]!r}")
        lines.append(f"    rest: {said.answers.rest[:300]!r}")
    return "\n".join(lines)
