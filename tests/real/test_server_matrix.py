"""
The agent under every server that it knows: each worker reports, arms are had as asked, and a change is obeyed within
a second by every worker. Beside each server stands the same one without the agent.
"""

import http.client
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.real import served

from hasten.world import agent, workers
from hasten.world.policy_file import Match, PolicyFile, Rule
from hasten.world.ports import free_port

pytestmark = pytest.mark.real

HERE = Path(__file__).parent
RULE = Rule(id="all", kind="compression", match=Match(paths=["/{rest:path}"]))
#: The promise: a request that begins so long after a change is answered by the new policy.
OBEYED_S = 1.0
#: How long a server may take that has a busy machine to itself.
PATIENCE_S = 60.0
AT_ONCE = 4
#: Servers look at their files every second or more often, and need a few for a worker.
NOTICED_S = 10.0


class Case(NamedTuple):
    """
    A server and its worker model.

    server: What its workers call themselves.
    command: What Python is started with; `{port}` stands for the port.
    """

    server: str
    command: str
    workers: int = 1


GUNICORN = "-m gunicorn --bind 127.0.0.1:{port} --no-control-socket --graceful-timeout 1"
UWSGI = f"{Path(sys.executable).with_name('uwsgi')} --http-socket 127.0.0.1:{{port}}"
CASES = {
    "uvicorn": Case("uvicorn", "-m uvicorn served:asgi --port {port} --loop asyncio"),
    "uvicorn-workers": Case("uvicorn", "-m uvicorn served:asgi --port {port} --workers 2", 2),
    "uvicorn-reload": Case("uvicorn", "-m uvicorn served:asgi --port {port} --reload"),
    "gunicorn-sync": Case("gunicorn", f"{GUNICORN} --workers 2 served:wsgi", 2),
    "gunicorn-gthread-preload": Case(
        "gunicorn", f"{GUNICORN} --workers 2 --worker-class gthread --threads 4 --preload served:wsgi", 2
    ),
    "gunicorn-gevent": Case("gunicorn", f"{GUNICORN} --worker-class gevent served:wsgi"),
    "gunicorn-asgi": Case("gunicorn", f"{GUNICORN} --worker-class asgi served:asgi"),
    "gunicorn-uvicorn": Case(
        "uvicorn", f"{GUNICORN} --workers 2 --worker-class uvicorn_worker.UvicornWorker served:asgi", 2
    ),
    "waitress": Case("waitress", "-m waitress --listen=127.0.0.1:{port} served:wsgi"),
    "flask": Case("werkzeug", "-m flask --app served:flask_app run --port {port}"),
    "flask-debug": Case("werkzeug", "-m flask --app served:flask_app run --port {port} --debug"),
    "django": Case("django", "-m django runserver --settings served_by_django 127.0.0.1:{port}"),
    "uwsgi": Case("uwsgi", f"{UWSGI} --module served:wsgi --master --processes 2", 2),
    "uwsgi-lazy": Case("uwsgi", f"{UWSGI} --wsgi served --callable wsgi --master --lazy-apps --threads 2"),
    "hypercorn-asgi": Case("hypercorn", "-m hypercorn --bind 127.0.0.1:{port} --workers 2 served:asgi", 2),
    "hypercorn-wsgi": Case("hypercorn", "-m hypercorn --bind 127.0.0.1:{port} served:wsgi"),
    "hypercorn-uvloop": Case("hypercorn", "-m hypercorn --bind 127.0.0.1:{port} --worker-class uvloop served:asgi"),
    "hypercorn-trio": Case("hypercorn", "-m hypercorn --bind 127.0.0.1:{port} --worker-class trio served:asgi"),
    "daphne": Case("daphne", "-m daphne --bind 127.0.0.1 --port {port} served:asgi"),
    "django-daphne": Case("daphne", "-m django runserver --noreload --settings served_by_channels 127.0.0.1:{port}"),
    "gunicorn-reload": Case("gunicorn", f"{GUNICORN} --reload served:wsgi"),
    "granian-reload": Case("granian", "-m granian --interface asgi --port {port} --reload served:asgi"),
    "granian-threads": Case(
        "granian",
        "-m granian --interface asgi --port {port} --loop uvloop --runtime-mode mt --runtime-threads 2 served:asgi",
    ),
    "granian-asgi": Case("granian", "-m granian --interface asgi --port {port} --workers 2 served:asgi", 2),
    "granian-wsgi": Case("granian", "-m granian --interface wsgi --port {port} --workers 2 served:wsgi", 2),
}


class Answer(NamedTuple):
    """
    What came back: the coding, the text after it, who answered, and as which arm.
    """

    status: int
    coding: str
    text: bytes
    pid: int
    arm: str


@contextmanager
def serving(
    case: Case, state_dir: Path, where: Path = HERE, python: str = sys.executable, **environment: str
) -> Iterator[int]:
    """
    The port of the server, started as Hasten starts it.
    """
    port = free_port()
    command = [*agent.launcher(), python, *case.command.format(port=port).split()]
    environment = {"SERVED_GATE": str(state_dir / "gate"), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    with (state_dir / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=where,
            env={**os.environ, **agent.surroundings(state_dir), **environment},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_until(lambda: is_up(port) or process.poll() is not None)
        assert process.poll() is None, (state_dir / f"{port}.log").read_text()
        yield port
    finally:
        # What a server does when it is asked to stop is not looked at here, and some take seconds for it.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE_S)


def wait_until(holds: Callable[[], bool]) -> None:
    """
    It holds, or nobody has the patience.
    """
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.02)


def is_up(port: int) -> bool:
    """
    Whether it answers.
    """
    try:
        return ask(port).status == 200
    except (OSError, http.client.HTTPException):
        return False


def ask(port: int, arm: str = "") -> Answer:
    """
    The answer to one request over a connection of its own.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/", headers={"Accept-Encoding": "gzip", **({"Hasten-Arm": arm} if arm else {})})
        answer = connection.getresponse()
        body, coding = answer.read(), answer.headers.get("Content-Encoding", "")
        return Answer(
            answer.status,
            coding,
            zlib.decompress(body, 31) if coding else body,
            int(answer.headers.get("X-Pid", "0")),
            answer.headers.get("Hasten-Arm", "").partition(";")[0],
        )
    finally:
        connection.close()


def obeyed(port: int, pids: set[int], coding: str, arm: str = "", label: str = "") -> None:
    """
    From a second from now on every answer comes in that coding and as that arm, and each of these workers gave one.
    """
    changed_at = time.monotonic()
    seen: set[int] = set()

    def one(_: int) -> int:
        began = time.monotonic()
        answer = ask(port, arm)
        assert (200, served.TEXT) == (answer.status, answer.text)
        if (answer.coding, answer.arm) == (coding, label):
            return answer.pid
        assert began - changed_at < OBEYED_S, f"{answer.pid} still answers with {answer.coding!r} as {answer.arm!r}"
        return 0

    with ThreadPoolExecutor(AT_ONCE) as pool:
        while not pids <= seen:
            assert time.monotonic() - changed_at < PATIENCE_S, f"only {seen} of {pids} answered"
            seen.update(pool.map(one, range(AT_ONCE)))


@pytest.mark.parametrize("name", CASES)
def test_every_worker_of_every_server_obeys(tmp_path: Path, name: str) -> None:
    """
    Reports, arms by header, a change, the live switch and the way back, in each worker; what is not asked for stays as
    it is without the agent, which HASTEN_DISABLE=1 leaves out; and a stream goes on streaming.
    """
    case = CASES[name]
    policy = PolicyFile(tmp_path / "policy")
    (tmp_path / "plain").mkdir()
    with serving(case, tmp_path / "plain", HASTEN_DISABLE="1") as plain, serving(case, tmp_path) as port:
        wait_until(lambda: len(workers.alive(policy.workers_dir)) == case.workers)
        assert {case.server} == {worker.server for worker in workers.alive(policy.workers_dir)}
        assert [] == workers.alive(tmp_path / "plain" / "policy" / "workers")
        pids = {worker.pid for worker in workers.alive(policy.workers_dir)}
        same_answers(plain, port)
        with policy.candidate([RULE], name="t", seed=1) as candidate:
            obeyed(port, pids, "gzip", f"{candidate.key}:candidate", "candidate")
            obeyed(port, pids, "", f"{candidate.key}:control", "control")
            obeyed(port, pids, "")
        policy.put(RULE)
        obeyed(port, pids, "gzip")
        assert pids == {worker.pid for worker in workers.alive(policy.workers_dir) if worker.policy.revision == 1}
        streams(port, tmp_path / "gate")
        policy.stop()
        obeyed(port, pids, "")
        policy.go_on()
        obeyed(port, pids, "gzip")
        policy.go_back(0)
        obeyed(port, pids, "")


def same_answers(plain: int, port: int) -> None:
    """
    On the wire both servers say the same, but for the time and for who answers.
    """
    for method in ("GET", "HEAD"):
        for path in ("/", "/missing"):
            for headers in ({}, {"Accept-Encoding": "gzip"}, {"Range": "bytes=0-9", "Hasten-Arm": "x:candidate"}):
                assert raw(plain, method, path, headers) == raw(port, method, path, headers)


def raw(port: int, method: str, path: str, headers: dict[str, str]) -> object:
    """
    Status, headers and body as they come.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        lines = [line for line in answer.getheaders() if line[0].lower() not in ("date", "x-pid")]
        return answer.status, lines, answer.read()
    finally:
        connection.close()


def streams(port: int, gate: Path) -> None:
    """
    The first piece can be read while the application still waits to make the second one.
    """
    undo = zlib.decompressobj(31)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/stream", headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        assert "gzip" == answer.headers["Content-Encoding"]
        text = b""
        while len(text) < len(served.PIECES[0]):
            text += undo.decompress(answer.read1())
        assert served.PIECES[0] == text
        gate.touch()
        assert served.PIECES[1] == undo.decompress(answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize("name", ["uvicorn-reload", "gunicorn-reload", "granian-reload"])
def test_a_reloaded_worker_obeys_from_its_first_request(tmp_path: Path, name: str) -> None:
    """
    A change of the code brings another process, which reports and obeys without being told anything.
    """
    case = CASES[name]
    policy = PolicyFile(tmp_path / "policy")
    policy.put(RULE)
    (tmp_path / "code").mkdir()
    code = Path(shutil.copy(HERE / "served.py", tmp_path / "code" / "served.py"))
    with serving(case, tmp_path, tmp_path / "code") as port:
        first = ask(port)
        found: list[Answer] = []
        changed_at = -NOTICED_S

        def answers_anew() -> bool:
            nonlocal changed_at
            # A server that looks at its files for the first time after the change does not notice it.
            if time.monotonic() - changed_at > NOTICED_S:
                changed_at = time.monotonic()
                code.write_text(code.read_text() + "\n# another version\n")
            # A server that is being replaced may have closed its port since it was last seen.
            with suppress(OSError, http.client.HTTPException):
                found[:] = [ask(port)]
            return bool(found) and found[0].pid != first.pid

        wait_until(answers_anew)
        (second,) = found

        assert ("gzip", "gzip") == (first.coding, second.coding)
        assert {second.pid} == {worker.pid for worker in workers.alive(policy.workers_dir)}


RELOADED = CASES if os.environ.get("EVERY_SERVER") else ["gunicorn-gthread-preload", "granian-asgi"]


@pytest.mark.parametrize("name", RELOADED)
def test_no_request_fails_while_the_policy_changes(tmp_path: Path, name: str) -> None:
    """
    A hundred changes under load: every answer is whole, in one coding or the other. EVERY_SERVER=1 tries it in all of
    the matrix, which takes three minutes.
    """
    policy = PolicyFile(tmp_path / "policy")
    codings: list[str] = []
    with serving(CASES[name], tmp_path) as port, ThreadPoolExecutor(AT_ONCE) as pool:
        changed = threading.Event()

        def load() -> None:
            while not changed.is_set():
                answer = ask(port)
                assert (200, served.TEXT) == (answer.status, answer.text)
                codings.append(answer.coding)

        asking = [pool.submit(load) for _ in range(AT_ONCE)]
        try:
            for number in range(100):
                _ = policy.remove(RULE.id) if number % 2 else policy.put(RULE)
                time.sleep(0.02)
        finally:
            changed.set()
        for each in asking:
            each.result()

    assert {"", "gzip"} == set(codings)
