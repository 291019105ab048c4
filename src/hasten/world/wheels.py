"""
Wheels with servers in them: located without importing them, and put where the servers' user can run them.
"""

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from hasten.errors import NotAllowed
from hasten.world.unprivileged import run_unprivileged, shared_folder, unprivileged_user


def package_dir(name: str) -> Path | None:
    """
    Where an installed package is, found out without importing it; None if it is not installed.
    """
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin).parent if spec and spec.origin else None


def _runs(program: Path) -> bool:
    """
    Whether the servers' user can run it, found out by trying.
    """
    flag = "-v" if program.name == "nginx" else "--version"
    try:
        return run_unprivileged([str(program), flag], timeout_s=10).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def readable(package: Path, distribution: str, program: str, folders: list[Path]) -> Path:
    """
    The package where the servers' user can run it: in place, or as a copy below /var/tmp that only root can change.

    Args:
        program: The program in it, relative.
        folders: What is copied: the package, and what must stay beside it.

    Raises:
        NotAllowed: the copy is somebody else's.
    """
    if unprivileged_user() is None or _runs(package / program):
        return package
    copy = shared_folder("programs") / f"{distribution}-{_fingerprint(distribution)}"
    if not copy.exists():
        _copy([folder for folder in folders if folder.is_dir()], copy)
    status = copy.lstat()
    if status.st_uid != os.geteuid() or status.st_mode & 0o022 or not _runs(copy / package.name / program):
        raise NotAllowed(
            f"the copy of {distribution} in {copy} cannot be used", hint=f"remove {copy} and run Hasten again"
        )
    return copy / package.name


def _fingerprint(distribution: str) -> str:
    # Version and content list: a wheel that was installed anew under the same version gets a copy of its own.
    found = importlib.metadata.distribution(distribution)
    digest = hashlib.sha256((found.read_text("RECORD") or "").encode()).hexdigest()[:8]
    return f"{found.version}-{digest}"


def _copy(folders: list[Path], to: Path) -> None:
    new = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        for folder in folders:
            shutil.copytree(folder, new / folder.name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        for path in [new, *new.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        with contextlib.suppress(OSError):  # another Hasten was faster
            new.rename(to)
    finally:
        shutil.rmtree(new, ignore_errors=True)
