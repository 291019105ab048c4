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
from hasten.world import ports
from hasten.world.supervisor import Supervisor

SERVER = Path(__file__).with_name("little_server.py")
#: What starts it, in the words of hasten.toml.
COMMAND = [sys.executable, "-S", str(SERVER), "{port}", "{root}"]
#: The environment of an application, with a web server in it that the agent knows.
ASGI_PYTHON = Path(__file__).parents[2] / "examples" / "slowdesk" / ".venv" / "bin" / "python"
ASGI_COMMAND = [
    str(ASGI_PYTHON), "-m", "uvicorn", "--app-dir", str(SERVER.parent), "little_asgi:app", "--port", "{port}",
    "--log-level", "warning",
]  # fmt: skip
UNCOMPRESSED = Finding(
    symptom="uncompressed_response", where=Where(kind="route", name="GET /page"), cost_s_per_day=1.0,
    says="a page that travels uncompressed", evidence={"content_type": "text/html"},
)  # fmt: skip
UNKEPT = Finding(
    symptom="missing_cache_headers", where=Where(kind="route", name="GET /page"), cost_s_per_day=1.0,
    says="a page that nobody may keep",
)  # fmt: skip
FINDING = Finding(
    symptom="slow_page", where=Where(kind="page", name="/first.html"), cost_s_per_day=1.0, says="slow pages"
)
WAITS = Finding(
    symptom="thread_waits", where=Where(kind="process", name="web"), cost_s_per_day=1.0, says="requests wait"
)
#: Each takes some milliseconds to compress.
PAGES = {
    f"{name}.html": "".join(f"<p>{name} {n} {n * n % 9973}</p>" for n in range(5000)).encode()
    for name in ("first", "second")
}


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
def little_app(folder: Path, *, agent: bool = False) -> Iterator[App]:
    """
    The application runs until the end of the block.

    Args:
        agent: It is the one of little_asgi.py, with Hasten's agent in it.
    """
    root, state_dir = folder / "app", folder / "app" / ".hasten"
    make_pages(root)
    command = ASGI_COMMAND if agent else COMMAND
    # The port is its own: a law that starts the application again finds it at the same address.
    web = Process(
        name="web", command=command, env={"POOL": "5"}, ready_timeout_s=30, is_web=True, agent=agent,
        port=ports.free_port(),
    )  # fmt: skip
    target = Target(application=Application(name="little", health="/health", processes=[web]), allow=Allow(mode="auto"))
    with Supervisor(state_dir) as supervisor:
        fleet = Fleet(target, Ground(root, state_dir), supervisor, state_dir)
        url = fleet.start()
        yield App(
            target=target, state_dir=state_dir, root=root, url=url, supervisor=supervisor, fleet=fleet,
            processes=fleet.pids,
        )  # fmt: skip
