"""
Compressed bodies that are kept.
"""

import asyncio
import zlib

import pytest

from hasten_runtime.http import variants
from hasten_runtime.http.kept import OVERHEAD_BYTES
from hasten_runtime.http.variants import Variants

BODY = b"a text that shrinks, " * 100
MANY = 1 << 20


def test_equal_bytes_are_compressed_once() -> None:
    """
    The second time nothing is made, wherever the bytes came from.
    """

    async def twice(kept: Variants) -> list[bytes | None]:
        return [await kept.of(bytes(bytearray(BODY)), "gzip", 6, MANY) for _ in range(2)]

    kept = Variants()
    first, second = asyncio.run(twice(kept))

    assert first is not None
    assert (first, 1) == (second, kept.made)
    assert BODY == zlib.decompress(first, 31)


def test_those_who_ask_together_wait_for_one_compression(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Twenty requests for a large file at once compress it once, also when the first of them goes away.
    """
    body = BODY * 100

    async def together(kept: Variants) -> list[bytes | None]:
        asking = [asyncio.ensure_future(kept.of(body, "gzip", 6, MANY)) for _ in range(20)]
        await asyncio.sleep(0)
        asking[0].cancel()
        return list(await asyncio.gather(*asking[1:]))

    kept = Variants()
    found = asyncio.run(together(kept))

    assert (1, 1) == (kept.made, len(set(found)))


def test_the_bytes_are_bounded() -> None:
    """
    The least recently used variant leaves; what is larger than the bound is not kept at all.
    """

    async def fill(kept: Variants) -> None:
        most = 3 * (OVERHEAD_BYTES + 60)
        for number in (1, 2, 1, 3, 4, 1):
            await kept.of(b"%d" % number * 500, "gzip", 6, most)
            assert kept.size_bytes <= most
        await kept.of(b"9" * 500, "gzip", 6, 10)

    kept = Variants()
    asyncio.run(fill(kept))

    # 1 was used again before 4 came, so it did not have to be made twice.
    assert 5 == kept.made


def test_what_does_not_shrink_is_remembered_as_such() -> None:
    """
    Bytes that compression makes longer have no variant, and it is not tried again.
    """
    body = bytes(zlib.compress(BODY))

    async def twice(kept: Variants) -> list[bytes | None]:
        return [await kept.of(body, "gzip", 6, MANY) for _ in range(2)]

    kept = Variants()

    assert [None, None] == asyncio.run(twice(kept))
    assert 1 == kept.made


def test_a_failed_compression_is_everybodys_error_and_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Whoever waits hears of the failure, and the next one tries again.
    """

    def fail(*_: object) -> bytes:
        raise MemoryError("no room")

    async def once(kept: Variants) -> bytes | None:
        return await kept.of(BODY, "gzip", 6, MANY)

    kept = Variants()
    with monkeypatch.context() as patched:
        patched.setattr(variants, "packed", fail)
        with pytest.raises(MemoryError):
            asyncio.run(once(kept))

    assert asyncio.run(once(kept)) is not None
