"""Talks to the identity provider, over connections that are kept."""

from dataclasses import dataclass

import httpx
from slowdesk.config import IDENTITY_URL


class IdentityUnavailableError(Exception):
    """The identity provider did not answer, or not as agreed."""


@dataclass(frozen=True)
class Token:
    value: str
    email: str
    expires_at: str


# The provider is on the internal network: never through a proxy. One client serves all threads.
_client = httpx.Client(base_url=IDENTITY_URL, timeout=10, trust_env=False)


def _post(path: str, body: dict[str, str]) -> httpx.Response:
    try:
        return _client.post(path, json=body)
    except httpx.HTTPError as error:
        raise IdentityUnavailableError(str(error)) from error


def issue_token(email: str, password: str) -> Token | None:
    """A new token, or None if the password is wrong."""
    response = _post("/token", {"email": email, "password": password})
    if response.status_code == 401:
        return None
    answer = response.raise_for_status().json()
    return Token(answer["token"], answer["email"], answer["expires_at"])


def introspect(token: str) -> Token | None:
    """Whose token it is, or None if it is unknown, revoked or expired."""
    answer = _post("/introspect", {"token": token}).raise_for_status().json()
    if not answer["active"]:
        return None
    return Token(token, answer["email"], answer["expires_at"])


def revoke(token: str) -> None:
    _post("/revoke", {"token": token})
