"""
Builds both wheels once, installs exactly those in a fresh environment, and tries their commands.

Run it as `make release`; the wheels are left in dist/.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from shutil import rmtree

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
TRIED = (
    ["bin/hasten", "--version"],
    ["bin/hasten-run", "--version"],
    ["bin/hasten-run", "bin/python", "-c", "import hasten_runtime"],
    ["bin/python", "-m", "pip", "check"],
)


def main() -> int:
    """
    Leave two wheels in dist/ that are known to install and start.
    """
    wheels = build()
    with tempfile.TemporaryDirectory(prefix="hasten-release-") as folder:
        try_out(wheels, Path(folder))
    print("\n".join(f"dist/{wheel.name}" for wheel in wheels))
    return 0


def build() -> list[Path]:
    """
    Build the wheels from this checkout, without the network.
    """
    rmtree(DIST, ignore_errors=True)
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--quiet"]
    _run([sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", DIST, ".", "./runtime"])
    wheels = sorted(DIST.glob("*.whl"))
    if len(wheels) != 2:
        sys.exit(f"two wheels were expected, these were built: {[wheel.name for wheel in wheels]}")
    return wheels


def try_out(wheels: list[Path], venv: Path) -> None:
    """
    Install the wheels beside the locked packages, away from the checkout, and start each command.
    """
    _run([sys.executable, "-m", "venv", venv])
    pip: list[str | Path] = [venv / "bin" / "python", "-m", "pip", "install", "-qq"]
    _run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", ROOT / "requirements" / "hasten.txt"])
    _run([*pip, "--no-index", "--no-deps", *wheels])
    for command in TRIED:
        _run([venv / word if word.startswith("bin/") else word for word in command], folder=venv)


def _run(command: list[str | Path], folder: Path = ROOT) -> None:
    done = subprocess.run(command, cwd=folder, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}")


if __name__ == "__main__":
    sys.exit(main())
