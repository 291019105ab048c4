"""
The example application's front end, and a browser for machines that have none.
"""

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path

from scripts.environment.commands import Commands
from scripts.environment.stamps import Stamp, digest, sources
from scripts.environment.steps import Step, stamps_of

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# No package's own script is run: all that is needed comes in the packages.
NPM_CI = ("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--prefer-offline")


def web_steps(root: Path) -> list[Step]:
    """
    The example application's front end: its packages and its build.
    """
    web = root / "examples" / "slowdesk" / "web"
    built = web / "dist"
    content = Stamp(stamps_of(root), "slowdesk-build-content")

    def absent() -> str | None:
        return _absent(web / "package-lock.json", root)

    def inputs() -> str:
        named = [part for path in sources(web) for part in (path.relative_to(web), path)]
        return digest(_node(), *named)

    def build(commands: Commands) -> Iterable[Path]:
        content.remove()
        commands.run("slowdesk-build", ["npm", "run", "build"], folder=web, limit_s=600)
        content.write(digest(built), [built / "index.html"], root)
        return [built / "index.html"]

    return [
        _packages("slowdesk-web", "slowdesk: front-end packages", web, absent),
        Step(
            "slowdesk-build",
            "slowdesk: front-end build",
            inputs,
            build,
            absent,
            is_whole=lambda: content.holds(digest(built), root),
        ),
    ]


def browser_step(root: Path, *, wanted: bool = False) -> Step:
    """
    A browser from the package registry, where the system has none.

    Args:
        root: The checkout.
        wanted: Install it although the system has one.
    """
    folder = root / "src" / "hasten" / "world" / "npm"

    def needless() -> str | None:
        if reason := _absent(folder / "package-lock.json", root):
            return reason
        found = None if wanted else _browser()
        return f"the system has one: {found}" if found else None

    return _packages("browser", "browser", folder, needless)


def _absent(file: Path, root: Path) -> str | None:
    return None if file.is_file() else f"{file.relative_to(root)} is not there"


@cache
def _browser() -> str | None:
    """
    Find a browser that starts: a file of the right name may be a script that only asks for another package.
    """
    found = (shutil.which(name) for name in (os.environ.get("HASTEN_BROWSER", ""), *BROWSERS) if name)
    return next((path for path in found if path and _starts(path)), None)


def _starts(program: str) -> bool:
    try:
        run = subprocess.run(
            [program, "--version"], capture_output=True, timeout=30, stdin=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.returncode == 0 and any(byte in b"0123456789" for byte in run.stdout)


def _packages(name: str, says: str, folder: Path, skip: Callable[[], str | None]) -> Step:
    def install(commands: Commands) -> Iterable[Path]:
        commands.run(name, NPM_CI, folder=folder, tries=2)
        return _installed(folder)

    inputs = partial(_inputs_of_packages, folder)
    return Step(name, says, inputs, install, skip)


def _inputs_of_packages(folder: Path) -> str:
    return digest(_node(), folder / "package.json", folder / "package-lock.json")


def _installed(folder: Path) -> list[Path]:
    """
    List what npm says it has put there; packages for other machines are not among them.
    """
    record = folder / "node_modules" / ".package-lock.json"
    if not record.is_file():  # nothing is depended on
        return []
    packages = json.loads(record.read_text())["packages"]
    return [record, *(folder / place for place in packages if (folder / place).is_dir())]


@cache
def _node() -> str:
    """
    Name Node's major version and this processor, as far as packages depend on them.
    """
    run = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=20, check=False)
    return f"{run.stdout.split('.')[0]} {platform.machine()}"
