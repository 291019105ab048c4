"""
What people and programs read: a live display on a terminal, plain lines in a pipe, JSON when asked.

Results go to standard output; progress and errors go to standard error, so that `--json` can be piped.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from hasten.errors import HastenError

out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False)

Report = Callable[[float, str], None]


def say_json(value: Any) -> None:
    """
    One JSON document on standard output.
    """
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def say_error(error: HastenError, *, as_json: bool) -> int:
    """
    The error and its hint, for people on standard error or for programs on standard output. Returns the exit code.
    """
    if as_json:
        say_json({"error": str(error), "hint": error.hint, "kind": type(error).__name__, "data": error.data})
    else:
        # Never wrapped: a path or a command in it is there to be copied.
        err.print(f"[bold red]error:[/] {plain(str(error))}", soft_wrap=True)
        if error.hint:
            err.print(f"[bold cyan]hint:[/]  {plain(error.hint)}", soft_wrap=True)
    return error.exit_code


def plain(text: str) -> str:
    """
    The text as it is: what looks like markup in it, as [database] does, is shown.
    """
    return escape(text)


class Display:
    """
    Stages with a progress bar each; quiet with `--json`, plain lines where there is no terminal.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._live = not quiet and err.is_terminal
        self._progress: Progress | None = None

    def __enter__(self) -> "Display":
        if self._live:
            self._progress = Progress(
                SpinnerColumn(finished_text="[green]✓[/]"),
                TextColumn("[bold]{task.description}[/]"),
                BarColumn(bar_width=24),
                TextColumn("{task.percentage:>3.0f} %"),
                TimeElapsedColumn(),
                TextColumn("[dim]{task.fields[note]}[/]"),
                console=err,
                transient=False,
            )
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    @contextmanager
    def stage(self, title: str) -> Iterator[Report]:
        """
        The block is one stage; call what it yields with the fraction done and a short note.
        """
        start = time.monotonic()
        if self._progress is None:
            if not self._quiet:
                err.print(f"· {plain(title)} …")
            last = [start]
            yield lambda fraction, note: self._plain(fraction, note, last)
            if not self._quiet:
                err.print(f"✓ {plain(title)} ({time.monotonic() - start:.1f} s)")
            return
        progress = self._progress
        task = progress.add_task(plain(title), total=1.0, note="")
        yield lambda fraction, note: progress.update(task, completed=min(fraction, 0.999), note=plain(note))
        progress.update(task, completed=1.0, note="")

    def _plain(self, fraction: float, note: str, last: list[float]) -> None:
        # A log file wants a sign of life, not a line for every percent.
        if not self._quiet and time.monotonic() - last[0] >= 15.0:
            last[0] = time.monotonic()
            err.print(f"  {fraction:4.0%} {plain(note)}", soft_wrap=True)

    def say(self, text: RenderableType) -> None:
        """
        A line or a table for people, above the bars.
        """
        if not self._quiet:
            err.print(plain(text) if isinstance(text, str) else text, soft_wrap=isinstance(text, str))
