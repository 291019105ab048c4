"""
What happens within the request that is under way: whoever knows something of it adds it here.

A context variable leads to it, through tasks and through the threads that a framework runs endpoints in.
"""

from contextvars import ContextVar
from time import perf_counter_ns as now
from typing import Any, Optional

from hasten_runtime.once import reason_of, say_once

#: The text of a statement, its nanoseconds and whether it failed.
Event = tuple[Any, int, bool]


class Doing(list[Event]):
    """
    The request under way: the statements that are not summed yet, and what its answer says of it.

    To append a statement is all that its execution costs here: sums are made when there is more to do for them anyway.
    One object for all of it, for what is looked at with the caches cold costs by the number of things.

    Attributes:
        send: The server's.
        status: Of the answer; 0 until it began.
        sent_bytes: Of its body.
        ended_ns: When the application handed over the last piece of it; 0 until then.
        statements: How many were summed.
        database_ns: Their time.
        scope: What the application was given in place of the server's scope, if it was.
    """

    __slots__ = ("database_ns", "ended_ns", "scope", "send", "sent_bytes", "statements", "status")

    def __init__(self, send: Any = None) -> None:
        self.send = send
        self.status = self.sent_bytes = self.ended_ns = self.statements = self.database_ns = 0
        self.scope: Optional[dict[str, Any]] = None

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

    def append(self, event: Event) -> None:
        """
        The execution is pending, as those outside of requests are.
        """
        pending.append(event)


#: Where no request is under way. What was executed there, or by requests that are over, and is not counted yet.
OUTSIDE = pending = Doing()

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
