"""
What every rule's hold on an answer has in common: messages are looked at one by one, and a fault lets them all pass.

Rules for one request are links of a chain: each has the next one towards the client as its `send`.
"""

from collections.abc import Awaitable
from typing import Any, Callable, Optional

from hasten_runtime.http import headers as edit
from hasten_runtime.http.holding import Holding
from hasten_runtime.once import reason_of, say_once

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]


class OwnStart(dict[str, Any]):
    """
    The start of an answer to which a rule has added something: to the server a message like any other.

    said: The headers of the 200 as the application gave them, also where this is a 304 that stands for it.
    """

    def __init__(self, message: Message, said: edit.Headers) -> None:
        super().__init__(message)
        self.said = said


class Link:
    """
    One answer on its way out; called with each ASGI message, it sends what the next link is to see.

    What our own code cannot do leaves the answer as it came.
    """

    #: The kind of the rule, for what is said of it.
    kind = ""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: list[Message] = []
        self._holding: Optional[Holding] = None
        #: Nothing more is to be done.
        self._through = False
        #: A part of the answer is out in another form, so there is nothing to fall back to.
        self._committed = False

    @property
    def is_through(self) -> bool:
        """
        Whether every message that comes is passed on as it is.
        """
        return self._through

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
            say_once(self.kind, self.kind + ": an answer goes out as it is: " + reason_of(error))
            if self._committed:
                raise
            outgoing = self._give_up(message)
        for each in outgoing:
            await self._send(each)

    async def let_go(self) -> None:
        """
        What was held back is sent: the application ended before its answer did.
        """
        self._through = True
        outgoing, self._held = self._held, []
        try:
            for each in outgoing:
                await self._send(each)
        finally:
            self._holding = None

    async def _next(self, message: Message) -> list[Message]:
        raise NotImplementedError

    def _may_hold(self, size_bytes: int) -> bool:
        """
        Whether so much of the body may wait for the rest, beside what other answers hold.
        """
        if self._holding is None:
            self._holding = Holding()
        return self._holding.fits(size_bytes)

    def _is_held(self, message: Message) -> bool:
        """
        Whether this message was put aside already.
        """
        return bool(self._held) and self._held[-1] is message

    def _give_up(self, message: Message) -> list[Message]:
        """
        All that is held and this message, as they came.
        """
        # What failed may have been put aside already.
        outgoing = self._held if self._is_held(message) else [*self._held, message]
        self._through, self._held = True, []
        return outgoing
