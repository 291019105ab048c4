"""
One answer of a WSGI application, told to the links of its rules as an ASGI application would tell it.

So the rules are written once. A generator that streams goes on streaming: of an iterable no more is asked for than the
links need to know how the answer begins. Who calls `start_response` before it returns has its answer begun when the
server gets the iterable, because some servers look only then.
"""

from collections.abc import Iterable
from http import HTTPStatus
from operator import itemgetter
from typing import Any, Callable, Optional

from hasten_runtime.http import headers as edit
from hasten_runtime.http.aside import at_once
from hasten_runtime.http.links import Link, Message
from hasten_runtime.http.wsgi_body import Body
from hasten_runtime.once import reason_of, say_once

Write = Callable[[bytes], object]
#: The name of a header.
first_of = itemgetter(0)


class Answer:
    """
    One answer on its way to the server. What our own code cannot do leaves it as the application gave it.

    Args:
        start_response: The server's.
        is_head: The request's method is HEAD.
        looks_once: The server sends what it knows of status and headers when the application returns, and no other.
    """

    def __init__(self, start_response: Callable[..., Any], *, is_head: bool, looks_once: bool = False) -> None:
        #: The links, the last of them next to the application; their way out is `send`.
        self.chain: list[Link] = []
        self._start_response = start_response
        self._is_head = is_head
        self._looks_once = looks_once
        self._status = ""
        self._headers: list[tuple[str, str]] = []
        self._told: edit.Headers = []
        self._length: Optional[int] = None
        self._is_started = self._is_begun = self._is_ended = self._hides_length = False
        #: The server does not know yet how the answer begins, though the application has said it.
        self.is_held = False
        #: What the application has given of the body while the answer was held.
        self._pieces: list[bytes] = []
        self._said: list[Any] = []
        #: What the server raised, which is none of our faults.
        self._theirs: Optional[Exception] = None
        self._write: Any = None  # some servers have none, and whoever writes fails as without us
        self._out: list[bytes] = []
        # Made while there still is a way around it.
        self._body: Any = Body(self)
        self._came = self._went = 0

    @property
    def _passes(self) -> bool:
        try:
            return all(link.is_through for link in self.chain)
        except Exception as error:
            say_once("wsgi", "an answer is looked at piece by piece: " + reason_of(error))
            return False

    def of(self, app: Callable[..., Iterable[bytes]], environ: dict[str, Any]) -> Iterable[bytes]:
        """
        What the server is to send for this request.
        """
        try:
            result: Iterable[bytes] = app(environ, self.start)
        except Exception:
            # The server is to see as much of the answer as it would have seen.
            self._written(self.let_go())
            raise
        try:
            return self._served(result)
        except Exception as error:
            self._written(self._given_up(error))
            return result

    def _served(self, result: Iterable[bytes]) -> Iterable[bytes]:
        body, self._body = self._body, None
        if type(result) in (list, tuple):
            found: Iterable[bytes] = self._of_list(result)
            self.chain = []
            # Of a list of one piece some servers declare the length, which HEAD is not to say.
            return iter(found) if self._hides_length else found
        is_too_late = self._looks_once and not self._is_begun and not self.is_held
        if is_too_late or (self._is_begun and self._passes):
            # Too late: no header that a link would write comes with the body.
            self.chain = []
            return result
        body.result = result
        if self.is_held:
            body.begin()
        served: Iterable[bytes] = body
        return served

    def start(self, status: str, headers: Any, exc_info: Any = None) -> Optional[Write]:
        """
        The application begins its answer, as PEP 3333 has it.
        """
        if exc_info is not None:
            # Another answer in place of the one that was begun: the server is to know that one, too, as it would have
            # known it, and knows whether it is too late.
            if self.is_held:
                self._written(self.let_go())
            if not self._went:
                self.chain, self._is_ended, self._hides_length = [], False, False
            # Otherwise it raises, or (granian) goes on with the answer that is out already, and so do the links.
            try:
                return self._begin(status, headers, exc_info)
            finally:
                exc_info = None
        if self._is_started or self._is_begun:
            # Twice: that is for the server to complain of.
            self._written(self.let_go())
            return self._begin(status, headers)
        if not self.chain or type(headers) is not list:
            # PEP 3333 wants a list; anything else may be gone through once only.
            self.chain = []
            return self._begin(status, headers)
        self._is_started = self.is_held = True
        self._status, self._headers = status, headers
        try:
            self._tell(self._message())
            return self._piece_written if self.is_held or not self._passes else self._write
        except Exception as error:
            self._given_up(error)
            write: Optional[Write] = self._write
            return write

    def _message(self) -> Message:
        self._told = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self._headers]
        self._length = edit.length_of(self._told)
        return {"type": "http.response.start", "status": int(self._status[:3]), "headers": self._told}

    def _tell(self, message: Message) -> None:
        at_once(self.chain[-1](message))

    async def send(self, message: Message) -> None:
        """
        What the links let out is the server's.
        """
        if message["type"] == "http.response.body":
            self._out.append(message.get("body", b""))
            return
        code, headers = message["status"], message["headers"]
        self._said = headers
        status = self._status if self._status.startswith(f"{code}") else f"{code} {HTTPStatus(code).phrase}"
        if headers is self._told:
            self._begin(status, self._headers)
            return
        is_coded = any(link.kind == "compression" for link in self.chain)
        self._hides_length = self._is_head and is_coded and edit.length_of(headers) is None
        self._begin(status, [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers])

    def _begin(self, *given: Any) -> Optional[Write]:
        self._is_begun, self.is_held = True, False
        try:
            write: Optional[Write] = self._start_response(*given)
        except Exception as error:
            self._theirs = error
            raise
        self._write = write
        return write

    def _piece_written(self, piece: bytes) -> None:
        """
        What the application gets as `write` while its answer may be held back.
        """
        self._written(self.take(piece))

    def _written(self, out: bytes) -> None:
        if out:
            self._write(out)

    def _of_list(self, result: Any) -> Any:
        """
        The same for a body that is all there: it is one piece.
        """
        if self._passes or not self._is_started:
            return result
        try:
            body = result[0] if len(result) == 1 else b"".join(result)
            len(body)
        except TypeError:
            # No bytes: that is for the server to complain of.
            self._written(self.let_go())
            return result
        out = self.take(body, more=False)
        return result if out is body else [out]

    def take(self, piece: bytes, *, more: bool = True) -> bytes:
        """
        The bytes that can be sent now that this piece has come.
        """
        if self._is_ended:
            # What comes after the length that was declared: cut off, unless the server gets what it would have got.
            return piece if self._came == self._went else b""
        if not self._is_started or not self.chain:
            return piece
        self._came += len(piece)
        self._is_ended = not more or self._came == self._length
        self._pieces.append(piece)
        try:
            self._tell({"type": "http.response.body", "body": piece, "more_body": not self._is_ended})
        except Exception as error:
            return self._given_up(error)
        if not self.is_held:
            self._pieces.clear()
        if self._is_ended:
            # The links know this answer and it knows them: without that they need not wait for the collector.
            self.chain = []
        taken, self._out = self._out, []
        out = taken[0] if len(taken) == 1 else b"".join(taken)
        self._went += len(out)
        return out

    def let_go(self) -> bytes:
        """
        What was held back, for the server to send: the application broke off.
        """
        for link in reversed(self.chain):
            at_once(link.let_go())
        self.chain = []
        out, self._out = b"".join(self._out), []
        self._went += len(out)
        return out

    def _given_up(self, error: Exception) -> bytes:
        """
        What is to be sent where our own code failed: all that was held, as the application gave it.

        Raises:
            Exception: What failed is the server's own, or a part of the answer is out in another form.
        """
        is_coded = edit.CODING in map(first_of, self._said) and edit.CODING not in map(first_of, self._told)
        if error is self._theirs or (self._is_begun and is_coded):
            raise error
        say_once("wsgi", "an answer goes out as it is: " + reason_of(error))
        held, self._pieces, self._out, self.chain = b"".join(self._pieces), [], [], []
        if self.is_held:
            self._begin(self._status, self._headers)
        self._went += len(held)
        return held
