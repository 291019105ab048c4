"""
What happens within the request that is under way: whoever knows something of it adds it here.

A context variable leads to it, through tasks and through the threads that a framework runs endpoints in.
"""

from contextvars import ContextVar
from typing import Any, Optional


class Doing:
    """
    The sums of one request. Plain attributes of the class are the zeros: an object without any is made fastest.

    Attributes:
        scope: What the application was given in place of the server's scope, if it was.
    """

    statements = 0
    database_ns = 0
    scope: Optional[dict[str, Any]] = None


_doing: ContextVar[Optional[Doing]] = ContextVar("hasten_doing", default=None)

#: The request that is under way here, or None.
doing_now = _doing.get
#: From now on, in this context and those that come from it, this is the request under way.
set_doing = _doing.set


def given(scope: dict[str, Any]) -> None:
    """
    The application is given this scope instead of the server's: a framework tells its route in there.
    """
    doing = doing_now()
    if doing is not None:
        doing.scope = scope
