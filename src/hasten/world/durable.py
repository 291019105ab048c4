"""
Files that are whole and on the disk, or as they were: a crash, or a full disk, never leaves half of one.
"""

import os
from pathlib import Path


def stage(path: Path, data: bytes, *, mode: int = 0o600, owner: tuple[int, int] | None = None) -> None:
    """
    A new file with these bytes, this mode and this owner is on the disk, not yet under the name that counts.

    What was left under the name by a crash is replaced.

    Raises:
        OSError: no room, or not allowed; nothing of it is left.
    """
    path.unlink(missing_ok=True)
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
            file.write(data)
            if owner is not None and owner != (os.fstat(file.fileno()).st_uid, os.fstat(file.fileno()).st_gid):
                os.fchown(file.fileno(), *owner)
            # After the owner: a change of it clears set-user-ID bits.
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def settle(staged: Path, path: Path) -> None:
    """
    The staged file is the file, after a power cut too.
    """
    staged.replace(path)
    sync(path.parent)


def write(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """
    The file holds these bytes, whole.
    """
    staged = path.with_name(f".{path.name}.{os.getpid()}.new")
    stage(staged, data, mode=mode)
    settle(staged, path)


def remove(path: Path) -> None:
    """
    There is no such file, after a power cut too.
    """
    path.unlink(missing_ok=True)
    sync(path.parent)


def sync(folder: Path) -> None:
    """
    What was renamed or removed in the folder is on the disk.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
