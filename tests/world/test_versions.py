"""
What a file is at one moment.
"""

from pathlib import Path

import pytest

from hasten.world import versions
from hasten.world.versions import Version


def test_bytes_and_mode_tell_versions_apart_and_time_does_not(tmp_path: Path) -> None:
    """
    A file that was only touched is the same version.
    """
    path = tmp_path / "f"
    path.write_bytes(b"a")
    first = versions.version_of(tmp_path, "f")
    path.touch()
    assert first == versions.version_of(tmp_path, "f")

    path.chmod(0o600 if first.mode != 0o600 else 0o640)
    assert first != versions.version_of(tmp_path, "f")


@pytest.mark.parametrize("path", ["none", "file/below", "none/none"])
def test_what_is_not_there_is_absent(tmp_path: Path, path: str) -> None:
    """
    Also where a file is in the place of its folder.
    """
    (tmp_path / "file").write_bytes(b"")

    assert versions.version_of(tmp_path, path).is_absent


def test_a_new_file_belongs_to_whoever_has_its_folder(tmp_path: Path) -> None:
    """
    Its mode is the usual one.
    """
    made = versions.version_from(Version(path="a/b"), tmp_path, "digest")
    status = tmp_path.stat()

    assert (0o644, status.st_uid, status.st_gid) == (made.mode, made.uid, made.gid)


def test_missing_folders_come_outermost_first(tmp_path: Path) -> None:
    """
    Those that are there are not named.
    """
    (tmp_path / "a").mkdir()

    assert ["a/b", "a/b/c", "d"] == versions.missing_folders(tmp_path, ["a/b/c/x", "a/y", "d/z"])
