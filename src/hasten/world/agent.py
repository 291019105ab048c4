"""
How a process of the application is started with Hasten's agent in it.

The agent is a distribution of its own, which the application's environment need not have: it is taken from beside
Hasten, and nothing of it is imported here.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

from hasten.errors import Missing

PACKAGE = "hasten_runtime"


def launcher() -> list[str]:
    """
    What stands before the command of a process that is to have the agent.

    Raises:
        Missing: the agent is not installed.
    """
    if find_spec(PACKAGE) is None:
        raise Missing(
            "a process of [application] has `agent = true`, and the agent is not installed",
            hint="install hasten-runtime into the environment of Hasten",
        )
    # -P: a folder of that name where the application runs is not taken for it.
    return [sys.executable, "-P", "-m", f"{PACKAGE}.launch", "--"]


def surroundings(state_dir: Path) -> dict[str, str]:
    """
    The environment that tells the agent which policy it obeys, and what stops it.
    """
    return {"HASTEN_POLICY": str(state_dir / "policy" / "policy.json"), "HASTEN_STOP": str(state_dir / "STOP")}
