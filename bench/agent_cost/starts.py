"""
What the agent adds to the start of a process: to a bare interpreter, and to a worker that loads its application.
"""

import os
import random
import resource
import statistics
import subprocess
from pathlib import Path

from bench.agent_cost.servers import PYTHON, ROOT, TELEMETRY, command_of

#: Wraps an application as the server's hook does, in a process that has loaded what a worker has loaded anyway.
WRAP = """
import asyncio, json, time, fastapi, psycopg, uvicorn
from hasten_runtime import servers
async def app(scope, receive, send): pass
began = time.process_time()
servers.behind(app, "uvicorn", "asgi")
print(1000 * (time.process_time() - began))
"""


def boot_ms(folder: Path, times: int, seed: int) -> tuple[float, float]:
    """
    Milliseconds of processor time that the start of an interpreter takes more, and those that a worker's wrapping of
    its application takes: medians.
    """
    _, environment = command_of(TELEMETRY, folder, None)
    place = ROOT / "runtime" / "src" / "hasten_runtime" / "boot"
    # As installed packages have it: the bytecode is there.
    compiled = {"PYTHONPYCACHEPREFIX": str(folder / "bytecode"), "PYTHONDONTWRITEBYTECODE": ""}
    with_agent = {**environment, **compiled, "PYTHONPATH": str(place)}
    without = {**os.environ, **compiled, "PYTHONHASHSEED": "0"}
    for words, surroundings in ((WRAP, with_agent), ("", without)):
        subprocess.run([PYTHON, "-c", words], env=surroundings, capture_output=True, check=True)
    took: dict[bool, list[float]] = {True: [], False: []}
    source = random.Random(seed)
    for _ in range(times):
        for has_agent in source.sample([True, False], 2):
            before = _of_children_s()
            subprocess.run([PYTHON, "-c", ""], env=with_agent if has_agent else without, check=True)
            took[has_agent].append(1000 * (_of_children_s() - before))
    wrapping = [
        float(subprocess.run([PYTHON, "-c", WRAP], env=with_agent, capture_output=True, check=True).stdout)
        for _ in range(max(3, times // 5))
    ]
    return statistics.median(took[True]) - statistics.median(took[False]), statistics.median(wrapping)


def _of_children_s() -> float:
    """
    The processor time of all processes that were started and have ended.
    """
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
