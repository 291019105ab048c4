"""
Writes docs/optimizations/ from the headers of the remedies: the header is the manual page.

    python -m scripts.optimization_pages          # write
    python -m scripts.optimization_pages --check  # exit 1 where a page is not as its header says
"""

import re
import sys
import textwrap
from pathlib import Path

from hasten.optimize import Remedy, catalogue

FOLDER = Path(__file__).parents[1] / "docs" / "optimizations"
HEADINGS = ["What it does", "When it helps", "What it changes", "How it goes back", "What could go wrong"]


def page(name: str, remedy: Remedy) -> str:
    """
    The manual page of one remedy, in Markdown.
    """
    title, _, rest = textwrap.dedent(remedy.__doc__ or "").strip().partition("\n")
    about = remedy.about
    parts = [f"# {name}", "", title, ""]
    for heading in HEADINGS:
        found = re.search(rf"^{heading}: (.*?)(?=^\w[\w ]+: |\Z)", rest, re.MULTILINE | re.DOTALL)
        if not found:
            raise SystemExit(f"{name}: the header has no {heading!r}")
        text = " ".join(found.group(1).split())
        parts += [f"**{heading}.** {text[0].upper()}{text[1:]}", ""]
    parts += [
        "| | |",
        "|---|---|",
        f"| treats | {', '.join(about.treats)} |",
        f"| risk class | {about.risk} |",
        f"| kind | {about.kind} |",
        f"| least gain to stay | {about.least_gain:.0%} |",
        f"| needs | {', '.join(about.needs) or 'nothing'} |",
        f"| upkeep | {about.upkeep} |",
        "",
        "Generated from the header of its file.",
        "",
    ]
    return "\n".join(parts)


def pages() -> dict[Path, str]:
    """
    Every page by its path.
    """
    return {FOLDER / f"{name}.md": page(name, remedy) for name, remedy in catalogue().items()}


def stale() -> list[str]:
    """
    The pages that are not as their headers say, or have no remedy any more.
    """
    wanted = pages()
    old = [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    return sorted(path.name for path in [*old, *(set(FOLDER.glob("*.md")) - set(wanted))])


def main() -> None:
    """
    The program.
    """
    if "--check" in sys.argv:
        if names := stale():
            sys.exit(f"not as the headers say: {', '.join(names)}; run python -m scripts.optimization_pages")
        return
    FOLDER.mkdir(exist_ok=True)
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
