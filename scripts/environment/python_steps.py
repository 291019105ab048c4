"""
The two Python environments: Hasten's own, and the example application's apart from it.
"""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from shutil import rmtree

from scripts.environment.commands import Commands
from scripts.environment.needs import LEAST_PYTHON
from scripts.environment.stamps import Stamp, digest
from scripts.environment.steps import Step, nothing_to_skip, stamps_of

Skip = Callable[[], str | None]
WORKS = f"""
import importlib.util, sys
sys.exit(sys.version_info < {LEAST_PYTHON} or importlib.util.find_spec("pip") is None)
"""


def hasten_steps(root: Path, group: str) -> list[Step]:
    """
    Hasten's own environment: the interpreter, the locked packages, and the project itself from this checkout.

    Args:
        root: The checkout.
        group: Which lock file to follow: hasten, dev or bench. The last two hold all of the first.
    """
    venv, locks = root / ".venv", root / "requirements"
    packages = _packages(f"packages-{group}", f"locked packages ({group})", venv, locks / f"{group}.txt")
    steps = [_environment("environment", "Python environment", venv), packages, _project(root, venv)]
    if group == "hasten":
        return steps
    part = _packages("packages-hasten", "", venv, locks / "hasten.txt")

    def both(commands: Commands) -> Iterable[Path]:
        made = list(packages.make(commands))
        Stamp(stamps_of(root), part.name).write(part.inputs(), _installed(venv, locks / "hasten.txt"), root)
        return made

    steps[1] = Step(packages.name, packages.says, packages.inputs, both)
    return steps


def slowdesk_steps(root: Path) -> list[Step]:
    """
    The example application's environment, apart from Hasten's as a user's application is.
    """
    folder = root / "examples" / "slowdesk"
    lock, venv = folder / "requirements.txt", folder / ".venv"

    def absent() -> str | None:
        return None if lock.is_file() else f"{lock.relative_to(root)} is not there"

    return [
        _environment("slowdesk-environment", "slowdesk: Python environment", venv, absent),
        _packages("slowdesk-packages", "slowdesk: locked packages", venv, lock, absent),
    ]


def _environment(name: str, says: str, venv: Path, skip: Skip = nothing_to_skip) -> Step:
    # The interpreter that runs this may itself live in the environment that is about to be replaced.
    interpreter = getattr(sys, "_base_executable", None) or sys.executable

    def create(commands: Commands) -> Iterable[Path]:
        # One that somebody made by hand, or whose stamp was lost, is good enough if it works.
        if not (_is_wanted(venv) and _works(venv)):
            rmtree(venv, ignore_errors=True)
            commands.run(name, [interpreter, "-m", "venv", venv], limit_s=180)
        return [venv / "bin" / "python"]

    return Step(name, says, lambda: str(venv), create, skip, lambda: _is_wanted(venv) and _works(venv))


def _packages(name: str, says: str, venv: Path, lock: Path, skip: Skip = nothing_to_skip) -> Step:
    def install(commands: Commands) -> Iterable[Path]:
        options = ["--quiet", "--require-hashes", "--only-binary", ":all:", "--no-compile", "-r"]
        commands.run(name, [venv / "bin" / "python", "-m", "pip", "install", *options, lock], tries=2)
        return _installed(venv, lock)

    return Step(name, says, lambda: digest(_interpreter(venv), lock), install, skip)


def _project(root: Path, venv: Path) -> Step:
    folders = [folder for folder in (root, root / "runtime") if (folder / "pyproject.toml").is_file()]
    editable = [word for folder in folders for word in ("-e", str(folder))]

    def install(commands: Commands) -> Iterable[Path]:
        # Nothing is downloaded: the build backend and all dependencies came with the lock.
        options = ["--no-index", "--no-build-isolation", "--no-deps", *editable]
        commands.run("project", [venv / "bin" / "python", "-m", "pip", "install", *options], limit_s=180)
        return [found for folder in folders for found in _dist_infos(venv, {_name(folder)})]

    def inputs() -> str:
        return digest(str(root), _interpreter(venv), *(folder / "pyproject.toml" for folder in folders))

    return Step("project", "Hasten itself", inputs, install)


def _is_wanted(venv: Path) -> bool:
    """
    Say whether the environment has the Python that was asked for by PYTHON=...; without that, any will do.
    """
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    return not os.environ.get("PYTHON") or _interpreter(venv) == running


def _works(venv: Path) -> bool:
    """
    Say whether the environment runs, is new enough, has pip, and was made at this very place.
    """
    try:
        if f"{venv}/bin/".encode() not in (venv / "bin" / "pip").read_bytes():
            return False
        run = subprocess.run([venv / "bin" / "python", "-I", "-c", WORKS], timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.returncode == 0


def _interpreter(venv: Path) -> str:
    """
    Name the Python of an environment, as far as installed packages depend on it.
    """
    try:
        kept = (venv / "pyvenv.cfg").read_text()
    except OSError:
        return "none"
    found = re.search(r"^version\s*=\s*(\d+\.\d+)", kept, re.MULTILINE)
    return found.group(1) if found else "unknown"


def _installed(venv: Path, lock: Path) -> list[Path]:
    names = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", lock.read_text(), re.MULTILINE)
    return _dist_infos(venv, {_plain(name) for name in names})


def _dist_infos(venv: Path, names: set[str]) -> list[Path]:
    found = sorted(venv.glob("lib/python3.*/site-packages/*.dist-info"))
    return [path for path in found if _plain(path.name.split("-")[0]) in names]


def _name(folder: Path) -> str:
    with (folder / "pyproject.toml").open("rb") as file:
        return _plain(tomllib.load(file)["project"]["name"])


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
