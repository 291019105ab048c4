"""
hasten.world.revision
"""

import subprocess
from pathlib import Path

import pytest

from hasten.errors import ConfigError
from hasten.world.revision import commit_of, copy_revision

GIT = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]


def git(folder: Path, *words: str) -> str:
    """
    What git says in that folder.
    """
    return subprocess.run([*GIT, *words], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """
    An application in a folder of a repository, with two revisions, ignored files and an edit that is not committed.
    """
    top = tmp_path / "repository"
    folder = top / "shop"
    folder.mkdir(parents=True)
    git(top, "init", "-q", "-b", "main")
    (folder / ".gitignore").write_text(".venv\n.env\n.hasten\n__pycache__\n")
    (folder / "app.py").write_text("one")
    git(top, "add", ".")
    git(top, "commit", "-qm", "one")
    git(top, "tag", "v1")
    (folder / "app.py").write_text("two")
    git(top, "commit", "-qam", "two")
    (folder / "app.py").write_text("three")
    for name in (".venv/bin", ".hasten", "__pycache__"):
        (folder / name).mkdir(parents=True)
        (folder / name / "file").write_text("")
    (folder / ".env").write_text("KEY=1")
    return folder


def test_a_revision_is_as_it_was(shop: Path, tmp_path: Path) -> None:
    """
    Its own files are of that commit; what git ignores is as it is now, and Hasten's state is not there.
    """
    to = tmp_path / "copy"
    copy_revision(shop, commit_of(shop, "v1"), to, tmp_path / "scratch", leave_out=[shop / ".hasten"])

    assert "one" == (to / "app.py").read_text()
    assert "KEY=1" == (to / ".env").read_text()
    assert shop / ".venv" == (to / ".venv").readlink()
    assert {".gitignore", "app.py", ".env", ".venv"} == {path.name for path in to.iterdir()}


def test_the_repository_is_as_it_was(shop: Path, tmp_path: Path) -> None:
    """
    No work tree is left, no hook has run, and the uncommitted edit is still there.
    """
    hook = shop.parent / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hook-has-run\n")
    hook.chmod(0o755)
    before = git(shop, "status", "--porcelain"), git(shop, "rev-parse", "HEAD")
    copy_revision(shop, commit_of(shop, "v1"), tmp_path / "copy", tmp_path / "scratch")

    assert before == (git(shop, "status", "--porcelain"), git(shop, "rev-parse", "HEAD"))
    assert 1 == len(git(shop, "worktree", "list").splitlines())
    assert "three" == (shop / "app.py").read_text()
    assert not (tmp_path / "hook-has-run").exists()


@pytest.mark.parametrize("ref", ["nowhere", "-n", "--output=x"])
def test_an_unknown_revision_is_your_input(shop: Path, ref: str) -> None:
    """
    A name that stands for nothing, or looks like an option, is refused.
    """
    with pytest.raises(ConfigError, match="revision"):
        commit_of(shop, ref)


def test_a_folder_without_history_is_told(tmp_path: Path) -> None:
    """
    There is nothing to compare with.
    """
    with pytest.raises(ConfigError) as caught:
        commit_of(tmp_path, "HEAD")

    assert "--against" in caught.value.hint


def test_a_folder_that_did_not_exist_yet_is_told(shop: Path, tmp_path: Path) -> None:
    """
    The application may be younger than the revision.
    """
    (shop.parent / "young").mkdir()
    (shop.parent / "young/file").write_text("")
    with pytest.raises(ConfigError, match="no folder young"):
        copy_revision(shop.parent / "young", commit_of(shop, "v1"), tmp_path / "copy", tmp_path / "scratch")
