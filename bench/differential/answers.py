"""
Answers as they came over the wire, taken apart just far enough to say where one ends and what two of them differ in.
"""

import re
import zlib
from typing import NamedTuple

import brotli

_SPACES = re.compile(rb"\A([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*\Z", re.DOTALL)


class Answer(NamedTuple):
    """
    One answer.

    start: The status line.
    headers: In their order and spelling; of a Date only that it is there.
    framed: The body as it came, with the sizes of its chunks.
    body: The body without them.
    is_whole: Whether it ended where it said it would; None where only the end of the connection can tell.
    """

    start: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    framed: bytes
    body: bytes
    is_whole: bool | None

    @property
    def status(self) -> int:
        """
        The number in the status line.
        """
        return int(self.start.split(b" ", 2)[1])

    def values(self, name: bytes) -> list[bytes]:
        """
        The values of all headers of that name (in lower case).
        """
        return [value for key, value in self.headers if key.lower() == name]

    @property
    def text(self) -> bytes:
        """
        The body after its coding, as far as it came.
        """
        coding = b",".join(self.values(b"content-encoding"))
        if coding == b"gzip":
            return zlib.decompressobj(31).decompress(self.body)
        return bytes(brotli.Decompressor().process(self.body)) if coding == b"br" and self.body else self.body


class Answers(NamedTuple):
    """
    What came on one connection: answers, and what is left that belongs to none.
    """

    found: tuple[Answer, ...]
    rest: bytes

    @property
    def final(self) -> list[Answer]:
        """
        Those that answer a request: no 1xx, but for the change to a websocket.
        """
        return [each for each in self.found if each.status >= 200 or each.status == 101]


def parsed(data: bytes, methods: list[str]) -> Answers:
    """
    The answers in the bytes of a connection.

    Args:
        methods: Of the requests that were sent, in their order: HEAD is answered without a body.
    """
    found: list[Answer] = []
    waiting = list(methods)
    while (end := data.find(b"\r\n\r\n")) >= 0 and data.startswith(b"HTTP/1."):
        start, *lines = data[:end].split(b"\r\n")
        headers = tuple(_header(line) for line in lines)
        plain = Answer(start, headers, b"", b"", True)
        method = waiting.pop(0) if waiting and (plain.status >= 200 or plain.status == 101) else "GET"
        answer, data = _with_body(plain, method, data[end + 4 :])
        found.append(answer)
        if answer.is_whole is not True or answer.status == 101:
            break
    return Answers(tuple(found), data)


def _header(line: bytes) -> tuple[bytes, bytes]:
    match = _SPACES.match(line)
    if match is None:
        return (line, b"")
    name, value = match.groups()
    return (name, b"(a date)" if name.lower() == b"date" else value)


def _with_body(answer: Answer, method: str, data: bytes) -> tuple[Answer, bytes]:
    if method == "HEAD" or answer.status < 200 or answer.status in (204, 304):
        return answer, data
    if answer.values(b"transfer-encoding"):
        return _chunked(answer, data)
    lengths = answer.values(b"content-length")
    if not lengths or not lengths[0].isdigit():
        return answer._replace(framed=data, body=data, is_whole=None), b""
    body = data[: int(lengths[0])]
    return answer._replace(framed=body, body=body, is_whole=len(body) == int(lengths[0])), data[len(body) :]


def _chunked(answer: Answer, data: bytes) -> tuple[Answer, bytes]:
    body, at = [], 0
    while True:
        line_end = data.find(b"\r\n", at)
        size = data[at:line_end].partition(b";")[0]
        try:
            length = int(size, 16) if line_end > 0 else -1
        except ValueError:
            length = -1
        if length < 0 or (length and len(data) < line_end + 4 + length):
            return answer._replace(framed=data, body=b"".join(body), is_whole=False), b""
        if length == 0:
            break
        body.append(data[line_end + 2 : line_end + 2 + length])
        at = line_end + 4 + length
    # Trailers end like headers do.
    end = line_end + 4 if data[line_end + 2 : line_end + 4] == b"\r\n" else data.find(b"\r\n\r\n", line_end) + 4
    is_whole = end >= 4 and len(data) >= end
    framed = data[:end] if is_whole else data
    return answer._replace(framed=framed, body=b"".join(body), is_whole=is_whole), data[len(framed) :]
