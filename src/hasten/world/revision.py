"""
A revision of the project in a folder of its own, by git; the project's own files and branch stay as they are.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Collection, Iterator
from pathlib import Path

from hasten.errors import ConfigError, Missing
from hasten.world.working_copy import LEFT_OUT, copy_folder

GIT_TIMEOUT_S = 300.0
#: A hook of the project is not run by looking at an old revision of it.
_NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}", "-c", "advice.detachedHead=false")


def commit_of(folder: Path, ref: str) -> str:
    """
    The commit that a name stands for.

    Raises:
        ConfigError: the folder is in no repository, or the name stands for nothing.
        Missing: there is no git.
    """
    _git(folder, "rev-parse", "--show-toplevel", hint="run this in a checkout, or leave out --against")
    if ref.startswith("-"):
        raise ConfigError(f"{ref!r} is no revision", hint="name a branch, a tag or a commit")
    return _git(
        folder,
        "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}",
        hint=f"is {ref!r} fetched? In CI a shallow checkout has only one revision (git fetch origin {ref})",
        what=f"there is no revision {ref!r} here",
    )  # fmt: skip


def copy_revision(folder: Path, commit: str, to: Path, scratch: Path, *, leave_out: Collection[Path] = ()) -> None:
    """
    `to` holds `folder` as it was in that commit. What git ignores (dependencies, builds, settings) is as it is now.

    Args:
        scratch: An empty place for git's work tree, which is gone again afterwards.

    Raises:
        ConfigError: the folder did not exist in that commit.
        Unreachable: it cannot be copied.
    """
    top = Path(_git(folder, "rev-parse", "--show-toplevel"))
    inside = folder.resolve().relative_to(top.resolve())
    with _work_tree(top, commit, scratch / "work-tree") as tree:
        if not (tree / inside).is_dir():
            raise ConfigError(f"there was no folder {inside} in {commit[:12]}", hint="name a later revision")
        copy_folder(tree / inside, to, link=False)
    _take_ignored(folder, to, frozenset(path.resolve() for path in leave_out))


@contextlib.contextmanager
def _work_tree(top: Path, commit: str, to: Path) -> Iterator[Path]:
    try:
        _git(top, *_NO_HOOKS, "worktree", "add", "--detach", "--force", "--quiet", str(to), commit)
        yield to
    finally:
        shutil.rmtree(to, ignore_errors=True)
        with contextlib.suppress(ConfigError):
            _git(top, "worktree", "prune")


def _take_ignored(folder: Path, to: Path, skipped: frozenset[Path]) -> None:
    """
    Files that git ignores are copied and folders linked, where the revision has nothing of that name.
    """
    listed = _git(
        folder, "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory", "--", ".", strip=False
    )
    for name in filter(None, listed.split("\0")):
        source, target = folder / name.rstrip("/"), to / name.rstrip("/")
        if source.name in LEFT_OUT or source.resolve() in skipped or target.exists() or not target.parent.is_dir():
            continue
        if any(path.is_relative_to(source.resolve()) for path in skipped):
            continue
        if source.is_dir():
            target.symlink_to(source)
        elif source.is_file():
            shutil.copy2(source, target)


def _git(folder: Path, *words: str, hint: str = "", what: str = "", strip: bool = True) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=GIT_TIMEOUT_S, check=False
        )
    except FileNotFoundError as error:
        raise Missing("there is no git", hint="install git, or leave out --against") from error
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["it failed"]
        raise ConfigError(what or f"git {words[0]}: {said[0]}", hint=hint or "look at `git status`")
    return done.stdout.strip() if strip else done.stdout
