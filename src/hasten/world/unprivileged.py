"""
Who runs the native servers: the invoking user, or, when that is root, a user without privileges.

PostgreSQL refuses to run as root, and no server needs to. Such a user cannot enter a 0700 home, so what it must read
or write is put where it can.
"""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hasten.errors import ConfigError, NotAllowed

SHARED_ROOT = Path("/var/tmp")  # noqa: S108 - survives a reboot; ownership is checked before use
DEFAULT_USER = "nobody"


@dataclass(frozen=True)
class User:
    """
    A user of the system.
    """

    name: str
    uid: int
    gid: int


def unprivileged_user() -> User | None:
    """
    The user that native servers run as, or None: as the one who runs Hasten, who is not root.

    `HASTEN_SERVER_USER` names another one than nobody.

    Raises:
        ConfigError: there is no such user.
    """
    if os.geteuid() != 0:
        return None
    name = os.environ.get("HASTEN_SERVER_USER", DEFAULT_USER)
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise ConfigError(
            f"there is no user {name!r} for the servers to run as",
            hint="set HASTEN_SERVER_USER to a user without privileges, or run Hasten as a plain user",
        ) from None
    if entry.pw_uid == 0:
        raise ConfigError("servers do not run as root", hint="set HASTEN_SERVER_USER to a user without privileges")
    return User(entry.pw_name, entry.pw_uid, entry.pw_gid)


def run_unprivileged(
    argv: Sequence[str], *, env: Mapping[str, str] | None = None, timeout_s: float = 60.0, **options: Any
) -> "subprocess.CompletedProcess[str]":
    """
    The finished program, run as the unprivileged user, in `/`, with a plain environment and `env` in it.
    """
    user = unprivileged_user()
    if user is not None:
        options |= {"user": user.uid, "group": user.gid, "extra_groups": []}
    return subprocess.run(
        list(argv),
        env=plain_environment() | dict(env or {}),
        cwd="/",
        text=True,
        errors="replace",
        capture_output=True,
        timeout=timeout_s,
        check=False,
        **options,
    )


def plain_environment() -> dict[str, str]:
    """
    What a native server needs of the environment: no secret of the invoking user goes along.
    """
    kept = ("PATH", "TZ", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C.UTF-8"}


def can_enter(path: Path, user: User | None) -> bool:
    """
    Whether the user may pass through each existing folder on the way to `path`.
    """
    if user is None:
        return True
    path = Path(os.path.abspath(path))  # noqa: PTH100 - symlinks are followed below, one by one
    for folder in [*reversed(path.parents), path]:
        try:
            status = folder.stat()
        except FileNotFoundError:
            return True
        if stat.S_ISDIR(status.st_mode) and not _may_enter(status, user):
            return False
    return can_enter(path.resolve(), user) if path.resolve() != path else True


def _may_enter(status: os.stat_result, user: User) -> bool:
    if status.st_uid == user.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == user.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def place_for(path: Path) -> Path:
    """
    `path`, if the servers' user can get there, else a path of its own below /var/tmp that it can get to.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 - the name given is what the place is derived from
    if can_enter(path.parent, unprivileged_user()):
        return path
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
    return shared_folder("data") / f"{path.name}-{digest}"


def shared_folder(kind: str) -> Path:
    """
    A folder below /var/tmp that only root writes and everybody may pass through.

    Raises:
        NotAllowed: somebody else made it first.
    """
    folder = SHARED_ROOT / f"hasten-{kind}-{os.geteuid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise NotAllowed(f"{folder} is not Hasten's own", hint="look at who made it, remove it, and run again")
    folder.chmod(0o755)
    return folder


def give(path: Path, mode: int) -> None:
    """
    The file or folder belongs to the servers' user, with this mode.
    """
    user = unprivileged_user()
    if user is not None:
        os.chown(path, user.uid, user.gid)
    path.chmod(mode)


def own_folder(path: Path) -> Path:
    """
    A new, empty 0700 folder of the servers' user; missing parents are made passable.

    Raises:
        FileExistsError: there is something already.
    """
    for parent in reversed(path.parents):
        if not parent.exists():
            parent.mkdir(mode=0o755)
            parent.chmod(0o755)
    path.mkdir(mode=0o700)
    give(path, 0o700)
    return path


def remove_tree(path: Path) -> None:
    """
    The folder, or the symlink and the folder that it points to, is gone.
    """
    if path.is_symlink():
        shutil.rmtree(path.resolve(), ignore_errors=True)
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path, ignore_errors=True)
