"""
The rule `compression` on its way through ASGI: one answer, message by message. What becomes of it `course` decides.
"""

from collections.abc import Awaitable
from typing import Any, Callable, Optional

from hasten_runtime.http.codings import Packer, packer
from hasten_runtime.http.course import HOLD, PLAIN, STREAM, Course, Request
from hasten_runtime.http.variants import Variants, compressed
from hasten_runtime.once import reason_of, say_once

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]


class Answer:
    """
    One answer on its way out; called with each ASGI message, it sends what the client is to see.

    Held back at most: the start of an answer, and the body of a file. What our own code cannot do leaves the answer
    as the application gave it.
    """

    def __init__(self, request: Request, variants: Variants, send: Send) -> None:
        self._course = Course(request)
        self._variants = variants
        self._send = send
        self._start: Optional[Message] = None
        self._held: list[Message] = []
        self._packer: Optional[Packer] = None
        self._through = False

    async def __call__(self, message: Message) -> None:
        """
        What this message means for the client is sent.
        """
        if self._through:
            await self._send(message)
            return
        if not isinstance(message.get("headers", []), list):
            # An iterable may be gone through once only, and it is looked at here.
            message = {**message, "headers": list(message["headers"])}
        try:
            outgoing = await self._next(message)
        except Exception as error:
            say_once("compression", "an answer goes out as it is: " + reason_of(error))
            if self._packer is not None:
                raise  # half of it is out already, compressed; there is nothing to fall back to
            outgoing = self._give_up(message)
        for each in outgoing:
            await self._send(each)

    async def let_go(self) -> None:
        """
        What was held back is sent: the application ended before its answer did.
        """
        self._through = True
        outgoing, self._held, self._start = self._held, [], None
        for each in outgoing:
            await self._send(each)

    def _give_up(self, message: Message) -> list[Message]:
        # What failed may have been put aside already.
        outgoing = self._held if self._held and self._held[-1] is message else [*self._held, message]
        self._through, self._held = True, []
        return outgoing

    async def _next(self, message: Message) -> list[Message]:
        kind = message["type"]
        if kind == "http.response.start" and self._start is None:
            return self._begin(message)
        if kind != "http.response.body" or self._start is None:
            return self._give_up(message) if self._packer is None else [message]
        if self._packer is not None:
            return [self._piece(message)]
        return await self._body(message)

    def _begin(self, start: Message) -> list[Message]:
        headers = list(start.get("headers", ()))
        sent = self._course.begin(start["status"], headers, trailers=bool(start.get("trailers")))
        if sent is None:
            self._start, self._held = start, [start]
            return []
        self._through = True
        return [start if sent is headers else {**start, "headers": sent}]

    async def _body(self, message: Message) -> list[Message]:
        self._held.append(message)
        course = self._course
        step = course.take(message.get("body", b""), more=bool(message.get("more_body")))
        if step == HOLD:
            return []
        if step == PLAIN:
            return self._as_it_is()
        if step == STREAM:
            return self._stream(message)
        coded = await self._coded(course.body)
        if coded is None:
            return self._as_it_is()
        start = {**self._held[0], "headers": course.coded_headers(len(coded))}
        self._through, self._held = True, []
        return [start, {"type": "http.response.body", "body": coded, "more_body": False}]

    async def _coded(self, body: bytes) -> Optional[bytes]:
        settings, coding = self._course.request.rule.settings, self._course.request.coding
        assert coding is not None
        if self._course.is_file:
            return await self._variants.of(body, coding, settings["stored_level"], settings["stored_bytes"])
        return await compressed(body, coding, settings["level"])

    def _as_it_is(self) -> list[Message]:
        start, *bodies = self._held
        self._through, self._held = True, []
        return [{**start, "headers": self._course.plain_headers()}, *bodies]

    def _stream(self, first: Message) -> list[Message]:
        request = self._course.request
        assert request.coding is not None
        made = packer(request.coding, request.rule.settings["level"])
        start = {**self._held[0], "headers": self._course.coded_headers()}
        self._packer, self._held = made, []
        return [start, self._piece(first)]

    def _piece(self, message: Message) -> Message:
        assert self._packer is not None
        body = message.get("body", b"")
        coded = self._packer.pack(body) if body else b""
        if not message.get("more_body"):
            coded += self._packer.end()
            self._through = True
        return {**message, "body": coded}
