"""
`make setup` on a small checkout of its own: real environments, real pip, real npm, and no network.
"""

import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[1]
BACKEND = """
import pathlib, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "hasten-1.0-py3-none-any.whl"
    info = "hasten-1.0.dist-info"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        wheel.writestr("hasten.pth", str(pathlib.Path("src").resolve()))
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: hasten\\nVersion: 1.0\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", f"hasten.pth,,\\n{info}/METADATA,,\\n{info}/WHEEL,,\\n{info}/RECORD,,\\n")
    return name
"""
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "hasten"
version = "1.0"
"""
BUILD = """
const fs = require("fs");
fs.mkdirSync("dist", {recursive: true});
fs.copyFileSync("src/page.html", "dist/index.html");
if (fs.existsSync("slow")) setInterval(() => {}, 1000);  // until it is ended
"""


class SmallCheckout:
    """
    A checkout with one locked package, the project itself and a front end; everything it needs lies beside it.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a check out"
        self.wheels = folder / "wheels"
        self.lock = self.root / "requirements" / "hasten.txt"
        self.web = self.root / "examples" / "slowdesk" / "web"
        shutil.copytree(ROOT / "scripts", self.root / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        self._write("pyproject.toml", PROJECT)
        self._write("backend.py", BACKEND)
        self._write("src/hasten.py", "says = 'hello'\n")
        self._write("requirements/hasten.txt", f"shop==1.0 --hash=sha256:{self._wheel()}\n")
        package = {"name": "web", "scripts": {"build": "node build.js"}}
        locked = {"name": "web", "lockfileVersion": 3, "packages": {}}
        self._write("examples/slowdesk/web/package.json", json.dumps(package))
        self._write("examples/slowdesk/web/package-lock.json", json.dumps(locked))
        self._write("examples/slowdesk/web/build.js", BUILD)
        self._write("examples/slowdesk/web/src/page.html", "<p>first</p>")

    @property
    def environment(self) -> dict[str, str]:
        """
        Give the variables that keep pip to the one folder of wheels.
        """
        return os.environ | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.wheels.as_uri(), "PYTHON": sys.executable}

    def setup(self, *options: str) -> tuple[int, dict[str, Any]]:
        """
        Run set-up; give its exit code and what it reports.
        """
        command = [self.root / "scripts" / "setup", "--json", *options]
        run = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=200, check=False)
        return run.returncode, json.loads(run.stdout)

    def made(self) -> set[str]:
        """
        Run set-up, which succeeds; name the steps that it had to make.
        """
        code, report = self.setup()
        assert 0 == code, report
        return {step["name"] for step in report["steps"] if step["state"] == "done"}

    def _write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def _wheel(self) -> str:
        self.wheels.mkdir(parents=True)
        files = {
            "shop.py": "items = 3\n",
            "shop-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n",
            "shop-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        wheel = self.wheels / "shop-1.0-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
            archive.writestr("shop-1.0.dist-info/RECORD", "".join(_record(name, text) for name, text in files.items()))
        return hashlib.sha256(wheel.read_bytes()).hexdigest()


def _record(name: str, text: str) -> str:
    sum_of_text = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    return f"{name},sha256={sum_of_text},{len(text)}\n"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallCheckout:
    """
    Give one checkout to all tests here: making its environments takes seconds.
    """
    return SmallCheckout(tmp_path_factory.mktemp("setup"))


@pytest.fixture
def ready(small: SmallCheckout) -> Iterator[SmallCheckout]:
    """
    Give the checkout with everything in place, and put its files back afterwards.
    """
    small.made()
    files = [small.lock, small.web / "src" / "page.html"]
    kept = {path: path.read_bytes() for path in files}
    yield small
    for path, content in kept.items():
        path.write_bytes(content)


def test_what_is_locked_can_be_used(ready: SmallCheckout) -> None:
    """
    After set-up the locked package and the project itself can be imported, in a path with spaces.
    """
    python = ready.root / ".venv" / "bin" / "python"
    command = [python, "-I", "-c", "import hasten, shop; print(hasten.says, shop.items)"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)

    assert "hello 3\n" == run.stdout
    assert "<p>first</p>" == (ready.web / "dist" / "index.html").read_text()


def test_a_second_run_makes_nothing(ready: SmallCheckout) -> None:
    """
    With everything in place there is nothing to make, and nothing is planned.
    """
    assert set() == ready.made()
    assert (0, {"ok": True, "planned": []}) == ready.setup("--dry-run")


def test_what_is_not_there_is_skipped(ready: SmallCheckout) -> None:
    """
    A checkout without the example's lock file is set up without it, and says so.
    """
    _, report = ready.setup()
    reasons = {step["name"]: step["reason"] for step in report["steps"] if step["state"] == "skipped"}

    assert "examples/slowdesk/requirements.txt is not there" == reasons["slowdesk-packages"]


def test_a_package_that_was_removed_comes_back(ready: SmallCheckout) -> None:
    """
    Only the step whose product is damaged is made again.
    """
    python = ready.root / ".venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "uninstall", "--yes", "shop"], capture_output=True, timeout=60, check=True)

    assert {"packages-hasten"} == ready.made()


def test_a_changed_source_is_built_again(ready: SmallCheckout) -> None:
    """
    The build follows the content of the sources, not their dates.
    """
    page = ready.web / "src" / "page.html"
    os.utime(page, (1, 1))
    assert set() == ready.made()
    page.write_text("<p>second</p>")

    assert {"slowdesk-build"} == ready.made()
    assert "<p>second</p>" == (ready.web / "dist" / "index.html").read_text()


def test_a_changed_build_is_built_again(ready: SmallCheckout) -> None:
    """
    Files of the build that somebody changed are noticed by their content.
    """
    (ready.web / "dist" / "index.html").write_text("changed by hand")

    assert {"slowdesk-build"} == ready.made()


def test_an_environment_that_does_not_run_is_made_again(ready: SmallCheckout) -> None:
    """
    An environment without its interpreter is replaced, and what belongs into it installed.
    """
    (ready.root / ".venv" / "bin" / "python").unlink()

    assert {"environment", "packages-hasten", "project"} == ready.made()


def test_an_environment_that_works_is_kept(ready: SmallCheckout) -> None:
    """
    An environment that set-up does not remember, perhaps made by hand, is used and not replaced.
    """
    mark = ready.root / ".venv" / "made-by-hand"
    mark.touch()
    shutil.rmtree(ready.root / ".cache" / "setup")
    ready.made()

    assert mark.exists()


def test_a_moved_checkout_is_noticed(ready: SmallCheckout) -> None:
    """
    Environments hold the path they were made at; elsewhere they are made again.
    """
    elsewhere = ready.root.with_name("moved")
    ready.root.rename(elsewhere)
    try:
        command = [elsewhere / "scripts" / "setup", "--json", "--dry-run"]
        run = subprocess.run(command, env=ready.environment, capture_output=True, text=True, timeout=60, check=True)
    finally:
        elsewhere.rename(ready.root)

    assert {"environment", "project"} <= set(json.loads(run.stdout)["planned"])


def test_a_file_that_is_not_the_locked_one_is_refused(ready: SmallCheckout) -> None:
    """
    A wrong hash ends set-up with a reason and a hint; with the right one again it goes on.
    """
    good = ready.lock.read_text()
    ready.lock.write_text(f"shop==1.0 --hash=sha256:{'0' * 64}\n")
    (site,) = (ready.root / ".venv" / "lib").glob("python*/site-packages")
    shutil.rmtree(site / "shop-1.0.dist-info")
    code, report = ready.setup()
    states = {step["name"]: step["state"] for step in report["steps"]}
    reason = next(step["reason"] for step in report["steps"] if step["state"] == "failed")
    ready.lock.write_text(good)

    assert (1, "failed", "fresh") == (code, states["packages-hasten"], states["slowdesk-build"])
    assert "is not the one that was locked" in reason
    assert {"packages-hasten"} == ready.made()


def test_a_set_up_that_is_ended_leaves_nothing_running(ready: SmallCheckout) -> None:
    """
    Ended in the middle of a build, set-up ends the build too, and the next run makes it whole.
    """
    (ready.web / "slow").touch()
    page = ready.web / "dist" / "index.html"
    page.unlink()
    process = subprocess.Popen([ready.root / "scripts" / "setup"], env=ready.environment, stderr=subprocess.DEVNULL)
    try:
        _wait_for(page.exists)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=60)
    finally:
        process.kill()
        (ready.web / "slow").unlink()

    assert 130 == code
    assert ([], True) == ([child for child in children if _runs(child)], bool(children))
    assert {"slowdesk-build"} == ready.made()


def test_two_set_ups_take_turns(ready: SmallCheckout) -> None:
    """
    Two set-ups of one checkout at the same time both succeed, and the work is done once.
    """
    (ready.web / "dist" / "index.html").unlink()
    command = [ready.root / "scripts" / "setup", "--json"]
    both = [subprocess.Popen(command, env=ready.environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    reports = [json.loads(process.communicate(timeout=100)[0]) for process in both]
    done = [step["name"] for report in reports for step in report["steps"] if step["state"] == "done"]

    assert [0, 0] == [process.returncode for process in both]
    assert ["slowdesk-build"] == done


def _runs(process: psutil.Process) -> bool:
    """
    Say whether a process does anything; one that only waits to be counted does not.
    """
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait_for(condition: Any, limit_s: float = 60) -> None:
    until = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until, f"not true within {limit_s} s"
        time.sleep(0.05)
