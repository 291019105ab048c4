"""
What an answer says of how it may be kept.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.runtime.driving import scope_of

from hasten_runtime.http.lifetimes import Asked, cache_control, is_hashed, is_open
from hasten_runtime.policy import path_pattern

SETTINGS: dict[str, Any] = {
    "immutable": (path_pattern("/assets/{file}"),), "short": (path_pattern("/avatars/{file}"),), "short_s": 300,
}  # fmt: skip
FOREVER, SHORT, ASKED_FOR = b"max-age=31536000, immutable", b"max-age=300", b"no-cache"


@pytest.mark.parametrize(
    "name",
    [
        "index-BwT3xk2a.js",  # Vite
        "index-xK_3mQ9z.css",
        "vendor-dKfPqRxZ.js",
        "main.3f2a1b9c.css",  # webpack
        "main.8a626b5b.chunk.js",
        "3f2a1b9c0d1e2f3a4b5c.js",
        "app-FJX4RRNE.js",  # esbuild
        "base.27e20196a850.css",  # Django
        "application-2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae.js",  # Rails
        "logo.4d6bcbeb.min.svg",
    ],
)
def test_names_with_a_digest_are_known(name: str) -> None:
    """
    As bundlers and frameworks write them.
    """
    assert is_hashed(f"/static/{name}")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "app.js",
        "app-1.js",
        "jquery-3.6.0.min.js",
        "report-20240131.png",
        "photo-12345678.jpg",
        "my-component.js",
        "some-JavaScript.js",
        "bootstrap-datepicker.js",
        "setup-Version2.js",
        "COVID-19.png",
        "iPhoneXsMax.png",
        "my-Web2Page-v3.js",
        "a-My-Page1.js",
        "the-OAuth2Client.js",
        "facade-facade.js",
        "avatar-550e8400-e29b-41d4-a716-4466554400ab.png",
        "BwT3xk2a",
        "3f2a1b9c/photo.png",
    ],
)
def test_other_names_are_not(name: str) -> None:
    """
    Dates, versions, numbers, words and UUIDs do not say that what has this name never changes.
    """
    assert not is_hashed(f"/static/{name}")


@pytest.mark.parametrize(
    ("path", "kind", "expected"),
    [
        ("/assets/index-BwT3xk2a.js", "text/javascript", FOREVER),
        ("/assets/index-BwT3xk2a.woff2", "font/woff2", FOREVER),
        # What a server answers for a file that is gone, with status 200.
        ("/assets/index-BwT3xk2a.js", "text/html", ASKED_FOR),
        ("/assets/index-BwT3xk2a.json", "application/json", ASKED_FOR),
        ("/assets/index.js", "text/javascript", ASKED_FOR),
        ("/uploads/index-BwT3xk2a.png", "image/png", ASKED_FOR),
        ("/avatars/7.png", "image/png", SHORT),
        # An old script and a new page do not go together.
        ("/avatars/7.js", "text/javascript", ASKED_FOR),
        ("/charts/7.png", "image/png", ASKED_FOR),
        ("/", "text/html", ASKED_FOR),
        ("/api/items", "application/json", ASKED_FOR),
        ("/odd", "", ASKED_FOR),
    ],
)
def test_the_lifetime_goes_by_the_content(path: str, kind: str, expected: bytes) -> None:
    """
    Only what the rule names may be used without asking, and only by its type and name.
    """
    assert expected == cache_control(Asked(kind, path), SETTINGS)


def test_what_may_be_somebodys_own_is_private() -> None:
    """
    Nothing but a digest in the name lets it be used without asking: the next one at this browser may be another.
    """
    said = {
        path: cache_control(Asked("image/png", path, is_open=False), SETTINGS)
        for path in ("/assets/a-3f2a1b9c.png", "/avatars/7.png", "/other.png")
    }

    assert [b"private, " + FOREVER, b"private, no-cache", b"private, no-cache"] == list(said.values())


def test_a_picture_that_is_asked_for_with_parameters_is_made_for_them() -> None:
    """
    It may be another one the next time.
    """
    assert ASKED_FOR == cache_control(Asked("image/png", "/avatars/7.png", has_query=True), SETTINGS)


@pytest.mark.parametrize(
    "headers",
    [
        [(b"cookie", b"s=1")],
        [(b"authorization", b"Bearer x")],
        [(b"X-Api-Key", b"x")],
        [(b"x-tenant", b"x")],
        [(b"cf-access-jwt-assertion", b"x")],
    ],
)
def test_whatever_could_tell_who_asks_closes_it(headers: list[tuple[bytes, bytes]]) -> None:
    """
    A header that is not known to be harmless is taken for somebody's name.
    """
    assert not is_open(scope_of(headers=headers), [])


def test_a_browser_without_cookies_is_nobody() -> None:
    """
    What it sends by itself tells no one from another.
    """
    names = "host user-agent accept accept-language accept-encoding referer origin sec-fetch-mode sec-ch-ua connection"
    headers = [(name.encode(), b"x") for name in names.split()]

    assert is_open(scope_of(headers=headers), [(b"vary", b"Accept-Encoding, Origin")])


@pytest.mark.parametrize("vary", [b"Cookie", b"Accept, authorization", b"X-Tenant"])
def test_an_answer_that_names_who_asks_is_closed(vary: bytes) -> None:
    """
    Also where this request did not carry it.
    """
    assert not is_open(scope_of(), [(b"Vary", vary)])


def test_a_client_certificate_tells_who_asks() -> None:
    """
    The name stands in no header.
    """
    scope = {**scope_of(), "extensions": {"tls": {"client_cert_name": "CN=one"}}}

    assert not is_open(scope, [])
    assert is_open({**scope_of(), "extensions": {"tls": {"client_cert_name": None}}}, [])


@given(
    st.sampled_from(["text/html", "image/png", "text/css", "application/json", ""]),
    st.from_regex(r"/(assets|avatars)/[A-Za-z0-9.-]{0,20}", fullmatch=True),
    st.booleans(),
    st.booleans(),
)
def test_whoever_can_be_told_apart_gets_private(kind: str, path: str, has_query: bool, is_dated: bool) -> None:
    """
    Whatever the type and the path: no shared cache may keep it.
    """
    said = cache_control(Asked(kind, path, False, has_query, is_dated), SETTINGS)

    assert b"private" == said.partition(b", ")[0]


@pytest.mark.parametrize(
    ("kind", "path", "said"),
    [
        ("text/css", "/style.css", [b"", b"private"]),
        ("image/png", "/avatars/7.png", [SHORT, b"private"]),
        ("text/css", "/assets/a-3f2a1b9c.css", [FOREVER, b"private, " + FOREVER]),
        ("text/html", "/", [ASKED_FOR, b"private, no-cache"]),
    ],
)
def test_what_browsers_keep_by_its_date_they_go_on_keeping(kind: str, path: str, said: list[bytes]) -> None:
    """
    A file with Last-Modified is not asked for more often than before; a page is.
    """
    found = [cache_control(Asked(kind, path, is_open, is_dated=True), SETTINGS) for is_open in (True, False)]

    assert said == found
