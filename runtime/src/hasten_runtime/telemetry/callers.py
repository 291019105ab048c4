"""
Which line of the application is executing a statement: the nearest one that is nobody's library.
"""

import os
import sys
from typing import Any, Optional

#: Frames that are looked at: frameworks and ORMs are deep, and the application's code is above them.
MOST_FRAMES = 80
_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_STANDARD = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_INSTALLED = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)
#: File → its name relative to the folder where the process runs; None for a library's.
_places: dict[str, Optional[str]] = {}
MOST_FILES = 5_000
#: For a trace: of one step, and the frames that are looked at for them.
MOST_OWN = 4
MOST_FRAMES_OF_A_STEP = 200

#: File, line and function.
Frame = tuple[str, int, str]


def caller() -> Optional[str]:
    """
    `shop/orders.py:42 list_orders`, or None where no frame belongs to the application.
    """
    frame = sys._getframe(1)
    for _ in range(MOST_FRAMES):
        code = frame.f_code
        place = own_place(code.co_filename)
        if place is not None:
            return f"{place}:{frame.f_lineno} {code.co_name}"
        back = frame.f_back
        if back is None:
            return None
        frame = back
    return None


def own_frames() -> tuple[Frame, ...]:
    """
    The application's frames that lead here, the nearest first, and not more than four.
    """
    found = own_frames_of(sys._getframe(1))
    greenlet = sys.modules.get("greenlet")
    if greenlet is not None and len(found) < MOST_OWN:
        # SQLAlchemy runs its synchronous code in one; who awaits it is in the one that it was started from.
        start = greenlet.getcurrent().parent
        if start is not None and start.gr_frame is not None:
            found = (found + own_frames_of(start.gr_frame))[:MOST_OWN]
    return found


def own_frames_of(frame: Any) -> tuple[Frame, ...]:
    """
    The application's frames that lead to this one.
    """
    found: list[Frame] = []
    for _ in range(MOST_FRAMES_OF_A_STEP):
        if frame is None or len(found) >= MOST_OWN:
            break
        code = frame.f_code
        place = own_place(code.co_filename)
        if place is not None:
            found.append((place, frame.f_lineno, code.co_name))
        frame = frame.f_back
    return tuple(found)


def own_place(file: str) -> Optional[str]:
    """
    The file's name relative to the folder where the process runs; None for a library's.
    """
    try:
        return _places[file]
    except KeyError:
        place = _places[file] = _own(file)
        if len(_places) > MOST_FILES:
            _places.clear()
        return place


def is_own(file: str) -> bool:
    """
    Whether the file is the application's own, and no library's.
    """
    return _own(file) is not None


def _own(file: str) -> Optional[str]:
    if file.startswith("<"):
        return None
    path = os.path.abspath(file)
    if path.startswith((_HERE, _STANDARD)) or any(part in path for part in _INSTALLED):
        return None
    folder = os.getcwd() + os.sep
    return path[len(folder) :] if path.startswith(folder) else os.path.join(*path.split(os.sep)[-2:])
