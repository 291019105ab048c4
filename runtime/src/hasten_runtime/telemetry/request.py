"""
What happens within the request that is under way: whoever knows something of it adds it here.

A context variable leads to it, through tasks and through the threads that a framework runs endpoints in.
"""

from contextvars import ContextVar
from typing import Optional


class Doing:
    """
    The sums of one request. Plain attributes of the class are the zeros: an object without any is made fastest.
    """

    statements = 0
    database_ns = 0


_doing: ContextVar[Optional[Doing]] = ContextVar("hasten_doing", default=None)

#: The request that is under way here, or None.
doing_now = _doing.get
#: From now on, in this context and those that come from it, this is the request under way.
set_doing = _doing.set
