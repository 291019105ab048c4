"""
What the tests of whole runs share: a desk with one missing index, measured and planned once, copied for each test.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from hasten import cycle
from hasten.model import Change, Step
from hasten.objectives import values
from hasten.record import history, observations
from hasten.record.ledger import Ledger
from hasten.session import opened
from hasten.testing.servers import SETTINGS, findings_of, observe_statements
from hasten.world.cluster import Cluster
from hasten.world.supervisor import Supervisor

#: What `hasten` on the command line is.
HASTEN = [sys.executable, "-c", "from hasten.cli import main; main()"]
QUERY = "SELECT count(*), max(body) FROM message WHERE inquiry_id = $1"
TABLE = """
CREATE TABLE message (id bigint PRIMARY KEY, inquiry_id bigint NOT NULL, body text NOT NULL);
INSERT INTO message SELECT n, n % 5000, repeat('x', 60) FROM generate_series(1, 60000) n;
VACUUM ANALYZE message
"""
RECORD = ("ledger.db", "ledger.head", "observations")
DATABASE = "desk"
PRIVATE = f'private = "{{state}}/pgdata"\nname = "{DATABASE}"'


@dataclass(frozen=True)
class Original:
    """
    A stopped data directory with a table that lacks an index, and the record of a plan for it.
    """

    state_dir: Path
    change: Change
    schema: bytes


@dataclass
class Scene:
    """
    A state folder of one test, copied from the original.
    """

    state_dir: Path
    original: Original
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """
        Its hasten.toml.
        """
        return self.state_dir / "hasten.toml"

    def command(self, *words: str) -> list[str]:
        """
        The command line of Hasten for this folder.
        """
        return [*HASTEN, *words, "--config", str(self.config)]

    def hasten(self, *words: str, **options: Any) -> "subprocess.CompletedProcess[str]":
        """
        What Hasten said, in a process of its own.
        """
        environment = {**os.environ, **self.environment}
        command = self.command(*words)
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=False, **options
        )

    def states(self) -> list[history.ChangeState]:
        """
        The changes as its ledger has them; the ledger holds.
        """
        assert Ledger(self.state_dir).verify().ok
        return history.changes(Ledger(self.state_dir).read())


def describe(state_dir: Path, sections: Mapping[str, str]) -> None:
    """
    The folder has a hasten.toml with these sections, by name.
    """
    text = "".join(f"[{name}]\n{lines}\n" for name, lines in sections.items())
    (state_dir / "hasten.toml").write_text(f'state = "."\n{text}', encoding="utf-8")


def make_original(state_dir: Path) -> Original:
    """
    Measured and planned by the code that a user runs.
    """
    state_dir.mkdir()
    describe(state_dir, {"database": PRIVATE, "allow": 'mode = "auto"'})
    cluster = Cluster.create(state_dir / "pgdata", settings=SETTINGS)
    with Supervisor(state_dir) as supervisor:
        database = cluster.start(supervisor).create_database(DATABASE)
        for statement in TABLE.split(";"):
            database.run(statement)
        observation = observe_statements(database, {QUERY: [["7"], ["70"], ["700"], ["4000"]]})
        observations.save(state_dir, observation)
        book = Ledger(state_dir)
        book.append(Step.MEASURED, history.measured_body(observation, values(observation), {}))
        cluster.stop()
    with opened(str(state_dir / "hasten.toml"), database=True) as app:
        schema = app.database.schema_dump()
        (change,) = cycle.plan(app, findings_of(observation), book, lambda _done, _what: None)
    return Original(state_dir, change, schema)


def copied(state_dir: Path, original: Original, *, with_data: bool = True) -> Scene:
    """
    A fresh copy of what is in a state folder.
    """
    new = Path(tempfile.mkdtemp(dir=state_dir.parent))
    new.chmod(0o755)
    for name in ("hasten.toml", *RECORD):
        copy = shutil.copytree if (state_dir / name).is_dir() else shutil.copy2
        copy(state_dir / name, new / name)
    if with_data:
        Cluster.existing(state_dir / "pgdata").copy_to(new / "pgdata")
    return Scene(new, original)


def assert_no_strays(state_dir: Path) -> None:
    """
    No process works inside of the state folder, and no clone is left.
    """
    working = []
    for process in psutil.process_iter():
        try:
            if str(state_dir) in process.cwd() or any(str(state_dir) in word for word in process.cmdline()):
                working.append(process.cmdline())
        except psutil.Error:
            continue
    assert [] == working
    assert [] == list((state_dir / "run").glob("*"))
    assert [] == list((state_dir / "scratch").glob("*"))
