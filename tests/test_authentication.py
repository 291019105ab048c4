"""
Which steps are authentication is judged by names.
"""

import pytest

from hasten.authentication import is_authentication, passes_on


@pytest.mark.parametrize(
    ("kind", "name", "places"),
    [
        ("db", "SELECT 1", ["shop/auth.py:10 load"]),
        ("db", "SELECT 1", ["shop/db.py:3 one", "shop/users.py:10 current_user"]),
        ("db", "SELECT 1", ["shop/deps.py:4 verify_token"]),
        ("db", "SELECT 1", ["shop/deps.py:4 get_current_account"]),
        ("db", "SELECT 1", ["shop/PermissionCheck.py:4 run"]),
        ("db", "SELECT session_data FROM django_session WHERE session_key = ?", []),
        ("http", "POST 127.0.0.1:8001/introspect", []),
        ("http", "GET id.example:443/oauth2/userinfo", []),
        ("redis", "GET", ["shop/tokens.py:2 check_session"]),
        ("client", "httpx", ["shop/identity_client.py:20 _post"]),
    ],
)
def test_the_words_of_authentication_are_known(kind: str, name: str, places: list[str]) -> None:
    """
    In a file's name, a function's, a part of a path, or the tables of frameworks.
    """
    assert is_authentication(kind, name, tuple(places))


@pytest.mark.parametrize(
    ("kind", "name", "places"),
    [
        ("db", "SELECT 1", []),
        ("db", "SELECT author, login_count, token FROM posts WHERE permission = ?", ["shop/posts.py:1 show"]),
        ("db", "SELECT 1", ["shop/db.py:17 open_session", "shop/db.py:20 get_session"]),
        ("db", "SELECT 1", ["shop/authors.py:3 authored"]),
        ("db", "SELECT 1", ["shop/parser.py:3 next_token"]),
        ("db", "SELECT 1", ["shop/views.py:8 show", "shop/auth.py:30 wrapper"]),
        ("http", "GET rates.example:443/latest", ["shop/rates.py:3 fetch"]),
        ("template", "auth/login.html", []),
    ],
)
def test_what_only_sounds_like_it_is_not(kind: str, name: str, places: list[str]) -> None:
    """
    Sessions of an ORM, authors, tokens of a parser, columns, and what happens below a decorator.
    """
    assert not is_authentication(kind, name, tuple(places))


def test_decorators_and_middlewares_pass_on() -> None:
    """
    What is below them is somebody else's work.
    """
    assert [True, True, False] == [
        passes_on(place) for place in ("a.py:1 wrapper", "journal.py:9 __call__", "auth.py:3 current_user")
    ]
