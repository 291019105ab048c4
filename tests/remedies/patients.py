"""
The application that the toy remedies treat, as a folder and as an App that runs.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hasten.application import App
from hasten.fleet import Fleet
from hasten.instances import Ground
from hasten.model import Finding, Where
from hasten.target import Allow, Application, Process, Target
from hasten.world.supervisor import Supervisor

SERVER = Path(__file__).with_name("little_server.py")
#: What starts it, in the words of hasten.toml.
COMMAND = [sys.executable, "-S", str(SERVER), "{port}", "{root}"]
FINDING = Finding(
    symptom="slow_page", where=Where(kind="page", name="/first.html"), cost_s_per_day=1.0, says="slow pages"
)
WAITS = Finding(
    symptom="thread_waits", where=Where(kind="process", name="web"), cost_s_per_day=1.0, says="requests wait"
)
PAGES = {"first.html": b"<p>first</p>" * 400, "second.html": b"<p>second</p>" * 400}


def make_pages(root: Path) -> None:
    """
    The folder of the application is there.
    """
    (root / "pages").mkdir(parents=True)
    (root / "cache").mkdir()
    for name, content in PAGES.items():
        (root / "pages" / name).write_bytes(content)
    (root / "server.conf").write_bytes(b"# how pages are sent\ntwins off\n")
    (root / "server.conf").chmod(0o640)
    (root / "cache" / "pages.list").write_bytes(b"first.html\nsecond.html\n")


@contextmanager
def little_app(folder: Path) -> Iterator[App]:
    """
    The application runs until the end of the block.
    """
    root, state_dir = folder / "app", folder / "app" / ".hasten"
    make_pages(root)
    web = Process(name="web", command=COMMAND, env={"POOL": "5"}, ready_timeout_s=30, is_web=True)
    target = Target(application=Application(name="little", health="/health", processes=[web]), allow=Allow(mode="auto"))
    with Supervisor(state_dir) as supervisor:
        fleet = Fleet(target, Ground(root, state_dir), supervisor, state_dir)
        url = fleet.start()
        yield App(
            target=target, state_dir=state_dir, root=root, url=url, supervisor=supervisor, fleet=fleet,
            processes=fleet.pids,
        )  # fmt: skip
