"""
What Hasten has started and made, in files: enough for the next Hasten to clean up after a crash.

`<state>/run/<name>.json` is a process, `<state>/run/<name>.scratch` a folder that is to be deleted.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import psutil

from hasten.model import Noun, from_json, to_json
from hasten.world.process_id import ProcessId
from hasten.world.unprivileged import remove_tree, shared_folder

TOKEN_VARIABLE = "HASTEN_PROCESS_TOKEN"  # noqa: S105 - a name, not a secret
SCRATCH_MARK = ".hasten-scratch"
#: For so long a folder of a dead Hasten is deleted again, until it stays away for the shorter time.
COMES_BACK_S = 3.0
STAYS_GONE_S = 0.1


class Record(Noun, frozen=True, kw_only=True):
    """
    One process, who started it, and how it is stopped. `token` stands in its environment and in its children's.
    """

    name: str
    owner: ProcessId
    argv: list[str]
    token: str
    role: str = "application"
    stop_signal: int = signal.SIGTERM
    grace_s: float = 10.0
    port: int = 0
    data_dir: str = ""
    log: str = ""
    process: ProcessId = ProcessId(pid=0, started=0)

    def is_alive(self) -> bool:
        """
        Whether the process runs.
        """
        return self.process.is_alive()


class Scratch(Noun, frozen=True, kw_only=True):
    """
    One folder that is deleted when its owner is done or dead.
    """

    path: str
    owner: ProcessId


def read_records(run_dir: Path) -> Iterator[tuple[Path, Record]]:
    """
    All processes on record. A file that cannot be read as one is left alone: it is not ours to judge.
    """
    for path in sorted(run_dir.glob("*.json")):
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            yield path, from_json(path.read_bytes(), Record)


def read_scratch(run_dir: Path) -> Iterator[tuple[Path, Scratch]]:
    """
    All folders on record.
    """
    for path in sorted(run_dir.glob("*.scratch")):
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            yield path, from_json(path.read_bytes(), Scratch)


def write(path: Path, record: Record | Scratch) -> None:
    """
    The file holds the record, whole, or is as it was.
    """
    new = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    new.write_bytes(to_json(record))
    new.replace(path)


def delete_scratch(path: Path, *, after_crash: bool = False, vouched: bool = False) -> None:
    """
    The folder is gone. A folder without Hasten's mark in it is never deleted, unless the caller vouches for it.

    Args:
        after_crash: Whether something that is about to end may still make folders in it, as a browser's parts do.
        vouched: Whether nobody else can have made a folder of this name.
    """
    if not path.is_dir() or path.is_symlink() or not (vouched or (path / SCRATCH_MARK).is_file()):
        return
    # Out of the way at once: two Hastens that sweep together must not find each other's half-deleted folder.
    going = path.with_name(f"{path.name}-going-{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        path.rename(going)
        remove_tree(going)
    until = time.monotonic() + (COMES_BACK_S if after_crash else 0.0)
    while time.monotonic() < until and wait_until(path.exists, STAYS_GONE_S):
        remove_tree(path)


def sweep_shared() -> list[str]:
    """
    Scratch folders of dead owners below /var/tmp are gone, whatever became of their state folders; their paths.
    """
    swept = []
    for mark in shared_folder("data").glob(f"*/{SCRATCH_MARK}") if os.geteuid() == 0 else []:
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            if not from_json(mark.read_bytes(), Scratch).owner.is_alive():
                delete_scratch(mark.parent, after_crash=True)
                swept.append(str(mark.parent))
    return swept


def end(record: Record, reap: Callable[[], object] = lambda: None) -> bool:
    """
    The process of this record and everything that it started has ended; False if another user's process would not.

    Asked politely first (the leader alone, for it tells its own children), killed after `grace_s`.
    """
    members = _members(record)
    with contextlib.suppress(PermissionError):
        record.process.send(record.stop_signal)
    wait_until(lambda: (reap(), not record.is_alive())[1], record.grace_s)
    survived = record.is_alive()
    left = {member for member in {*members, *_members(record)} if member.is_alive()}
    for number, patience_s in [(signal.SIGKILL, 10.0)] if survived else [(signal.SIGTERM, 3.0), (signal.SIGKILL, 10.0)]:
        for member in left:
            with contextlib.suppress(PermissionError):
                member.send(number)
        if not left or wait_until(lambda: (reap(), not any(member.is_alive() for member in left))[1], patience_s):
            return True
    return False


def wait_until(is_so: Callable[[], bool], timeout_s: float, step_s: float = 0.02) -> bool:
    """
    Whether it became so within the time.
    """
    deadline = time.monotonic() + timeout_s
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(step_s)
    return True


def _members(record: Record) -> set[ProcessId]:
    """
    The leader, its descendants, and what else is provably this record's.
    """
    found: set[ProcessId] = set()
    if record.process.pid <= 1:
        return found
    is_alive = record.is_alive()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if _belongs(process, record, is_alive):
                _add(found, process.pid)
    if is_alive:
        _add(found, record.process.pid)
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(record.process.pid).children(recursive=True):
                _add(found, child.pid)
    return found


def _add(found: set[ProcessId], pid: int) -> None:
    process = ProcessId.of(pid)
    if process is not None and pid != os.getpid():
        found.add(process)


def _belongs(process: psutil.Process, record: Record, leader_is_alive: bool) -> bool:
    if os.getsid(process.pid) == record.process.pid:
        # While the leader lives nobody else can have its session; afterwards the token must vouch for it.
        return leader_is_alive or process.environ().get(TOKEN_VARIABLE) == record.token
    # Backends of PostgreSQL leave the session and overwrite their environment, but work inside the data directory.
    return bool(record.data_dir) and is_server_of(process, Path(record.data_dir))


def is_server_of(process: psutil.Process, data_dir: Path) -> bool:
    """
    Whether this is a process of the PostgreSQL server that has this data directory.
    """
    return process.name().startswith("postgres") and process.cwd() == str(data_dir)
