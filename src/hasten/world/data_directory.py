"""
A data directory of PostgreSQL on disk: made, copied, guarded, and cleared of what a crash left in it.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import psutil

from hasten.errors import ConfigError, NotAllowed, Unreachable
from hasten.world import registry
from hasten.world.process_id import ProcessId
from hasten.world.programs import PostgresPrograms
from hasten.world.unprivileged import can_enter, give, place_for, remove_tree, run_unprivileged, unprivileged_user

SUPERUSER = "hasten"
INITDB_TIMEOUT_S = 120.0
COPY_TIMEOUT_S = 1800.0


def initdb(folder: Path, programs: PostgresPrograms, password: str) -> None:
    """
    The empty folder is a data directory: UTF-8, C.UTF-8 order, a superuser `hasten` with this scram password.

    Raises:
        Unreachable: initdb failed, and what it said.
    """
    secret = folder.with_name(f"{folder.name}.pw")
    secret.unlink(missing_ok=True)
    with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(password)
    give(secret, 0o600)
    argv = [programs.program("initdb"), "-D", str(folder), "--encoding=UTF8", "--auth=scram-sha-256"]
    # Nobody's data is in it yet, and syncing a thousand small files takes seconds on a busy disk.
    argv += [f"--username={SUPERUSER}", f"--pwfile={secret}", "--no-sync"]
    # The builtin provider needs no locale of the system, and orders the same on every machine.
    builtin = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    argv += builtin if programs.major >= 17 else ["--locale=C.UTF-8"]
    try:
        done = run_unprivileged(argv, timeout_s=INITDB_TIMEOUT_S)
    finally:
        secret.unlink(missing_ok=True)
    if done.returncode:
        raise Unreachable(
            f"initdb failed with code {done.returncode}: {(done.stderr or done.stdout).strip()[-500:]}",
            hint=f"check that {folder.parent} is writable and has room",
        )


def copy_tree(source: Path, to: Path) -> None:
    """
    `to` is a copy of the data directory, sharing its blocks where the file system can.

    Its tablespaces are copied to folders beside it, named `<to>-space-<oid>`.

    Raises:
        Unreachable: it could not be copied whole; nothing is left of it.
    """
    _copy(source, to)
    (to / "postmaster.pid").unlink(missing_ok=True)
    for link in tablespaces(to):
        place = to.with_name(f"{to.name}-space-{link.name}")
        _copy(link.resolve(), place)
        link.unlink()
        link.symlink_to(place)


def _copy(source: Path, to: Path) -> None:
    argv = ["cp", "-a", "--reflink=auto", str(source), str(to)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=COPY_TIMEOUT_S, check=False)
    if done.returncode:
        shutil.rmtree(to, ignore_errors=True)
        raise Unreachable(
            f"{source} could not be copied: {done.stderr.strip()[-300:]}", hint=f"check the room on the disk of {to}"
        )


def tablespaces(folder: Path) -> list[Path]:
    """
    The symlinks that lead out of the data directory to its tablespaces.
    """
    return [path for path in (folder / "pg_tblspc").glob("*") if path.is_symlink()]


def take(folder: Path) -> None:
    """
    The servers' user owns the data directory and can get to it.

    Raises:
        NotAllowed: it is another user's.
    """
    user, owner = unprivileged_user(), folder.stat().st_uid
    if user is None:
        if owner != os.geteuid():
            raise NotAllowed(
                f"{folder} belongs to another user (uid {owner})",
                hint="run Hasten as that user, or remove the data directory and make it anew",
            )
        return
    if owner != user.uid:
        for root in [folder, *(link.resolve() for link in tablespaces(folder))]:
            for path in [root, *root.rglob("*")]:
                os.chown(path, user.uid, user.gid, follow_symlinks=False)
    if not can_enter(folder, user):
        raise NotAllowed(
            f"user {user.name}, as whom PostgreSQL runs, cannot get into {folder}",
            hint="keep the data directory below a folder that everybody may enter, such as /var/lib or /srv",
        )


def servers_in(folder: Path) -> list[ProcessId]:
    """
    The processes of PostgreSQL that work in this data directory.
    """
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if registry.is_server_of(process, folder):
                found.append(ProcessId.of(process.pid))
    return [process for process in found if process is not None]


def postmaster_of(folder: Path) -> ProcessId | None:
    """
    The server that runs on this data directory; None if there is none, whatever a stale postmaster.pid says.
    """
    try:
        pid = int((folder / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return next((process for process in servers_in(folder) if process.pid == pid), None)


def need_idle(folder: Path) -> None:
    """
    Nothing runs on this data directory: a dead server's backends are ended, its postmaster.pid is gone.

    Raises:
        Unreachable: a server runs on it.
    """
    postmaster = postmaster_of(folder)
    if postmaster is not None:
        raise Unreachable(
            f"{folder} is in use by the PostgreSQL with pid {postmaster.pid}",
            hint="end the Hasten that runs it; `hasten recover` ends one that was left behind",
            pid=postmaster.pid,
        )
    for backend in servers_in(folder):
        with contextlib.suppress(PermissionError):
            backend.send(signal.SIGKILL)
    registry.wait_until(lambda: not servers_in(folder), 10.0)
    (folder / "postmaster.pid").unlink(missing_ok=True)


def is_ready(folder: Path) -> bool:
    """
    Whether the server on it says that it takes connections.
    """
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def secret_file(folder: Path) -> Path:
    """
    Where the superuser's password is: beside the data directory, so that no backup of it holds the password.
    """
    return folder.with_name(f"{folder.name}.secret")


def keep_secret(folder: Path, password: str) -> None:
    """
    The password is in its file, readable by the invoking user only.
    """
    path = secret_file(folder)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"user": SUPERUSER, "password": password}, file)


def read_secret(folder: Path) -> str:
    """
    The password; "" if it is not there, as with a data directory that was copied by hand.
    """
    try:
        return str(json.loads(secret_file(folder).read_text())["password"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def empty_place(data_dir: Path) -> Path:
    """
    Where the data directory will really be; nothing is there, nor a half-made one from before.

    Raises:
        ConfigError: there is something already.
    """
    place = place_for(data_dir)
    if data_dir.is_symlink() and not data_dir.exists():
        data_dir.unlink()
    if place != data_dir.absolute() and not data_dir.exists() and place.is_dir():
        # It was this very data directory's, until somebody removed the symlink.
        need_idle(place)
        remove_tree(place)
    for path in {data_dir, place}:
        if path.exists() and any(path.iterdir()):
            raise ConfigError(f"{path} exists already", hint="remove it, or name another data directory")
    if place.is_dir():
        place.rmdir()
    remove_tree(place.with_name(f"{place.name}.new"))
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def link(data_dir: Path, place: Path) -> None:
    """
    `data_dir` leads to the place, if that is another.
    """
    if place != data_dir.absolute():
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        if data_dir.is_dir():
            data_dir.rmdir()
        data_dir.symlink_to(place)
