"""
A HAR file as traffic: what a browser recorded, with every credential replaced by the name of the principal.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hasten.errors import ConfigError
from hasten.world.load.plan import LoadRequest
from hasten.world.recordings.routes import Routes
from hasten.world.recordings.tally import (
    CREDENTIALS,
    FAILED,
    LEAVES,
    OTHER_HOST,
    STATIC,
    UNKNOWN_IDENTITY,
    KnownUser,
    Recording,
    Tally,
    is_static,
    kept_headers,
    leaves,
)

#: Headers that an answer may depend on. What a browser adds by itself is not repeated.
_WANTED = frozenset({"accept", "accept-language", "content-type", "x-requested-with", "if-none-match"})


def read_har(
    content: bytes, source: str, principals: Sequence[KnownUser], routes: Routes, *, base_url: str, login: str
) -> Recording:
    """
    The application's own requests, without its files.

    Who asked is known from a login in the same recording (its answer's cookies and tokens), from a Basic user or
    from the user named in a JSON web token; a request with credentials of nobody known is dropped.

    Args:
        base_url: The application; a recording of another host is taken if it holds nothing of this one.
        login: [login] request, such as "POST /api/login".

    Raises:
        ConfigError: it is not a HAR.
    """
    try:
        entries = json.loads(content)["log"]["entries"]
        calls = [_Call(entry) for entry in entries]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ConfigError(f"{source} is not a HAR file", hint="export it from the browser's network tab") from error
    hosts = [call.host for call in calls]
    own = urlsplit(base_url).netloc
    # A recording of production is replayed here: then its first page's host is the application.
    host = own if own in hosts or not hosts else hosts[0]
    prefix = urlsplit(base_url).path.rstrip("/") if host == own else ""
    identities = _Identities(principals, login)
    tally = Tally(source)
    for call in calls:
        if call.host != host:
            tally.drop(OTHER_HOST)
            continue
        call.path = call.path.removeprefix(prefix) or "/"
        identities.learn(call)
        _take(call, tally, identities, routes)
    return tally.recording()


class _Call:
    """
    One entry of the file.
    """

    def __init__(self, entry: dict[str, Any]) -> None:
        request, response = entry["request"], entry.get("response") or {}
        split = urlsplit(request["url"])
        self.method = str(request["method"]).upper()
        self.host = split.netloc.rpartition("@")[2]
        self.path = (split.path or "/") + (f"?{split.query}" if split.query else "")
        self.status = int(response.get("status") or 0)
        self.headers = {str(item["name"]).lower(): str(item["value"]) for item in request.get("headers", [])}
        post = request.get("postData") or {}
        self.body = str(post.get("text") or "")
        self.form = {str(item["name"]): str(item.get("value", "")) for item in post.get("params") or []}
        self.set_cookies = [
            str(item["value"]) for item in response.get("headers", []) if str(item["name"]).lower() == "set-cookie"
        ]
        self.answer = str((response.get("content") or {}).get("text") or "")
        self.started = _moment(entry.get("startedDateTime"))


class _Identities:
    """
    Learns from logins which credential is whose.
    """

    def __init__(self, principals: Sequence[KnownUser], login: str) -> None:
        self._names = {identity.user: identity.name for identity in principals if identity.user}
        self._login = login.strip()
        self._of_cookie: dict[str, str] = {}
        self._of_token: dict[str, str] = {}

    def learn(self, call: _Call) -> None:
        """
        A login tells whose its cookies and tokens are; so does a cookie that replaces a known one.
        """
        is_login = bool(self._login) and f"{call.method} {call.path.partition('?')[0]}" == self._login
        name = self._user_in(call) if is_login else self._by_credentials(call)
        if not name:
            return
        for line in call.set_cookies:
            self._of_cookie[line.partition(";")[0].strip()] = name
        if is_login:
            for text in _texts(call.answer):
                if len(text) >= 16:
                    self._of_token[text] = name

    def of(self, call: _Call) -> str | None:
        """
        The principal's name, or None where it has credentials of nobody known.
        """
        if not any(header in CREDENTIALS for header in call.headers):
            return "anonymous"
        return self._by_credentials(call)

    def _by_credentials(self, call: _Call) -> str | None:
        scheme, _, value = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            return self._names.get(_basic_user(value))
        if scheme.lower() == "bearer":
            claimed = _claims(value)
            by_claim = next((self._names[text] for text in claimed if text in self._names), None)
            return self._of_token.get(value.strip()) or by_claim
        pairs = [pair.strip() for pair in call.headers.get("cookie", "").split(";")]
        return next((self._of_cookie[pair] for pair in pairs if pair in self._of_cookie), None)

    def _user_in(self, call: _Call) -> str | None:
        texts = [*_texts(call.body), *call.form.values(), *(value for _, value in parse_qsl(call.body))]
        return next((self._names[text] for text in texts if text in self._names), None)


def _take(call: _Call, tally: Tally, identities: _Identities, routes: Routes) -> None:
    if is_static(call.path):
        tally.drop(STATIC)
    elif leaves(call.path):
        tally.drop(LEAVES)
    elif call.status >= 400:
        tally.drop(FAILED)
    elif (principal := identities.of(call)) is None:
        tally.drop(UNKNOWN_IDENTITY)
    else:
        request = LoadRequest(
            method=call.method,
            path=call.path,
            route=routes.name(call.method, call.path),
            headers=kept_headers(call.headers, _WANTED),
            body=call.body.encode(),
            principal=principal,
        )
        tally.add(request, call.started)


def _texts(content: str) -> list[str]:
    """
    Every text inside of a JSON document; none where it is not one.
    """
    try:
        left = [json.loads(content)]
    except ValueError:
        return []
    found: list[str] = []
    while left:
        value = left.pop()
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict | list):
            left.extend(value.values() if isinstance(value, dict) else value)
    return found


def _claims(token: str) -> list[str]:
    """
    The texts in a JSON web token, unverified: they only choose among known test identities.
    """
    parts = token.strip().split(".")
    if len(parts) != 3:
        return []
    try:
        return _texts(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)).decode())
    except (binascii.Error, ValueError):
        return []


def _basic_user(value: str) -> str:
    try:
        return base64.b64decode(value.strip()).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None
