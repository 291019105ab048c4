"""
What the agent has to say, said once: a fault that comes with every request must not fill a log.

Read at the boot of every Python process, so it imports nothing but `sys`.
"""

from __future__ import annotations

import sys

_said: dict[str, str] = {}


def say_once(topic: str, text: str) -> None:
    """
    The text is on standard error, unless it, or something else of this topic, was said before; nothing is raised, ever.
    """
    if topic in _said or text in _said.values():
        return
    _said[topic] = text
    # An application may have closed or replaced its standard error; then nobody listens.
    try:  # noqa: SIM105 (contextlib is not loaded yet)
        sys.stderr.write("hasten: " + text + "\n")
    except Exception:  # noqa: S110
        pass


def forget(topic: str) -> None:
    """
    The topic may be spoken of again: its cause is gone.
    """
    _said.pop(topic, None)


def reason_of(error: BaseException) -> str:
    """
    The error in one line, for `say_once`.
    """
    try:
        says = str(error)
    except Exception:
        # Some errors of an application's own cannot be told.
        says = ""
    return type(error).__name__ + ": " + says.replace("\n", " ")[:300]
