"""
The rule `compression`: text travels compressed to whoever takes it so, and what does not change is compressed once.
Here it is decided what becomes of one answer, from its start and its pieces, whatever carries them (ASGI, WSGI).

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

from typing import Any, Optional
from urllib.parse import unquote_to_bytes

from hasten_runtime.http import headers as edit
from hasten_runtime.http.codings import available
from hasten_runtime.http.negotiation import chosen
from hasten_runtime.policy import Rule

#: A file that says to be larger is compressed as a stream: nobody's memory is filled for it.
HELD_BYTES = 16 * 1024 * 1024
FILES = frozenset(
    {
        "text/css", "text/javascript", "application/javascript", "application/x-javascript", "image/svg+xml",
        "application/wasm", "application/manifest+json", "font/ttf", "font/otf", "application/vnd.ms-fontobject",
    }
)  # fmt: skip
TEXTS = frozenset({"application/json", "application/xml", "application/xhtml+xml", "application/rss+xml"})
CREDENTIALS = (b"cookie", b"authorization")

#: What is to be done once a piece has come: wait for more, send everything as it is, compress the whole, or each piece.
HOLD, PLAIN, WHOLE, STREAM = "hold", "plain", "whole", "stream"


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


class Course:
    """
    What becomes of one answer. `begin` sees its start, `take` its pieces until the course is set.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.is_file = False
        self.pieces: list[bytes] = []
        self.size = 0
        self.length: Optional[int] = None
        self._headers: edit.Headers = []

    def begin(self, status: int, headers: edit.Headers, *, trailers: bool = False) -> Optional[edit.Headers]:
        """
        The headers with which the answer passes, or None: its pieces decide, and its start has to wait for them.

        Headers that stay as they are come back as the same list.
        """
        request = self.request
        if status == 304 and not request.has_range:
            return not_modified(headers, request.knows)
        if trailers or status != 200 or not self._concerns(headers):
            return headers
        self.is_file = is_file(headers)
        is_open = request.has_credentials and not self.is_file and not request.rule.settings["dynamic"]
        if is_open or (not self.is_file and is_version(headers)):
            return headers
        varied = edit.with_vary(headers)
        if request.coding is None or request.has_range:
            return varied
        if request.is_head:
            # The length of what GET would send is not known, and another one must not be said (RFC 9110 §8.6).
            return edit.with_weak_etag(edit.without(varied, b"content-length", b"accept-ranges"))
        self._headers, self.length = headers, length_of(headers)
        return None

    def _concerns(self, headers: edit.Headers) -> bool:
        if self.request.wants_no_change or "no-transform" in edit.tokens(headers, b"cache-control"):
            return False
        if edit.first(headers, b"content-encoding") is not None or edit.first(headers, b"content-range") is not None:
            return False
        if any(name.lower() in edit.SEALS for name, _ in headers):
            return False
        if not is_text(headers, self.request.rule.content_types):
            return False
        length = length_of(headers)
        return length is None or length >= self.request.rule.settings["minimum_bytes"]

    def take(self, piece: bytes, *, more: bool) -> str:
        """
        What is to be done now that this piece has come: HOLD, PLAIN, WHOLE or STREAM.
        """
        self.pieces.append(piece)
        self.size += len(piece)
        if not more:
            return self._of_the_whole()
        if self.is_file and self.length is not None and self.length <= HELD_BYTES:
            return HOLD if self.size <= self.length else PLAIN
        # What cannot be searched before it is sent is not compressed beside a secret.
        return PLAIN if self.request.has_credentials else STREAM

    def _of_the_whole(self) -> str:
        request = self.request
        if self.size < request.rule.settings["minimum_bytes"] or self.length not in (None, self.size):
            return PLAIN
        # The name of a script may stand in the script, beside no secret; anywhere else a path may have been chosen.
        with_path = media_type(self._headers) not in FILES
        if request.has_credentials and request.is_reflected_in(self.body, with_path=with_path):
            return PLAIN
        return WHOLE

    @property
    def body(self) -> bytes:
        """
        All pieces so far.
        """
        return self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)

    def plain_headers(self) -> edit.Headers:
        """
        The headers of the plain bytes, to a client that might have had others.
        """
        return edit.with_vary(self._headers)

    def coded_headers(self, length: Optional[int] = None) -> edit.Headers:
        """
        The headers of the coded bytes, of which there are `length`, if that is known.
        """
        kept = edit.without(self._headers, b"content-length", b"accept-ranges")
        assert self.request.coding is not None
        found = [*edit.with_weak_etag(edit.with_vary(kept)), (b"content-encoding", self.request.coding.encode())]
        return found if length is None else [*found, (b"content-length", b"%d" % length)]


def is_text(headers: list[Any], types: tuple[str, ...]) -> bool:
    """
    Whether the content type is one of `types`; with none given, whether it is one that shrinks.
    """
    kind = media_type(headers)
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
    return media_type(headers) in FILES or edit.first(headers, b"last-modified") is not None


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


def media_type(headers: list[Any]) -> str:
    """
    The content type without its parameters, in lower case.
    """
    return (edit.first(headers, b"content-type") or b"").decode("latin-1").partition(";")[0].strip().lower()


def length_of(headers: list[Any]) -> Optional[int]:
    """
    The length that the application declares, if it is a number.
    """
    value = edit.first(headers, b"content-length") or b""
    return int(value) if value.isdigit() else None
