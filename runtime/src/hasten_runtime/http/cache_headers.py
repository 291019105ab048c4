"""
The rule `cache_headers`: a browser may keep what it got, and is told with 304 that it has it already.

An answer gets an ETag if it has none, and a Cache-Control if it says nothing of how it may be kept (`lifetimes`). What
a client names in If-None-Match, or in If-Modified-Since where the answer has Last-Modified, is answered with 304. Where
the ETag or the date is the application's own, that is so only for requests in which nothing tells who asks: theirs may
not know of whom they speak, ours is a digest of the very answer.

Never touched: other methods than GET and HEAD, other statuses than 200, answers that set a cookie, are `no-store`,
partial, `Vary: *` or an event stream, that carry trailers, or that come in pieces without a length. An answer that is
longer than `most_bytes`, does not keep to its length, or does not fit beside what others hold (`holding`), passes
as it is: an ETag stands in front of the body, so the body has to be held until it is whole.

The application runs as before for each of them: what is saved is the way to the client.
"""

import time
from typing import Any, Optional

from hasten_runtime.http import headers as edit
from hasten_runtime.http.aside import Aside, in_a_thread
from hasten_runtime.http.lifetimes import Asked, cache_control, is_open
from hasten_runtime.http.links import Link, Message, OwnStart, Send
from hasten_runtime.http.preconditions import Preconditions, of_304
from hasten_runtime.http.validators import INLINE_BYTES, tag_of
from hasten_runtime.policy import Rule

#: The types of answers that have no end.
STREAMS = frozenset({"text/event-stream", "multipart/x-mixed-replace"})
#: What says how an answer may be kept.
LIFETIMES = (b"cache-control", b"expires", b"pragma")
NO_BODY: Message = {"type": "http.response.body", "body": b"", "more_body": False}


class Request:
    """
    What of a request decides what its answer says to caches.
    """

    def __init__(self, rule: Rule, scope: dict[str, Any]) -> None:
        self.rule = rule
        self.scope = scope
        self.is_safe = scope["method"] in ("GET", "HEAD")
        self.is_head = scope["method"] == "HEAD"
        self.preconditions = Preconditions(scope["headers"])
        self._begun = time.perf_counter()

    def timing(self) -> tuple[bytes, bytes]:
        """
        The header that says how long the application has taken so far.
        """
        return (b"server-timing", b"app;dur=%.1f" % (1000 * (time.perf_counter() - self._begun)))


class Answer(Link):
    """
    One answer on its way out, with what it should say to caches. Held back: the whole of it, within bounds.
    """

    kind = "cache_headers"

    def __init__(self, request: Request, send: Send, aside: Aside = in_a_thread) -> None:
        super().__init__(send)
        self._aside = aside
        self._request = request
        self._settings = request.rule.settings
        #: The headers as the application gave them.
        self._said: edit.Headers = []
        self._length: Optional[int] = None
        self._size = 0
        self._drops = False

    async def _next(self, message: Message) -> list[Message]:
        kind = message["type"]
        if self._drops:
            return [] if kind == "http.response.body" else [message]
        if kind == "http.response.start" and not self._held:
            return self._begin(message)
        if kind != "http.response.body" or not self._held:
            return self._give_up(message)
        self._held.append(message)
        self._size += len(message.get("body", b""))
        return await self._body(message)

    def _begin(self, start: Message) -> list[Message]:
        self._said = list(start.get("headers", ()))
        if self._settings["server_timing"]:
            start = {**start, "headers": [*self._said, self._request.timing()]}
        if not self._concerns(start):
            self._through = True
            return [start]
        self._length, tag = edit.length_of(self._said), edit.first(self._said, b"etag")
        if tag is not None and self._length is not None:
            # With a tag of its own, and a length, nothing has to be held.
            return self._dressed([start], tag)
        self._held = [start]
        return []

    def _concerns(self, start: Message) -> bool:
        request, headers = self._request, self._said
        if start["status"] != 200 or start.get("trailers") or not request.is_safe:
            return False
        kind, types = edit.media_type(headers), request.rule.content_types
        if kind in STREAMS or (types and kind not in types):
            return False
        if any(edit.first(headers, name) is not None for name in (b"set-cookie", b"content-range")):
            return False
        if "*" in edit.tokens(headers, b"vary") or "no-store" in edit.tokens(headers, b"cache-control"):
            return False
        length = edit.length_of(headers)
        return length is None or self._is_worth(length)

    def _is_worth(self, size: int) -> bool:
        # What has a tag of its own is not held, however large it is.
        is_held = edit.first(self._said, b"etag") is None
        return size >= self._settings["minimum_bytes"] and not (is_held and size > self._settings["most_bytes"])

    async def _body(self, message: Message) -> list[Message]:
        more = bool(message.get("more_body"))
        is_whole = not more if self._length is None else self._size == self._length
        if is_whole and self._is_worth(self._size):
            return self._dressed(self._held, await self._tag())
        if self._request.is_head and self._length is not None and not more and self._size == 0:
            return self._dressed(self._held, None)
        if more and self._length is not None and self._size < self._length and self._may_hold(self._size):
            return []
        # Pieces whose length is not told may be a stream; another length than was told is the server's to judge; and
        # what does not fit beside other answers goes on.
        outgoing, self._held, self._through = self._held, [], True
        return outgoing

    async def _tag(self) -> bytes:
        own = edit.first(self._said, b"etag")
        if own is not None:
            return own
        body = b"".join(each.get("body", b"") for each in self._held[1:])
        if len(body) < INLINE_BYTES:
            return tag_of(self._said, body)
        # The digest lets go of the interpreter.
        tag: bytes = await self._aside(tag_of, self._said, body)
        return tag

    def _dressed(self, answer: list[Message], tag: Optional[bytes]) -> list[Message]:
        """
        The answer with its headers, or the 304 that stands for it.

        Args:
            answer: Its start, and what of its body was held.
            tag: Its ETag; None where there is no body to make it of.
        """
        start, *bodies = answer
        open_to_all = is_open(self._request.scope, self._said)
        headers = edit.with_one_vary(start["headers"])
        if tag is not None and edit.first(self._said, b"etag") is None:
            headers.append((b"etag", tag))
        lifetime = self._lifetime(open_to_all)
        if lifetime:
            headers.append((b"cache-control", lifetime))
        if self._is_known(tag, open_to_all):
            unchanged = of_304(headers) + ([self._request.timing()] if self._settings["server_timing"] else [])
            own = OwnStart({**start, "status": 304, "headers": unchanged}, self._said)
            self._drops, self._held = True, []
            return [own, NO_BODY]
        own = OwnStart({**start, "headers": headers}, self._said)
        # Only now: what fails before lets go of what is held.
        self._through, self._held = True, []
        return [own, *bodies]

    def _lifetime(self, open_to_all: bool) -> bytes:
        said, scope = self._said, self._request.scope
        if any(edit.first(said, name) is not None for name in LIFETIMES):
            return b""
        is_dated, has_query = edit.first(said, b"last-modified") is not None, bool(scope.get("query_string"))
        asked = Asked(edit.media_type(said), scope["path"], open_to_all, has_query, is_dated)
        return cache_control(asked, self._settings)

    def _is_known(self, tag: Optional[bytes], open_to_all: bool) -> bool:
        conditions = self._request.preconditions
        if tag is not None and conditions.has_tag(tag.decode("latin-1")):
            return open_to_all or edit.first(self._said, b"etag") is None
        modified = edit.first(self._said, b"last-modified")
        return open_to_all and modified is not None and conditions.has_since(modified.decode("latin-1"))
