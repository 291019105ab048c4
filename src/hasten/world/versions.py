"""
What a file is at one moment: its bytes by their digest, its mode, its owner. And which paths may be changed at all.

The time of the last change is no part of it: a file that goes back is a new file to everything that goes by its time
(ETags, make, compiled Python), and must be.
"""

import os
import stat
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from hasten.model import Noun
from hasten.world.saved import digest_of_bytes


class Version(Noun, frozen=True, kw_only=True):
    """
    One file, or (digest "") that there is none of this path.
    """

    path: str
    digest: str = ""
    mode: int = 0
    uid: int = 0
    gid: int = 0

    @property
    def is_absent(self) -> bool:
        """
        There is no such file.
        """
        return not self.digest


class Patch(Noun, frozen=True, kw_only=True):
    """
    Files as they are on one side of a change; the form of its `before`, `after` and `inverse`.

    folders: which are made for new files, the outermost first; on the way back they go if nothing else is in them.
    saved: where the bytes are, seen from the application's folder, for a person who finishes by hand.
    """

    files: list[Version]
    folders: list[str] = []
    saved: str = ""

    def as_data(self) -> dict[str, Any]:
        """
        What stands in a Change.
        """
        data: dict[str, Any] = msgspec.to_builtins(self)
        return data


def refusal(root: Path, state_dir: Path, path: str) -> str:
    """
    Why this path must not be changed; "" if it may be.
    """
    pure = PurePosixPath(path)
    if pure.is_absolute() or not pure.parts or ".." in pure.parts or str(pure) != path:
        return f"{path!r} is not a plain path below the application's folder"
    place = root / path
    folder = place.parent.resolve()
    if not folder.is_relative_to(root.resolve()):
        return f"a symlink on the way to {path} leads out of {root}"
    # A copy of the application that a trial works on lies in the state folder as a whole.
    own = state_dir.resolve()
    if own.is_relative_to(root.resolve()) and (folder / place.name).is_relative_to(own):
        return f"{path} is in Hasten's own state folder"
    if place.is_symlink():
        return f"{path} is a symlink; change the file that it points to"
    if place.exists() and not place.is_file():
        return f"{path} is no regular file"
    return ""


def version_of(root: Path, path: str) -> Version:
    """
    What the file is now.

    Raises:
        OSError: it cannot be read.
    """
    try:
        handle = os.open(root / path, os.O_RDONLY | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return Version(path=path)
    with open(handle, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        status = os.fstat(file.fileno())
        data = file.read()
    mode = stat.S_IMODE(status.st_mode)
    return Version(path=path, digest=digest_of_bytes(data), mode=mode, uid=status.st_uid, gid=status.st_gid)


def version_from(was: Version, root: Path, digest: str) -> Version:
    """
    The file with other bytes: mode and owner are kept; a new file belongs to whoever has the folder it comes into.
    """
    if not digest:
        return Version(path=was.path)
    if not was.is_absent:
        return msgspec.structs.replace(was, digest=digest)
    status = _nearest(root / was.path).stat()
    return Version(path=was.path, digest=digest, mode=0o644, uid=status.st_uid, gid=status.st_gid)


def missing_folders(root: Path, paths: list[str]) -> list[str]:
    """
    Folders that are not there and that these files need, the outermost first.
    """
    needed = {parent for path in paths for parent in PurePosixPath(path).parents if parent.parts}
    return sorted(str(folder) for folder in needed if not (root / folder).exists())


def make_folder(path: Path) -> None:
    """
    The folder is there, and belongs to whoever has the one that it is in.
    """
    if path.is_dir():
        return
    path.mkdir(mode=0o755)
    path.chmod(0o755)
    status = path.parent.stat()
    if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
        os.chown(path, status.st_uid, status.st_gid)


def _nearest(path: Path) -> Path:
    return next(parent for parent in path.parents if parent.exists())
