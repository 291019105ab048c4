"""
hasten.world.principals
"""

import json
from typing import Any

import pytest

from hasten.errors import ConfigError, NotAllowed, Unreachable
from hasten.target import Login, Principal, Target
from hasten.world.principals import Sessions, log_in_errors

SECRET = "geheim-7"
AGENT = Principal(name="agent", user="a@example", secret_env="AGENT_SECRET")
BY_JSON = Login(request="POST /login", json={"email": "${user}", "deep": [{"password": "${secret}"}]})


def sessions(application: Any, login: Login = BY_JSON, *principals: Principal, **environ: str) -> Sessions:
    target = Target(login=login, principals=list(principals) or [AGENT])
    return Sessions(target, application.url, environ=environ or {"AGENT_SECRET": SECRET})


def test_a_json_login_gives_cookies(application: Any) -> None:
    """
    User and secret stand where the template says; the cookies are kept for requests and for a browser.
    """
    application.routes["POST", "/login"] = lambda _: (
        200,
        [("Set-Cookie", "sid=1; HttpOnly; Path=/"), ("Set-Cookie", "csrf=2")],
        b"{}",
    )
    found = sessions(application)

    assert {"sid": "1", "csrf": "2"} == found.cookies_for("agent")
    assert {"cookie": "sid=1; csrf=2"} == found.headers_for("agent")
    assert {} == found.headers_for("agent", with_cookies=False)
    assert {"email": "a@example", "deep": [{"password": SECRET}]} == json.loads(application.asked[0][3])
    assert 1 == len(application.asked)


def test_a_form_login_gives_a_token(application: Any) -> None:
    """
    The token at the named path becomes a bearer token.
    """
    application.on("POST", "/login", body=b'{"data": [{"token": "t0k"}]}')
    login = Login(request="POST /login", form={"u": "${user}", "p": "${secret}"}, token="data.0.token")

    assert {"authorization": "Bearer t0k"} == sessions(application, login).headers_for("agent")
    assert b"u=a%40example&p=geheim-7" == application.asked[0][3]


def test_a_front_end_finds_its_token_where_it_keeps_it(application: Any) -> None:
    """
    [login] local_storage is filled with the token of the login and the user's name, and shown in no repr.
    """
    application.on("POST", "/login", body=b'{"token": "t0k"}')
    kept = {"auth": '{"token": "${token}"}', "who": "${user}"}
    login = Login(request="POST /login", form={"p": "${secret}"}, token="token", local_storage=kept)
    found = sessions(application, login)

    assert {"auth": '{"token": "t0k"}', "who": "a@example"} == found.local_storage_for("agent")
    assert {} == found.local_storage_for("anonymous")
    assert "t0k" not in repr(found._session("agent"))


def test_a_token_that_nobody_gave_cannot_be_stored(application: Any) -> None:
    """
    ${token} without a token is a mistake in hasten.toml, and said so.
    """
    application.on("POST", "/login", set_cookie="sid=1")
    login = Login(request="POST /login", json={"p": "${secret}"}, local_storage={"auth": "${token}"})

    with pytest.raises(ConfigError, match="no token is known"):
        sessions(application, login).local_storage_for("agent")


def test_a_user_that_looks_like_the_secret_s_place_is_left_alone(application: Any) -> None:
    """
    Templates are filled once.
    """
    application.on("POST", "/login", set_cookie="sid=1")
    login = Login(request="POST /login", json={"user": "${user}"})
    found = sessions(application, login, Principal(name="odd", user="${secret}", secret_env="AGENT_SECRET"))
    found.headers_for("odd")

    assert {"user": "${secret}"} == json.loads(application.asked[0][3])


def test_headers_alone_can_be_the_identity(application: Any) -> None:
    """
    Without [login] nothing is asked; the principal's headers are its session.
    """
    key = Principal(name="robot", secret_env="KEY", headers={"x-api-key": "${secret}"})

    assert {"x-api-key": "k"} == sessions(application, Login(), key, KEY="k").headers_for("robot")
    assert [] == application.asked


def test_anonymous_is_always_there(application: Any) -> None:
    """
    It has neither headers nor cookies and needs no login.
    """
    found = sessions(application)

    assert ["agent", "anonymous"] == found.names
    assert ({}, {}) == (found.headers_for("anonymous"), found.cookies_for("anonymous"))


def test_an_expired_session_logs_in_again(application: Any) -> None:
    """
    The request that met the 401 is asked once more, with the new session.
    """
    logins: list[int] = []

    def login(_: Any) -> Any:
        logins.append(1)
        return 200, {"Set-Cookie": f"sid={len(logins)}"}, b""

    application.routes["POST", "/login"] = login
    application.routes["GET", "/me"] = lambda request: (200 if "sid=2" in request.headers["cookie"] else 401, {}, b"")

    assert 200 == sessions(application).request("agent", "GET", "/me").status
    assert 2 == len(logins)


def test_a_401_that_stays_is_the_answer(application: Any) -> None:
    """
    There is one new login, not a loop of them.
    """
    application.on("POST", "/login", set_cookie="sid=1")
    application.on("GET", "/me", 401)

    assert 401 == sessions(application).request("agent", "GET", "/me").status
    assert 2 == len([asked for asked in application.asked if asked[1] == "/login"])


def test_a_deleted_cookie_is_not_a_session(application: Any) -> None:
    """
    An answer that only removes cookies is no login.
    """
    application.on("POST", "/login", set_cookie="sid=x; Max-Age=0")

    with pytest.raises(ConfigError):
        sessions(application).headers_for("agent")


@pytest.mark.parametrize(
    ("answer", "login", "expected"),
    [
        ((403, b""), BY_JSON, NotAllowed),
        ((500, b""), BY_JSON, NotAllowed),
        ((200, b"{}"), BY_JSON, ConfigError),
        ((200, b"{}"), Login(request="POST /login", json={"p": "${secret}"}, token="token"), ConfigError),
        ((200, b"<html>"), Login(request="POST /login", json={"p": "${secret}"}, token="token"), ConfigError),
        ((200, b"{}"), Login(request="/login"), ConfigError),
    ],
)
def test_each_way_to_fail_has_a_hint_and_tells_no_secret(
    application: Any, answer: tuple[int, bytes], login: Login, expected: type
) -> None:
    """
    Refused, broken, and answered with neither cookie nor token.
    """
    application.on("POST", "/login", *answer)

    with pytest.raises(expected) as caught:
        sessions(application, login).headers_for("agent")

    assert "" != caught.value.hint  # type: ignore[attr-defined]
    assert SECRET not in str(caught.value)


def test_a_secret_that_is_not_set_is_named(application: Any) -> None:
    """
    The error and the hint hold the variable's name.
    """
    with pytest.raises(ConfigError, match="AGENT_SECRET") as caught:
        sessions(application, BY_JSON, AGENT, OTHER="x").headers_for("agent")

    assert "export AGENT_SECRET" in caught.value.hint


def test_a_principal_without_secret_env_is_an_error_where_a_secret_is_needed(application: Any) -> None:
    """
    ${secret} in the login needs secret_env.
    """
    with pytest.raises(ConfigError, match="secret_env"):
        sessions(application, BY_JSON, Principal(name="agent", user="a")).headers_for("agent")


def test_an_identity_that_nothing_shows_is_an_error(application: Any) -> None:
    """
    Neither login nor headers: nobody could tell the principal from anonymous.
    """
    with pytest.raises(ConfigError, match="recognized"):
        sessions(application, Login(), Principal(name="agent")).headers_for("agent")


def test_an_unknown_name_is_an_error(application: Any) -> None:
    """
    The known ones are in the hint.
    """
    with pytest.raises(ConfigError) as caught:
        sessions(application).headers_for("nobody")

    assert "agent" in caught.value.hint


def test_all_problems_can_be_had_at_once(application: Any, silent_url: str) -> None:
    """
    `hasten doctor` sees which principals cannot log in and why.
    """
    target = Target(login=BY_JSON, principals=[AGENT, Principal(name="other", user="o", secret_env="NOT_SET")])
    problems = log_in_errors(Sessions(target, silent_url, environ={"AGENT_SECRET": SECRET}))

    assert {"agent": Unreachable, "other": ConfigError} == {name: type(error) for name, error in problems.items()}


def test_a_session_does_not_show_itself(application: Any) -> None:
    """
    Neither repr nor str of anything holds a cookie's value.
    """
    application.on("POST", "/login", set_cookie="sid=topsecret")
    found = sessions(application)
    found.log_in_all()

    assert "topsecret" not in repr(vars(found))
