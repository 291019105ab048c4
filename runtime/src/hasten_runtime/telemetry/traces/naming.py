"""
The name of a call to somebody else: method, host, and the path without ids.
"""

from typing import Any

from hasten_runtime.telemetry import routes

LONGEST_HOST = 100


def call_name(method: Any, url: Any) -> str:
    """
    `POST 127.0.0.1:8001/introspect`: no scheme, no query, no user, and `{}` for whatever is no word.
    """
    rest = str(url).split("?", 1)[0].split("#", 1)[0]
    rest = rest.split("://", 1)[-1]
    host, _, path = rest.partition("/")
    host = host.rpartition("@")[2][:LONGEST_HOST]
    return f"{_method(method)} {host}{routes.without_ids('/' + path, '//' + host)}"


def _method(method: Any) -> str:
    text = (method.decode("latin-1") if isinstance(method, bytes) else str(method)).upper()
    return text[:10] if text.isalpha() else "_OTHER"
