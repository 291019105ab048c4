"""
Test identities: logged in, kept logged in, and replayed by name. `anonymous` is always among them.
"""

import json
import os
import threading
from collections.abc import Mapping, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any, Protocol
from urllib.parse import urlencode

from hasten.errors import ConfigError, HastenError, NotAllowed
from hasten.log import event
from hasten.world.http import Answer, fetch

ANONYMOUS = "anonymous"


class LoginSection(Protocol):
    """
    [login] of hasten.toml.
    """

    @property
    def request(self) -> str: ...
    @property
    def json(self) -> dict[str, Any]: ...
    @property
    def form(self) -> dict[str, str]: ...
    @property
    def headers(self) -> dict[str, str]: ...
    @property
    def token(self) -> str: ...
    @property
    def local_storage(self) -> dict[str, str]: ...
    @property
    def expired_status(self) -> list[int]: ...


class Identity(Protocol):
    """
    One of [[principals]].
    """

    @property
    def name(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def secret_env(self) -> str: ...
    @property
    def headers(self) -> dict[str, str]: ...


class WithPrincipals(Protocol):
    """
    What is needed of a Target.
    """

    @property
    def login(self) -> LoginSection: ...
    @property
    def principals(self) -> Sequence[Identity]: ...


class Session:
    """
    What a login left behind. Its repr shows no secret.
    """

    def __init__(
        self, headers: dict[str, str], cookies: dict[str, str], local_storage: dict[str, str] | None = None
    ) -> None:
        self.headers = headers
        self.cookies = cookies
        self.local_storage = local_storage or {}

    def __repr__(self) -> str:
        return (
            f"Session(headers={sorted(self.headers)}, cookies={sorted(self.cookies)}, "
            f"local_storage={sorted(self.local_storage)})"
        )


class Sessions:
    """
    The principals of a target at one address; each logs in when it is first needed.

    Args:
        target: Its [login] and [[principals]].
        environ: Where the secrets are.
    """

    def __init__(
        self,
        target: WithPrincipals,
        base_url: str,
        *,
        timeout_s: float = 30.0,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._login = target.login
        self._identities = {identity.name: identity for identity in target.principals}
        self._base_url = base_url
        self._timeout_s = timeout_s
        self._environ = environ
        self._sessions: dict[str, Session] = {ANONYMOUS: Session({}, {})}
        self._lock = threading.RLock()

    @property
    def names(self) -> list[str]:
        """
        Every principal, in the order of hasten.toml, and `anonymous` last.
        """
        return [*(name for name in self._identities if name != ANONYMOUS), ANONYMOUS]

    @property
    def expired_status(self) -> list[int]:
        """
        Answers that mean "log in again".
        """
        return list(self._login.expired_status)

    def log_in_all(self) -> None:
        """
        Every principal has a session.

        Raises:
            ConfigError, NotAllowed, Unreachable: see `headers_for`.
        """
        for name in self.names:
            self._session(name)

    def headers_for(self, name: str, *, with_cookies: bool = True) -> dict[str, str]:
        """
        The headers that make a request one of this principal's.

        Raises:
            ConfigError: no such principal, its secret is not set, the login answers without cookie or token.
            NotAllowed: the login was refused.
            Unreachable: the login was not answered.
        """
        session = self._session(name)
        headers = dict(session.headers)
        if with_cookies and session.cookies:
            headers["cookie"] = "; ".join(f"{key}={value}" for key, value in session.cookies.items())
        return headers

    def cookies_for(self, name: str) -> dict[str, str]:
        """
        The cookies of the session, for a browser.

        Raises:
            ConfigError, NotAllowed, Unreachable: as for `headers_for`.
        """
        return dict(self._session(name).cookies)

    def local_storage_for(self, name: str) -> dict[str, str]:
        """
        What the application's own login page would have left in the browser's local storage.

        Raises:
            ConfigError, NotAllowed, Unreachable: as for `headers_for`.
        """
        return dict(self._session(name).local_storage)

    def renew(self, name: str) -> dict[str, str]:
        """
        The principal has logged in again; its new headers.

        Raises:
            ConfigError, NotAllowed, Unreachable: as for `headers_for`.
        """
        with self._lock:
            if name != ANONYMOUS:
                self._sessions.pop(name, None)
            event("log in again", principal=name)
            return self.headers_for(name)

    def request(
        self, name: str, method: str, path: str, *, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """
        The answer to one request of this principal, who logs in again once if the session has expired.

        Raises:
            ConfigError, NotAllowed, Unreachable: as for `headers_for`; the request itself was not answered.
        """
        answer = self._ask(method, path, {**(headers or {}), **self.headers_for(name)}, body)
        if answer.status in self._login.expired_status and self._can_log_in(name):
            answer = self._ask(method, path, {**(headers or {}), **self.renew(name)}, body)
        return answer

    def _can_log_in(self, name: str) -> bool:
        return name != ANONYMOUS and bool(self._login.request)

    def _session(self, name: str) -> Session:
        with self._lock:
            if name not in self._sessions:
                if name not in self._identities:
                    raise ConfigError(
                        f"there is no principal {name!r}", hint=f"known: {', '.join(self.names)}; add [[principals]]"
                    )
                self._sessions[name] = self._log_in(self._identities[name])
            return self._sessions[name]

    def _log_in(self, identity: Identity) -> Session:
        secret = self._secret(identity)
        headers = _filled(identity.headers, identity.user, secret)
        if not self._login.request:
            if not headers:
                raise ConfigError(
                    f"nothing says how the principal {identity.name!r} is recognized",
                    hint="add [login] with `request`, or give the principal its own `headers`",
                )
            return Session(headers, {})
        answer = self._send_login(identity, secret, headers)
        cookies = _cookies(answer)
        token = _at(answer, self._login.token) if self._login.token else None
        if self._login.token and token is None:
            raise ConfigError(
                f"the login of {identity.name!r} answers without {self._login.token}",
                hint="correct `token` in [login]: the path of the token in the answer, such as data.access_token",
            )
        if not cookies and token is None:
            raise ConfigError(
                f"the login of {identity.name!r} answers {answer.status} with neither a cookie nor a token",
                hint="if the answer holds a token, name its path in [login] token; else check [login] request",
            )
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        return Session(headers, cookies, self._stored(identity, token))

    def _stored(self, identity: Identity, token: str | None) -> dict[str, str]:
        wanted = self._login.local_storage
        if token is None and any("${token}" in value for value in wanted.values()):
            raise ConfigError(
                "[login] local_storage needs ${token}, and no token is known",
                hint="name the path of the token in the login's answer: [login] token",
            )
        # Split first: a user name that looks like ${token} stays what it is.
        return {
            key: (token or "").join(part.replace("${user}", identity.user) for part in value.split("${token}"))
            for key, value in wanted.items()
        }

    def _send_login(self, identity: Identity, secret: str, own: dict[str, str]) -> Answer:
        login = self._login
        method, _, path = login.request.strip().partition(" ")
        path = path.strip()
        if not method.isupper() or not path.startswith("/"):
            raise ConfigError(
                f"[login] request is {login.request!r}", hint='write method and path: request = "POST /api/login"'
            )
        headers, body = {**own, **_filled(login.headers, identity.user, secret)}, b""
        if login.json:
            headers["content-type"] = "application/json"
            body = json.dumps(_filled(login.json, identity.user, secret)).encode()
        elif login.form:
            headers["content-type"] = "application/x-www-form-urlencoded"
            body = urlencode(_filled(login.form, identity.user, secret)).encode()
        answer = self._ask(method, path, headers, body)
        if answer.status >= 500:
            raise NotAllowed(
                f"the login of {identity.name!r} failed: {login.request} answers with {answer.status}",
                hint="look into the log of the application: it could not handle the login",
            )
        if answer.status >= 400:
            raise NotAllowed(
                f"the login of {identity.name!r} was refused: {login.request} answers with {answer.status}",
                hint=f"check `user` of the principal and what {identity.secret_env or 'its secret_env'} holds",
            )
        event("logged in", principal=identity.name, status=answer.status)
        return answer

    def _secret(self, identity: Identity) -> str:
        if not identity.secret_env:
            wanted = [self._login.json, self._login.form, self._login.headers, identity.headers]
            if "${secret}" in json.dumps(wanted):
                raise ConfigError(
                    f"the principal {identity.name!r} has no secret_env, and ${{secret}} is needed",
                    hint='name the environment variable that holds its secret: secret_env = "…"',
                )
            return ""
        if identity.secret_env not in self._environ:
            raise ConfigError(
                f"the principal {identity.name!r} needs the environment variable {identity.secret_env},"
                " which is not set",
                hint=f"export {identity.secret_env}=… and run again",
            )
        return self._environ[identity.secret_env]

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        return fetch(self._base_url, path, method=method, headers=headers, body=body, timeout_s=self._timeout_s)


def log_in_errors(sessions: Sessions) -> dict[str, HastenError]:
    """
    The principals that cannot log in, each with the reason; empty when all can.
    """
    problems: dict[str, HastenError] = {}
    for name in sessions.names:
        try:
            sessions.headers_for(name)
        except HastenError as error:
            problems[name] = error
    return problems


def _filled(value: Any, user: str, secret: str) -> Any:
    """
    The value with ${user} and ${secret} put in, at any depth.
    """
    if isinstance(value, str):
        # Split first: a user name that looks like ${secret} stays what it is.
        return secret.join(part.replace("${user}", user) for part in value.split("${secret}"))
    if isinstance(value, dict):
        return {key: _filled(item, user, secret) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, user, secret) for item in value]
    return value


def _cookies(answer: Answer) -> dict[str, str]:
    cookies: dict[str, str] = {}
    for line in answer.headers_named("set-cookie"):
        name, _, value = line.partition(";")[0].partition("=")
        try:
            parsed = SimpleCookie(line)
        except CookieError:
            parsed = SimpleCookie()
        is_deleted = any(morsel["max-age"] == "0" for morsel in parsed.values())
        if name.strip() and value.strip() and not is_deleted:
            cookies[name.strip()] = value.strip()
    return cookies


def _at(answer: Answer, path: str) -> str | None:
    """
    The text at a path such as `data.tokens.0.access` (a leading `$.` may be there).
    """
    try:
        value: Any = json.loads(answer.body)
        for part in path.removeprefix("$").strip(".").split("."):
            value = value[int(part)] if isinstance(value, list) else value[part]
    except (ValueError, LookupError, TypeError):
        return None
    return value if isinstance(value, str) and value else None
