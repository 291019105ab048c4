"""
Accept-Encoding, as RFC 9110 §12.5.3 has it.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten_runtime.http.negotiation import chosen, qualities

OFFERED = ("br", "zstd", "gzip")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("", None),
        ("gzip", "gzip"),
        ("GZip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, br", "br"),
        ("gzip;q=1.0, br;q=0.9", "gzip"),
        ("gzip;q=0", None),
        ("gzip; q=0.000", None),
        ("gzip;q=0, *", "br"),
        ("*", "br"),
        ("*;q=0", None),
        ("*;q=0, gzip", "gzip"),
        ("identity", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("identity;q=0, gzip", "gzip"),
        ("identity;q=0", None),
        ("gzip;q=1.5", None),
        ("gzip;q=0.1234", None),
        ("gzip;level=9", None),
        ("gzip;q=0.1,,  ,br ; q=0.2", "br"),
        ("deflate", None),
        ("compress, snappy", None),
    ],
)
def test_what_a_client_takes_best_is_chosen(header: str | None, expected: str | None) -> None:
    """
    The highest quality wins, ours first among equals; nothing is chosen that is refused or not understood.
    """
    assert expected == chosen(header, OFFERED)


_CODINGS = ["br", "zstd", "gzip", "identity", "*", "deflate"]
_WEIGHTS = st.integers(0, 1000).map(lambda thousandths: f"{thousandths / 1000:.3f}")


@given(st.dictionaries(st.sampled_from(_CODINGS), _WEIGHTS, max_size=6))
def test_the_choice_is_one_that_the_client_likes_at_least_as_much_as_any(said: dict[str, str]) -> None:
    """
    For any header: what is chosen is acceptable, and neither another offer, nor identity if named, is liked more.
    """
    header = ", ".join(f"{coding};q={quality}" for coding, quality in said.items())
    weights = {coding: float(quality) for coding, quality in said.items()}
    liked = {coding: weights.get(coding, weights.get("*", 0.0)) for coding in OFFERED}
    choice = chosen(header, OFFERED)

    if choice is None:
        assert all(quality == 0 or quality < weights.get("identity", 0.0) for quality in liked.values())
    else:
        assert liked[choice] > 0
        assert liked[choice] == max(liked.values())
        assert liked[choice] >= weights.get("identity", 0.0)


@given(st.text(max_size=60))
def test_no_header_is_too_odd(header: str) -> None:
    """
    Any text is read without an error, and every quality is between 0 and 1.
    """
    assert all(0.0 <= quality <= 1.0 for quality in qualities(header).values())
    assert chosen(header, OFFERED) in (None, *OFFERED)
