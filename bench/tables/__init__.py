"""
What a benchmark prints: a table for people, and one last line for programs.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any


def show(heading: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """
    A table stands on stdout: the first column to the left, numbers to the right.
    """
    texts = [[_text(cell) for cell in row] for row in [columns, *rows]]
    widths = [max(len(row[at]) for row in texts) for at in range(len(columns))]
    print(f"\n{heading}")
    for number, row in enumerate(texts):
        cells = [
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  " + "  ".join(cells).rstrip())
        if number == 0:
            print("  " + "  ".join("─" * width for width in widths))


def finish(result: Mapping[str, Any]) -> None:
    """
    The last line: one JSON object.
    """
    print()
    print(json.dumps(result), flush=True)


def _text(cell: Any) -> str:
    if cell is None:
        return "–"
    return f"{cell:,.3f}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else str(cell)
