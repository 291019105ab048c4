"""
The clock on the wall is wrong by as many seconds as a file says, in the whole process and from its beginning.
"""

import os
import time

_real = time.time


def _wrong():
    with open(os.environ["CLOCK_OFFSET"], encoding="ascii") as file:
        return _real() + float(file.read() or 0)


time.time = _wrong
