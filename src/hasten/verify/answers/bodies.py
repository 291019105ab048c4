"""
A body as something that can be compared: its coding undone, its charset read, and parsed where it is JSON or HTML.
"""

import gzip
import hashlib
import json
import zlib
from dataclasses import dataclass
from email.message import Message
from typing import Any

import brotli

from hasten.verify.answers.asking import Answer
from hasten.verify.answers.dom import dom_of

JSON, HTML, TEXT, BYTES = "json", "html", "text", "bytes"
_IDENTITY = frozenset({"", "identity"})
#: What a broken coding raises.
_BROKEN = (OSError, EOFError, zlib.error, brotli.error)


@dataclass(frozen=True)
class Body:
    """
    A body that can be compared. `value` is nested data, or the digest of what is no JSON and no HTML.

    unread: the coding that could not be undone, so that bytes were compared as they came.
    """

    kind: str
    value: Any
    content: bytes
    unread: str = ""


def body_of(answer: Answer) -> Body:
    """
    The body of an answer, as far as it can be understood.
    """
    content, unread = decoded(answer)
    if unread:
        return Body(BYTES, digest(content), content, unread)
    kind, charset = media_type(answer)
    if is_json(kind):
        try:
            return Body(JSON, json.loads(content, parse_constant=_constant), content)
        except (ValueError, RecursionError):
            return Body(BYTES, digest(content), content)
    text = _text(content, charset)
    if text is None:
        return Body(BYTES, digest(content), content)
    if kind in ("text/html", "application/xhtml+xml"):
        return Body(HTML, dom_of(text), content)
    # Text is compared as characters: the same text in another charset is the same answer.
    return Body(TEXT, digest(text.encode()), content) if kind.startswith("text/") else _bytes(content)


def decoded(answer: Answer) -> tuple[bytes, str]:
    """
    The body without its Content-Encoding, and the coding that could not be undone or "".
    """
    content = answer.body
    codings = [each.strip().lower() for each in answer.header("content-encoding").split(",")]
    for coding in reversed([each for each in codings if each not in _IDENTITY]):
        undone = undo(coding, content)
        if undone is None:
            return answer.body, coding
        content = undone
    return content, ""


def undo(coding: str, content: bytes) -> bytes | None:
    """
    The content without that coding; None where it is not known here or the content is not in it.
    """
    if not content:
        return content
    try:
        if coding in ("gzip", "x-gzip"):
            return gzip.decompress(content)
        if coding == "deflate":
            return _inflate(content)
        if coding == "br":
            return bytes(brotli.decompress(content))
    except _BROKEN:
        return None
    return None


def media_type(answer: Answer) -> tuple[str, str]:
    """
    The media type in lower case, and the charset or "".
    """
    message = Message()
    message["content-type"] = answer.header("content-type") or "application/octet-stream"
    return message.get_content_type(), str(message.get_param("charset") or "").lower()


def is_json(kind: str) -> bool:
    """
    Whether a media type is JSON by its name (RFC 6839 for +json).
    """
    return kind == "application/json" or kind.endswith("+json")


def digest(content: bytes) -> str:
    """
    A short name of the content for people; equal names mean equal content.
    """
    return f"{len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()[:32]}"


def _bytes(content: bytes) -> Body:
    return Body(BYTES, digest(content), content)


def _text(content: bytes, charset: str) -> str | None:
    try:
        return content.decode(charset or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return None


def _inflate(content: bytes) -> bytes:
    try:
        return zlib.decompress(content)
    except zlib.error:
        # Some servers send raw deflate without the zlib frame that RFC 9110 asks for.
        return zlib.decompress(content, -zlib.MAX_WBITS)


def _constant(name: str) -> str:
    """
    NaN is not equal to itself; as a word it is.
    """
    return f"({name})"
