"""
Runs the application that is worth tracing under uvicorn with the agent in it, and reads what its workers traced.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from tests.real.test_agent import is_up

from hasten.world import agent
from hasten.world.policy_file import PolicyFile
from hasten.world.ports import free_port

PATIENCE_S = 60.0


@contextmanager
def serving(state_dir: Path, *command: str, **environment: str) -> Iterator[str]:
    """
    The address of the application that Python serves with these arguments; `PORT` in them is the port.
    """
    port = free_port()
    process = subprocess.Popen(
        [*agent.launcher(), sys.executable, *(each.replace("PORT", str(port)) for each in command)],
        cwd=Path(__file__).parent,
        env={**os.environ, **agent.surroundings(state_dir), "HASTEN_TRACES_SHARE": "0.3", **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + PATIENCE_S
        while not is_up(address):
            assert process.poll() is None and time.monotonic() < until, "the server did not start"
            time.sleep(0.05)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        said = process.communicate(timeout=30)[1]
    assert "hasten:" not in said, said


def uvicorn(app: str) -> list[str]:
    """
    The command that serves an application of this folder, in the environment of the tests.
    """
    return ["-m", "uvicorn", app, "--port", "PORT"]


def traces(state_dir: Path) -> list[Any]:
    """
    What the workers have traced so far.
    """
    folder = PolicyFile(state_dir / "policy").workers_dir / "traces"
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]
    return [json.loads(line) for line in lines]


def traced(state_dir: Path, route: str, ask: Callable[[], httpx.Response]) -> Any:
    """
    The last trace of the route, once one of the requests that are sent left one.
    """
    before = len(of_route(state_dir, route))
    until = time.monotonic() + PATIENCE_S
    while len(found := of_route(state_dir, route)) == before:
        assert time.monotonic() < until, f"no request of {route} was traced"
        ask().raise_for_status()
        time.sleep(0.02)
    return found[-1]


def of_route(state_dir: Path, route: str) -> list[Any]:
    """
    The traces of one route.
    """
    return [each for each in traces(state_dir) if each["http.route"] == route]


def steps(of: Any) -> list[Any]:
    """
    The steps of a trace with names for numbers; of places, files and functions, for lines move.
    """
    names = [re.sub(r"^(\S+\.(?:py|html)):\d+ ", r"\1 ", name) for name in of["names"]]
    return [[*each[:3], names[each[3]], *each[4:6], [names[place] for place in each[6]]] for each in of["steps"]]


def step(of: Any, kind: str, name: str = "") -> Any:
    """
    The first step of that kind and, if asked for, of that name.
    """
    found = [each for each in steps(of) if each[0] == kind and name in each[3]]
    assert found, f"no {kind} {name} in {steps(of)}"
    return found[0]
