"""
Files on disks that are really full, or really read-only.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hasten.errors import ApplyFailed, RevertFailed, Unreachable
from hasten.model import Change, Kind, Risk, Where
from hasten.world.patches import Files

pytestmark = pytest.mark.real

SIZE_KIB = 256


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """
    A file system of 256 KiB.
    """
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or mount("-t", "tmpfs", "-o", f"size={SIZE_KIB}k", "tmpfs", str(folder)):
        pytest.skip("only root can mount a file system here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=30)


def mount(*words: str) -> int:
    """
    How mount ended.
    """
    return subprocess.run(["mount", *words], capture_output=True, check=False, timeout=30).returncode


def files_in(root: Path, state_dir: Path) -> Files:
    """
    An application of two files.
    """
    root.mkdir(exist_ok=True)
    (root / "a.conf").write_bytes(b"old a")
    (root / "b.conf").write_bytes(b"old b")
    return Files(root, state_dir)


def planned(files: Files, wanted: dict[str, bytes | None]) -> Change:
    """
    A change of these files.
    """
    sides = files.prepare(wanted)
    assert sides
    return Change(
        optimization="toy.files", kind=Kind.FILES, where=Where(kind="application", name="toy"), why="", expects="",
        risk=Risk.R2, **sides,
    )  # fmt: skip


def names(folder: Path) -> list[str]:
    """
    Every file below a folder.
    """
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_full_disk_while_bytes_are_saved_leaves_nothing(small_disk: Path, tmp_path: Path) -> None:
    """
    No plan without a way back: refused, with a hint, and no half of the bytes is left.
    """
    files = files_in(tmp_path / "app", small_disk)
    with pytest.raises(Unreachable, match="No space left") as refused:
        files.prepare({"a.conf": os.urandom(2 * SIZE_KIB * 1024)})

    assert "disk space" in refused.value.hint
    assert [] == [name for name in names(small_disk) if name.endswith(".new")]
    assert b"old a" == (files.root / "a.conf").read_bytes()


def test_a_disk_without_room_for_the_new_files_keeps_the_old_ones(small_disk: Path, tmp_path: Path) -> None:
    """
    The first of two had room: it is gone again, and so is the folder that was made for it.
    """
    files = files_in(small_disk / "app", tmp_path / "state")
    large = os.urandom(SIZE_KIB * 1024 * 2 // 3)
    change = planned(files, {"a.conf": large, "made/c.conf": large[::-1], "b.conf": None})
    with pytest.raises(ApplyFailed, match="No space left"):
        files.apply(change)

    assert ["a.conf", "b.conf"] == names(files.root)
    assert not (files.root / "made").exists()
    assert b"old a" == (files.root / "a.conf").read_bytes()
    assert not files.has_remains(change)


def test_a_file_system_that_became_read_only_is_told_and_left_alone(small_disk: Path, tmp_path: Path) -> None:
    """
    Neither way changes anything, the commands for a person are there, and once it can be written all goes back.
    """
    files = files_in(small_disk / "app", tmp_path / "state")
    change = planned(files, {"a.conf": b"new a", "b.conf": None})
    assert 0 == mount("-o", "remount,ro", str(small_disk))
    with pytest.raises(ApplyFailed, match="Read-only"):
        files.apply(change)

    assert 0 == mount("-o", "remount,rw", str(small_disk))
    files.apply(change)
    assert 0 == mount("-o", "remount,ro", str(small_disk))
    with pytest.raises(RevertFailed, match="Read-only") as refused:
        files.revert(change)
    assert files.is_applied(change)
    assert refused.value.data["by_hand"]

    assert 0 == mount("-o", "remount,rw", str(small_disk))
    files.revert(change)
    assert (b"old a", b"old b") == ((files.root / "a.conf").read_bytes(), (files.root / "b.conf").read_bytes())


def test_a_file_that_was_mounted_over_is_refused_whole(small_disk: Path, tmp_path: Path) -> None:
    """
    A file that a container mounts cannot be replaced by name: nothing is half done, the other file goes back too.
    """
    files = files_in(tmp_path / "app", tmp_path / "state")
    (small_disk / "mounted").write_bytes(b"old b")
    assert 0 == mount("--bind", str(small_disk / "mounted"), str(files.root / "b.conf"))
    try:
        change = planned(files, {"a.conf": b"new a", "b.conf": b"new b"})
        with pytest.raises(ApplyFailed, match="busy"):
            files.apply(change)
        assert (b"old a", b"old b") == ((files.root / "a.conf").read_bytes(), (files.root / "b.conf").read_bytes())
        assert ["a.conf", "b.conf"] == names(files.root)
    finally:
        subprocess.run(["umount", str(files.root / "b.conf")], check=True, timeout=30)
