"""
The agent in real servers: uvicorn in an environment that has no Hasten, with one process and with several.
"""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.real import compressible

from hasten.world import agent, workers
from hasten.world.policy_file import Match, PolicyFile, Rule
from hasten.world.ports import free_port

pytestmark = pytest.mark.real

ROOT = Path(__file__).resolve().parents[2]
#: An environment of somebody else's: it has uvicorn, and nothing of Hasten.
FOREIGN = ROOT / "examples" / "slowdesk" / ".venv" / "bin" / "python"
RULE = Rule(id="all", kind="compression", match=Match(paths=["/{rest:path}"]))
#: Not the promise (one second) but what a machine that is busy with something else keeps, too.
PATIENCE_S = 20.0


@contextmanager
def serving(state_dir: Path, *options: str, **environment: str) -> Iterator[str]:
    """
    The address of the toy application under uvicorn, started as Hasten starts it.
    """
    port = free_port()
    command = [*agent.launcher(), str(FOREIGN), "-m", "uvicorn", "compressible:app", "--port", str(port), *options]
    process = subprocess.Popen(
        command,
        cwd=ROOT / "tests" / "real",
        env={**os.environ, **agent.surroundings(state_dir), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while not is_up(url):
            assert process.poll() is None and time.monotonic() < until, "the server did not start"
            time.sleep(0.05)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def is_up(url: str) -> bool:
    """
    Whether it answers.
    """
    try:
        return httpx.get(f"{url}/health", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def coding(url: str) -> str:
    """
    The coding in which the script comes over a fresh connection; its text is right in any case.
    """
    with httpx.Client(trust_env=False, verify=False) as client:  # plain http needs no certificates
        answer = client.get(f"{url}/assets/app-1.js", headers={"accept-encoding": "gzip"})
    assert compressible.SCRIPT == answer.content
    return str(answer.headers.get("content-encoding", "identity"))


def takes(url: str, wanted: str, fresh: int = 1) -> float:
    """
    Seconds until `fresh` answers in a row came in that coding.
    """
    began = time.monotonic()
    in_a_row = 0
    while in_a_row < fresh:
        in_a_row = in_a_row + 1 if coding(url) == wanted else 0
        assert time.monotonic() - began < PATIENCE_S, f"still not {wanted}"
        time.sleep(0.02)
    return time.monotonic() - began


def test_the_policy_is_obeyed_and_taken_back_while_the_server_runs(tmp_path: Path) -> None:
    """
    Put, stopped, resumed and removed: each is obeyed soon, in an environment without Hasten, and no request fails.
    """
    policy = PolicyFile(tmp_path / "policy")
    with serving(tmp_path) as url:
        assert "identity" == coding(url)
        policy.put(RULE)
        takes(url, "gzip")
        (worker,) = workers.alive(policy.workers_dir)
        assert ("uvicorn", 1, None) == (worker.server, worker.policy.revision, worker.policy.error)
        policy.stop()
        takes(url, "identity")
        policy.go_on()
        takes(url, "gzip")
        policy.path.write_text("{ broken")
        time.sleep(0.5)
        assert "gzip" == coding(url)
        policy.go_back(0)
        takes(url, "identity")


def test_every_worker_of_several_obeys(tmp_path: Path) -> None:
    """
    With `--workers 2` both report, and a change is soon obeyed by whichever answers.
    """
    policy = PolicyFile(tmp_path / "policy")
    with serving(tmp_path, "--workers", "2") as url:
        policy.put(RULE)
        takes(url, "gzip", fresh=20)
        until = time.monotonic() + PATIENCE_S
        while len(workers.alive(policy.workers_dir)) < 2 and time.monotonic() < until:
            coding(url)

        assert 2 == len(workers.alive(policy.workers_dir))
        policy.remove(RULE.id)
        takes(url, "identity", fresh=20)


def test_switched_off_it_is_not_there(tmp_path: Path) -> None:
    """
    With HASTEN_DISABLE=1 nobody reports and nothing is obeyed.
    """
    policy = PolicyFile(tmp_path / "policy")
    policy.put(RULE)
    with serving(tmp_path, HASTEN_DISABLE="1") as url:
        assert "identity" == coding(url)
        assert [] == workers.alive(policy.workers_dir)


def test_going_back_works_with_the_control_plane_down(tmp_path: Path) -> None:
    """
    A control plane that is killed in the middle of a trial leaves a candidate that ends by itself; a person's own edit
    of the file, or `touch STOP`, is obeyed without any of Hasten running.
    """
    policy = PolicyFile(tmp_path / "policy")
    with serving(tmp_path) as url, httpx.Client(trust_env=False, base_url=url) as client:
        key = _killed_in_the_middle(tmp_path)

        def candidate() -> str:
            asked = {"accept-encoding": "gzip", "hasten-arm": f"{key}:candidate"}
            return str(client.get("/assets/app-1.js", headers=asked).headers.get("hasten-arm", ""))

        until = time.monotonic() + PATIENCE_S
        while not candidate().startswith("candidate") and time.monotonic() < until:
            time.sleep(0.02)
        assert candidate().startswith("candidate")
        while candidate() and time.monotonic() < until:
            time.sleep(0.05)

        assert "" == candidate()
        document = json.loads(policy.path.read_text())
        assert document["trial"], "the file still has the candidate; nobody was there to remove it"
        policy.put(RULE)
        takes(url, "gzip")
        (tmp_path / "STOP").touch()
        takes(url, "identity")


def _killed_in_the_middle(state_dir: Path) -> str:
    """
    Another process puts a candidate there and is killed while it renews it; the candidate's key.
    """
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from hasten.world.policy_file import Match, PolicyFile, Rule\n"
        "rule = Rule(id='all', kind='compression', match=Match(paths=['/{rest:path}']))\n"
        "with PolicyFile(Path(sys.argv[1])).candidate([rule], name='t', seed=1, lease_s=3.0) as found:\n"
        "    print(found.key, flush=True)\n"
        "    time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(state_dir / "policy")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        key = process.stdout.readline().strip()
        time.sleep(1.5)
        process.kill()
    return key


def test_the_same_requests_get_the_same_answers(tmp_path: Path) -> None:
    """
    On the wire, without a rule: every header line and every byte are those of a server without the agent.
    """
    PolicyFile(tmp_path / "policy").put(Rule(id="no", kind="compression", match=Match(paths=["/elsewhere"])))
    with (
        serving(tmp_path) as url,
        serving(tmp_path, HASTEN_DISABLE="1") as plain,
        httpx.Client(trust_env=False) as client,
    ):
        for method, path, headers in _requests():
            assert _raw(client, plain, method, path, headers) == _raw(client, url, method, path, headers)


def _requests() -> list[tuple[str, str, dict[str, str]]]:
    paths = ["/", "/assets/app-1.js", "/assets/app-1.css", "/api/items?q=customer", "/missing"]
    sent: list[dict[str, str]] = [
        {}, {"accept-encoding": "gzip"}, {"range": "bytes=0-9"}, {"cookie": "session=1"}, {"hasten-arm": "x:candidate"}
    ]  # fmt: skip
    return [(method, path, headers) for method in ("GET", "HEAD") for path in paths for headers in sent]


def _raw(client: httpx.Client, url: str, method: str, path: str, headers: dict[str, str]) -> Any:
    with client.stream(method, url + path, headers=headers) as answer:
        lines = [line for line in answer.headers.raw if line[0] != b"date"]
        return answer.status_code, lines, b"".join(answer.iter_raw())


def test_what_is_compressed_can_be_read_by_others(tmp_path: Path) -> None:
    """
    Python's own gzip reads what the agent sends.
    """
    PolicyFile(tmp_path / "policy").put(RULE)
    with serving(tmp_path) as url:
        takes(url, "gzip")
        with httpx.stream("GET", f"{url}/assets/app-1.css", headers={"accept-encoding": "gzip"}) as answer:
            raw = b"".join(answer.iter_raw())

    assert compressible.STYLE == gzip.decompress(raw)
    assert len(raw) < len(compressible.STYLE) / 4
