"""
One exchange with a server over a connection of its own, byte by byte.
"""

import socket
import time

from bench.differential.answers import Answers, parsed
from bench.differential.asking import HOST, Exchange, Request

PATIENCE_S = 60.0
#: A client that leaves has read so much of the answer's body.
READ_BYTES = 5
#: Stands at the end of what came from a server that then said nothing for too long.
SILENCE = b"\0(silence)"


class Told:
    """
    What one server said in an exchange: on its connection, and of it afterwards.

    Attributes:
        answers: What came.
        notes: What the application had noted of the case.
    """

    def __init__(self, answers: Answers, notes: bytes) -> None:
        self.answers = answers
        self.notes = notes

    @property
    def is_silent(self) -> bool:
        """
        Whether the server has not said all.
        """
        return self.answers.rest.endswith(SILENCE)


def tell(port: int, exchange: Exchange) -> Told:
    """
    What the server on that port says to an exchange.
    """
    try:
        answers = _answers(port, exchange)
    except TimeoutError:
        answers = Answers((), SILENCE)
    return Told(answers, _notes(port, exchange.case) if exchange.case else b"")


def _answers(port: int, exchange: Exchange) -> Answers:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if exchange.way == "alive":
            return _one_by_one(line, exchange)
        if exchange.way == "leaves":
            return _left(line, exchange)
        if exchange.way == "half":
            return _broken_off(line, exchange.requests[0])
        if exchange.way == "talks":
            return _talked(line, exchange)
        data = b""
        if exchange.way == "expects":
            _send(line, exchange.requests[0].head)
            data = _until(line, b"\r\n\r\n")
            _send(line, exchange.requests[0].framed)
        elif exchange.way == "raw":
            _send(line, exchange.frames[0])
            _close_for_writing(line)
        else:
            _send(line, b"".join(each.head + each.framed for each in exchange.requests))
        return parsed(data + _rest(line), exchange.methods)


def _one_by_one(line: socket.socket, exchange: Exchange) -> Answers:
    """
    Each request is sent when the one before it has its answer.
    """
    data = b""
    for number, request in enumerate(exchange.requests, start=1):
        _send(line, request.head + request.framed)
        is_last = number == len(exchange.requests)
        if is_last:
            data += _rest(line)
            break
        while not _is_answered(data, exchange.methods, number):
            piece = _received(line)
            data += piece
            if not piece:
                return parsed(data, exchange.methods)
    return parsed(data, exchange.methods)


def _is_answered(data: bytes, methods: list[str], number: int) -> bool:
    found = parsed(data, methods).final
    return len(found) >= number and found[-1].is_whole is True


def _left(line: socket.socket, exchange: Exchange) -> Answers:
    """
    The client goes away at once when it has read a little: what it would still get is thrown away by its system.
    """
    _send(line, exchange.requests[0].head)
    data = _until(line, b"\r\n\r\n")
    while len(data.partition(b"\r\n\r\n")[2]) < READ_BYTES and (piece := _received(line)):
        data += piece
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    # How much had come by now is chance.
    head = parsed(data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", exchange.methods)
    return Answers(tuple(each._replace(framed=b"", body=b"", is_whole=None) for each in head.found), b"")


def _broken_off(line: socket.socket, request: Request) -> Answers:
    """
    The client closes its side in the middle of its body. What a server says then it says to nobody: it is not compared.
    """
    _send(line, request.head + request.framed[: len(request.body) // 2])
    _close_for_writing(line)
    _rest(line)
    return Answers((), b"")


def _notes(port: int, case: str) -> bytes:
    """
    What the application has noted of a case, once it says that it is done; `closed` and `finally` end one, too.
    """
    until = time.monotonic() + PATIENCE_S
    request = Request("GET", f"/seen/{case}", (HOST, ("Connection", "close")))
    before = b""
    while True:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as line:
            _send(line, request.head)
            found = parsed(_rest(line), ["GET"]).found
        body = found[0].body if found else b""
        if any(word in body for word in (b"done", b"closed", b"on close")) or (b"finally" in body and body == before):
            return body
        if time.monotonic() > until:
            return b"it never was done: " + body
        before = body
        time.sleep(0.003)


def _talked(line: socket.socket, exchange: Exchange) -> Answers:
    """
    The frames of a websocket, each sent when the server has said something to the one before it; up to its close.
    """
    _send(line, exchange.requests[0].head)
    data = _until(line, b"\r\n\r\n")
    if not data.startswith(b"HTTP/1.1 101"):
        while not _is_answered(data, exchange.methods, 1) and (piece := _received(line)):
            data += piece
        return parsed(data, exchange.methods)
    for number, frame in enumerate(exchange.frames, start=1):
        _send(line, frame)
        is_last = number == len(exchange.frames)
        while 8 not in (codes := frames_in(data)) and (is_last or len(codes) < number) and (piece := _received(line)):
            data += piece
    return parsed(data, exchange.methods)


def frames_in(data: bytes) -> list[int]:
    """
    The kinds of the frames that a server's side of a websocket holds, in their order: 8 closes it.
    """
    at, found = data.find(b"\r\n\r\n") + 4, []
    while len(data) >= at + 2:
        size, code = data[at + 1] & 127, data[at] & 15
        more = {126: 2, 127: 8}.get(size, 0)
        at += 2 + more + (int.from_bytes(data[at + 2 : at + 2 + more], "big") if more else size)
        if len(data) >= at:
            found.append(code)
    return found


def _send(line: socket.socket, data: bytes) -> None:
    try:
        line.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        # The server has answered and closed already; what it said is still there to be read.
        return


def _close_for_writing(line: socket.socket) -> None:
    try:
        line.shutdown(socket.SHUT_WR)
    except OSError:
        return


def _until(line: socket.socket, mark: bytes) -> bytes:
    data = b""
    while mark not in data and (piece := _received(line)):
        data += piece
    return data


def _rest(line: socket.socket) -> bytes:
    pieces = []
    try:
        while piece := _received(line):
            pieces.append(piece)
    except TimeoutError:
        pieces.append(SILENCE)
    return b"".join(pieces)


def _received(line: socket.socket) -> bytes:
    try:
        return line.recv(262_144)
    except ConnectionResetError:
        # A server that closes with something unread resets; what it had sent before that was read.
        return b""
