"""
What this process is using: memory, processor time, threads, and how many requests it has answered.

A worker that leaks is one whose memory grows with its requests, so these are written down together.
"""

import os
import time
from typing import Any

from hasten_runtime.telemetry import requests

_STATM, _TASKS = "/proc/self/statm", "/proc/self/task"


def used() -> dict[str, Any]:
    """
    What is in use now; what this system does not tell is left out.
    """
    found: dict[str, Any] = {
        "cpu_ns": time.process_time_ns(),
        "requests": sum(each.count for each in requests.counted()),
    }
    try:
        with open(_STATM, encoding="ascii") as file:
            found["rss_bytes"] = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        found["threads"] = len(os.listdir(_TASKS))
    except (OSError, ValueError, IndexError):
        pass
    return found
