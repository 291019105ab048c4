"""
Files that are whole, or as they were.
"""

import os
from pathlib import Path

import pytest

from hasten.world import durable


def names(folder: Path) -> list[str]:
    """
    What is in a folder.
    """
    return [path.name for path in folder.iterdir()]


def test_a_file_is_replaced_whole_with_its_mode(tmp_path: Path) -> None:
    """
    The new bytes and the new mode, and nothing beside it.
    """
    path = tmp_path / "f"
    path.write_bytes(b"old")
    durable.write(path, b"new", mode=0o640)

    assert (b"new", 0o640, ["f"]) == (path.read_bytes(), path.stat().st_mode & 0o7777, names(tmp_path))


@pytest.mark.parametrize("broken", ["fsync", "fchmod"])
def test_what_fails_on_the_way_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """
    A disk that fails before the file is whole costs nothing of the old one, and leaves nothing beside it.
    """
    path = tmp_path / "f"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, broken, fail)
    with pytest.raises(OSError, match="Input/output"):
        durable.write(path, b"new")

    assert (b"old", ["f"]) == (path.read_bytes(), names(tmp_path))


def test_what_a_crash_left_under_the_staged_name_is_replaced(tmp_path: Path) -> None:
    """
    A link that was planted there is not followed either.
    """
    (tmp_path / "other").write_bytes(b"theirs")
    (tmp_path / "staged").symlink_to("other")
    durable.stage(tmp_path / "staged", b"ours")

    assert (b"ours", b"theirs") == ((tmp_path / "staged").read_bytes(), (tmp_path / "other").read_bytes())


def test_removing_twice_is_removing_once(tmp_path: Path) -> None:
    """
    What is not there needs no removing.
    """
    (tmp_path / "f").write_bytes(b"x")
    durable.remove(tmp_path / "f")
    durable.remove(tmp_path / "f")

    assert [] == names(tmp_path)
