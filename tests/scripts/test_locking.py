"""
The lock files hold what pyproject.toml asks for, with hashes, and no address.
"""

import json
import re
from pathlib import Path

import pytest
from scripts.locking import inputs, text_of

ROOT = Path(__file__).resolve().parents[2]
GROUPS = ("hasten", "dev", "bench")
LOCKS = [*(ROOT / "requirements" / f"{group}.txt" for group in GROUPS), ROOT / "examples/slowdesk/requirements.txt"]
ADDRESS = re.compile(r"://|^\s*--(?!hash=)|^\s*-[a-z]\s|^/|@ ", re.MULTILINE)
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)(?: ; (.+?))?(?: \\)?$", re.MULTILINE)


def pins(lock: Path) -> set[tuple[str, str, str]]:
    """
    List name, version and condition of all that is locked.
    """
    return set(PIN.findall(lock.read_text()))


@pytest.mark.parametrize("group", GROUPS)
def test_what_is_asked_for_is_what_the_project_says(group: str) -> None:
    """
    The .in files say what pyproject.toml says; if not, `make lock` has been forgotten.
    """
    assert text_of(inputs()[group]) == (ROOT / "requirements" / f"{group}.in").read_text()


@pytest.mark.parametrize("group", GROUPS)
def test_all_that_is_asked_for_is_locked(group: str) -> None:
    """
    Each requirement has its exact version in the lock file.
    """
    asked = {re.split(r"[\[<>=~! ]", line)[0].lower() for line in inputs()[group]}

    assert set() == asked - {name for name, _, _ in pins(ROOT / "requirements" / f"{group}.txt")}


@pytest.mark.parametrize("group", ["dev", "bench"])
def test_larger_environments_hold_the_smaller_one(group: str) -> None:
    """
    What the demo needs has the same versions in every environment.
    """
    smaller, larger = (pins(ROOT / "requirements" / f"{name}.txt") for name in ("hasten", group))

    assert set() == {pin[:2] for pin in smaller} - {pin[:2] for pin in larger}
    # A condition may be dropped where something else needs the package everywhere.
    assert [] == [pin for pin in smaller if pin not in larger and (*pin[:2], "") not in larger]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: f"{lock.parent.name}-{lock.stem}")
def test_every_version_has_its_hashes(lock: Path) -> None:
    """
    No package can be exchanged for another file of the same name.
    """
    blocks = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"^\s*#.*\n", "", lock.read_text(), flags=re.MULTILINE))
    bare = [block.splitlines()[0] for block in blocks if not re.search(r"--hash=sha256:[0-9a-f]{64}", block)]

    assert [] == bare
    assert len(blocks) == len(pins(lock))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: f"{lock.parent.name}-{lock.stem}")
def test_no_lock_file_holds_an_address(lock: Path) -> None:
    """
    Where packages come from is the business of the person who installs them.
    """
    assert [] == [found.group() for found in ADDRESS.finditer(re.sub(r"#.*", "", lock.read_text()))]
    assert "://" not in lock.read_text()


@pytest.mark.parametrize("folder", ["examples/slowdesk/web", "src/hasten/world/npm"])
def test_no_npm_lock_file_holds_an_address(folder: str) -> None:
    """
    npm's lock files name versions and hashes, not servers.
    """
    packages = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]
    installed = {name: entry for name, entry in packages.items() if name}

    assert [] == [name for name, entry in installed.items() if "resolved" in entry]
    assert [] == [name for name, entry in installed.items() if not entry.get("integrity", "").startswith("sha512-")]
