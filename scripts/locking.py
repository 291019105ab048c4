"""
Writes requirements/*.in from pyproject.toml, and requirements/*.txt from those: exact versions, hashes, no address.

Run it as `make lock`, with `UPGRADE=1` for the newest versions; otherwise locked versions stay where they fit.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEADER = "# Written by `make lock` from pyproject.toml: change it there.\n"
# Installing the project from its checkout without the network needs its build backend, and an installer.
INSTALLERS = ["editables", "pip"]
# What one environment may get on top of another has the same versions.
AGREES_WITH: dict[str, list[str]] = {"hasten": [], "dev": ["hasten"], "bench": ["hasten", "dev"]}


def inputs() -> dict[str, list[str]]:
    """
    List what each environment asks for; dev and bench hold all of hasten.
    """
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    asked = project["project"]
    extras = [line for lines in asked.get("optional-dependencies", {}).values() for line in lines]
    groups = project.get("dependency-groups", {})
    tools = [*project["build-system"]["requires"], *INSTALLERS]
    hasten = [*asked["dependencies"], *asked["optional-dependencies"]["servers"], *tools]
    dev = [*hasten, *extras, *groups["dev"]]
    bench = [*hasten, *extras, *groups.get("bench", [])]
    return {"hasten": _sorted(hasten), "dev": _sorted(dev), "bench": _sorted(bench)}


def text_of(lines: list[str]) -> str:
    """
    Give the text of one .in file.
    """
    return HEADER + "".join(f"{line}\n" for line in lines)


def main() -> int:
    """
    Leave the .in and .txt files up to date.
    """
    parser = argparse.ArgumentParser(prog="make lock", description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    options = parser.parse_args()
    uv = shutil.which("uv", path=f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv is None:
        print("make lock needs uv: .venv/bin/python -m pip install uv", file=sys.stderr)
        return 1
    for name, lines in inputs().items():
        source = ROOT / "requirements" / f"{name}.in"
        source.parent.mkdir(exist_ok=True)
        source.write_text(text_of(lines))
        _compile(uv, name, upgrade=options.upgrade)
    return 0


def _compile(uv: str, name: str, *, upgrade: bool) -> None:
    constraints = [word for other in AGREES_WITH[name] for word in ("--constraint", f"requirements/{other}.txt")]
    command = [
        *(uv, "pip", "compile", f"requirements/{name}.in", "--output-file", f"requirements/{name}.txt", *constraints),
        *("--universal", "--python-version", "3.11", "--generate-hashes", "--only-binary", ":all:", "--quiet"),
        *("--no-emit-index-url", "--no-emit-find-links", "--no-header", "--annotation-style", "line"),
        *(["--upgrade"] if upgrade else []),
    ]
    # Only the public registry's files are locked: settings of this machine (mirrors, folders of wheels) are left out.
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("UV_", "PIP_"))}
    subprocess.run(command, cwd=ROOT, check=True, env=clean | {"UV_NO_CONFIG": "1"})


def _sorted(lines: list[str]) -> list[str]:
    return sorted(set(lines), key=str.lower)


if __name__ == "__main__":
    sys.exit(main())
