"""
The browser that comes in the npm package @sparticuz/chromium is unpacked once into the cache folder.

The package holds a headless Chromium for x86-64 Linux with the libraries it needs, compressed with Brotli.
Unpacking goes to a folder beside the final one, which is then renamed: a folder that exists is complete.
"""

import io
import json
import os
import platform
import shutil
import stat
import tarfile
import tempfile
from pathlib import Path

import brotli

from hasten.errors import Missing

PACKAGE = Path("@sparticuz") / "chromium"
PROGRAM = "chromium"
LAST_RESORT = Path("/var/tmp")  # noqa: S108 - the folder below it must belong to us
_CHUNK_BYTES = 1 << 20
_FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}/fonts</dir><cachedir>{folder}/fonts-cache</cachedir></fontconfig>
"""


def cache_folder() -> Path:
    """
    Where Hasten may keep what can be made again: $XDG_CACHE_HOME/hasten, ~/.cache/hasten, else /var/tmp/hasten-<uid>.

    Raises:
        Missing: none of them can be written.
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    home = os.environ.get("HOME", "")
    tried = [Path(named)] if named.startswith("/") else []
    tried += [Path(home) / ".cache"] if home.startswith("/") else []
    for folder in [*(path / "hasten" for path in tried), LAST_RESORT / f"hasten-{os.getuid()}"]:
        if _is_ours(folder):
            return folder
    raise Missing("there is no folder for Hasten's cache", hint="set XDG_CACHE_HOME to a folder that you can write")


def _is_ours(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        status = folder.lstat()
    except OSError:
        return False
    # Below a folder that everybody can write, somebody else may have put a link or a folder of their own.
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and os.access(folder, os.W_OK | os.X_OK)


def check_machine() -> None:
    """
    The packaged program can run on this kind of machine.

    Raises:
        Missing: it cannot.
    """
    if not _fits():
        raise Missing(
            "the browser from npm runs on x86-64 Linux only",
            hint="install Chromium or Chrome, or name one in hasten.toml: [browser] path",
        )


def package_version(modules: Path) -> str | None:
    """
    The version of the package below a node_modules folder, or None if it is not there or does not fit this machine.
    """
    if not _fits():
        return None
    try:
        version = json.loads((modules / PACKAGE / "package.json").read_text(encoding="utf-8"))["version"]
    except (OSError, ValueError, KeyError):
        return None
    return str(version) if (modules / PACKAGE / "bin" / "chromium.br").is_file() else None


def _fits() -> bool:
    return platform.system() == "Linux" and platform.machine() in ("x86_64", "AMD64")


def unpack(modules: Path, cache: Path) -> Path:
    """
    The folder with the unpacked program; unpacked now (about 3 s, 200 MB) unless it was before.

    Raises:
        Missing: the package is damaged, or the disk is full.
    """
    packed = modules / PACKAGE / "bin"
    folder = cache / f"chromium-{package_version(modules)}"
    if _is_complete(folder, packed):
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    half_done = Path(tempfile.mkdtemp(prefix="chromium-unpacking-", dir=cache))
    try:
        _unpack_into(half_done, packed, folder)
        _put_in_place(half_done, folder, packed)
    except (OSError, brotli.error, tarfile.TarError) as error:
        raise Missing(
            f"the browser could not be unpacked into {cache}: {error}",
            hint="free 250 MB there, or run `make setup` again to fetch the package anew",
        ) from error
    finally:
        shutil.rmtree(half_done, ignore_errors=True)
    return folder


def environment(folder: Path) -> dict[str, str]:
    """
    The variables with which the unpacked program finds its libraries, and fonts where the machine has none.
    """
    variables = {"LD_LIBRARY_PATH": str(folder / "lib")}
    if not Path("/etc/fonts/fonts.conf").exists():
        variables["FONTCONFIG_FILE"] = str(folder / "fonts.conf")
    return variables


def _is_complete(folder: Path, packed: Path) -> bool:
    try:
        facts = json.loads((folder / "complete.json").read_text(encoding="utf-8"))
        sizes = {"packed": (packed / "chromium.br").stat().st_size, "program": (folder / PROGRAM).stat().st_size}
    except (OSError, ValueError):
        return False
    return bool(facts == sizes)


def _unpack_into(half_done: Path, packed: Path, final: Path) -> None:
    program = half_done / PROGRAM
    _inflate(packed / "chromium.br", program)
    program.chmod(0o755)
    for name in ("al2023", "swiftshader", "fonts"):
        if (packed / f"{name}.tar.br").is_file():
            _untar(brotli.decompress((packed / f"{name}.tar.br").read_bytes()), half_done)
    (half_done / "fonts.conf").write_text(_FONTS_CONF.format(folder=final), encoding="utf-8")
    facts = {"packed": (packed / "chromium.br").stat().st_size, "program": program.stat().st_size}
    (half_done / "complete.json").write_text(json.dumps(facts), encoding="utf-8")
    half_done.chmod(0o755)


def _inflate(source: Path, destination: Path) -> None:
    stream = brotli.Decompressor()
    with source.open("rb") as packed, destination.open("wb") as unpacked:
        while chunk := packed.read(_CHUNK_BYTES):
            unpacked.write(stream.process(chunk))
        unpacked.flush()
        os.fsync(unpacked.fileno())
    if not stream.is_finished():
        raise OSError(f"{source.name} ends too early")


def _untar(data: bytes, folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            path = Path(member.name)
            # Regular files inside of the folder only; links and devices have no business in this archive.
            if not member.isfile() or path.is_absolute() or ".." in path.parts:
                continue
            content = archive.extractfile(member)
            if content is not None:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content.read())
                (folder / path).chmod(0o755 if member.mode & 0o100 else 0o644)


def _put_in_place(half_done: Path, folder: Path, packed: Path) -> None:
    if folder.exists():
        folder.rename(half_done / "replaced")
    try:
        half_done.rename(folder)
    except OSError:
        # Another Hasten was faster; what it left is as good as ours.
        if not _is_complete(folder, packed):
            raise
    shutil.rmtree(folder / "replaced", ignore_errors=True)
