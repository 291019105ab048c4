"""
Recording real requests under real servers, and replaying what was recorded.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.real.test_server_matrix import CASES, Case, serving
from tests.story import CONFIG

from hasten.world.load import LoadPlan, run_load
from hasten.world.policy_file import PolicyFile
from hasten.world.recorder import read, recordings_dir
from hasten.world.recordings.jsonl import read_jsonl
from hasten.world.recordings.routes import Routes

pytestmark = pytest.mark.real

DESK = Case("uvicorn", "-m uvicorn compressible:app --port {port} --workers 2", 2)
SECRET = "s3cr3t-of-"
#: What each visitor asks for, in this order, again and again.
ASKED = ["/", "/api/items?status=open", "/api/items?page=2"]
HIDDEN = "/api/items?token=" + SECRET
PATIENCE_S = 60.0


def ask(port: int, path: str, visitor: str = "") -> int:
    """
    The status of one answer, as this visitor.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    headers = {"Cookie": f"session={SECRET}{visitor}; _ga=GA{time.monotonic_ns()}"} if visitor else {}
    try:
        connection.request("GET", path, headers={"Accept": "*/*", **headers})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def hasten(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """
    What a command says, run as people run it.
    """
    command = [str(Path(sys.executable).with_name("hasten")), *words, "--config", str(folder / "hasten.toml")]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """
    A hasten.toml with two principals.
    """
    principals = "".join(f'[[principals]]\nname = "{name}"\n' for name in ("agent", "admin"))
    (tmp_path / "hasten.toml").write_text(CONFIG + principals)
    return tmp_path


def recorded(folder: Path, port: int, paths: list[str]) -> Counter[str]:
    """
    How often each path was asked for by each of two visitors, one after the other, while requests were recorded.
    """
    said: list[subprocess.CompletedProcess[str]] = []
    words = ("traffic", "record", "--for", "2s", "--share", "1", "--json")
    thread = threading.Thread(target=lambda: said.append(hasten(folder, *words)))
    thread.start()
    policy, sent = PolicyFile(folder / "policy"), Counter[str]()
    until = time.monotonic() + PATIENCE_S
    while policy.read().record is None:
        assert time.monotonic() < until and thread.is_alive(), said
        time.sleep(0.02)
    time.sleep(0.6)  # every worker has looked
    for number in range(12):
        path = paths[number // 2 % len(paths)]
        ask(port, path, "jane" if number % 2 else "joe")
        sent[path] += 1
    thread.join()
    assert 0 == said[0].returncode, said[0]
    return sent


def test_visitors_are_recorded_and_replayed(folder: Path) -> None:
    """
    From two workers: every request with its order per visitor, no secret anywhere, and replayed as it came.
    """
    with serving(DESK, folder) as port:
        sent = recorded(folder, port, [*ASKED, HIDDEN])
        hidden = sent.pop(HIDDEN)
        found = read(recordings_dir(PolicyFile(folder / "policy")))
        imported = hasten(folder, "traffic", "import", "--spread", "--json")
        text = (folder / "traffic.jsonl").read_text()
        requests = read_jsonl(Path("traffic.jsonl"), text.splitlines(), ["agent", "admin"], Routes()).requests
        plan = LoadPlan(
            base_url=f"http://127.0.0.1:{port}", requests=requests, rate_per_s=9.0, duration_s=1.0, arrivals="recorded"
        )
        replayed = run_load(plan)
    by_visitor = [[each.path for each in found.requests if each.identity == label] for label in _labels(found.requests)]

    assert sent == Counter(each.path for each in found.requests)
    assert {"query": hidden} == found.withheld
    assert [[*ASKED, *ASKED[: len(each) - 3]] for each in by_visitor] == by_visitor and 2 == len(by_visitor)
    assert (0, {"agent", "admin"}) == (imported.returncode, {each.principal for each in requests})
    # The server's own log has it, of course.
    assert not any(
        SECRET in path.read_text() for path in folder.rglob("*.*") if path.is_file() and path.suffix != ".log"
    )
    assert PolicyFile(folder / "policy").read().record is None
    # The first and the last moment of a second may both be in it.
    assert 9 <= replayed.records.count <= 10 and {200} == set(replayed.records.ints("status"))


def _labels(requests: list[object]) -> list[str]:
    return sorted({str(getattr(each, "identity", "")) for each in requests})


@pytest.mark.parametrize("name", ["gunicorn-gthread-preload", "django"])
def test_visitors_of_wsgi_applications_are_recorded(folder: Path, name: str) -> None:
    """
    In the worker that serves, whether it was forked or not; the route is told where the framework tells it.
    """
    with serving(CASES[name], folder) as port:
        sent = recorded(folder, port, ["/", "/?page=2"])
    found = read(recordings_dir(PolicyFile(folder / "policy")))

    assert sent == Counter(each.path for each in found.requests)
    assert 2 == len(_labels(list(found.requests)))
    assert {"" if name.startswith("gunicorn") else "/"} == {each.route for each in found.requests}
    assert all(json.dumps(each.headers) == '{"accept": "*/*"}' for each in found.requests)
