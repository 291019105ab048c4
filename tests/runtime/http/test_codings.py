"""
What can be made here, and that it can be read again at every point of a stream.
"""

import sys
import zlib
from types import SimpleNamespace

import brotli
import pytest

from hasten_runtime.http import codings


def test_gzip_is_always_there() -> None:
    """
    What is asked for and cannot be made is not offered; the order is the wanted one.
    """
    assert ("gzip",) == codings.available(("snappy", "gzip"))


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_every_piece_can_be_read_when_it_comes(coding: str) -> None:
    """
    What was packed so far unpacks to what was put in so far, after each piece.
    """
    assert (coding,) == codings.available((coding,))
    undo = zlib.decompressobj(31).decompress if coding == "gzip" else brotli.Decompressor().process
    packer = codings.packer(coding, 1)
    for number in range(5):
        piece = b"piece %d " % number * 50

        assert piece == undo(packer.pack(piece))
    undo(packer.end())


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_a_whole_body_comes_back(coding: str) -> None:
    """
    Packed and unpacked it is the same.
    """
    codings.available((coding,))
    body = b"some text " * 1000
    packed = codings.packed(coding, 6, body)

    assert body == (zlib.decompress(packed, 31) if coding == "gzip" else brotli.decompress(packed))
    assert len(packed) < len(body) / 10


def test_a_module_that_only_has_the_name_is_not_offered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A module of the right name that cannot do it is found out before it sees an answer.
    """
    monkeypatch.setitem(sys.modules, "zstandard", SimpleNamespace())  # type: ignore[arg-type]
    monkeypatch.setattr(codings, "_found", {})
    monkeypatch.setattr(codings, "_MAKERS", {"zstd": codings._zstandard})

    assert () == codings.available(("zstd",))
