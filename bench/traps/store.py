"""
A cache of whole answers, right as long as its key is.
"""

import threading
from collections.abc import Callable

from bench.traps.desk import Handler, Request, Response


def whole_key(request: Request) -> object:
    """
    Everything that the handler can see.
    """
    return request.method, request.path, tuple(sorted(request.headers.items()))


def url_only(request: Request) -> object:
    """
    What most caches take by default.
    """
    return request.path


class Store:
    """
    A cache of whole answers.
    """

    def __init__(self, key: Callable[[Request], object] = whole_key, *, is_told_of_writes: bool = True) -> None:
        self._key, self._is_told = key, is_told_of_writes
        self._kept: dict[object, Response] = {}
        self._writes = 0
        self._lock = threading.Lock()

    def __call__(self, handle: Handler, request: Request) -> Response:
        """
        The stored answer, or a fresh one that is stored.
        """
        if request.method != "GET":
            response = handle(request)
            with self._lock:
                self._writes += 1
                if self._is_told:
                    self._kept.clear()
            return response
        key, begun = self._key(request), self._writes
        if key in self._kept:
            return self._kept[key]
        response = handle(request)
        with self._lock:
            # What was read before a write may be older than it.
            if begun == self._writes:
                self._kept[key] = response
        return response
