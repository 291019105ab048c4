"""
The ETag of an answer that has none: a digest of all that a client would keep of it.

A 304 leaves the client with the headers that it has. So every header is part of the digest but for those that a 304
says anew, and those that are known to be of one exchange only: an answer whose other headers change has another ETag,
which may gain nothing and never shows what is not so. No process, host or time is part of it.
"""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from hasten_runtime.http import headers as edit
from hasten_runtime.http.preconditions import OF_304

#: Of the connection, of the one exchange, or following from the body.
OF_THE_EXCHANGE = OF_304 | {
    b"age", b"alt-svc", b"connection", b"content-length", b"keep-alive", b"last-modified", b"pragma", b"server",
    b"server-timing", b"traceparent", b"transfer-encoding", b"via", b"x-correlation-id", b"x-process-time",
    b"x-request-id", b"x-response-time", b"x-runtime",
}  # fmt: skip
#: Hashing more than this takes longer than to ask a thread to do it (SHA-256: 0.85 ms for 1 MB).
INLINE_BYTES = 256 * 1024
#: 128 bits of the digest: two answers of one address with the same tag are as likely as any accident can be.
TAG_BYTES = 16

_GZIP = b"\x1f\x8b"


def tag_of(headers: list[Any], body: bytes) -> bytes:
    """
    The ETag: strong, for it names these bytes; weak where it leaves out the moment at which gzip was at work.

    Weak too where the application answers with ranges: it does not know this ETag, so a client must not go by it in
    If-Range and put together parts of two answers.
    """
    digest = sha256()
    for key, value in sorted((key.lower(), bytes(value)) for key, value in headers):
        if key not in OF_THE_EXCHANGE:
            digest.update(b"%d %d " % (len(key), len(value)) + key + value)
    is_timed = edit.first(headers, b"content-encoding") == b"gzip" and body.startswith(_GZIP)
    if is_timed:
        # RFC 1952 §2.3: bytes 4 to 7 are a time, which common middlewares set to the present second.
        digest.update(body[:4] + body[8:])
    else:
        digest.update(body)
    tag = b'"' + urlsafe_b64encode(digest.digest()[:TAG_BYTES]).rstrip(b"=") + b'"'
    has_ranges = edit.tokens(headers, b"accept-ranges") - {"none"}
    return b"W/" + tag if is_timed or has_ranges else tag
