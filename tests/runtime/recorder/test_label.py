"""
Who asked, as a label.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten_runtime.recorder.label import label_of

KEY = bytes(range(32))
COOKIE = b"session=abc; theme=dark; _ga=GA1.2.3"


def label(*headers: tuple[bytes, bytes], key: bytes = KEY, cookies: tuple[str, ...] = ()) -> str:
    """
    The label of these headers.
    """
    return label_of(headers, key, cookies)


def test_one_visitor_has_one_label() -> None:
    """
    In whatever order the cookies come, and whatever is counted beside them.
    """
    one = label((b"cookie", COOKIE))

    assert 16 == len(one)
    assert one == label((b"cookie", b"_ga=GA1.9.9; session=abc")) == label((b"cookie", b"session=abc"))
    assert one != label((b"cookie", b"session=abd"))


def test_labels_tell_nothing_without_the_key() -> None:
    """
    Another recording gives the same visitor another label.
    """
    assert label((b"cookie", COOKIE)) != label((b"cookie", COOKIE), key=bytes(32))


@pytest.mark.parametrize(
    "header",
    [(b"authorization", b"Bearer x"), (b"x-api-key", b"k"), (b"x-auth-token", b"t"), (b"x-forwarded-user", b"jane")],
)
def test_other_headers_say_who_asks_too(header: tuple[bytes, bytes]) -> None:
    """
    By their names; each makes another visitor.
    """
    assert label(header) not in ("", label((b"cookie", COOKIE)))
    assert label(header, (b"cookie", COOKIE)) != label((b"cookie", COOKIE))


@pytest.mark.parametrize(
    "header",
    [(b"user-agent", b"x"), (b"sec-fetch-user", b"?1"), (b"cookie", b"_ga=1; csrftoken=2; lang=de"),
     (b"accept", b"*/*"), (b"x-csrf-token", b"x"), (b"authorization", b""), (b"cookie", b"")],
)  # fmt: skip
def test_nobody_is_nobody(header: tuple[bytes, bytes]) -> None:
    """
    What every browser sends makes nobody known.
    """
    assert "" == label(header)


def test_cookies_may_be_named() -> None:
    """
    Then those alone say who asks.
    """
    assert label((b"cookie", b"id=7; x=1"), cookies=("id",)) == label((b"cookie", b"id=7; x=2"), cookies=("id",))
    assert "" == label((b"cookie", b"x=1"), cookies=("id",))


@given(st.binary(min_size=1, max_size=40))
def test_no_credential_is_in_its_label(value: bytes) -> None:
    """
    Whatever it is; hexadecimal digits are all that is left of it.
    """
    found = label((b"authorization", b"Bearer " + value))

    assert 16 == len(found) and set(found) <= set("0123456789abcdef")
