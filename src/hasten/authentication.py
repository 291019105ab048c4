"""
Which steps of a request find out who asks and what they may do: judged by the words of code, paths and tables.

A step counts where a file, a function or a part of a path on its way is called after authentication. "Session" and
"token" alone do not count: an ORM has sessions and a parser has tokens.
"""

import re
from functools import lru_cache

_WORDS = frozenset({
    "auth", "authn", "authz", "authenticate", "authenticated", "authentication", "authenticator", "authorization",
    "authorize", "authorized", "credential", "credentials", "identity", "introspect", "introspection", "jwks", "jwt",
    "login", "oauth", "oauth2", "oidc", "openid", "permission", "permissions", "principal", "principals", "saml", "sso",
    "userinfo",
})  # fmt: skip
#: Pairs of words in one name: `current_user`, `verify_token`, `load_session`.
_PAIRS = re.compile(
    r"(?:^|_)(?:(?:current|authenticated|logged_in|signed_in)_(?:user|account|session|token)"
    r"|(?:check|decode|introspect|load|read|require|resolve|validate|verify)_(?:(?:access|bearer|session|user)_)*"
    r"(?:token|session|api_?key|cookie)|get_current_\w+|user_from_\w+)(?:_|$)"
)
#: Tables of sessions and rights that frameworks bring along.
_TABLES = re.compile(r"\b(django_session|auth_(?:user|group|permission)\w*|authtoken_token|oauth2?_\w+)\b")
#: Functions that go on with somebody else's work: what happens below a decorator is not the decorator's.
_PASSING_ON = frozenset({
    "__call__", "decorated", "decorated_function", "decorated_view", "decorator", "dispatch", "inner", "middleware",
    "wrapped", "wrapped_view", "wrapper",
})  # fmt: skip
_PIECES = re.compile(r"[A-Za-z][A-Za-z0-9]*|\d+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@lru_cache(maxsize=8192)
def is_authentication(kind: str, name: str, places: tuple[str, ...]) -> bool:
    """
    Whether a step belongs to authentication, by its name or by the code that made it.
    """
    if any(_is_named_so(place) for number, place in enumerate(places) if not number or not passes_on(place)):
        return True
    if kind == "db":
        return bool(_TABLES.search(name))
    return kind in ("http", "redis") and _is_named_so(name)


def passes_on(place: str) -> bool:
    """
    Whether a place is a decorator or a middleware, below which somebody else's work is done.
    """
    return place.rpartition(" ")[2] in _PASSING_ON


def _is_named_so(text: str) -> bool:
    """
    Whether one word of a place (`shop/auth.py:10 current_user`) or of a call (`POST id:80/introspect`) says so.
    """
    snake = _CAMEL.sub("_", text).lower()
    if any(piece in _WORDS for piece in _PIECES.findall(snake)):
        return True
    return any(_PAIRS.search(word) for word in re.split(r"[^\w]+", snake))
