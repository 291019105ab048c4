"""
The agent in every Python that it promises to run in, where such a one is on this machine; the others are skipped by
name, so the report of a run says which were proved.
"""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.real import test_server_matrix as matrix
from tests.real.test_server_matrix import Case

from hasten.world import agent, workers
from hasten.world.policy_file import PolicyFile

pytestmark = pytest.mark.real

PROMISED = [f"3.{minor}" for minor in range(9, 15)]
#: Servers in plain Python, which any interpreter can import; uvicorn itself needs 3.10.
WSGI = Case("waitress", "-m waitress --listen=127.0.0.1:{port} served:wsgi")
ASGI = Case("uvicorn", "-m uvicorn served:asgi --port {port} --loop asyncio --http h11 --ws none")
NEEDED = ("waitress", "uvicorn", "h11", "click", "typing_extensions")


@cache
def interpreter(version: str) -> str | None:
    """
    The Python of that version on this machine: on the PATH, or where version managers put it.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    uv = Path.home() / ".local" / "share" / "uv" / "python"
    found = [shutil.which(f"python{version}"), f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"]
    found += [str(path) for place in (pyenv, uv) for path in sorted(place.glob(f"*{version}.*/bin/python{version}"))]
    for path in filter(None, found):
        try:
            # A shim of a version manager may be there and still not run.
            code = "import sys; print('%d.%d' % sys.version_info[:2])"
            asked = subprocess.run([path, "-c", code], capture_output=True, text=True, timeout=30, check=False)
        except OSError:
            continue
        if version == asked.stdout.strip():
            return path
    return None


@pytest.mark.parametrize("version", PROMISED)
def test_the_agent_works_in_every_python_that_it_promises(tmp_path: Path, version: str) -> None:
    """
    It reports its version, obeys, goes back, streams; behind WSGI and ASGI; without a word on standard error.
    """
    python = interpreter(version)
    if python is None:
        pytest.skip(f"there is no Python {version} on this machine")
    packages = plain_packages(tmp_path)
    cases = [WSGI] if version == "3.9" else [WSGI, ASGI]
    with ThreadPoolExecutor(len(cases)) as pool:
        for done in [pool.submit(works, case, tmp_path / case.server, python, packages) for case in cases]:
            told, log = done.result()
            assert (version, False) == (".".join(told.split(".")[:2]), "hasten" in log)


def works(case: Case, state_dir: Path, python: str, packages: Path) -> tuple[str, str]:
    """
    The version that the server's worker reports, and its log, after a rule came and went.
    """
    state_dir.mkdir()
    policy = PolicyFile(state_dir / "policy")
    with matrix.serving(case, state_dir, python=python, PYTHONPATH=str(packages)) as port:
        (worker,) = workers.alive(policy.workers_dir)
        assert case.server == worker.server
        policy.put(matrix.RULE)
        matrix.obeyed(port, {worker.pid}, "gzip")
        matrix.streams(port, state_dir / "gate")
        policy.go_back(0)
        matrix.obeyed(port, {worker.pid}, "")
    return worker.python, (state_dir / f"{port}.log").read_text()


def plain_packages(folder: Path) -> Path:
    """
    A folder that has the servers and nothing else of this environment.
    """
    place = folder / "packages"
    place.mkdir()
    for name in NEEDED:
        spec = find_spec(name)
        assert spec is not None and spec.origin is not None
        origin = Path(spec.origin)
        (place / (origin.name if origin.stem == name else name)).symlink_to(
            origin if origin.stem == name else origin.parent
        )
    return place


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.8"])
def test_an_older_python_runs_as_without_it(tmp_path: Path, version: str) -> None:
    """
    What it cannot load it says once, and the program has its own output and exit code.
    """
    python = interpreter(version)
    if python is None:
        pytest.skip(f"there is no Python {version} on this machine")
    command = [*agent.launcher(), python, "-c", "print('works'); raise SystemExit(3)"]
    environment = {**os.environ, **agent.surroundings(tmp_path)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert (3, "works\n") == (run.returncode, run.stdout)
    assert run.stderr.count("\n") <= 1
