"""
Answers that a server cuts where chance has it, and what is asked of the agent for them all the same.

granian 2.8.9 with WSGI cuts an answer when, and only when, the application has returned an iterable that is no list,
the method is not HEAD, and going through the iterable raises. A thread begins the answer at once and puts the pieces
into a channel of four, without waiting until they are sent, and behind the last of them the error (`response_iter` in
`src/wsgi/io.rs`). hyper, in another thread, collects the head and the pieces that it finds, and sends them when it
finds none; on the error it closes the connection and throws away what it has collected (`poll_write` returns before
`poll_flush` in `src/proto/h1/dispatch.rs`). So a client gets nothing, or the head and some pieces, each of them whole,
and never the end of the body; how many is decided by which of the two threads is faster. Nothing that a client does,
nor the connection, nor the order of requests has a part in it. An application that raises before it returns is always
answered with the same 500, and what granian takes for no request with the same 400: an answer that ends is compared
like any other.

Two such answers cannot be compared byte by byte. What can be: the same request is asked until the bare server has sent
all that comes before the error. From that follows each answer that it may give. Then every answer with the agent must
be one of those, and one of them must be all of it: it is asked until it is. An agent that loses a piece, changes a
byte, breaks off within a piece or ends the body as if nothing had happened is seen.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from bench.differential.answers import Answer, Answers
from bench.differential.arms import Server
from bench.differential.asking import Exchange
from bench.differential.judging import Judge, exactly
from bench.differential.wire import Told, tell

#: So often one server is asked for an answer that is all there. The rarest was seen in 4 of 100 (2 cores, nothing else
#: to do), so that it never comes has a chance of 1e-17.
MOST_ASKED = 1000
NOTHING = Told(Answers((), b""), b"")


def repeated(first: Told, server: Server, exchange: Exchange) -> Iterator[Told]:
    """
    What a server has said, and what it says when it is asked again, as often as somebody wants to know.
    """
    return chain([first], (tell(server.port, exchange) for _ in range(MOST_ASKED - 1)))


def is_cut(told: Told) -> bool:
    """
    Whether nothing of what was said ends where it says that it does.
    """
    return not any(answer.is_whole for answer in told.answers.found)


def unlike(judge: Judge, exchange: Exchange, bare: Iterable[Told], other: Iterable[Told]) -> str:
    """
    What the answers of the other server differ in from all that the bare one may say; nothing where they do not.

    Args:
        bare: The answers of the bare server, one after the other; no more are taken than are needed.
        other: Those of the other.
    """
    seen = []
    for told in bare:
        seen.append(told)
        if _is_all(exchange, told):
            break
    else:
        return "what is known of the server and its answers, none of which was all there,"
    possible = [NOTHING, *(_upto(seen[-1], end) for end in exchange.ends)]
    if any(all(exactly(exchange, one, told) for one in possible) for told in seen):
        return "what is known of the server and where it cuts its answers"
    for told in other:
        if not is_cut(told):
            return "the end of the body"
        if all(judge(exchange, one, told) for one in possible):
            return f"where an answer may be cut and where it was ({_told(told)})"
        if not judge(exchange, possible[-1], told):
            return ""
    return "the answer that is all there, which never came with the agent,"


def _is_all(exchange: Exchange, told: Told) -> bool:
    """
    Whether all is there that comes before the application fails, and no end.
    """
    found = told.answers.found
    return len(found) == 1 and len(found[0].text) == exchange.ends[-1] and is_cut(told)


def _upto(told: Told, end: int) -> Told:
    """
    The same, cut so many bytes into the body.
    """
    answer = told.answers.found[0]
    return Told(Answers((_shortened(answer, end),), told.answers.rest), told.notes)


def _shortened(answer: Answer, end: int) -> Answer:
    size = end
    if answer.values(b"transfer-encoding"):
        size = at = 0
        while at < end:
            line_end = answer.framed.index(b"\r\n", size)
            length = int(answer.framed[size:line_end], 16)
            at, size = at + length, line_end + 4 + length
    return answer._replace(framed=answer.framed[:size], body=answer.body[:end])


def _told(told: Told) -> str:
    found = [f"{each.start.decode('latin-1')}, {len(each.text)} bytes of text" for each in told.answers.found]
    return "; ".join(found) or f"{told.answers.rest[:60]!r}"
