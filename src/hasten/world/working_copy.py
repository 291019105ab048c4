"""
A folder of an application copied, so that a second instance can run from it and a command can change it.

Blocks are shared where the file system can. What is large and stays as it is may be linked instead of copied; a
virtual environment that is copied works from its new place, and history of git is shared without being at risk.
"""

import contextlib
import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hasten.errors import Unreachable
from hasten.log import operation

#: Folders that an application reads and does not write: linked where nobody is going to change them.
LINKED = frozenset({"node_modules", ".venv", "venv", ".git"})
#: Folders that are made again where they are missing.
LEFT_OUT = frozenset({"__pycache__", ".hasten", ".cache", ".pytest_cache", ".mypy_cache", ".ruff_cache"})
ROOM_BYTES = 256 * 1024 * 1024
#: The largest script of a virtual environment that is looked at for the old path.
SCRIPT_BYTES = 128 * 1024
_FICLONE = 0x40049409  # linux/fs.h: share the blocks of another file

#: Relative path → size and time of change.
Manifest = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class WorkingCopy:
    """
    A copy of `home` in `root`.

    Args:
        linked: Folders that are the original's, relative.
        manifest: What was copied, to tell later what changed.
    """

    home: Path
    root: Path
    linked: tuple[str, ...] = ()
    manifest: Manifest = field(default_factory=dict)

    def changed(self) -> list[str]:
        """
        Files that are new, gone, or no longer what was copied, relative and sorted; caches of Python do not count.
        """
        now = {name: _state(entry) for name, entry in _files(self.root, frozenset()) if not entry.is_dir()}
        names = now.keys() | self.manifest.keys()
        return sorted(name for name in names if now.get(name) != self.manifest.get(name))


def copy_folder(home: Path, root: Path, *, leave_out: Collection[Path] = (), link: bool = True) -> WorkingCopy:
    """
    `root`, a new folder, holds what `home` holds.

    Args:
        leave_out: Folders that are not wanted: Hasten's own state.
        link: Whether dependencies and history are the original's. Without it all of it is copied: a command that
            installs packages or switches the branch touches the copy alone.

    Raises:
        Unreachable: a file cannot be read, or the disk has no room.
    """
    skipped = frozenset(path.resolve() for path in leave_out)
    linked: list[str] = []
    with operation("copy folder", home=str(home), root=str(root), link=link) as result, _explained(home):
        wanted = [(name, entry) for name, entry in _files(home, skipped, linked if link else None)]
        _need_room(root, sum(entry.stat(follow_symlinks=False).st_size for _, entry in wanted if entry.is_file()))
        root.mkdir(parents=True, exist_ok=True)
        for name, entry in wanted:
            _copy(name, entry, home, root)
        for name in linked:
            (root / name).symlink_to(home / name)
        if not link:
            for config in sorted(root.rglob("pyvenv.cfg")):
                _relocate(config.parent, home / config.parent.relative_to(root))
        manifest = {name: _state(entry) for name, entry in _files(root, frozenset()) if not entry.is_dir()}
        result.update(files=len(manifest), linked=linked)
    return WorkingCopy(home=home, root=root, linked=tuple(linked), manifest=manifest)


def editable_paths(home: Path, root: Path) -> list[str]:
    """
    Folders of the copy that a virtual environment would otherwise import from the original (`pip install -e`).
    """
    found: list[str] = []
    for packages in sorted(home.glob("*venv/lib/python*/site-packages")) + sorted(
        home.glob("*/*venv/lib/python*/site-packages")
    ):
        for file in [*packages.glob("*.pth"), *packages.glob("__editable__*_finder.py")]:
            with contextlib.suppress(OSError, UnicodeDecodeError):
                found += _inside(file.read_text(encoding="utf-8"), home)
    kept = dict.fromkeys(str(root / name) for name in found if (root / name).is_dir())
    return list(kept)


def _inside(text: str, home: Path) -> Iterator[str]:
    """
    Folders below `home` that are to be searched: lines of a .pth file, or the parents in an editable finder's map.
    """
    for word in text.replace("'", "\n").replace('"', "\n").splitlines():
        path = Path(word.strip()) if word.strip().startswith("/") else None
        if path is None or not path.is_relative_to(home):
            continue
        # A finder maps a package to its folder; what is searched is the folder above it.
        folder = path.parent if (path / "__init__.py").is_file() else path
        yield folder.relative_to(home).as_posix()


def _files(
    folder: Path, skipped: frozenset[Path], linked: list[str] | None = None
) -> "Iterator[tuple[str, os.DirEntry[str]]]":
    """
    What lies below a folder, parents first. With `linked`, folders that can be linked are named there instead.
    """
    waiting = [("", folder)]
    while waiting:
        prefix, here = waiting.pop()
        with os.scandir(here) as entries:
            for entry in sorted(entries, key=lambda each: each.name):
                name = f"{prefix}{entry.name}"
                if entry.name in LEFT_OUT or (skipped and Path(entry.path).resolve() in skipped):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if linked is not None and entry.name in LINKED:
                        linked.append(name)
                        continue
                    waiting.append((f"{name}/", Path(entry.path)))
                elif entry.name == ".git":
                    # The pointer of a further work tree: git in the copy would move the original's branch.
                    continue
                yield name, entry


def _copy(name: str, entry: "os.DirEntry[str]", home: Path, root: Path) -> None:
    to = root / name
    if entry.is_symlink():
        target = os.readlink(entry.path)  # noqa: PTH115 - an entry, not a path
        inside = Path(target).is_absolute() and Path(target).is_relative_to(home)
        to.symlink_to(root / Path(target).relative_to(home) if inside else target)
    elif entry.is_dir():
        to.mkdir()
        to.chmod(stat.S_IMODE(entry.stat().st_mode) | stat.S_IRWXU)
    elif entry.is_file():
        if ".git/objects/" in f"{name}" and _linked(entry.path, to):
            return
        _copy_file(entry.path, to)


def _linked(path: str, to: Path) -> bool:
    # Objects of git never change in place, so both may have the same file.
    try:
        to.hardlink_to(path)
    except OSError:
        return False
    return True


def _copy_file(path: str, to: Path) -> None:
    with open(path, "rb") as source, to.open("wb") as target:  # noqa: PTH123 - an entry, not a path
        try:
            fcntl.ioctl(target.fileno(), _FICLONE, source.fileno())
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.ENOTTY, errno.ENOSYS):
                raise
            shutil.copyfileobj(source, target, 1 << 20)
    shutil.copystat(path, to)


def _relocate(venv: Path, original: Path) -> None:
    """
    The scripts of a copied virtual environment run its own Python.
    """
    old, new = os.fsencode(original), os.fsencode(venv)
    for script in sorted((venv / "bin").glob("*")):
        if script.is_symlink() or not script.is_file() or script.stat().st_size > SCRIPT_BYTES:
            continue
        content = script.read_bytes()
        if old in content:
            script.write_bytes(content.replace(old, new))


def _state(entry: "os.DirEntry[str]") -> tuple[int, int]:
    found = entry.stat(follow_symlinks=False)
    return found.st_size, found.st_mtime_ns


def _need_room(root: Path, size_bytes: int) -> None:
    existing = next(path for path in [root, *root.parents] if path.exists())
    free, wanted = shutil.disk_usage(existing).free, size_bytes + ROOM_BYTES
    if free < wanted:
        raise Unreachable(
            f"a copy of the folder needs {wanted / 1e9:.1f} GB on the disk of {existing}, {free / 1e9:.1f} GB are free",
            hint="make room, or name another folder in hasten.toml: `state`",
            free_bytes=free,
            wanted_bytes=wanted,
        )


@contextlib.contextmanager
def _explained(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unreachable(
            f"{home} cannot be copied: {error.filename or ''} {error.strerror or error}",
            hint="mend the permissions of what it names; files of others are not copied",
        ) from error
