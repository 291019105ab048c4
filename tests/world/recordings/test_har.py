"""
hasten.world.recordings.har
"""

import base64
import json
from typing import Any

import pytest

from hasten.errors import ConfigError
from hasten.target import Principal
from hasten.world.recordings.har import read_har
from hasten.world.recordings.routes import Routes
from hasten.world.recordings.tally import FAILED, LEAVES, OTHER_HOST, STATIC, UNKNOWN_IDENTITY, Recording

AGENT = Principal(name="agent", user="a@example")
HERE = "http://127.0.0.1:8000"


def entry(
    path: str = "/a", *, host: str = HERE, method: str = "GET", status: int = 200, body: str = "", answer: str = "",
    set_cookie: str = "", **headers: str
) -> dict[str, Any]:  # fmt: skip
    listed = [{"name": name.replace("_", "-"), "value": value} for name, value in headers.items()]
    found: dict[str, Any] = {"method": method, "url": host + path, "headers": listed}
    if body:
        found["postData"] = {"mimeType": "application/json", "text": body}
    cookies = [{"name": "Set-Cookie", "value": set_cookie}] if set_cookie else []
    response = {"status": status, "headers": cookies, "content": {"text": answer}}
    return {"startedDateTime": "2025-10-10T13:55:36.000Z", "request": found, "response": response}


def read(*entries: dict[str, Any]) -> Recording:
    content = json.dumps({"log": {"entries": entries}}).encode()
    return read_har(content, "x.har", [AGENT], Routes(), base_url=HERE, login="POST /api/login")


def login(**more: str) -> dict[str, Any]:
    return entry("/api/login", method="POST", body='{"email": "a@example", "password": "geheim"}', **more)  # type: ignore[arg-type]


def who(recording: Recording) -> list[tuple[str, str]]:
    return sorted((request.path, request.principal) for request in recording.requests)


def token(claims: dict[str, str]) -> str:
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJh.{middle}.sig"


def test_a_login_tells_whose_its_cookie_is() -> None:
    """
    Requests with that cookie are the principal's; the login itself and every credential are left out.
    """
    found = read(login(set_cookie="sid=abc; HttpOnly"), entry("/me", cookie="theme=dark; sid=abc"), entry("/open"))

    assert [("/me", "agent"), ("/open", "anonymous")] == who(found)
    assert {LEAVES: 1} == found.dropped
    assert "abc" not in str(found)
    assert "geheim" not in str(found)


def test_a_cookie_that_is_rolled_over_stays_the_principal_s() -> None:
    """
    A new value that answers the old one belongs to the same identity.
    """
    found = read(
        login(set_cookie="sid=1"), entry("/a", cookie="sid=1", set_cookie="sid=2; Path=/"), entry("/b", cookie="sid=2")
    )

    assert [("/a", "agent"), ("/b", "agent")] == who(found)


def test_a_token_of_the_login_s_answer_is_known() -> None:
    """
    It may be anywhere in the answer.
    """
    opaque = "opaque-token-0123456789"
    found = read(login(answer=json.dumps({"data": {"t": opaque}})), entry("/me", authorization=f"Bearer {opaque}"))

    assert [("/me", "agent")] == who(found)


def test_basic_users_and_token_claims_are_known() -> None:
    """
    Both name the user in the open.
    """
    basic = base64.b64encode(b"a@example:geheim").decode()
    bearer = token({"sub": "7", "email": "a@example"})
    found = read(entry("/a", authorization=f"Basic {basic}"), entry("/b", authorization=f"Bearer {bearer}"))

    assert [("/a", "agent"), ("/b", "agent")] == who(found)


def test_unknown_identities_are_counted_and_dropped() -> None:
    """
    A cookie or token of nobody known, and a key in the query.
    """
    found = read(
        entry(cookie="sid=else"),
        entry(authorization=f"Bearer {token({'sub': 'stranger'})}"),
        entry(authorization="Basic !!"),
        entry("/a?api_key=1&token=abc"),
        entry("/ok"),
    )

    assert ({UNKNOWN_IDENTITY: 4}, [("/ok", "anonymous")]) == (found.dropped, who(found))


def test_files_failures_and_other_hosts_are_left_out() -> None:
    """
    Each is counted with its reason.
    """
    found = read(entry("/app.css"), entry("/no", status=404), entry("/t", host="https://tracker.example"), entry("/ok"))

    assert {STATIC: 1, FAILED: 1, OTHER_HOST: 1} == found.dropped


def test_a_recording_of_production_is_replayed_here() -> None:
    """
    Where nothing in it is of this address, its first host is the application.
    """
    found = read(
        entry("/a", host="https://desk.example"), entry("/t", host="https://cdn.example"),
        entry("/b", host="https://desk.example"),
    )  # fmt: skip

    assert ["/a", "/b"] == sorted(request.path for request in found.requests)


def test_bodies_and_wanted_headers_are_kept() -> None:
    """
    What a browser adds by itself is not.
    """
    found = read(
        entry("/a", method="POST", body="{}", Content_Type="application/json", Sec_Fetch_Mode="cors")
    ).requests[0]

    assert (b"{}", {"content-type": "application/json"}) == (found.body, found.headers)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"log": {}}', b'{"log": {"entries": [{"request": {}}]}}', b'{"log": {"entries": [3]}}']
)
def test_what_is_no_har_is_an_error(content: bytes) -> None:
    """
    The hint says where one comes from.
    """
    with pytest.raises(ConfigError) as caught:
        read_har(content, "x.har", [], Routes(), base_url=HERE, login="")

    assert "" != caught.value.hint
