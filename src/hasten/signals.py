"""
Ctrl-C and SIGTERM end a run cleanly, and never in the middle of the way back.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from hasten.log import event

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: What was done at these signals before Hasten said otherwise: `nohup` has SIGHUP ignored.
_before: dict[int, Any] = {}


@contextmanager
def shielded() -> Iterator[None]:
    """
    SIGINT, SIGTERM and SIGHUP that arrive inside of the block are delivered at its end.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []

    def remember(number: int, _: FrameType | None) -> None:
        arrived.append(number)
        event("signal.deferred", signal=signal.Signals(number).name)

    before = {number: signal.signal(number, remember) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if arrived:
            signal.raise_signal(arrived[0])


def sigterm_as_interrupt() -> None:
    """
    SIGTERM and SIGHUP now end the program the way Ctrl-C does: cleaning up.
    """

    def interrupt(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        _before.setdefault(number, signal.signal(number, interrupt))


def as_before() -> None:
    """
    SIGTERM and SIGHUP do again what they did when this process began.
    """
    while _before:
        number, handler = _before.popitem()
        signal.signal(number, handler if handler is not None else signal.SIG_DFL)
