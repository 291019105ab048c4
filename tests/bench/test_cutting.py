"""
Answers that a server cuts by chance: what the differential bench excuses, and what it does not.
"""

import zlib
from itertools import accumulate

import pytest
from bench.differential.answers import parsed
from bench.differential.applications import MORE
from bench.differential.asking import Exchange, Request, exchanges
from bench.differential.cutting import NOTHING, is_cut, unlike
from bench.differential.judging import but_for_the_rules, exactly
from bench.differential.wire import Told
from tests.real.applications import contents

PIECES = [b"first ", b"the second one"]
ENDS = (0, 6, 20)
ASKED = Exchange("once", (Request("GET", "/broken/middle"),), ends=ENDS)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n"
OLD_HEAD = b"HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\n\r\n"


def told(data: bytes) -> Told:
    """
    A server that said this.
    """
    return Told(parsed(data, ["GET"]), b"")


def chunked(*pieces: bytes) -> bytes:
    """
    The pieces as chunks, without the last of all.
    """
    return b"".join(b"%X\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


def squeezed(*pieces: bytes) -> list[bytes]:
    """
    The same pieces compressed, each so that it can be read when it comes.
    """
    coder = zlib.compressobj(wbits=31)
    return [coder.compress(piece) + coder.flush(zlib.Z_SYNC_FLUSH) for piece in pieces]


ALL = HEAD + chunked(*PIECES)
CODED_HEAD = HEAD.replace(b"\r\n\r\n", b"\r\ncontent-encoding: gzip\r\nvary: Accept-Encoding\r\n\r\n")


@pytest.mark.parametrize("cut", [b"", HEAD, HEAD + chunked(PIECES[0]), ALL])
def test_each_answer_that_the_bare_server_may_give_is_excused(cut: bytes) -> None:
    """
    Nothing, the head, and the head with whole pieces, on either side, as long as each side gives all of it some time.
    """
    assert "" == unlike(exactly, ASKED, map(told, [cut, ALL]), map(told, [ALL]))
    assert "" == unlike(exactly, ASKED, map(told, [ALL]), map(told, [cut, ALL]))


@pytest.mark.parametrize(
    "said",
    [
        HEAD + chunked(PIECES[0][:3]),
        HEAD + chunked(PIECES[1]),
        HEAD.replace(b"plain", b"html"),
        ALL.replace(b"second", b"2econd"),
        ALL + chunked(b"more"),
        ALL + b"0\r\n\r\n",
        HEAD + b"0\r\n\r\n",
        b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200",
    ],
)
def test_whatever_no_cut_explains_is_a_difference(said: bytes) -> None:
    """
    Once is enough, also of a server that gives the right answer afterwards.
    """
    assert "" != unlike(exactly, ASKED, map(told, [ALL]), map(told, [said, ALL]))
    assert "" != unlike(but_for_the_rules, ASKED, map(told, [ALL]), map(told, [said, ALL]))


@pytest.mark.parametrize("said", [HEAD + chunked(b"".join(PIECES)), HEAD + b"6\r\nfir"])
def test_without_rules_the_chunks_are_the_same(said: bytes) -> None:
    """
    The text alone is not enough where every byte has to be the same.
    """
    assert "" != unlike(exactly, ASKED, map(told, [ALL]), map(told, [said, ALL]))


@pytest.mark.parametrize("cut", [b"", HEAD, HEAD + chunked(PIECES[0])])
def test_who_never_gives_all_of_it_differs(cut: bytes) -> None:
    """
    An agent that loses the last piece each time is no chance, and without the bare server's answer nothing is judged.
    """
    assert "" != unlike(exactly, ASKED, map(told, [ALL]), map(told, [cut] * 9))
    assert "" != unlike(exactly, ASKED, map(told, [cut] * 9), map(told, [ALL]))


def test_a_bare_server_that_does_more_than_cut_is_told() -> None:
    """
    What the rule takes for granted of it is looked at, too.
    """
    assert "" != unlike(exactly, ASKED, map(told, [HEAD + chunked(b"fi"), ALL]), map(told, [ALL]))


def test_no_more_is_asked_than_needed() -> None:
    """
    Either side is left alone once it has given all.
    """
    bare, other = iter([NOTHING, told(ALL), NOTHING]), iter([told(ALL), NOTHING])

    assert "" == unlike(exactly, ASKED, bare, other)
    assert [NOTHING] == list(bare) == list(other)


def test_pieces_end_where_the_application_says_without_chunks() -> None:
    """
    In the earlier protocol nothing on the wire shows where one ends.
    """
    whole = told(OLD_HEAD + b"".join(PIECES))

    assert "" == unlike(exactly, ASKED, [whole], [told(OLD_HEAD + PIECES[0]), whole])
    assert "" != unlike(exactly, ASKED, [whole], [told(OLD_HEAD + PIECES[0][:5]), whole])


def test_the_rules_may_code_what_is_cut() -> None:
    """
    The text ends where it may end, whatever it is coded in; a coder that keeps a part of a piece to itself is seen.
    """
    coded = squeezed(*PIECES)
    whole, first = told(CODED_HEAD + chunked(*coded)), told(CODED_HEAD + chunked(coded[0]))
    kept = told(CODED_HEAD + chunked(*squeezed(PIECES[0][:4])))

    assert "" == unlike(but_for_the_rules, ASKED, [told(ALL)], [NOTHING, told(CODED_HEAD), first, whole])
    assert "" != unlike(but_for_the_rules, ASKED, [told(ALL)], [kept, whole])
    assert "" != unlike(exactly, ASKED, [told(ALL)], [whole])


def test_an_answer_that_ends_is_not_cut() -> None:
    """
    It is compared as any other; the connection alone may end one without a length.
    """
    assert [True, True, True, False] == [
        is_cut(told(each)) for each in (b"", ALL, OLD_HEAD, b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
    ]


def test_only_what_raises_in_its_iterable_may_be_cut() -> None:
    """
    Of all exchanges with granian, those with a body of /broken/first and /broken/middle, where the pieces end.
    """
    granian = next(each for each in MORE if each.name == "plain WSGI, granian")
    others = [each for each in MORE if each is not granian]
    asked = list(exchanges(granian, 4000, 1))
    cut = [each for each in asked if each.ends]

    assert {"/broken/first", "/broken/middle"} == {each.requests[0].target.partition("?")[0] for each in cut}
    assert all(each.way == "once" and each.requests[0].method != "HEAD" for each in cut)
    assert len(cut) < 0.05 * len(asked)
    assert tuple(sorted({0, *accumulate(map(len, contents.PIECES[:3]))})) == granian.cuts["/broken/middle"]
    assert not any(each.cuts for each in others)
