"""
A visitor who comes back: asks with the validators of the answer that is there already, and sees that one again where a
304 says so.

One browser serves all principals in turn, as a shared one does: an answer that is confirmed to somebody who never got
it shows as what it is, another user's.
"""

from collections.abc import Iterable

import msgspec

from hasten.verify.answers import Answer, Ask
from hasten.world.load.plan import LoadRequest

#: What a browser says when its user reloads: nothing is shown that was not asked for.
RELOAD = {"cache-control": "max-age=0"}
_VALIDATORS = {"etag": "if-none-match", "last-modified": "if-modified-since"}
NOT_MODIFIED = 304


def is_reload(request: LoadRequest) -> bool:
    """
    Whether the request is one of somebody who was there before.
    """
    return RELOAD.items() <= request.headers.items()


def validators(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """
    What a browser says of an answer that it has: its ETag and its date, if it has them.
    """
    return {_VALIDATORS[name]: value for name, value in headers if name in _VALIDATORS}


def refreshed(had: Answer, told: Answer) -> Answer:
    """
    What is shown after a 304: the answer that was there, with the headers that the 304 says anew (RFC 9111, 4.3.4).
    """
    anew = {name for name, _ in told.headers}
    kept = [(name, value) for name, value in had.headers if name not in anew]
    return msgspec.structs.replace(told, status=had.status, headers=[*kept, *told.headers], body=had.body)


class Returning:
    """
    Asks as `ask` does, and as one browser for each arm where the request is a reload.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._had: dict[tuple[str, str], Answer] = {}

    def __call__(self, arm: str, request: LoadRequest) -> Answer:
        """
        What is shown to who asks; a page that this browser never saw is visited and then reloaded.
        """
        if not is_reload(request):
            return self._ask(arm, request)
        key = (arm, f"{request.method} {request.path} {sorted(request.headers.items())} {request.body!r}")
        had = self._had.get(key)
        if had is None:
            first = {name: value for name, value in request.headers.items() if name not in RELOAD}
            had = self._ask(arm, msgspec.structs.replace(request, headers=first))
        known = validators(had.headers)
        told = self._ask(arm, msgspec.structs.replace(request, headers={**request.headers, **known}))
        # A 304 to who has nothing is shown as it came: it is a fault.
        shown = refreshed(had, told) if told.status == NOT_MODIFIED and known else told
        self._had[key] = shown
        return shown
