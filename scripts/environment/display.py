"""
Shows how far set-up is: a line per finished step, and on a terminal what is running and for how long.
"""

import sys
import threading
import time

WIDTH = 34
SIGNS = {"done": "✓", "fresh": "·", "skipped": "–", "failed": "✗", "planned": "→"}


class Display:
    """
    Prints steps as they end; quiet means nothing at all (`--json`).
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._live = sys.stdout.isatty() and not quiet
        self._lock = threading.Lock()
        self._running: dict[str, float] = {}
        self._over = threading.Event()
        self._clock = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> "Display":
        if self._live:
            self._clock.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        if self._live:
            self._clock.join()
            self._clear()

    def begins(self, says: str) -> None:
        """
        Show that a step is running.
        """
        with self._lock:
            self._running[says] = time.monotonic()

    def ends(self, says: str, state: str, detail: str) -> None:
        """
        Print the line of a step that is over.
        """
        with self._lock:
            self._running.pop(says, None)
            self._print(f"{_sign(state)} {says:<{WIDTH}} {detail}")

    def line(self, text: str) -> None:
        """
        Print one line of plain text.
        """
        with self._lock:
            self._print(text)

    def _print(self, text: str) -> None:
        if self._quiet:
            return
        if self._live:
            self._clear()
        print(_printable(text), flush=True)

    def _tick(self) -> None:
        while not self._over.wait(0.2):
            with self._lock:
                now = time.monotonic()
                parts = [f"{says} {now - since:.0f} s" for says, since in self._running.items()]
                sys.stdout.write(_printable("\r\033[K  " + " | ".join(parts))[:120] if parts else "\r\033[K")
                sys.stdout.flush()

    def _clear(self) -> None:
        sys.stdout.write("\r\033[K")
        sys.stdout.flush()


def _sign(state: str) -> str:
    return SIGNS.get(state, " ")


def _printable(text: str) -> str:
    """
    Replace what this terminal's encoding cannot show: set-up must not fail over a check mark.
    """
    encoding = sys.stdout.encoding or "ascii"
    return text.encode(encoding, errors="replace").decode(encoding)
