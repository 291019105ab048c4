"""
One Hasten at a time in a state folder, and which process that is.

The lock itself is the kernel's and ends with its holder, however that ends. What stands in the file only tells who
that is: the pid for people, and the pid with the moment of its start for `hasten stop`, which must not hit another.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from hasten.errors import HastenError, NotAllowed
from hasten.model import from_json, to_json
from hasten.world.process_id import ProcessId

NAME = "lock"


@contextmanager
def alone(state_dir: Path) -> Iterator[None]:
    """
    No other Hasten works in this folder until the end of the block; the folder is there.

    Raises:
        NotAllowed: another one does.
        HastenError: the folder cannot be written.
    """
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        file = (state_dir / NAME).open("a+")
    except OSError as error:
        raise HastenError(
            f"the state folder {state_dir} cannot be written: {error.strerror}",
            hint="look at what is there and at its permissions, or name another folder: `state` in hasten.toml",
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise NotAllowed(
                f"another Hasten (process {file.readline().strip() or 'unknown'}) is at work in {state_dir}",
                hint="wait for it to end, or end it with Ctrl-C or `hasten stop`",
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n{to_json(ProcessId.mine()).decode()}\n")
        file.flush()
        yield


def is_held(state_dir: Path) -> bool:
    """
    Whether a Hasten works in this folder now.
    """
    try:
        file = (state_dir / NAME).open()
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def holder(state_dir: Path) -> ProcessId | None:
    """
    The process that works in this folder; None where nobody does, or it has not said yet who it is.
    """
    if not is_held(state_dir):
        return None
    with suppress(OSError, IndexError, msgspec.MsgspecError):
        found = from_json((state_dir / NAME).read_text(encoding="utf-8").splitlines()[1], ProcessId)
        return found if found.is_alive() else None
    return None
