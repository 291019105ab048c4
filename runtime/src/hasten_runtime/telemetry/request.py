"""
What happens within the request that is under way: whoever knows something of it adds it here.

A context variable leads to it, through tasks and through the threads that a framework runs endpoints in.
"""

from contextvars import ContextVar
from time import perf_counter_ns as now
from typing import Any, Optional

from hasten_runtime.once import reason_of, say_once

#: Statements that a request may have executed before they are summed.
ROOM = 256
#: Each statement is looked at.
NO_ROOM = -1


class Doing(list[Any]):
    """
    The request under way: the statements that are not summed yet, and what its answer says of it.

    It holds a text and its nanoseconds, and the next text, and so on. To add these two is all that an execution costs
    here: sums are made when there is more to do for them anyway. One object for all of it, and nothing that is called
    to make it, for what is looked at with the caches cold costs by the number of things.

    Attributes:
        room: With more than that in it, `statements.settle` is to look at it: NO_ROOM for each statement.
        send: The server's.
        status: Of the answer; 0 until it began.
        sent_bytes: Of its body.
        ended_ns: When the application handed over the last piece of it; 0 until then.
        statements: How many were summed.
        database_ns: Their time.
        scope: What the application was given in place of the server's scope, if it was.
    """

    __slots__ = ("database_ns", "ended_ns", "room", "scope", "send", "sent_bytes", "statements", "status")

    room: int
    send: Any
    status: int
    sent_bytes: int
    ended_ns: int
    statements: int
    database_ns: int
    scope: Optional[dict[str, Any]]

    def watched(self, message: Any) -> Any:
        """
        What the application calls in place of the server's `send`.
        """
        try:
            kind = message["type"]
            if kind == "http.response.body":
                body = message.get("body")
                if body:
                    self.sent_bytes += len(body)
                if not message.get("more_body"):
                    self.ended_ns = now()
            elif kind == "http.response.start":
                self.status = message["status"]
        except Exception as error:
            say_once("send", "a message of an answer is not counted: " + reason_of(error))
        return self.send(message)


class Over(Doing):
    """
    What a request becomes that is over: what it still executes in the background is nobody's.
    """

    __slots__ = ()

    def __iadd__(self, execution: Any) -> Any:  # type: ignore[misc]
        """
        The execution is one of those outside of requests.
        """
        return OUTSIDE.__iadd__(execution)


def begun(room: int) -> Doing:
    """
    A request that begins.
    """
    doing = Doing()
    doing.room, doing.send, doing.scope = room, None, None
    doing.status = doing.sent_bytes = doing.ended_ns = doing.statements = doing.database_ns = 0
    return doing


#: Where no request is under way. What was executed there, or by requests that are over, and is not counted yet.
OUTSIDE = pending = begun(NO_ROOM)

_doing: ContextVar[Doing] = ContextVar("hasten_doing", default=OUTSIDE)

#: The request that is under way here, or OUTSIDE.
doing_now = _doing.get
#: From now on, in this context and those that come from it, this is the request under way.
set_doing = _doing.set


def given(scope: dict[str, Any]) -> None:
    """
    The application is given this scope instead of the server's: a framework tells its route in there.
    """
    doing = doing_now()
    if doing is not OUTSIDE:
        doing.scope = scope
