"""
Coded bodies in trio's event loop; the real server is in tests/real/test_server_matrix.py.
"""

import threading
import zlib
from collections.abc import Iterator

import pytest
import trio

from hasten_runtime.http import on_trio, thread_variants
from hasten_runtime.http.codings import packed
from hasten_runtime.http.on_trio import TrioVariants

SMALL = b"a text that shrinks, " * 100
LARGE = SMALL * 50
MANY = 1 << 20


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """
    For each compression, whether another thread than the event loop's made it.
    """
    found: list[bool] = []

    def noted(coding: str, level: int, body: bytes) -> bytes:
        found.append(threading.current_thread() is not threading.main_thread())
        return packed(coding, level, body)

    monkeypatch.setattr(thread_variants, "packed", noted)
    return found


def test_requests_that_ask_together_wait_for_one_compression(threads: list[bool]) -> None:
    """
    In a thread, while the event loop goes on; later ones have it at once.
    """
    variants, found = TrioVariants(), set()

    async def ask() -> None:
        found.add(await variants.of(LARGE, "gzip", 6, MANY))

    async def together() -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(8):
                nursery.start_soon(ask)
        await ask()

    trio.run(together)
    (variant,) = found

    assert [True] == threads
    assert variant is not None and LARGE == zlib.decompress(variant, 31)


def test_what_is_small_is_compressed_right_there(threads: list[bool]) -> None:
    """
    Asking a thread would take longer; what is not kept goes the same way.
    """
    variants = TrioVariants()

    async def ask() -> list[bytes | None]:
        return [
            await variants.of(SMALL, "gzip", 6, MANY),
            await variants.once(SMALL, "gzip", 6),
            await variants.once(LARGE, "gzip", 6),
        ]

    found = trio.run(ask)

    assert [False, False, True] == threads
    assert [SMALL, SMALL, LARGE] == [zlib.decompress(each or b"", 31) for each in found]


class Waits:
    """
    Waits for something of an event loop.
    """

    def __await__(self) -> Iterator[None]:
        yield


def test_work_that_would_need_an_event_loop_is_refused() -> None:
    """
    It would never end.
    """

    async def work() -> None:
        await Waits()

    with pytest.raises(RuntimeError, match="waits for an event loop"):
        on_trio._done(work())
