"""
Compressed bodies that threads share.
"""

import os
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from hasten_runtime.http import thread_variants
from hasten_runtime.http.aside import at_once
from hasten_runtime.http.codings import packed
from hasten_runtime.http.thread_variants import ThreadVariants

BODY = b"a text that shrinks, " * 100
MANY = 1 << 20


def variant(kept: ThreadVariants, body: bytes) -> bytes | None:
    """
    The variant of this body.
    """
    found: list[bytes | None] = []

    async def ask() -> None:
        found.append(await kept.of(body, "gzip", 6, MANY))

    at_once(ask())
    return found[0]


def test_equal_bytes_are_compressed_once() -> None:
    """
    The second time nothing is made, wherever the bytes came from.
    """
    kept = ThreadVariants()
    first, second = (variant(kept, bytes(bytearray(BODY))) for _ in range(2))

    assert first is not None
    assert (first, 1) == (second, kept.made)
    assert BODY == zlib.decompress(first, 31)


def test_threads_that_ask_together_wait_for_one_compression(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Eight requests for a file at once compress it once.
    """
    together = threading.Barrier(8)
    kept = ThreadVariants()

    def ask(_: int) -> bytes | None:
        together.wait()
        return variant(kept, BODY * 50)

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(ask, range(8)))

    assert (1, 1) == (kept.made, len(found))
    assert {} == kept._coming


def test_a_failed_compression_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Whoever asked hears of it, and the next one tries again.
    """

    def fail(*_: object) -> bytes:
        raise MemoryError("no room")

    kept = ThreadVariants()
    with monkeypatch.context() as patched:
        patched.setattr(thread_variants, "packed", fail)
        with pytest.raises(MemoryError):
            variant(kept, BODY)

    assert packed("gzip", 6, BODY) == variant(kept, BODY)


def test_what_does_not_shrink_is_remembered_as_such() -> None:
    """
    Bytes that compression makes longer have no variant, and it is not tried again.
    """
    kept = ThreadVariants()

    assert [None, None] == [variant(kept, zlib.compress(BODY)) for _ in range(2)]
    assert 1 == kept.made


def test_a_forked_process_does_not_wait_for_a_lock_of_its_parent() -> None:
    """
    Whatever another thread held at the moment of the fork, the child begins with nothing and answers.
    """
    kept = ThreadVariants()
    variant(kept, BODY)
    with kept._lock:
        child = os.fork()
        if child == 0:
            found = variant(kept, BODY)
            os._exit(0 if found and kept.made == 1 else 1)
    _, status = os.waitpid(child, 0)

    assert 0 == os.waitstatus_to_exitcode(status)
