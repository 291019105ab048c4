"""
The processes that a program has started, and what can be seen of how Python was started in each of them.

Read from the kernel without disturbing them. No value of an environment is kept but those that concern the agent.
"""

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil

from hasten.model import Noun
from hasten.world.agent import RUN_VARIABLE
from hasten.world.processes import trees
from hasten.world.unprivileged import User, can_enter

_PYTHON = re.compile(r"(?:python|pypy)(\d+\.\d+)?\d*t?$")
_LIBRARY = re.compile(r"/libpython(\d+\.\d+)")
#: An ELF file without this has no dynamic loader in it.
_INTERPRETER_SEGMENT = 3


class Program(Noun, frozen=True, kw_only=True):
    """
    One process below the one that was started.

    python: its version as far as names tell it ("3.11", or "" where it is not known); None: it is no Python.
    is_embedded: Python is a part of another program there.
    variables: those of HASTEN_…; None, as `path` is: its environment may not be read.
    path: the members of PYTHONPATH.
    before_us: folders in front of the agent's on PYTHONPATH that have a sitecustomize of their own.
    listens: where it takes connections.
    can_report, can_read: whether its user gets at the folder of the reports, and at the agent's files.
    """

    pid: int
    parent: int
    words: list[str]
    exe: str = ""
    python: str | None = None
    is_embedded: bool = False
    is_static: bool = False
    variables: dict[str, str] | None = None
    path: list[str] | None = None
    before_us: list[str] = []
    listens: list[str] = []
    can_report: bool = True
    can_read: bool = True


def programs(root: int, run: str, boot: Path, reports: Path) -> list[Program]:
    """
    The process, those below it, and those of the same `hasten run` that have left it, by pid.

    Args:
        run: The value of HASTEN_RUN; "" where it was not started by `hasten run`.
        boot: The agent's folder.
        reports: Where workers report.
    """
    found = [_looked_at(pid, boot, reports) for pid in sorted({*trees([root])[root], *(of_run(run) if run else [])})]
    return [program for program in found if program is not None]


def of_run(run: str) -> list[int]:
    """
    The processes that have this HASTEN_RUN in their environment, as far as it may be read.
    """
    line = f"{RUN_VARIABLE}={run}".encode()
    return [pid for pid in psutil.pids() if line in (_environment(pid) or [])]


def python_of(exe: str) -> str | None:
    """
    The version that the name of a Python says ("" where it says none); None: it is no Python.
    """
    found = _PYTHON.match(Path(exe).name)
    return (found.group(1) or "") if found else None


def is_static(exe: str) -> bool:
    """
    Whether the file is an ELF program without a dynamic loader; False where that cannot be seen.
    """
    try:
        with open(exe, "rb") as file:  # noqa: PTH123 - of any process, by a path that may be odd
            head = file.read(4096)
    except OSError:
        return False
    if head[:4] != b"\x7fELF" or head[4] != 2:
        return False
    order = "little" if head[5] == 1 else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(head[at : at + size], order)  # type: ignore[arg-type]

    start, size, count = number(32, 8), number(54, 2), number(56, 2)
    kinds = {number(start + index * size, 4) for index in range(count)}
    return bool(count) and _INTERPRETER_SEGMENT not in kinds


def _looked_at(pid: int, boot: Path, reports: Path) -> Program | None:
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            words, parent, user = process.cmdline(), process.ppid(), _user(process)
    except psutil.Error:
        return None
    exe, lines = _exe(pid), _environment(pid)
    python, is_embedded = _python(pid, exe)
    path = None if lines is None else _path(lines)
    return Program(
        pid=pid,
        parent=parent,
        words=words,
        exe=exe,
        python=python,
        is_embedded=is_embedded,
        is_static=python is None and is_static(f"/proc/{pid}/exe"),
        variables=None if lines is None else _ours(lines),
        path=path,
        before_us=_with_sitecustomize(_until(path or [], boot)),
        listens=_listens(process),
        can_report=_may_write(reports, user),
        can_read=can_enter(boot, user),
    )


def _exe(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe")  # noqa: PTH115 - a name, not a file
    except OSError:
        return ""


def _environment(pid: int) -> list[bytes] | None:
    """
    What the process was started with; what it has put there since is not seen, and neither is it by its Python.
    """
    try:
        lines = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return None
    # A program that sets its title writes it over its arguments and its environment.
    return lines if any(b"=" in line for line in lines) else None


def _python(pid: int, exe: str) -> tuple[str | None, bool]:
    named = python_of(exe)
    if named is not None:
        return named, False
    try:
        library = _LIBRARY.search(Path(f"/proc/{pid}/maps").read_text(errors="replace"))
    except OSError:
        return None, False
    return (library.group(1), True) if library else (None, False)


def _path(lines: list[bytes]) -> list[str]:
    value = next((line for line in lines if line.startswith(b"PYTHONPATH=")), b"")
    return [each for each in os.fsdecode(value).removeprefix("PYTHONPATH=").split(os.pathsep) if each]


def _ours(lines: list[bytes]) -> dict[str, str]:
    pairs = (os.fsdecode(line).partition("=") for line in lines if line.startswith(b"HASTEN_"))
    return {name: value for name, _, value in pairs}


def _until(path: list[str], boot: Path) -> list[str]:
    return path[: path.index(str(boot))] if str(boot) in path else []


def _with_sitecustomize(folders: Iterable[str]) -> list[str]:
    return [each for each in folders if (Path(each) / "sitecustomize.py").is_file()]


def _listens(process: psutil.Process) -> list[str]:
    try:
        return sorted(
            {f"{each.laddr.ip}:{each.laddr.port}" for each in process.net_connections("tcp") if each.status == "LISTEN"}
        )
    except (psutil.Error, OSError):
        return []


def _user(process: psutil.Process) -> User | None:
    """
    Whose rights it has; None: the same user's as ours, or root's.
    """
    uid, gid = process.uids().effective, process.gids().effective
    return None if uid in (0, os.geteuid()) else User("", uid, gid)


def _may_write(folder: Path, user: User | None) -> bool:
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    if user is None:
        return os.access(place, os.W_OK)
    status = place.stat()
    owned = (status.st_uid == user.uid, 0o200), (status.st_gid == user.gid, 0o020), (True, 0o002)
    bit = next(bit for holds, bit in owned if holds)
    return bool(status.st_mode & bit) and can_enter(place, user)


def foretold(words: list[str], environment: Mapping[str, str], boot: Path, reports: Path) -> Program | None:
    """
    The process that a command will be, as far as its file tells; None: there is no such file.
    """
    exe = shutil.which(words[0], path=environment.get("PATH", os.defpath))
    if exe is None:
        return None
    interpreter = _shebang(exe)
    if interpreter and Path(interpreter[0]).name == "env":
        interpreter = [each for each in interpreter[1:] if not each.startswith("-") and "=" not in each]
    words = [*interpreter, exe, *words[1:]] if interpreter else [exe, *words[1:]]
    # Not resolved: the python of a virtual environment is a link to one whose name says its version, or says nothing.
    names = [words[0], os.path.realpath(words[0])]
    python = max((found for each in names if (found := python_of(each)) is not None), default=None)
    path = [each for each in environment.get("PYTHONPATH", "").split(os.pathsep) if each]
    return Program(
        pid=0,
        parent=0,
        words=words,
        exe=names[1],
        python=python,
        is_static=python is None and is_static(names[1]),
        variables={name: value for name, value in environment.items() if name.startswith("HASTEN_")},
        path=path,
        before_us=_with_sitecustomize(_until(path, boot)),
        can_report=_may_write(reports, None),
    )


def _shebang(path: str) -> list[str]:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - as the kernel would
            line = file.readline(256)
    except OSError:
        return []
    return os.fsdecode(line[2:]).split() if line.startswith(b"#!") else []
