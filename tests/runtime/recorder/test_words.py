"""
Words, numbers and dates, and everything else.
"""

import pytest
from hypothesis import given, settings
from tests.runtime.recorder.secrets_of import SECRETS, UUIDS

from hasten_runtime.recorder.words import is_harmless, is_number, is_uuid


def each(*words: str) -> list[str]:
    """
    The words, one by one.
    """
    return " ".join(words).split()


@pytest.mark.parametrize(
    "text",
    each(
        "status open created_at -created_at createdAt orderById 2026-11-26 2026-11-26T10:00:00Z 2026-11 12.50 -3.99 v2"
        " v1.2.3 oauth2 page10 summer-sale-2026 index.html 42 99999999 1,2,3 open,pending in_progress IN_PROGRESS utf-8"
        " de-DE 24h internationalization recommendations inquiries api sha256 price:asc 10-20 DESC true"
    ),
)
def test_what_programs_put_into_requests_is_kept(text: str) -> None:
    """
    Names of fields, states, orders, pages, dates, versions.
    """
    assert is_harmless(text)


@pytest.mark.parametrize(
    "text",
    each(
        "jane@shop.example 4111-1111-1111-1111 192.168.0.1 555-1234 0301234567 123456789 deadbeefcafe QmFzZWxpbmU aaaa"
        " eyJhbGciOi.eyJzdWIi.abc JBSWY3DPEHPK3PXP AB12-CD34-EF56 sk_live_51H8abc AKIAIOSFODNN7EXAMPLE 52.5200,13.4050"
        " DE89370400440532013000 xkqjzvwpmr a%40b söme 1,2,550e8400-e29b-41d4-a716-446655440000 a--b 1.2.3.4 , - _"
    ),
)
def test_what_could_be_somebodys_is_not(text: str) -> None:
    """
    Secrets, addresses, numbers of cards, telephones and persons, places, and random letters.
    """
    assert not is_harmless(text)


def test_nothing_is_not_a_word() -> None:
    """
    An empty text is not harmless by being empty.
    """
    assert not is_harmless("")


@given(SECRETS)
@settings(max_examples=400, derandomize=True, deadline=None)
def test_no_secret_is_harmless(secret: str) -> None:
    """
    Whatever form it has.
    """
    assert not is_harmless(secret)
    assert not is_number(secret)


@given(UUIDS)
def test_a_uuid_is_told_from_everything_else(text: str) -> None:
    """
    It is one, and harmless only for who says so.
    """
    assert is_uuid(text) and not is_harmless(text)
    assert not is_uuid(text + "0") and not is_uuid(text[1:])
