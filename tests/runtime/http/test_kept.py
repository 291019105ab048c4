"""
The bytes that are kept.
"""

from hasten_runtime.http.kept import OVERHEAD_BYTES, Kept, key_of, smaller

MANY = 1 << 20


def test_equal_bytes_have_the_same_name() -> None:
    """
    The name is of the bytes, the coding and the level, whatever object holds the bytes.
    """
    assert key_of(b"one" * 9, "gzip", 6) == key_of(bytes(bytearray(b"one" * 9)), "gzip", 6)
    assert 4 == len({key_of(b"1", "gzip", 6), key_of(b"2", "gzip", 6), key_of(b"1", "br", 6), key_of(b"1", "gzip", 1)})


def test_what_coding_does_not_shrink_is_no_variant() -> None:
    """
    As long is not smaller.
    """
    assert (b"1", None) == (smaller(b"1", b"22"), smaller(b"22", b"22"))


def test_the_least_recently_used_leaves_first() -> None:
    """
    Together they are never larger than the bound; what was used again stays longer.
    """
    kept = Kept()
    one, two, three = (key_of(text, "gzip", 6) for text in (b"1", b"2", b"3"))
    for key in (one, two):
        kept.keep(key, b"x" * 50, 2 * (OVERHEAD_BYTES + 50))
    kept.used(one)
    kept.keep(three, None, 2 * (OVERHEAD_BYTES + 50))

    assert [True, False, True] == [key in kept for key in (one, two, three)]
    assert 2 * OVERHEAD_BYTES + 50 == kept.size_bytes


def test_what_is_larger_than_the_bound_is_not_kept() -> None:
    """
    It does not drive the others out.
    """
    kept = Kept()
    kept.keep(key_of(b"1", "gzip", 6), b"1", MANY)
    kept.keep(key_of(b"2", "gzip", 6), b"2" * 5000, OVERHEAD_BYTES + 100)

    assert OVERHEAD_BYTES + 1 == kept.size_bytes


def test_the_same_is_kept_once() -> None:
    """
    Whoever made it a second time does not count it twice.
    """
    kept = Kept()
    for _ in range(2):
        kept.keep(key_of(b"1", "gzip", 6), b"1", MANY)

    assert (OVERHEAD_BYTES + 1, b"1") == (kept.size_bytes, kept.used(key_of(b"1", "gzip", 6)))
