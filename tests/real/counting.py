"""
Runs a piece of code in a process with the agent in it, and tells what the agent has counted of its statements.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hasten.world import agent

#: Printed at the end of every piece of code, after whatever it printed itself.
TELL = """
import json as _json
from hasten_runtime.telemetry.statements import counted as _counted
print(_json.dumps([
    {"text": each.text, "count": each.count, "errors": each.errors, "sum_ns": each.sum_ns, "callers": each.callers}
    for each in _counted()
]))
"""


def counted(code: str, url: str, folder: Path, **environment: str) -> dict[str, Any]:
    """
    Text → what was counted of it, by a process that runs the code in `folder`; DSN in it is the database's URL.
    """
    (folder / "code.py").write_text(f"DSN = {url!r}\n{code}\n{TELL}")
    done = subprocess.run(
        [*agent.launcher(), sys.executable, "code.py"],
        cwd=folder,
        env={**os.environ, **agent.surroundings(folder), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
    return {each["text"]: each for each in json.loads(done.stdout.splitlines()[-1])}


def executions(found: dict[str, Any]) -> dict[str, int]:
    """
    Text → how often.
    """
    return {text: each["count"] for text, each in found.items()}
