"""
The kill switch: a file STOP in the state folder. While it is there nothing is applied, and what is under way goes back.

Anybody may make it, with `hasten stop` or with `touch`, whether or not Hasten runs or can be started. It is looked for
before each step that touches the world and between the rounds of a trial. The agent looks for the same file, whose path
it gets in HASTEN_STOP, and obeys no policy while it is there. What is inside is the reason, for people.
"""

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from hasten import lock
from hasten.errors import HastenError, Interrupted
from hasten.log import event
from hasten.model import Noun
from hasten.world.process_id import ProcessId

NAME = "STOP"
#: The environment variable in which the application's processes find the path.
VARIABLE = "HASTEN_STOP"
_MOST_BYTES = 1000

Progress = Callable[[float, str], None]


class Stop(Noun, frozen=True, kw_only=True):
    """
    The file is there: since when, and why, if its maker said so.
    """

    reason: str = ""
    since: datetime | None = None


class Ended(Noun, frozen=True, kw_only=True):
    """
    What became of the run that was under way. `pid`: whose it was, if any; `is_over`: nothing runs any more.
    """

    is_over: bool
    pid: int | None = None


def path_of(state_dir: Path) -> Path:
    """
    Where the file is, or would be.
    """
    return state_dir / NAME


def pulled(state_dir: Path) -> Stop | None:
    """
    The stop that is in force; None: there is none.

    Whatever has that name counts: an empty file, a folder, a link to nowhere. So does a folder that cannot be read.
    """
    path = path_of(state_dir)
    try:
        since = datetime.fromtimestamp(path.lstat().st_mtime, UTC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return Stop(reason=f"{path} cannot be looked at: {error.strerror}")
    text = b""
    with suppress(OSError):
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES)
    return Stop(reason=text.decode(errors="replace").strip(), since=since)


def check(state_dir: Path) -> None:
    """
    Nothing stands in the way.

    Raises:
        Interrupted: the switch was pulled.
    """
    stop = pulled(state_dir)
    if stop is not None:
        event("kill_switch", reason=stop.reason)
        raise Interrupted(
            f"stopped: {path_of(state_dir)} is there" + (f" ({stop.reason})" if stop.reason else ""),
            hint="what was under way has gone back; `hasten resume` lifts the stop",
            rule="stop",
        )


def watched(progress: Progress, state_dir: Path) -> Progress:
    """
    The same progress, which ends the run when the switch is pulled: a trial reports between its rounds.
    """

    def report(done: float, what: str) -> None:
        check(state_dir)
        progress(done, what)

    return report


def pull(state_dir: Path, reason: str) -> None:
    """
    The file is there. An earlier one keeps its reason unless a new one is given.

    Raises:
        HastenError: it cannot be made.
    """
    path = path_of(state_dir)
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        path.touch()
        if reason:
            path.write_text(f"{reason}\n", encoding="utf-8")
    except OSError as error:
        if pulled(state_dir) is None:
            raise HastenError(
                f"{path} cannot be made: {error.strerror}", hint=f"as the owner of that folder: touch {path}"
            ) from error


def release(state_dir: Path) -> Stop | None:
    """
    The file is gone. What it said, or None where there was none.

    Raises:
        HastenError: it cannot be removed.
    """
    stop, path = pulled(state_dir), path_of(state_dir)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise HastenError(f"{path} cannot be removed: {error.strerror}", hint=f"remove {path} by hand") from error
    return stop


def end_run(state_dir: Path, patience_s: float) -> Ended:
    """
    The Hasten that works in this folder, if any, was told to stop and had this long to go back.

    It is told once, as by Ctrl-C, and only when it is certain that the process is the one that holds the lock. One that
    cannot be told (another user's) still finds the file.
    """
    told: ProcessId | None = None
    deadline = time.monotonic() + patience_s
    while lock.is_held(state_dir):
        if told is None:
            told = _tell(state_dir)
        if time.monotonic() > deadline:
            return Ended(is_over=False, pid=told.pid if told else None)
        time.sleep(0.1)
    return Ended(is_over=True, pid=told.pid if told else None)


def _tell(state_dir: Path) -> ProcessId | None:
    found = lock.holder(state_dir)
    if found is None:
        return None
    # A shell gives its background jobs SIGINT to ignore; Hasten takes SIGTERM the same way.
    number = signal.SIGTERM if found.ignores(signal.SIGINT) else signal.SIGINT
    with suppress(PermissionError):
        found.send(number)
    event("kill_switch.told", pid=found.pid, signal=number.name)
    return found
