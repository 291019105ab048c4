"""
What goes wrong around the agent: the application answers every request as before.
"""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from bench.differential.applications import FIRST, MORE, PLACE, Application
from bench.differential.arms import RULES, Server, started, wait
from bench.differential.asking import HOST, Exchange, Request
from bench.differential.wire import tell
from tests.real.applications import contents

from hasten.world import workers
from hasten.world.policy_file import PolicyFile

pytestmark = pytest.mark.real

APPLICATIONS = {each.name: each for each in [*FIRST, *MORE]}
ASGI, WSGI = APPLICATIONS["plain ASGI, uvicorn"], APPLICATIONS["plain WSGI, waitress"]
#: A policy is looked at four times a second; a machine that is busy may take much longer.
PATIENCE_S = 20.0
CLOSE = ("Connection", "close")


@contextmanager
def serving(application: Application, folder: Path, **environment: str) -> Iterator[Server]:
    """
    A server with the agent, and with rules for every request.
    """
    with started(application, RULES, folder, **environment) as server:
        wait(server)
        yield server


def ask(server: Server, path: str = "/", *headers: tuple[str, str]) -> tuple[int, bytes, str]:
    """
    Status, text and coding of an answer.
    """
    request = Request("GET", path, (HOST, CLOSE, ("Accept-Encoding", "gzip"), *headers))
    (answer,) = tell(server.port, Exchange("once", (request,))).answers.found
    return answer.status, answer.text, b"".join(answer.values(b"content-encoding")).decode()


def until(holds: Callable[[], bool]) -> None:
    """
    It holds, sooner or later.
    """
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def is_compressed(server: Server) -> bool:
    """
    Whether the rules are obeyed; the text is right in any case.
    """
    status, text, coding = ask(server)
    assert (200, contents.TEXT) == (status, text)
    return coding == "gzip"


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def _binary(path: Path) -> None:
    path.write_bytes(random.randbytes(3000))


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _huge(path: Path) -> None:
    # Nothing of it is on the disk.
    path.write_bytes(b"{")
    os.truncate(path, 40 * 1024**3)


def _nested(path: Path) -> None:
    path.write_bytes(b"[" * 100_000)


def _another_version(path: Path) -> None:
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "version": 99}))


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def _loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


@pytest.mark.parametrize(
    "spoil",
    [_truncated, _binary, _empty, _huge, _nested, _another_version, _folder, _pipe, _device, _loop],
    ids=lambda each: each.__name__,
)
def test_a_spoiled_policy_leaves_the_last_good_one_in_force(server: Server, spoil: Callable[[Path], None]) -> None:
    """
    Whatever stands where the policy was: every request is answered, soon, and by the rules that were in force.
    """
    path = server.state / "policy" / "policy.json"
    good = path.read_bytes()
    until(lambda: is_compressed(server))
    try:
        spoil(path)
        end = time.monotonic() + 0.6
        while time.monotonic() < end:
            assert is_compressed(server)
            time.sleep(0.02)
    finally:
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        path.write_bytes(good)

    until(lambda: is_compressed(server))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """
    A server whose policy is spoiled in many ways.
    """
    with serving(WSGI, tmp_path_factory.mktemp("spoiled")) as found:
        yield found
        # Once for each way: a good policy in between is the end of what was said.
        assert 1 <= len(found.complaints) <= 10


def test_who_takes_the_policy_away_wants_none_of_it(tmp_path: Path) -> None:
    """
    A link to nowhere is no policy, as a deleted one is none; the application answers, and nothing is obeyed.
    """
    with serving(ASGI, tmp_path) as server:
        path = server.state / "policy" / "policy.json"
        until(lambda: is_compressed(server))
        path.unlink()
        path.symlink_to("nowhere")

        until(lambda: not is_compressed(server))
        assert [] == server.complaints


@pytest.mark.parametrize("application", [ASGI, WSGI], ids=lambda each: each.name)
def test_no_place_for_reports(application: Application, tmp_path: Path) -> None:
    """
    Where the reports of the workers belong is something else: rules are obeyed, and it is said once.
    """
    (tmp_path / "workers").write_text("a file")
    with serving(application, tmp_path, HASTEN_WORKERS=str(tmp_path / "workers")) as server:
        for _ in range(30):
            assert is_compressed(server)

        until(lambda: bool(server.complaints))
        assert len(server.complaints) == len(set(server.complaints))


def test_the_disk_is_full(tmp_path: Path) -> None:
    """
    A process that cannot write a byte to any file answers, and obeys.
    """
    with serving(ASGI, tmp_path) as server:
        until(lambda: is_compressed(server))
        before = {path: path.read_bytes() for path in (server.state / "policy" / "workers").rglob("*.json")}
        # Not even what it says on standard error can be written: that is a file here.
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        path = server.state / "policy" / "policy.json"
        for revision in range(2, 6):
            path.write_text(json.dumps({**json.loads(path.read_bytes()), "revision": revision}))
            end = time.monotonic() + 0.5
            while time.monotonic() < end:
                assert is_compressed(server)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

        assert before.items() <= {each: each.read_bytes() for each in before}.items()
        assert server.process.poll() is None


def test_the_clock_jumps(tmp_path: Path) -> None:
    """
    A day, ten years ahead and back: the same answers; a candidate ends by a clock that nobody can set.
    """
    offset = tmp_path / "offset"
    offset.write_text("0")
    environment = {"CLOCK_OFFSET": str(offset), "PYTHONPATH": str(PLACE / "clock")}
    with serving(WSGI, tmp_path, **environment) as server:
        for seconds in (0, 86_400, 3e8, -3e8, -1.7e9, 1e12, 0):
            offset.write_text(str(seconds))
            for _ in range(8):
                assert is_compressed(server)
                time.sleep(0.04)
        path = server.state / "policy" / "policy.json"
        document = json.loads(path.read_bytes())
        trial = {**document["trial"], "id": "short", "lease_s": 0.8, "expires_at": time.time() + 3000, "share": 1.0}
        path.write_text(json.dumps({**document, "rules": [], "trial": trial}))
        until(lambda: is_compressed(server))
        offset.write_text("-100000")

        until(lambda: not is_compressed(server))
        assert [] == server.complaints


@pytest.mark.parametrize("application", [ASGI, WSGI], ids=lambda each: each.name)
def test_a_fork_in_the_middle_of_a_request(application: Application, tmp_path: Path) -> None:
    """
    A hundred children, forked while other requests are answered and snapshots written: all of them end well.
    """
    with serving(application, tmp_path) as server, ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, server, path) for _ in range(100) for path in ("/fork", "/page", "/")]
        found = [each.result() for each in asked]

        assert [(200, b'{"child": 0}')] * 100 == [each[:2] for each in found[::3]]
        assert [(200, contents.PAGE)] * 100 == [each[:2] for each in found[1::3]]
        assert [] == server.complaints


def test_a_thousand_threads_at_once(tmp_path: Path) -> None:
    """
    A thousand requests that wait for each other in a thousand threads, each one answered, and compressed where it may.
    """
    command = "-m waitress --listen=127.0.0.1:{port} --threads=1000 --connection-limit=1100 --asyncore-use-poll"
    application = WSGI._replace(command=f"{command} plain_wsgi:app")
    with serving(application, tmp_path) as server, ThreadPoolExecutor(1000) as pool:
        found = list(pool.map(lambda _: ask(server, "/together/1000"), range(1000)))
        assert [(200, b'{"together": true}', "")] * 1000 == found
        texts = list(pool.map(lambda _: ask(server, "/app-3f2a1b9c.js"), range(1000)))

        assert [(200, contents.SCRIPT, "gzip")] * 1000 == texts
        assert [] == server.complaints


def test_the_control_plane_is_killed_again_and_again(tmp_path: Path) -> None:
    """
    Killed at any moment of a change or of a trial: each answer under load is right, no policy is half of one, and a
    candidate that nobody renews is over.
    """
    with serving(ASGI, tmp_path) as server:
        policy = PolicyFile(server.state / "policy")
        policy.path.unlink()
        stopped = threading.Event()
        with ThreadPoolExecutor(2) as pool:
            asking = [pool.submit(_ask_until, server, stopped) for _ in range(2)]
            try:
                for number in range(6):
                    _killed_at_work(policy.folder, 0.05 * number)
                    policy.read()
            finally:
                stopped.set()
            assert all(each.result() > 10 for each in asking)
        policy.go_back(0)

        until(lambda: not is_compressed(server))
        assert [None] == [worker.policy.error for worker in workers.alive(policy.workers_dir)]
        assert [] == server.complaints


def _ask_until(server: Server, stopped: threading.Event) -> int:
    count = 0
    while not stopped.is_set():
        is_compressed(server)
        count += 1
    return count


def _killed_at_work(folder: Path, after_s: float) -> None:
    """
    Another process changes the policy and tries candidates without a pause, and is killed in the middle of it.
    """
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from hasten.world.policy_file import Match, PolicyFile, Rule\n"
        "rule = Rule(id='all', kind='compression', match=Match(paths=['/{rest:path}']))\n"
        "policy = PolicyFile(Path(sys.argv[1]))\n"
        "print('begun', flush=True)\n"
        "while True:\n"
        "    policy.put(rule)\n"
        "    policy.remove(rule.id)\n"
        "    with policy.candidate([rule], name='t', seed=1, lease_s=1.0):\n"
        "        pass\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(after_s)
        os.kill(process.pid, signal.SIGKILL)
