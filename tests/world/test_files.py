"""
Built files: which are shipped, and what they weigh.
"""

import gzip
from pathlib import Path

import brotli
import pytest

from hasten.errors import Missing, Unreachable
from hasten.world.files import BROTLI_QUALITY, built_files, kind_of, read, remembered, sizes_of

CODE = b"function add(left, right) { return left + right }\n" * 200


def test_only_what_is_shipped_counts(tmp_path: Path) -> None:
    """
    Source maps, hidden files, build manifests and compressed twins are left out; a lonely archive is not.
    """
    for name in ("index.html", "a/x.js", "a/x.js.map", "a/x.js.gz", "a/x.js.br", ".vite/manifest.json", "data.gz"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x", encoding="utf-8")

    assert ["a/x.js", "data.gz", "index.html"] == built_files(tmp_path)


def test_a_missing_folder_has_a_hint(tmp_path: Path) -> None:
    """
    No build, no measurement: the hint says to build.
    """
    with pytest.raises(Missing) as refused:
        built_files(tmp_path / "dist")

    assert "build the front end" in refused.value.hint


def test_sizes_are_what_servers_send() -> None:
    """
    gzip and Brotli sizes are those of the whole file, and what they stand for can be unpacked again.
    """
    sizes = sizes_of("x.js", CODE)

    assert len(CODE) == sizes.raw_bytes
    assert len(gzip.compress(CODE, 6)) == sizes.gzip_bytes
    assert len(brotli.compress(CODE, quality=BROTLI_QUALITY)) == sizes.brotli_bytes


def test_dense_formats_are_sent_as_they_are() -> None:
    """
    Nobody compresses a PNG again.
    """
    sizes = sizes_of("x.PNG", CODE)

    assert (len(CODE),) * 3 == (sizes.raw_bytes, sizes.gzip_bytes, sizes.brotli_bytes)


def test_what_was_computed_is_remembered_by_content(tmp_path: Path) -> None:
    """
    The same content is computed once, other content again, and a damaged memory is not believed.
    """
    calls = []

    def ask(data: bytes) -> int:
        return remembered(tmp_path, "length", data, int, lambda: calls.append(data) or len(data))

    assert [3, 3, 4] == [ask(b"abc"), ask(b"abc"), ask(b"abcd")]
    for kept in (tmp_path / "length").iterdir():
        kept.write_text("not json", encoding="utf-8")
    assert 3 == ask(b"abc")
    assert [b"abc", b"abcd", b"abc"] == calls


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    """
    Where the cache folder cannot be made, the value is there all the same.
    """
    (tmp_path / "file").write_text("", encoding="utf-8")

    assert 7 == remembered(tmp_path / "file", "what", b"x", int, lambda: 7)


def test_kinds_follow_the_name() -> None:
    """
    The kind of a file is that of its ending, in any case.
    """
    kinds = [kind_of(name) for name in ("a.mjs", "b.CSS", "c.html", "d.woff2", "e.svg", "f.wasm", "g")]

    assert ["script", "style", "document", "font", "image", "wasm", "other"] == kinds


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    """
    What cannot be read, here because it is a folder, is named in the error.
    """
    (tmp_path / "x.js").mkdir()

    with pytest.raises(Unreachable, match=r"x\.js cannot be read: Is a directory"):
        read(tmp_path / "x.js")
