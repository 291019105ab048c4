"""
Where another thread is right now.

Its frames are not looked at from here: while it runs on, `f_back` and `f_code` of them may lead to memory that is
something else by then (CPython 3.11), and that ends the process. `faulthandler` walks the interpreter's own chain in
one step, with every thread standing still, and makes no frame objects: what it writes is read.
"""

import faulthandler
import os
import re
from typing import Optional

from hasten_runtime.telemetry.callers import MOST_OWN, Frame, own_place

#: File, line and function.
_Line = tuple[str, int, str]

#: A hundred threads with a hundred frames each is what faulthandler writes at most.
MOST_BYTES = 8 * 1024 * 1024
_NUMBERED = re.compile(r"\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8}")


def of_thread(thread: int) -> list[_Line]:
    """
    The frames of the thread with that identity, the nearest first, a hundred at most; none where it is not known.
    """
    if not hasattr(os, "memfd_create"):
        return []
    descriptor = os.memfd_create("hasten-stacks", os.MFD_CLOEXEC)
    try:
        faulthandler.dump_traceback(descriptor, all_threads=True)
        written = os.pread(descriptor, MOST_BYTES, 0)
    finally:
        os.close(descriptor)
    return _of_thread(written.decode("ascii", "replace"), thread)


def own_frames(lines: list[_Line]) -> tuple[Frame, ...]:
    """
    The application's frames among these, the nearest first, and not more than four.
    """
    found: list[Frame] = []
    for file, line, function in lines:
        place = own_place(file)
        if place is not None:
            found.append((place, line, function))
            if len(found) == MOST_OWN:
                break
    return tuple(found)


def _of_thread(text: str, thread: int) -> list[_Line]:
    found: list[_Line] = []
    # `Thread 0x00007f… (most recent call first):`, and `Current thread …` for the one that asks.
    wanted, is_in = f"hread 0x{thread:016x} ", False
    for line in text.splitlines():
        if line.startswith("  File "):
            each = _line(line) if is_in else None
            if each is not None:
                found.append(each)
        elif line:
            is_in = wanted in line
    return found


def _line(text: str) -> Optional[_Line]:
    """
    What `  File "/srv/shop/orders.py", line 42 in list_orders` says.
    """
    file, _, rest = text[len('  File "') :].rpartition('", line ')
    number, _, function = rest.partition(" in ")
    if not number.isdigit():
        return None
    return _read(file), int(number), _read(function)


def _read(name: str) -> str:
    """
    The name, of which all that is not ASCII was written with its number.
    """
    return _NUMBERED.sub(lambda found: chr(int(found[0][2:], 16)), name) if "\\" in name else name
