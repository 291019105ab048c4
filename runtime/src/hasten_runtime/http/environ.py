"""
What of a WSGI request the policy looks at, in the form in which an ASGI server would tell it.

So there is one set of rules, and one draw of arms, for both.
"""

from typing import Any

Environ = dict[str, Any]

#: What decides about the arm of a request.
_ASKING = (
    ("HTTP_HASTEN_ARM", b"hasten-arm"),
    ("HTTP_AUTHORIZATION", b"authorization"),
    ("HTTP_COOKIE", b"cookie"),
)
#: Headers that PEP 3333 names without HTTP_.
_UNNAMED = (("CONTENT_TYPE", b"content-type"), ("CONTENT_LENGTH", b"content-length"))
#: Who asks may be known to the server; to a rule that is as good as a header that says it.
_KNOWN_OTHERWISE = ("REMOTE_USER", "SSL_CLIENT_CERT")


def path_of(environ: Environ) -> str:
    """
    The whole path, decoded: a server for WSGI gives its bytes as if they were Latin-1 (PEP 3333).
    """
    path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return path if path.isascii() else path.encode("latin-1").decode("utf-8", "replace")


def asking_scope(environ: Environ) -> dict[str, Any]:
    """
    Who asks, and for which arm.
    """
    headers = [(name, environ[key].encode("latin-1")) for key, name in _ASKING if key in environ]
    return {"headers": headers, "client": (environ.get("REMOTE_ADDR", ""),)}


def scope_of(environ: Environ) -> dict[str, Any]:
    """
    The request line and all headers; several of one name are one, joined by the server.
    """
    headers = [
        (key[5:].replace("_", "-").lower().encode("latin-1"), value.encode("latin-1"))
        for key, value in environ.items()
        if key.startswith("HTTP_")
    ]
    headers += [(name, environ[key].encode("latin-1")) for key, name in _UNNAMED if environ.get(key)]
    if any(environ.get(key) for key in _KNOWN_OTHERWISE):
        headers.append((b"authorization", b""))
    return {
        "type": "http",
        "method": environ["REQUEST_METHOD"],
        "path": path_of(environ),
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "headers": headers,
        "client": (environ.get("REMOTE_ADDR", ""),),
    }
