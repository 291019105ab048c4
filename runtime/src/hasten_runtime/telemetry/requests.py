"""
Requests: how many of each route, method and class of status, how long they took, what they sent and what they executed.

The duration is from the moment when the server calls the application to the moment when the application hands over the
last piece of its answer: what a framework does afterwards (background tasks) is no part of it, and of a last piece that
a slow client takes its time for, neither is that. An answer that ends in an error before it began counts as 5xx.
"""

import _thread
from collections.abc import Awaitable
from time import perf_counter_ns as now
from typing import Any, Callable

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry import pulse, routes, statements
from hasten_runtime.telemetry.histogram import LEAST_BITS, Histogram
from hasten_runtime.telemetry.request import NO_ROOM, OUTSIDE, Doing, Over, set_doing
from hasten_runtime.telemetry.routes import name_of
from hasten_runtime.telemetry.routes import of_routes as _named_by
from hasten_runtime.telemetry.statements import sum_up
from hasten_runtime.telemetry.traces import sampling

#: Of routes × methods × classes of status; what is beyond counts as OTHERS.
MOST_ROUTES = 500
OTHERS = "(other routes)"
#: Everything else is _OTHER (OpenTelemetry), for a client may send any word.
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "QUERY"))
#: Nginx's word for a client that went away before its answer began; no server sends it.
GONE = 499

Scope = dict[str, Any]
Send = Callable[[Any], Awaitable[None]]


class Route(Histogram):
    """
    The requests of one route, method and class of status (2 for 2xx).
    """

    __slots__ = ("database_ns", "method", "most_statements", "name", "sent_bytes", "statements", "status")

    def __init__(self, name: str, method: str, status: int) -> None:
        super().__init__()
        self.name, self.method, self.status = name, method, status
        self.sent_bytes = self.statements = self.most_statements = self.database_ns = 0


_table: dict[tuple[str, str, int], Route] = {}
#: Requests that are over and not counted yet: the route's name, the method, when it came, and what it was.
_waiting: list[tuple[str, str, int, Doing]] = []
#: Counted together, for what is counted with the caches cold costs several times as much.
BATCH = 96
_counting = _thread.allocate_lock()


async def observed(app: Any, scope: Scope, receive: Any, send: Send, began_ns: int) -> None:
    """
    The application answers the request, and the request is counted.

    Args:
        began_ns: When it came.
    """
    path, root, doing = "", None, OUTSIDE
    try:
        path, root = scope["path"], scope.get("root_path")
        # `begun` without its call, as `over` is below: with the caches cold, a function more is half a microsecond.
        doing = Doing()
        doing.room, doing.send, doing.scope = statements.room, send, None
        doing.status = doing.sent_bytes = doing.ended_ns = doing.statements = doing.database_ns = 0
        set_doing(doing)
        send = doing.watched
        if began_ns >= sampling.due_ns:
            doing.room, app = NO_ROOM, sampling.traced(app, began_ns)
    except Exception as error:
        say_once("requests", "a request is not counted: " + reason_of(error))
    try:
        await app(scope, receive, send)
    except BaseException as error:
        if not doing.status:
            doing.status = 500 if isinstance(error, Exception) else GONE
        raise
    finally:
        if doing is not OUTSIDE:
            _over(doing, began_ns, scope, path, root)


def _over(doing: Doing, began_ns: int, scope: Scope, path: str, root: Any) -> None:
    """
    The request is over, and will be counted. Nothing of it is kept that the application could miss. Never raises.
    """
    try:
        send = late
        if not doing.ended_ns:
            # The application may have left the rest of its answer to a task of its own.
            doing.ended_ns, send = now(), doing.send
        scope = doing.scope or scope
        inner = scope.get("fastapi")
        route = inner.get("effective_route_context") or scope["route"] if inner else scope.get("route")
        named = _named_by.get(id(route))
        name = named[0] if named and scope.get("root_path") == root else name_of(scope, path, root, doing.status)
        doing.__class__, doing.send, doing.scope = Over, send, None
        _waiting.append((name, scope["method"], began_ns, doing))
        if len(_waiting) >= BATCH:
            count()
        if doing.ended_ns >= pulse.due_ns:
            pulse.beat()
    except Exception as error:
        say_once("requests", "a request is not counted: " + reason_of(error))


async def late(message: Any) -> None:
    """
    What is sent after a whole answer is an error, as it is to the server.
    """
    raise RuntimeError(f"{message['type']!r} was sent after the answer was complete")


def over(name: str, method: str, began_ns: int, doing: Doing, send: Any = None) -> None:
    """
    The request of that name is over, and will be counted.

    Args:
        send: What its background still sends with.
    """
    doing.__class__, doing.send, doing.scope = Over, send, None
    _waiting.append((name, method, began_ns, doing))
    if len(_waiting) >= BATCH:
        count()
    if doing.ended_ns >= pulse.due_ns:
        pulse.beat()


def count() -> None:
    """
    Every request that is over is counted, unless another thread is counting them.
    """
    lock = _counting
    if not lock.acquire(False):
        return
    try:
        # Each of the two is one step to other threads, and they only append.
        batch = _waiting[:]
        del _waiting[: len(batch)]
        for name, method, began_ns, doing in batch:
            if doing:
                sum_up(doing)
            key = name, method, doing.status // 100
            finished(_table.get(key) or route(*key), began_ns, doing.ended_ns, doing.sent_bytes, doing)
    except Exception as error:
        say_once("requests", "requests are not counted: " + reason_of(error))
    finally:
        lock.release()


def finished(of: Route, began_ns: int, ended_ns: int, sent_bytes: int, doing: Doing) -> None:
    """
    One more request of a route is counted.
    """
    duration_ns = ended_ns - began_ns
    bits = duration_ns.bit_length()
    row = of.rows[bits]
    if row is None:
        of.add_rare(duration_ns)
    else:
        row[(duration_ns >> (bits - LEAST_BITS)) & 63] += 1
        of.sum_ns += duration_ns
    of.sent_bytes += sent_bytes
    if doing.statements:
        of.statements += doing.statements
        of.database_ns += doing.database_ns
        if doing.statements > of.most_statements:
            of.most_statements = doing.statements
    if ended_ns >= pulse.due_ns:
        pulse.beat()


def counted() -> list[Route]:
    """
    The routes that were asked for, in the order in which they were first seen.
    """
    if _waiting:
        count()
    return list(_table.values())


def route(name: str, method: str, status: int) -> Route:
    """
    What the requests of this route, method and class of status are counted in.
    """
    if method not in METHODS:
        method = "_OTHER"
    if len(_table) >= MOST_ROUTES and (name, method, status) not in _table:
        name, method = OTHERS, "_OTHER"
    return _table.setdefault((name, method, status), Route(name, method, status))


def forget() -> None:
    """
    Nothing was asked for yet.
    """
    global _counting
    _waiting.clear()
    _table.clear()
    routes.forget()
    # The lock may have been held by a thread of the parent, which is not here.
    _counting = _thread.allocate_lock()


pulse.after_fork(forget)
