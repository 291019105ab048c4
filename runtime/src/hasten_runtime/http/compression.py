"""
The rule `compression`: text travels compressed to whoever takes it so, and what does not change is compressed once.

Never touched: other statuses than 200, Range requests and partial answers, `no-transform`, answers that are encoded,
sealed (Content-Digest, Signature) or carry trailers, server-sent events, and small ones.

A *file* (CSS, JavaScript, SVG, WebAssembly, fonts, or whatever has Last-Modified, and sets no cookie) is compressed
whole and its variant kept. Everything else is *dynamic*: compressed each time, at a low level; what comes in pieces is
compressed piece by piece, each of them flushed. A dynamic answer with a strong ETag stays as it is: the tag may be a
version for If-Match, and a weakened one would be refused there.

BREACH: compressed beside text that an attacker can choose, a secret can be guessed from sizes. So an answer to a
request with credentials (Cookie, Authorization) is left alone if it is dynamic, unless the rule says `dynamic: true`,
and in any case if its body holds a value from the request (of the query, or what a placeholder of the rule's path
matched; the latter not for CSS, scripts and the like) of at least `reflected_bytes`; a stream, which cannot be searched
before it is sent, is left alone too.
"""

from typing import Any, Optional, Protocol
from urllib.parse import unquote_to_bytes

from hasten_runtime.http import headers as edit
from hasten_runtime.http.codings import Packer, available, packer
from hasten_runtime.http.links import Link, Message, OwnStart, Send
from hasten_runtime.http.negotiation import chosen
from hasten_runtime.policy import Rule

#: A file that says to be larger is compressed as a stream, as is one that does not fit beside what other answers hold
#: (`holding`): nobody's memory is filled for it.
HELD_BYTES = 16 * 1024 * 1024
FILES = frozenset(
    {
        "text/css", "text/javascript", "application/javascript", "application/x-javascript", "image/svg+xml",
        "application/wasm", "application/manifest+json", "font/ttf", "font/otf", "application/vnd.ms-fontobject",
    }
)  # fmt: skip
TEXTS = frozenset({"application/json", "application/xml", "application/xhtml+xml", "application/rss+xml"})
CREDENTIALS = (b"cookie", b"authorization")


class Variants(Protocol):
    """
    Makes coded bodies, and keeps those of files; None in place of one that would not be smaller.
    """

    async def of(self, body: bytes, coding: str, level: int, most_bytes: int) -> Optional[bytes]:
        """
        The coded body of a file.
        """

    async def once(self, body: bytes, coding: str, level: int) -> Optional[bytes]:
        """
        The coded body of what is not kept.
        """


class Request:
    """
    What of a request decides how its answer may be compressed.
    """

    def __init__(self, rule: Rule, scope: dict[str, Any], inputs: tuple[str, ...]) -> None:
        headers = scope["headers"]
        self.rule = rule
        self.is_head = scope["method"] == "HEAD"
        self.coding = chosen(edit.joined(headers, b"accept-encoding"), available(rule.settings["codings"]))
        self.has_range = edit.first(headers, b"range") is not None
        self.wants_no_change = "no-transform" in edit.tokens(headers, b"cache-control")
        self.has_credentials = any(edit.first(headers, name) is not None for name in CREDENTIALS)
        self.knows = edit.joined(headers, b"if-none-match") or ""
        self._query = scope.get("query_string", b"")
        self._inputs = inputs

    def is_reflected_in(self, body: bytes, *, with_path: bool) -> bool:
        """
        Whether the body holds a value that the request brought, as it came or decoded.
        """
        least = self.rule.settings["reflected_bytes"]
        values = {each.encode("utf-8", "replace") for each in self._inputs} if with_path else set()
        for pair in self._query.replace(b";", b"&").split(b"&"):
            name, _, value = pair.partition(b"=")
            for raw in (name, value):
                values |= {raw, unquote_to_bytes(raw), unquote_to_bytes(raw.replace(b"+", b" "))}
        return any(len(value) >= least and value in body for value in values)


class Answer(Link):
    """
    One answer on its way out, compressed where it may be.

    Held back at most: the start of an answer, and the body of a file.
    """

    kind = "compression"

    def __init__(self, request: Request, variants: Variants, send: Send) -> None:
        super().__init__(send)
        self._request = request
        self._variants = variants
        self._start: Optional[Message] = None
        self._packer: Optional[Packer] = None
        #: The last of the pieces that are held as one.
        self._joined: Optional[Message] = None
        #: Of the pieces that are held.
        self._size = 0
        self._file = False

    async def _next(self, message: Message) -> list[Message]:
        kind = message["type"]
        if kind == "http.response.start" and self._start is None:
            return self._begin(message)
        if kind != "http.response.body" or self._start is None:
            return self._give_up(message) if self._packer is None else [message]
        if self._packer is not None:
            return [self._piece(message)]
        return await self._body(message)

    def _begin(self, start: Message) -> list[Message]:
        request, headers = self._request, list(start.get("headers", ()))
        # The application's own word decides: an ETag of ours is no version, and `private` of ours no secret.
        own = start.said if isinstance(start, OwnStart) else None
        if start["status"] == 304 and (own is not None or not request.has_range):
            self._through = True
            return [{**start, "headers": self._unchanged(headers, own)}]
        said = headers if own is None else own
        if not self._may_code(start["status"], said) or start.get("trailers"):
            self._through = True
            return [start]
        varied = {**start, "headers": edit.with_vary(headers)}
        if request.coding is None or request.has_range:
            self._through = True
            return [varied]
        if request.is_head:
            # The length of what GET would send is not known, and another one must not be said (RFC 9110 §8.6).
            self._through = True
            kept = edit.without(varied["headers"], b"content-length", b"accept-ranges")
            return [{**start, "headers": edit.with_weak_etag(kept)}]
        self._start, self._held = start, [start]
        return []

    def _unchanged(self, headers: list[Any], own: Optional[list[Any]]) -> edit.Headers:
        """
        The headers of a 304; where it is known which 200 it stands for, with the Vary of that one.
        """
        found = not_modified(headers, self._request.knows)
        return edit.with_vary(found) if own is not None and self._may_code(200, own) else found

    def _may_code(self, status: int, headers: list[Any]) -> bool:
        """
        Whether the answer is one that goes out compressed to whoever takes it so.
        """
        request = self._request
        if status != 200 or not self._concerns(headers):
            return False
        self._file = is_file(headers)
        is_open = request.has_credentials and not self._file and not request.rule.settings["dynamic"]
        return not is_open and (self._file or not is_version(headers))

    def _concerns(self, headers: list[Any]) -> bool:
        request = self._request
        if request.wants_no_change:
            return False
        if edit.first(headers, b"content-encoding") is not None or edit.first(headers, b"content-range") is not None:
            return False
        if "no-transform" in edit.tokens(headers, b"cache-control") or any(k.lower() in edit.SEALS for k, _ in headers):
            return False
        if not is_text(headers, request.rule.content_types):
            return False
        length = edit.length_of(headers)
        return length is None or length >= request.rule.settings["minimum_bytes"]

    async def _body(self, message: Message) -> list[Message]:
        assert self._start is not None
        length = edit.length_of(self._start["headers"])
        more = bool(message.get("more_body"))
        self._held.append(message)
        if more:
            if not (self._file and length is not None and length <= HELD_BYTES):
                return self._stream()
            self._size += len(message.get("body", b""))
            if self._size > length:
                return self._as_it_is()
            return [] if self._may_hold(self._size) else self._stream()
        body = self._body_as_one(message)
        if len(body) < self._request.rule.settings["minimum_bytes"] or (length is not None and length != len(body)):
            return self._as_it_is()
        # The name of a script may stand in the script, beside no secret; anywhere else a path may have been chosen.
        with_path = edit.media_type(self._start["headers"]) not in FILES
        if self._request.has_credentials and self._request.is_reflected_in(body, with_path=with_path):
            return self._as_it_is()
        coded = await self._coded(body)
        if coded is None:
            return self._as_it_is()
        start = self._coded_start((b"content-length", b"%d" % len(coded)))
        self._through, self._held, self._holding = True, [], None
        return [start, {"type": "http.response.body", "body": coded, "more_body": False}]

    def _body_as_one(self, message: Message) -> bytes:
        """
        The body that is held and ends with this message, which was put aside; it is held in one piece from now on.

        Those who wait for one compression have it in memory once, and not once more.
        """
        start, *bodies = self._held
        body = b"".join(each.get("body", b"") for each in bodies)
        if len(bodies) > 1:
            whole = {"type": "http.response.body", "body": body, "more_body": False}
            self._held, self._joined = [start, whole], message
        return body

    def _is_held(self, message: Message) -> bool:
        return super()._is_held(message) or (bool(self._held) and self._joined is message)

    async def _coded(self, body: bytes) -> Optional[bytes]:
        settings, coding = self._request.rule.settings, self._request.coding
        assert coding is not None
        if self._file:
            return await self._variants.of(body, coding, settings["stored_level"], settings["stored_bytes"])
        return await self._variants.once(body, coding, settings["level"])

    def _as_it_is(self) -> list[Message]:
        """
        The plain bytes, to a client that might have had others.
        """
        start, *bodies = self._held
        self._through, self._held = True, []
        return [{**start, "headers": edit.with_vary(start["headers"])}, *bodies]

    def _stream(self) -> list[Message]:
        if self._request.has_credentials:
            return self._as_it_is()
        coding = self._request.coding
        assert coding is not None
        self._packer = packer(coding, self._request.rule.settings["level"])
        coded = [self._coded_start(), *map(self._piece, self._held[1:])]
        # Only now: until the pieces are coded, the answer can still go out as it is.
        self._held, self._holding, self._committed = [], None, True
        return coded

    def _piece(self, message: Message) -> Message:
        assert self._packer is not None
        body = message.get("body", b"")
        coded = self._packer.pack(body) if body else b""
        if not message.get("more_body"):
            coded += self._packer.end()
            self._through = True
        return {**message, "body": coded}

    def _coded_start(self, *more: tuple[bytes, bytes]) -> Message:
        assert self._start is not None
        assert self._request.coding is not None
        kept = edit.without(self._start["headers"], b"content-length", b"accept-ranges")
        coding = (b"content-encoding", self._request.coding.encode())
        return {**self._start, "headers": [*edit.with_weak_etag(edit.with_vary(kept)), coding, *more]}


def is_text(headers: list[Any], types: tuple[str, ...]) -> bool:
    """
    Whether the content type is one of `types`; with none given, whether it is one that shrinks.
    """
    kind = edit.media_type(headers)
    if types:
        return kind in types
    if kind == "text/event-stream":
        return False
    return kind.startswith("text/") or kind in FILES or kind in TEXTS or kind.endswith(("+json", "+xml"))


def is_file(headers: list[Any]) -> bool:
    """
    Whether the answer is the same for everybody and for long, as far as it says.
    """
    if edit.first(headers, b"set-cookie") is not None or "private" in edit.tokens(headers, b"cache-control"):
        return False
    return edit.media_type(headers) in FILES or edit.first(headers, b"last-modified") is not None


def is_version(headers: list[Any]) -> bool:
    """
    Whether the answer has a strong ETag, which a client may send back in If-Match.
    """
    return (edit.first(headers, b"etag") or b"").startswith(b'"')


def not_modified(headers: list[Any], knows: str) -> edit.Headers:
    """
    The headers of a 304 with its ETag in the form in which the client has it: weak, if it got the answer compressed.
    """
    tag = (edit.first(headers, b"etag") or b"").decode("latin-1")
    return edit.with_vary(edit.with_weak_etag(headers)) if tag and f"W/{tag}" in knows else headers
