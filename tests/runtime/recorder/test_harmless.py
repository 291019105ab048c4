"""
What of a request is written down, and that it is never a secret.
"""

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.recorder.secrets_of import LOOKS_SECRET, SECRETS

from hasten_runtime.recorder.harmless import Withheld, headers_of, path_of, query_of
from hasten_runtime.recorder.vocabulary import NEVER, PERSONAL, SECRET

WORDS = st.sampled_from(["orders", "status", "page", "open", "v1", "42", "2026-11-26", "created_at"])


def path(text: str, *, uuids: bool = False) -> str | None:
    """
    The path as it is written down; None where it is withheld.
    """
    try:
        return path_of(text, uuids=uuids)
    except Withheld:
        return None


def query(text: str, *, uuids: bool = False, allowed: tuple[str, ...] = ()) -> str | None:
    """
    The query as it is written down; None where it is withheld.
    """
    try:
        return query_of(text, uuids=uuids, allowed=allowed)
    except Withheld:
        return None


@pytest.mark.parametrize(
    "text", ["/", "/orders/42", "/api/v1/orders/42/lines", "/docs/getting-started/", "/users/7", "/users/me", "/a//b"]
)
def test_paths_of_things_are_kept(text: str) -> None:
    """
    As they are.
    """
    assert text == path(text)


@pytest.mark.parametrize(
    "text",
    ["/users/jane", "/customers/doe-ltd/orders", "/logout", "/auth/log-out", "/password/reset", "/invite/abc",
     "/o/~jane", "/users//jane", "/team/jane-doe", "/a;jsessionid=1", "/a=b",
     "/stra\u00dfe", "/" + "a/" * 150, "relative", "", "/a%2fb", "/verify/1234"],
)  # fmt: skip
def test_paths_of_people_and_links_for_one_are_withheld(text: str) -> None:
    """
    Names below people, links that do something once, and everything that is not plain.
    """
    assert path(text) is None


@pytest.mark.parametrize(
    "text",
    ["", "page=3", "status=open&sort=-created_at", "filter%5Bstatus%5D=open&page%5Bsize%5D=20", "ids=1,2,3",
     "user_id=7", "from=2026-01-01&to=2026-02-01", "active", "empty=", "at=2026-11-26T10%3A00%3A00Z"],
)  # fmt: skip
def test_queries_of_programs_are_kept(text: str) -> None:
    """
    Encoded in one way.
    """
    assert text == query(text)


@pytest.mark.parametrize(
    "text",
    ["q=order", "search=shoes", "name=smith", "email=a", "access_token=abc", "code=EUR", "user=jane", "user_id=jane",
     "lat=52", "a=%2541", "redirect_to=home", "X-Amz-Signature=ab", "status=open&sid=1", "a=b=c", "=x", "a[=1",
     "a=\x00", "first_name=jane", "userName=jane", "session_id=12"],
)  # fmt: skip
def test_queries_of_people_are_withheld(text: str) -> None:
    """
    What somebody has typed, who somebody is, and what opens something.
    """
    assert query(text) is None


def test_a_parameter_may_be_allowed() -> None:
    """
    Then its values may be any words, and still no secret.
    """
    assert "q=red+shoes" == query("q=red%20shoes", allowed=("q",))
    assert query("q=jane@shop.example", allowed=("q",)) is None
    assert query("q=4111111111111111", allowed=("q",)) is None


def test_uuids_may_be_identifiers() -> None:
    """
    Where the policy says that they are.
    """
    text = "550e8400-e29b-41d4-a716-446655440000"

    assert [None, f"/orders/{text}"] == [path(f"/orders/{text}"), path(f"/orders/{text}", uuids=True)]
    assert [None, f"order={text}"] == [query(f"order={text}"), query(f"order={text}", uuids=True)]
    assert query(f"token={text}", uuids=True) is None


@given(SECRETS, st.lists(WORDS, max_size=3), st.lists(WORDS, max_size=2), st.sampled_from(["", "-", ".", ",", "x"]))
@settings(max_examples=250, derandomize=True, deadline=None)
def test_no_secret_survives_in_a_path(secret: str, before: list[str], after: list[str], glue: str) -> None:
    """
    Wherever it stands, alone or stuck to a word.
    """
    stuck = f"{before[-1]}{glue}{secret}" if before and glue else secret

    assert path("/" + "/".join([*before, stuck, *after])) is None


@given(SECRETS, WORDS, st.sampled_from([quote_plus, quote, lambda text: quote(quote(text)), str]), st.booleans())
@settings(max_examples=250, derandomize=True, deadline=None)
def test_no_secret_survives_in_a_query(secret: str, name: str, encode: object, as_name: bool) -> None:
    """
    As a value or as a name, encoded once, twice or not at all, beside harmless parameters or alone.
    """
    text = encode(secret)  # type: ignore[operator]
    pair = f"{text}={name}" if as_name else f"{name}={text}"
    for whole in (pair, f"page=1&{pair}", f"{pair}&page=1"):
        assert query(whole, allowed=(name,)) is None


@given(st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=250, deadline=None)
def test_what_is_written_down_never_looks_like_a_secret(one: str, two: str) -> None:
    """
    Of any text whatever: either nothing is written, or something that another eye finds harmless too.
    """
    for kept in (path("/" + one), path("/orders/" + two), query(f"{one}={two}"), query(quote(one))):
        assert kept is None or not LOOKS_SECRET.search(kept)


@given(st.sampled_from(sorted(SECRET | PERSONAL)), WORDS, st.sampled_from(["{}", "my_{}", "{}_x", "my[{}]"]))
@settings(derandomize=True)
def test_names_of_secrets_withhold_whatever_they_hold(word: str, value: str, form: str) -> None:
    """
    In whatever case and with whatever around them.
    """
    joined = [f"my{word}"] if len(word) >= 5 else []
    for name in (form.format(word), form.format(word).upper(), f"my{word.capitalize()}", *joined):
        assert query(f"{name}={value}") is None


@given(st.sampled_from(sorted(NEVER)), st.sampled_from(["/{}", "/api/{}/1", "/user-{}", "/{}.html"]))
def test_links_for_one_are_never_followed_again(word: str, form: str) -> None:
    """
    However they are spelled.
    """
    assert path(form.format(word)) is None
    assert path(form.format(word.capitalize())) is None


def test_three_headers_are_kept() -> None:
    """
    What an answer may depend on; nothing else, whatever it is called.
    """
    headers = [
        (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8,"
         b"application/signed-exchange;v=b3;q=0.7"),
        (b"accept-language", b"de-DE,de;q=0.9,en;q=0.8"),
        (b"x-requested-with", b"XMLHttpRequest"),
        (b"cookie", b"session=secret"), (b"authorization", b"Bearer secret"), (b"x-forwarded-for", b"10.1.2.3"),
        (b"user-agent", b"secret"), (b"referer", b"https://shop.example/?token=secret"), (b"x-api-key", b"secret"),
    ]  # fmt: skip
    found = headers_of(headers)

    assert {"accept", "accept-language", "x-requested-with"} == set(found)
    assert "de-DE, de;q=0.9, en;q=0.8" == found["accept-language"]
    assert "secret" not in str(found)


@given(
    SECRETS,
    st.sampled_from([b"accept", b"accept-language", b"x-requested-with"]),
    st.sampled_from(["", "text/", "de;"]),
)
@settings(max_examples=150, derandomize=True, deadline=None)
def test_no_secret_survives_in_a_header(secret: str, name: bytes, before: str) -> None:
    """
    Not in those that are kept either: they hold what they are for, or the request is withheld.
    """
    try:
        found = headers_of([(name, (before + secret).encode())])
    except Withheld:
        return
    assert secret not in str(found)
