"""
What happens within the request that is under way: whoever knows something of it adds it here.

A context variable leads to it, through tasks and through the threads that a framework runs endpoints in.
"""

from contextvars import ContextVar
from typing import Any, Optional

Event = tuple[Any, int, bool]


class Doing:
    """
    The statements of one request.

    Attributes:
        events: Executions that are not summed yet, as text, nanoseconds and whether they failed. Appending one is all
            that an execution costs here: the sums are made when there is more to do for them anyway.
        statements: How many were summed.
        database_ns: Their time.
        scope: What the application was given in place of the server's scope, if it was.
    """

    __slots__ = ("database_ns", "events", "scope", "statements")

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.statements = self.database_ns = 0
        self.scope: Optional[dict[str, Any]] = None


#: Where no request is under way.
OUTSIDE = Doing()
#: What was executed outside of requests, or by requests that have ended, and is not counted yet.
pending = OUTSIDE.events

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
