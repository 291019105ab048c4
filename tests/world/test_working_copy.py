"""
hasten.world.working_copy
"""

import shutil
import subprocess
import sys
import venv
from collections import namedtuple
from pathlib import Path

import pytest

from hasten.errors import Unreachable
from hasten.world.working_copy import copy_folder, editable_paths


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """
    A project with dependencies, history, caches, links and Hasten's state.
    """
    folder = tmp_path / "project"
    for name, text in {
        "app.py": "print('one')\n",
        "web/node_modules/left/index.js": "1",
        "web/dist/index.html": "<p>",
        "__pycache__/app.pyc": "x",
        ".hasten/ledger.db": "x",
        ".env": "KEY=1",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o750)
    (folder / "current").symlink_to("app.py")
    (folder / "absolute").symlink_to(folder / "web" / "dist")
    return folder


def test_a_copy_has_everything_but_caches_and_hasten_s_state(home: Path, tmp_path: Path) -> None:
    """
    Modes, times and links are as they were; absolute links lead into the copy.
    """
    copy = copy_folder(home, tmp_path / "copy", leave_out=[home / ".hasten"], link=False)
    root = copy.root

    assert {"app.py", "web", ".env", "run.sh", "current", "absolute"} == {path.name for path in root.iterdir()}
    assert 0o750 == (root / "run.sh").stat().st_mode & 0o777
    assert (home / "app.py").stat().st_mtime_ns == (root / "app.py").stat().st_mtime_ns
    assert Path("app.py") == (root / "current").readlink()
    assert root / "web" / "dist" == (root / "absolute").resolve()
    assert (root / "web/node_modules/left/index.js").is_file()
    assert [] == copy.changed()


def test_dependencies_are_linked_where_nobody_changes_them(home: Path, tmp_path: Path) -> None:
    """
    They are the original's, and named.
    """
    copy = copy_folder(home, tmp_path / "copy")

    assert ("web/node_modules",) == copy.linked
    assert home / "web/node_modules" == (copy.root / "web/node_modules").readlink()


def test_what_a_command_changed_is_told(home: Path, tmp_path: Path) -> None:
    """
    New, changed and deleted files; the original has none of it.
    """
    copy = copy_folder(home, tmp_path / "copy", link=False)
    (copy.root / "app.py").write_text("print('two')\n")
    (copy.root / ".env").unlink()
    (copy.root / "new").mkdir()
    (copy.root / "new/file").write_text("")
    (copy.root / "__pycache__").mkdir()
    (copy.root / "__pycache__/more.pyc").write_text("")

    assert [".env", "app.py", "new/file"] == copy.changed()
    assert "print('one')\n" == (home / "app.py").read_text()


def test_history_is_shared_and_not_at_risk(home: Path, tmp_path: Path) -> None:
    """
    Another branch in the copy leaves the original's branch and files alone, and objects are on the disk once.
    """
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]
    for words in (["init", "-q", "-b", "main"], ["add", "app.py"], ["commit", "-qm", "one"], ["branch", "other"]):
        subprocess.run([*git, *words], cwd=home, check=True)
    copy = copy_folder(home, tmp_path / "copy", link=False)
    subprocess.run([*git, "checkout", "-q", "other"], cwd=copy.root, check=True)
    file = next((home / ".git/objects").glob("??/*"))

    assert "ref: refs/heads/main\n" == (home / ".git/HEAD").read_text()
    assert "ref: refs/heads/other\n" == (copy.root / ".git/HEAD").read_text()
    assert 2 == file.stat().st_nlink


def test_a_copied_virtual_environment_is_one_of_its_own(home: Path, tmp_path: Path) -> None:
    """
    Its scripts run its own Python, which installs into the copy.
    """
    venv.create(home / ".venv", with_pip=False)
    script = home / ".venv/bin/tool"
    script.write_text(f"#!{home}/.venv/bin/python\nimport sys; print(sys.prefix)\n")
    script.chmod(0o755)
    copy = copy_folder(home, tmp_path / "copy", link=False)
    said = subprocess.run([copy.root / ".venv/bin/tool"], capture_output=True, text=True, check=True).stdout

    assert f"{copy.root}/.venv\n" == said
    assert str(home) in script.read_text()


def test_an_editable_install_is_searched_in_the_copy(home: Path, tmp_path: Path) -> None:
    """
    Otherwise the copy would run the original's modules, and every change of them would look like nothing.
    """
    packages = home / ".venv/lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    packages.mkdir(parents=True)
    (home / "src/shop").mkdir(parents=True)
    (home / "src/shop/__init__.py").write_text("")
    (packages / "one.pth").write_text(f"{home}/web\n/elsewhere\nimport site\n")
    (packages / "__editable___shop_finder.py").write_text(f"MAPPING = {{'shop': '{home}/src/shop'}}\n")
    root = copy_folder(home, tmp_path / "copy").root

    assert {f"{root}/web", f"{root}/src"} == set(editable_paths(home, root))


def test_without_room_nothing_is_copied(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The error says how much would be needed.
    """
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 9, 1))
    with pytest.raises(Unreachable, match="GB are free"):
        copy_folder(home, tmp_path / "copy")

    assert not (tmp_path / "copy").exists()


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """
    What is not there is no empty copy.
    """
    with pytest.raises(Unreachable, match="gone"):
        copy_folder(tmp_path / "gone", tmp_path / "copy")
