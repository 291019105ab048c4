"""
How a process of the application is started with Hasten's agent in it.

The agent is a distribution of its own, which the application's environment need not have: it is taken from beside
Hasten, and nothing of it is imported here.
"""

import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from hasten.errors import Missing

PACKAGE = "hasten_runtime"
#: Which `hasten run` a process belongs to.
RUN_VARIABLE = "HASTEN_RUN"


def launcher() -> list[str]:
    """
    What stands before the command of a process that is to have the agent.

    Raises:
        Missing: the agent is not installed.
    """
    boot_folder()
    # -P: a folder of that name where the application runs is not taken for it.
    return [sys.executable, "-P", "-m", f"{PACKAGE}.launch", "--"]


def surroundings(state_dir: Path) -> dict[str, str]:
    """
    The environment that tells the agent which policy it obeys, and what stops it.
    """
    return {"HASTEN_POLICY": str(state_dir / "policy" / "policy.json"), "HASTEN_STOP": str(state_dir / "STOP")}


def boot_folder() -> Path:
    """
    The folder that brings the agent into a Python process by being first on PYTHONPATH.

    Raises:
        Missing: the agent is not installed.
    """
    # It is found and not imported: the control plane and the agent meet in data only.
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise Missing(
            "a process is to have the agent in it, and the agent is not installed",
            hint="install hasten-runtime into the environment of Hasten",
        )
    return Path(spec.origin).parent / "boot"


def is_disabled(environment: Mapping[str, str]) -> bool:
    """
    Whether HASTEN_DISABLE says that the agent is to be left out.
    """
    return environment.get("HASTEN_DISABLE", "") not in ("", "0")


def with_agent(environment: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str]:
    """
    The environment of a program that is to have the agent: with its folder first on PYTHONPATH, once.

    Args:
        told: What the agent is told.

    Raises:
        Missing: the agent is not installed.
    """
    boot = str(boot_folder())
    # An empty member would mean the current folder to Python, so none is made.
    places = [each for each in environment.get("PYTHONPATH", "").split(os.pathsep) if each not in ("", boot)]
    return {**environment, **told, "PYTHONPATH": os.pathsep.join([boot, *places])}
