"""
What is written stays true: headings, commands, make's verbs and links.
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hasten.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
HEADINGS = ["What it does", "When it helps", "What it changes", "How it goes back", "What could go wrong"]
REMEDIES = [path for path in sorted((ROOT / "src/hasten/optimize").glob("*/*.py")) if not path.stem.startswith("_")]
DECISION = ["Context", "Decision", "Price"]
DECISIONS = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
KINDS_OF_CHANGE = {"added", "changed", "deprecated", "removed", "fixed", "security"}


@pytest.mark.parametrize("path", REMEDIES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_every_optimization_is_its_own_manual(path: Path) -> None:
    """
    The docstring of an optimization opens with one sentence and has the five headings in their order.
    """
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    found = re.findall(rf"^({'|'.join(HEADINGS)}): \S", text, re.MULTILINE)

    assert HEADINGS == found
    assert text.splitlines()[0].endswith(".")


def test_there_are_optimizations_to_check() -> None:
    """
    The check of the headings has found something to check.
    """
    assert [] != REMEDIES


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    """
    Each command of `hasten` is shown in the README or below docs/.
    """
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]

    assert any(re.search(rf"\bhasten {name}\b", page.read_text()) for page in pages), (
        f"`hasten {name}` is nowhere explained"
    )


def test_every_verb_of_make_explains_itself() -> None:
    """
    Each target of the Makefile that a person may call is listed by `make` alone, and the other way round.
    """
    text = (ROOT / "Makefile").read_text()
    declared = set(re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)[0].split())
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout

    assert declared == set(re.findall(r"^  make (\w+)", listed, re.MULTILINE))


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_every_decision_has_its_price(path: Path) -> None:
    """
    A decision is one page: a title with its number, the context, the decision and what it costs.
    """
    text = path.read_text()

    assert re.match(rf"# {int(path.stem[:4])}\. \S", text)
    assert DECISION == re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert len(text.splitlines()) <= 60


def test_decisions_are_numbered_in_order() -> None:
    """
    No number is taken twice and none is left out.
    """
    assert list(range(1, len(DECISIONS) + 1)) == [int(path.stem[:4]) for path in DECISIONS]


def test_fragments_of_the_changelog_say_their_kind() -> None:
    """
    A file in docs/changes/ is named after what it tells and its kind: `ledger-export.added.md`.
    """
    names = [path.name for path in (ROOT / "docs/changes").glob("*.md") if path.name != "README.md"]

    assert [] == [name for name in names if len(parts := name.split(".")) != 3 or parts[1] not in KINDS_OF_CHANGE]


def test_links_lead_somewhere() -> None:
    """
    Every relative link in the documentation names a file that is there, and a heading that it has.
    """
    broken = [
        f"{page.relative_to(ROOT)}: {link}" for page in _pages() for link in _links(page) if not _resolves(page, link)
    ]

    assert [] == broken, "\n".join(broken)


def _pages() -> list[Path]:
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    run = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    names = [name for name in run.stdout.split("\0") if name and "/web/src/" not in name]
    return [ROOT / name for name in sorted(set(names)) if (ROOT / name).is_file()]


def _links(page: Path) -> Iterator[str]:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)
    yield from (link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", link))


def _resolves(page: Path, link: str) -> bool:
    name, _, heading = link.partition("#")
    target = (page.parent / name) if name else page
    return target.exists() and (not heading or target.suffix != ".md" or heading in _anchors(target))


def _anchors(page: Path) -> set[str]:
    """
    List what a heading is called in a link: lower case, words joined by dashes, no punctuation.
    """
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
