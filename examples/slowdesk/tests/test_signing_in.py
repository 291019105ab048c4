"""Who gets in, and what a session is."""

import httpx
import pytest

from .conftest import PASSWORD, SignIn, get

PROTECTED = (
    "/api/auth/session", "/api/users/me", "/api/users", "/api/dashboard", "/api/inquiries", "/api/inquiries/1",
    "/api/customers", "/api/customers/1", "/api/analytics", "/api/system-settings", "/api/reports",
    "/api/reports/sla",
)  # fmt: skip


@pytest.mark.parametrize("path", PROTECTED)
def test_nothing_is_shown_without_a_session(anonymous: httpx.Client, path: str) -> None:
    """Every endpoint but login and health answers 401 to strangers."""
    assert 401 == anonymous.get(path).status_code


def test_writing_needs_a_session_too(anonymous: httpx.Client) -> None:
    """A stranger's message is refused before it is looked at."""
    assert 401 == anonymous.post("/api/inquiries/1/messages", json={"body": "Hello"}).status_code


def test_health_needs_no_session(anonymous: httpx.Client) -> None:
    """Anybody may ask whether the desk is up."""
    assert {"status": "ok"} == get(anonymous, "/api/health")


def test_a_made_up_session_is_refused(base_url: str) -> None:
    """A cookie that the identity provider did not issue opens nothing."""
    answer = httpx.get(f"{base_url}/api/users/me", cookies={"slowdesk_session": "made-up"}, timeout=60, trust_env=False)

    assert 401 == answer.status_code


@pytest.mark.parametrize(
    ("email", "password"),
    [("agent@slowdesk.example", "wrong"), ("nobody@slowdesk.example", PASSWORD), ("", "")],
)
def test_a_wrong_password_or_address_is_refused(anonymous: httpx.Client, email: str, password: str) -> None:
    """Login answers 401 and sets no cookie."""
    answer = anonymous.post("/api/auth/login", json={"email": email, "password": password})

    assert 401 == answer.status_code
    assert "set-cookie" not in answer.headers


def test_a_login_without_a_password_is_malformed(anonymous: httpx.Client) -> None:
    """Login answers 422 to a body that is not a login."""
    assert 422 == anonymous.post("/api/auth/login", json={"email": "agent@slowdesk.example"}).status_code


def test_the_cookie_is_out_of_reach_of_scripts(anonymous: httpx.Client) -> None:
    """The session cookie is HttpOnly."""
    with httpx.Client(base_url=anonymous.base_url, timeout=60, trust_env=False) as client:
        answer = client.post("/api/auth/login", json={"email": "agent@slowdesk.example", "password": PASSWORD})

    assert "httponly" in answer.headers["set-cookie"].lower()
    assert answer.json()["user"]["email"] == "agent@slowdesk.example"


@pytest.mark.parametrize("account", ["admin", "manager", "agent", "viewer"])
def test_a_session_knows_its_person(sign_in: SignIn, account: str) -> None:
    """Session and profile name the person who signed in, with the role."""
    client = sign_in(account)
    session, me = get(client, "/api/auth/session"), get(client, "/api/users/me")

    assert session["authenticated"] is True
    assert session["expires_at"]
    assert f"{account}@slowdesk.example" == session["user"]["email"] == me["email"]
    assert account == session["user"]["role"] == me["role"]
    assert session["user"]["id"] == me["id"]


def test_two_people_asking_in_turn_each_see_themselves(agent: httpx.Client, manager: httpx.Client) -> None:
    """The same address shows each session its own answer, in any order."""
    for client, account in ((agent, "agent"), (manager, "manager"), (agent, "agent")):
        assert f"{account}@slowdesk.example" == get(client, "/api/users/me")["email"]
        assert f"{account}@slowdesk.example" == get(client, "/api/auth/session")["user"]["email"]


def test_addresses_may_be_typed_in_any_case(anonymous: httpx.Client, sign_in: SignIn) -> None:
    """AGENT3@… is agent3@…, and agent7's address is stored with capitals."""
    with httpx.Client(base_url=anonymous.base_url, timeout=60, trust_env=False) as client:
        answer = client.post("/api/auth/login", json={"email": "AGENT3@slowdesk.EXAMPLE", "password": PASSWORD})
    assert 200 == answer.status_code
    assert 200 == sign_in("agent7").get("/api/users/me").status_code


def test_signing_out_ends_that_session_only(sign_in: SignIn) -> None:
    """After logout the session is gone for good; another one of the same person goes on."""
    leaving, staying = sign_in("agent2"), sign_in("agent2")
    token = leaving.cookies["slowdesk_session"]

    assert 204 == leaving.post("/api/auth/logout").status_code
    leaving.cookies.set("slowdesk_session", token)
    assert 401 == leaving.get("/api/auth/session").status_code
    assert 200 == staying.get("/api/auth/session").status_code


def test_permissions_follow_the_role(admin: httpx.Client, agent: httpx.Client, viewer: httpx.Client) -> None:
    """Administrators may do everything, agents write, viewers only read."""
    of = {
        name: set(get(client, "/api/auth/session")["permissions"])
        for name, client in (("admin", admin), ("agent", agent), ("viewer", viewer))
    }

    assert of["viewer"] < of["agent"] < of["admin"]
    assert "inquiries.write" in of["agent"] - of["viewer"]
    assert {"settings.write", "users.read"} <= of["admin"] - of["agent"]
