"""
What the agent adds to the start of a process: to a bare interpreter, and to a worker that loads its application.
"""

import os
import random
import statistics
import subprocess
import time
from pathlib import Path

from bench.agent_cost.servers import PYTHON, ROOT, TELEMETRY, command_of

#: Wraps an application as the server's hook does, in a process that has loaded what a worker has loaded anyway.
WRAP = """
import asyncio, json, time, fastapi, psycopg, uvicorn
from hasten_runtime import servers
async def app(scope, receive, send): pass
began = time.perf_counter()
servers.wrapped(app, "uvicorn")
print(1000 * (time.perf_counter() - began))
"""


def boot_ms(folder: Path, times: int, seed: int) -> tuple[float, float]:
    """
    Milliseconds that the start of an interpreter takes longer, and those that a worker's wrapping of its application
    takes: medians.
    """
    _, environment = command_of(TELEMETRY, folder, None)
    place = ROOT / "runtime" / "src" / "hasten_runtime" / "boot"
    with_agent = {**environment, "PYTHONPATH": str(place)}
    without = {**os.environ, "PYTHONHASHSEED": "0"}
    took: dict[bool, list[float]] = {True: [], False: []}
    source = random.Random(seed)
    for _ in range(times):
        for has_agent in source.sample([True, False], 2):
            began = time.perf_counter()
            subprocess.run([PYTHON, "-c", ""], env=with_agent if has_agent else without, check=True)
            took[has_agent].append(1000 * (time.perf_counter() - began))
    wrapping = [
        float(subprocess.run([PYTHON, "-c", WRAP], env=with_agent, capture_output=True, check=True).stdout)
        for _ in range(max(3, times // 5))
    ]
    return statistics.median(took[True]) - statistics.median(took[False]), statistics.median(wrapping)
