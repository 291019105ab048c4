"""
Remembers what a step was made from, by content, so that a second run has nothing to do.

A stamp is removed before its step starts and written after it succeeded:
a set-up that was killed half-way finds no stamp and does the step again.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

NEVER_SOURCES = {"node_modules", "dist", "coverage", "__pycache__", "tests"}


def digest(*parts: object) -> str:
    """
    Give one short name to everything a step depends on.

    Args:
        parts: Files count by their content, folders by their files' names and contents, all else by its text.
    """
    total = hashlib.sha256()
    for part in parts:
        for piece in _pieces(part):
            total.update(len(piece).to_bytes(8, "big"))
            total.update(piece)
    return total.hexdigest()[:32]


def sources(folder: Path) -> list[Path]:
    """
    List the files that a build reads, in order: all but what builds and installs wrote.
    """
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in NEVER_SOURCES:
            continue
        found += sources(path) if path.is_dir() else [path]
    return found


def _pieces(part: object) -> Iterator[bytes]:
    if not isinstance(part, Path):
        yield str(part).encode()
    elif part.is_dir():
        for path in sorted(path for path in part.rglob("*") if path.is_file()):
            yield str(path.relative_to(part)).encode()
            yield path.read_bytes()
    else:
        yield part.read_bytes() if part.is_file() else b"absent"


class Stamp:
    """
    What one finished step was made from and what it left behind.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.json"

    def holds(self, inputs: str, root: Path) -> bool:
        """
        Say whether the step was done with exactly these inputs and all it made is still there.
        """
        try:
            kept = json.loads(self.path.read_text())
            return kept["inputs"] == inputs and all((root / made).exists() for made in kept["made"])
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def remove(self) -> None:
        """
        Forget the step: whatever happens now, it counts as not done.
        """
        self.path.unlink(missing_ok=True)

    def write(self, inputs: str, made: Iterable[Path], root: Path) -> None:
        """
        Remember the step, whole or not at all.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps({"inputs": inputs, "made": [str(path.relative_to(root)) for path in made]}))
        fresh.replace(self.path)
