"""
When the next snapshot is due, and what forgets its counts where a process is forked.

The hot paths read one number, `due_ns`, and call `beat` when the clock is past it. Until somebody says where snapshots
go (`export.begin`) that is never.
"""

import os
from typing import Callable

from hasten_runtime.once import reason_of, say_once

NEVER_NS = 1 << 62

due_ns = NEVER_NS
_act: list[Callable[[], None]] = []
_resets: list[Callable[[], None]] = []


def beat() -> None:
    """
    Whoever writes snapshots is told that one is due.
    """
    for act in _act:
        act()


def on_beat(act: Callable[[], None]) -> None:
    """
    `act` is what `beat` calls from now on.
    """
    _act[:] = [act]


def after_fork(reset: Callable[[], None]) -> None:
    """
    `reset` is called in every child that is forked: what its parent counted is not the child's.
    """
    if not _resets and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forget)
    _resets.append(reset)


def forget() -> None:
    """
    Everything is as if nothing had been counted yet.
    """
    for reset in _resets:
        try:
            reset()
        except Exception as error:
            say_once("fork", "a process that was forked counts on from its parent: " + reason_of(error))
