"""
The rule `compression` on its way through WSGI: one answer, piece by piece. What becomes of it `course` decides.

A generator that streams goes on streaming: of an iterable no more than the first piece is asked for before its answer
begins, but for a file whose length is declared, which is compressed as one. Who calls `start_response` before it
returns has its answer begun when the server gets the iterable, because some servers look only then.
"""

from collections.abc import Iterable
from typing import Any, Callable, Optional

from hasten_runtime.http import headers as edit
from hasten_runtime.http.codings import Packer, packer
from hasten_runtime.http.course import HOLD, PLAIN, STREAM, Course, Request
from hasten_runtime.http.thread_variants import ThreadVariants, compressed
from hasten_runtime.http.wsgi_body import Body
from hasten_runtime.once import reason_of, say_once

Write = Callable[[bytes], object]


class Answer:
    """
    One answer on its way to the server.

    Held back at most: the start of an answer, its first piece, and the body of a file. What our own code cannot do
    leaves the answer as the application gave it.
    """

    def __init__(self, request: Request, variants: ThreadVariants, start_response: Callable[..., Write]) -> None:
        self._course = Course(request)
        self._variants = variants
        self._start_response = start_response
        self._held: Optional[tuple[str, Any]] = None  # status and headers that the server has not seen
        self._pieces: list[bytes] = []  # and the pieces
        self._begun = False
        self._write: Optional[Write] = None  # some servers have none
        self._packer: Optional[Packer] = None
        self._whole = False  # the coded body is out, all of it
        self._no_length = False  # of a list of one piece some servers declare the length, which HEAD is not to say

    def of(self, app: Callable[..., Iterable[bytes]], environ: dict[str, Any]) -> Iterable[bytes]:
        """
        What the server is to send for this request.
        """
        try:
            result = app(environ, self.start)
        except Exception:
            # The server is to see as much of the answer as it would have seen.
            self._send_held()
            raise
        is_list = type(result) in (list, tuple)
        if self._begun and self._passes and not (self._no_length and is_list):
            return result
        if is_list and not self._no_length:
            return self._of_list(result)
        body = Body(self, result)
        if self._held is not None:
            body.begin()
        return body

    @property
    def is_held(self) -> bool:
        """
        Whether the server does not know yet how the answer begins, though the application has said it.
        """
        return self._held is not None

    @property
    def _passes(self) -> bool:
        return self._held is None and self._packer is None and not self._whole

    def start(self, status: str, headers: Any, exc_info: Any = None) -> Optional[Write]:
        """
        The application begins its answer, as PEP 3333 has it.
        """
        if exc_info is not None:
            # Another answer in place of the one that was begun; the server knows whether it is too late for that.
            self._held, self._pieces, self._packer, self._whole = None, [], None, False
            try:
                return self._begin(status, headers, exc_info)
            finally:
                exc_info = None
        if self._held is not None or self._begun:
            # Twice: that is for the server to complain of.
            self._send_held()
            return self._begin(status, headers)
        try:
            sent = self._headers_of(status, headers)
        except Exception as error:
            say_once("compression", "an answer goes out as it is: " + reason_of(error))
            sent = headers
        if sent is None:
            self._held = (status, headers)
            return self._piece_written
        return self._begin(status, sent)

    def _headers_of(self, status: str, headers: Any) -> Any:
        """
        The headers to begin with at once, or None: the pieces decide.
        """
        if type(headers) is not list:
            # PEP 3333 wants a list; anything else may be gone through once only.
            return headers
        known = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        found = self._course.begin(int(status[:3]), known)
        if found is None or found is known:
            return headers if found is known else None
        self._no_length = self._course.request.is_head
        return _texts(found)

    def _begin(self, *given: Any) -> Optional[Write]:
        self._begun = True
        self._write = self._start_response(*given)
        return self._write

    def _piece_written(self, piece: bytes) -> None:
        """
        What the application gets as `write` while its answer is held back.
        """
        self._write_out(self.take(piece))

    def _write_out(self, out: bytes) -> None:
        if out:
            self._write(out)  # type: ignore[misc] (a server without `write` fails as it would have failed)

    def _of_list(self, result: Any) -> Any:
        """
        The same for a body that is all there: it is one piece.
        """
        if self._passes:
            return result
        try:
            body = result[0] if len(result) == 1 else b"".join(result)
            len(body)
        except TypeError:
            # No bytes: that is for the server to complain of.
            self._send_held()
            return result
        out = self.take(body, more=False)
        return result if out is body else [out]

    def take(self, piece: bytes, *, more: bool = True) -> bytes:
        """
        The bytes that can be sent now that this piece has come; where it is known how the answer begins, it is begun.
        """
        if self._packer is not None:
            return self._packed(self._packer, piece, more)
        if self._held is None:
            # What comes after the length that was declared would have been cut off.
            return b"" if self._whole else piece
        self._pieces.append(piece)
        is_last = not more or self._course.size + len(piece) == self._course.length
        try:
            found, out = self._next(piece, is_last)
        except Exception as error:
            say_once("compression", "an answer goes out as it is: " + reason_of(error))
            return self.let_go()
        if out is None:
            return b""
        (status, _), self._held, self._pieces = self._held, None, []
        self._begin(status, _texts(found))
        return out

    def _next(self, piece: bytes, is_last: bool) -> tuple[edit.Headers, Optional[bytes]]:
        """
        The headers to begin with, and the bytes to send; None in place of those: wait for more.
        """
        course = self._course
        step = course.take(piece, more=not is_last)
        if step == HOLD:
            return [], None
        if step == STREAM:
            made = packer(self._coding, course.request.rule.settings["level"])
            started = course.coded_headers(), self._packed(made, piece, True)
            self._packer = made
            return started
        coded = None if step == PLAIN else self._coded(course.body)
        if coded is None:
            return course.plain_headers(), course.body
        found = course.coded_headers(len(coded))
        self._whole = True
        return found, coded

    @property
    def _coding(self) -> str:
        coding = self._course.request.coding
        assert coding is not None  # an answer is held back for it
        return coding

    def _coded(self, body: bytes) -> Optional[bytes]:
        settings = self._course.request.rule.settings
        if self._course.is_file:
            return self._variants.of(body, self._coding, settings["stored_level"], settings["stored_bytes"])
        return compressed(body, self._coding, settings["level"])

    def _packed(self, made: Packer, piece: bytes, more: bool) -> bytes:
        coded = made.pack(piece) if piece else b""
        if not more:
            coded += made.end()
            self._packer, self._whole = None, True
        return coded

    def end(self) -> bytes:
        """
        The rest: the application has no more pieces.
        """
        return b"" if self._passes or self._whole else self.take(b"", more=False)

    def let_go(self) -> bytes:
        """
        What was held back, for the server to send: the application broke off.
        """
        if self._held is None:
            return b""
        held, pieces = self._held, self._pieces
        self._held, self._pieces = None, []
        self._begin(*held)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _send_held(self) -> None:
        self._write_out(self.let_go())


def _texts(headers: edit.Headers) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
