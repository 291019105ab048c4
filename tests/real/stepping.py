"""
Runs a piece of code in a process with the agent in it as if it were a request that is traced, and tells its steps.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hasten.world import agent

BEGIN = """
import time as _time
from hasten_runtime.telemetry.traces import trace as _trace
_of = _trace.Trace(_time.perf_counter_ns(), _time.time(), 1)
_trace.set_trace(_of)
_trace.began(_of)
"""
TELL = """
import json as _json
from hasten_runtime.telemetry.traces import document as _document
_of.ended_ns = _time.perf_counter_ns()
print("".join(_document.pieces(_of)), end="")
"""


def stepped(code: str, url: str, folder: Path) -> list[Any]:
    """
    Kind, name, detail, rows and functions of each step, of code that runs in `folder`; URL in it is the server's.
    """
    (folder / "code.py").write_text(f"URL = {url!r}\n{BEGIN}\n{code}\n{TELL}")
    done = subprocess.run(
        [*agent.launcher(), sys.executable, "code.py"],
        cwd=folder,
        env={**os.environ, **agent.surroundings(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
    found = json.loads(done.stdout.splitlines()[-1])
    names = found["names"]
    return [
        [each[0], names[each[3]], each[4], each[5], [names[place].rpartition(" ")[2] for place in each[6]]]
        for each in found["steps"]
    ]


def kinds(found: list[Any], *wanted: str) -> list[tuple[str, str]]:
    """
    Kind and name of the steps of these kinds.
    """
    return [(each[0], each[1]) for each in found if each[0] in wanted]
