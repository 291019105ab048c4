"""
How soon a policy goes back while no Hasten runs: a file is made, replaced or removed, and the next answers are plain.

The application runs by itself, with the agent in it, and is asked all the time.
"""

import http.client
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.remedies.patients import ASGI_COMMAND

from bench.crash_matrix.scenes import Original, copied
from hasten.optimize import catalogue
from hasten.world import agent, ports
from hasten.world.registry import wait_until

#: So many answers in a row must be plain, or it was an answer that had begun before.
IN_A_ROW = 20
PATIENCE_S = 10.0
EVERY_S = 0.01


def ways(state_dir: Path) -> dict[str, Callable[[], object]]:
    """
    What a person does without Hasten, by how it is called.
    """
    policy = state_dir / "policy" / "policy.json"

    def take_out() -> None:
        document = json.loads(policy.read_bytes())
        new = policy.with_suffix(".new")
        new.write_text(json.dumps({**document, "revision": document["revision"] + 1, "rules": []}), encoding="utf-8")
        new.replace(policy)

    return {
        "touch .hasten/STOP": (state_dir / "STOP").touch,
        "touch .hasten/policy/STOP": (state_dir / "policy" / "STOP").touch,
        "the rule taken out of policy/policy.json": take_out,
        "rm policy/policy.json": policy.unlink,
    }


def seconds_until_plain(original: Original) -> dict[str, float]:
    """
    For each way, seconds from the deed until every answer is as before the change.
    """
    name = original.change.optimization
    print(f"  by hand, as {name} says: " + "; ".join(catalogue()[name].by_hand(original.change)), flush=True)
    found = {}
    for way in ways(original.kept):
        folder = copied(original.kept)
        try:
            with _running(folder / ".hasten") as port:
                if not wait_until(lambda port=port: _is_coded(port), PATIENCE_S):
                    raise SystemExit("the kept policy is not obeyed, so nothing can go back")
                found[way] = _timed(ways(folder / ".hasten")[way], port)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return found


def _timed(deed: Callable[[], object], port: int) -> float:
    begun = time.monotonic()
    deed()
    last_coded, plain = begun, 0
    while plain < IN_A_ROW and time.monotonic() < begun + PATIENCE_S:
        asked = time.monotonic()
        if _is_coded(port):
            last_coded, plain = asked, 0
        else:
            plain += 1
        time.sleep(EVERY_S)
    # The first request that is answered as before began at most one interval after the last that was not.
    return time.monotonic() - begun if plain < IN_A_ROW else last_coded + EVERY_S - begun


def _is_coded(port: int) -> bool:
    connection = http.client.HTTPConnection(ports.LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/page", headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        answer.read()
        return answer.getheader("Content-Encoding") == "gzip"
    finally:
        connection.close()


@contextmanager
def _running(state_dir: Path) -> Iterator[int]:
    port = ports.free_port()
    command = [*agent.launcher(), *(word.format(port=port) for word in ASGI_COMMAND)]
    with subprocess.Popen(command, env={**os.environ, **agent.surroundings(state_dir)}) as process:
        try:
            if not wait_until(lambda: ports.answers(port), 60):
                raise SystemExit("the application did not start")
            yield port
        finally:
            process.terminate()
