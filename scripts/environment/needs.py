"""
Says everything the machine lacks, all at once, each with the way to get it.
"""

import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

LEAST_PYTHON = (3, 11)
LEAST_NODE = (20, 19)  # what the front end's bundler starts on
LEAST_GLIBC = (2, 28)  # what the wheels of the servers are linked against
FREE_GIB = 2  # measured: 0.65 GiB in the checkout and 0.1 in the cache of npm; the rest is reserve


@dataclass(frozen=True)
class Missing:
    """
    One thing the machine lacks, and how to get it.
    """

    what: str
    why: str
    get: str


def missing(root: Path, *, downloads: bool = True) -> list[Missing]:
    """
    Name all that is missing; an empty list means that set-up can start.

    Args:
        root: The checkout.
        downloads: Whether anything is still to be installed, so that it needs room.
    """
    checks: list[Callable[[], Missing | None]] = [
        _linux,
        _glibc,
        _python,
        _ensurepip,
        _node,
        partial(_program, "npm"),
        partial(_program, "git"),
        partial(_place, root),
    ]
    if downloads:
        checks.append(partial(_disk, root))
    return [found for check in checks if (found := check())]


def _linux() -> Missing | None:
    system = platform.system()
    if system == "Linux":
        return None
    return Missing("Linux", f"this is {system}; the servers are started the Linux way", "Use a Linux machine, or WSL 2")


def _glibc() -> Missing | None:
    name, version = platform.libc_ver()
    if name == "glibc" and _numbers(version) >= LEAST_GLIBC:
        return None
    least = ".".join(map(str, LEAST_GLIBC))
    found = f"{name} {version}".strip() or "another C library"
    why = f"the servers' wheels need glibc {least} or newer, this is {found}"
    return Missing("glibc", why, "Use Debian 11, Ubuntu 20.04, Fedora 29 or newer")


def _python() -> Missing | None:
    if sys.version_info >= LEAST_PYTHON:
        return None
    why = f"3.11 or newer is needed, this is {platform.python_version()}"
    return Missing("Python", why, "Debian, Ubuntu: apt install python3 python3-venv")


def _ensurepip() -> Missing | None:
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        return None
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    return Missing(
        "ensurepip", f"{sys.executable} cannot create environments", f"Debian, Ubuntu: apt install {package}"
    )


def _node() -> Missing | None:
    least = ".".join(map(str, LEAST_NODE))
    get = "Debian 13, Ubuntu 25.04 or newer: apt install nodejs npm; elsewhere: nvm, fnm, or your vendor's package"
    found = _version_of("node")
    if found is None:
        return Missing("Node", f"{least} or newer is needed, none is on the PATH", get)
    if _numbers(found) < LEAST_NODE:
        return Missing("Node", f"{least} or newer is needed, this is {found}", get)
    return None


def _program(name: str) -> Missing | None:
    if shutil.which(name):
        return None
    return Missing(name, "it is not on the PATH", f"Debian, Ubuntu: apt install {name}")


def _place(root: Path) -> Missing | None:
    if not os.access(root, os.W_OK | os.X_OK):
        return Missing("checkout", f"{root} cannot be written by this user", "Clone it as the user who runs it")
    if os.pathsep in str(root):
        why = f"an environment cannot live in a path with '{os.pathsep}': {root}"
        return Missing("checkout", why, "Move the checkout")
    return None


def _disk(root: Path) -> Missing | None:
    free = shutil.disk_usage(root).free / 2**30
    if free >= FREE_GIB:
        return None
    why = f"{free:.1f} GiB are free at {root}, {FREE_GIB} may be needed"
    return Missing("disk space", why, "Make room, or clone elsewhere")


def _version_of(program: str) -> str | None:
    try:
        run = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return run.stdout.strip() if run.returncode == 0 else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])
