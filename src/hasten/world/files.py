"""
Built files are read: which there are, what they hold, how large they are raw and compressed.
"""

import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import brotli
import msgspec

from hasten.errors import Missing, Unreachable
from hasten.log import event

T = TypeVar("T")

GZIP_LEVEL = 6
"""What nginx users and most middlewares settle on; level 9 gains 0.4 % on a 5 MB bundle."""

BROTLI_QUALITY = 5
"""What servers use for answers on the fly; quality 11 needs 28 s for a 5 MB bundle and belongs into a build."""

_DENSE = frozenset(
    {
        ".png",
        ".jpg",
        ".jpeg",
        ".webp",
        ".avif",
        ".gif",
        ".woff",
        ".woff2",
        ".mp4",
        ".webm",
        ".mp3",
        ".zip",
        ".gz",
        ".br",
    }
)
"""Formats that are compressed already, so servers send them as they are."""

_KINDS = {
    "script": {".js", ".mjs", ".cjs"},
    "style": {".css"},
    "document": {".html", ".htm", ".xhtml"},
    "font": {".woff", ".woff2", ".ttf", ".otf", ".eot"},
    "image": {".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".svg", ".ico", ".bmp"},
    "media": {".mp4", ".webm", ".mp3", ".ogg", ".wav"},
    "wasm": {".wasm"},
    "data": {".json", ".webmanifest", ".txt", ".xml"},
}


@dataclass(frozen=True)
class Sizes:
    """
    One file, raw and as servers would send it, in bytes.
    """

    raw_bytes: int
    gzip_bytes: int
    brotli_bytes: int


def kind_of(path: str) -> str:
    """
    script, style, document, font, image, media, wasm, data or other.
    """
    suffix = os.path.splitext(path)[1].lower()  # noqa: PTH122 - also for paths inside of URLs
    return next((kind for kind, suffixes in _KINDS.items() if suffix in suffixes), "other")


def built_files(folder: Path) -> list[str]:
    """
    The files that would be shipped, relative to the folder with forward slashes, sorted.

    Source maps, hidden files, a build manifest and the compressed twins of other files are not shipped bytes.

    Raises:
        Missing: there is no such folder. Unreachable: it cannot be read.
    """
    if not folder.is_dir():
        raise Missing(
            f"there is no folder {folder} with built files", hint="build the front end, or correct [frontend] dist"
        )
    found = {path.relative_to(folder).as_posix() for path in _walk(folder)}
    return sorted(path for path in found if not _is_twin(path, found) and not path.endswith(".map"))


def _walk(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise Unreachable(f"{error.filename} cannot be read: {error.strerror}", hint="check its permissions") from error

    for root, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(root) / name for name in names if not name.startswith("."))


def _is_twin(path: str, found: set[str]) -> bool:
    stem, suffix = os.path.splitext(path)  # noqa: PTH122
    return suffix in (".gz", ".br", ".zst") and stem in found


def read(path: Path) -> bytes:
    """
    The file's bytes.

    Raises:
        Unreachable: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unreachable(f"{path} cannot be read: {error.strerror}", hint="check its permissions") from error


def sizes_of(path: str, data: bytes, cache: Path | None = None) -> Sizes:
    """
    How large the content is; what was compressed once is looked up by its digest in the `cache` folder.
    """
    if os.path.splitext(path)[1].lower() in _DENSE:  # noqa: PTH122
        return Sizes(len(data), len(data), len(data))

    def compressed() -> list[int]:
        return [len(zlib.compress(data, GZIP_LEVEL, wbits=31)), len(brotli.compress(data, quality=BROTLI_QUALITY))]

    gzip_bytes, brotli_bytes = remembered(cache, f"sizes-{GZIP_LEVEL}-{BROTLI_QUALITY}", data, list[int], compressed)
    return Sizes(len(data), gzip_bytes, brotli_bytes)


def remembered(cache: Path | None, what: str, data: bytes, kind: type[T], compute: Callable[[], T]) -> T:
    """
    What `compute` gives; it is kept in the `cache` folder under the content's digest, and read from there next time.
    """
    if cache is None:
        return compute()
    path = cache / what / f"{hashlib.sha256(data).hexdigest()}.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError):
        value = compute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}.tmp")
        new.write_bytes(msgspec.json.encode(value))
        new.replace(path)
    except OSError as error:
        # A cache that cannot be written costs time, not truth.
        event("cache not written", path=str(path), reason=str(error))
    return value
