"""
Compiled codecs for the agent, made ready outside of the application's environment: one folder for each kind of Python.

`<cache>/accelerators/<abi>/` holds `_brotli.so` and `backend_c.so` (Zstandard), as they are in the wheels of brotli and
zstandard. The agent loads them by path, so the application sees no module that it did not see before. What Hasten's own
environment has is copied; the rest is fetched with pip, and only when that is asked for.
"""

import contextlib
import importlib.machinery
import os
import platform
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from hasten.errors import HastenError, Missing, Unreachable
from hasten.world.chromium_pack import cache_folder
from hasten.world.wheels import package_dir

VARIABLE = "HASTEN_ACCELERATORS"
#: The coding → the distribution, and the compiled module in it, as a path without its suffix.
PARTS = {"br": ("brotli", "_brotli"), "zstd": ("zstandard", "zstandard/backend_c")}
#: What pip may take.
PIP_S = 120.0
_ABI = re.compile(r"cpython-(3)(\d+)(t?)-(\w+)-linux-(gnu|musl)")
_OLDEST_GLIBC = 5


def folder() -> Path:
    """
    Where they are.

    Raises:
        Missing: there is no place for a cache.
    """
    return cache_folder() / "accelerators"


def own_abi() -> str:
    """
    What compiled modules must be made for to run in this Python, as in their names.
    """
    return importlib.machinery.EXTENSION_SUFFIXES[0].split(".")[1]


def surroundings() -> dict[str, str]:
    """
    The environment that tells the agent where they are, or would be.
    """
    try:
        return {VARIABLE: str(folder())}
    except Missing:
        return {}


def there(abi: str) -> list[str]:
    """
    The codings that are ready for this kind of Python.
    """
    try:
        place = folder() / abi
    except Missing:
        return []
    return [coding for coding, (_, part) in PARTS.items() if (place / _name(part)).is_file()]


def copy_own() -> None:
    """
    What Hasten's own environment has is ready for the Pythons of its kind. Where it cannot be, gzip is used as before.
    """
    abi = own_abi()
    ready = there(abi)
    with contextlib.suppress(HastenError, OSError):
        for coding, (_, part) in PARTS.items():
            source = None if coding in ready else _installed(part)
            if source is not None:
                _put(source.read_bytes(), folder() / abi / _name(part))


def fetch(abi: str) -> list[str]:
    """
    The codings that are ready for this kind of Python, once what was missing has been fetched.

    Raises:
        Unreachable, Missing: what is missing cannot be had, and why.
    """
    missing = [coding for coding in PARTS if coding not in there(abi)]
    for coding in missing:
        distribution, part = PARTS[coding]
        with tempfile.TemporaryDirectory(prefix="hasten-wheels-") as place:
            _download(distribution, abi, Path(place))
            _unpack(Path(place), part, abi)
    return there(abi)


def tags_of(abi: str) -> list[str]:
    """
    The options that make pip choose wheels for this kind of Python.

    Raises:
        Missing: there are no wheels for that kind.
    """
    found = _ABI.fullmatch(abi)
    if found is None:
        raise Missing(f"there are no wheels for {abi}", hint="answers are compressed with gzip there")
    major, minor, free, machine, libc = found.groups()
    tag = f"cp{major}{minor}{free}"
    words = ["--implementation", "cp", "--python-version", f"{major}.{minor}", "--abi", tag]
    words += [] if free else ["--abi", "abi3"]
    for name in _platforms(libc):
        words += ["--platform", f"{name}_{machine}"]
    return words


def _platforms(libc: str) -> list[str]:
    if libc == "musl":
        return ["musllinux_1_2", "musllinux_1_1"]
    version = re.match(r"2\.(\d+)", platform.libc_ver()[1])
    newest = int(version[1]) if version else 17
    return [f"manylinux_2_{minor}" for minor in range(newest, _OLDEST_GLIBC - 1, -1)] + ["manylinux2014"]


def _download(distribution: str, abi: str, to: Path) -> None:
    if package_dir("pip") is None:
        raise Missing("Hasten's own environment has no pip", hint=f"{sys.executable} -m ensurepip")
    words = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download", "--no-deps"]
    words += ["--only-binary", ":all:", "--dest", str(to), *tags_of(abi), distribution]
    try:
        run = subprocess.run(words, capture_output=True, text=True, timeout=PIP_S, check=False, cwd=to)
    except (OSError, subprocess.SubprocessError) as error:
        raise Unreachable(f"{distribution} cannot be fetched: {error}", hint=_offline(abi)) from error
    if run.returncode != 0:
        last = (run.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise Unreachable(f"{distribution} cannot be fetched for {abi}: {last}", hint=_offline(abi))


def _offline(abi: str) -> str:
    return f"offline: PIP_NO_INDEX=1 PIP_FIND_LINKS=<a folder of wheels> hasten run --fetch …, for {abi}"


def _unpack(wheels: Path, part: str, abi: str) -> None:
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name in (f"{part}.{abi}.so", f"{part}.abi3.so"):
                    _put(archive.read(name), folder() / abi / _name(part))
                    return
    raise Missing(f"the wheel has no {part} for {abi}", hint="answers are compressed with gzip there")


def _installed(part: str) -> Path | None:
    package, _, module = part.rpartition("/")
    if not package:
        spec = importlib.machinery.PathFinder.find_spec(module)
        return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".so") else None
    place = package_dir(package)
    return next((path for path in place.glob(f"{module}.{own_abi()}.so")), None) if place else None


def _name(part: str) -> str:
    return f"{Path(part).name}.so"


def _put(data: bytes, to: Path) -> None:
    # Not over the old file: another process may be running what is in it.
    to.parent.mkdir(parents=True, exist_ok=True)
    new = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        new.write_bytes(data)
        new.chmod(0o644)
        new.replace(to)
    finally:
        new.unlink(missing_ok=True)
