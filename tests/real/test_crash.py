"""
Killed at any moment, the world is in the before or the after state once `hasten recover` has run.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from hasten import cycle
from hasten.model import Change, Step
from hasten.objectives import values
from hasten.record import history, observations
from hasten.record.ledger import Ledger
from hasten.session import opened
from hasten.testing.servers import SETTINGS, findings_of, observe_statements
from hasten.world.cluster import Cluster
from hasten.world.postgres import Database
from hasten.world.registry import wait_until
from hasten.world.supervisor import Supervisor

pytestmark = pytest.mark.real

DRIVER = Path(__file__).with_name("crash_driver.py")
QUERY = "SELECT count(*), max(body) FROM message WHERE inquiry_id = $1"
TABLE = """
CREATE TABLE message (id bigint PRIMARY KEY, inquiry_id bigint NOT NULL, body text NOT NULL);
INSERT INTO message SELECT n, n % 5000, repeat('x', 60) FROM generate_series(1, 60000) n;
VACUUM ANALYZE message
"""
RECORD = ("ledger.db", "ledger.head", "observations")
#: APPLIED on the clone, TRIED, APPLIED live, TRIED live, KEPT.
ENTRIES = 5


@dataclass(frozen=True)
class Original:
    """
    A stopped data directory with a table that lacks an index, and the record of a plan for it.
    """

    state_dir: Path
    change: Change
    schema: bytes


@dataclass(frozen=True)
class Scene:
    """
    A state folder of one test, copied from the original.
    """

    state_dir: Path
    original: Original

    @property
    def config(self) -> str:
        """
        Its hasten.toml.
        """
        return str(self.state_dir / "hasten.toml")

    @property
    def driving(self) -> list[str]:
        """
        The command that runs the driver; the moment is to be added.
        """
        return [sys.executable, str(DRIVER), self.config, self.original.change.id]

    def hasten(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """
        The command line, in a process of its own.
        """
        command = [sys.executable, "-c", "from hasten.cli import main; main()", *words, "--config", self.config]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    def killed(self, moment: str) -> None:
        """
        A run was killed at that moment.
        """
        done = subprocess.run([*self.driving, moment], capture_output=True, text=True, timeout=120, check=False)
        assert -9 == done.returncode, done.stderr[-2000:]

    def recovered(self) -> str:
        """
        After `hasten recover`: `before` or `after`; anything else fails.
        """
        said = self.hasten("recover", "--json")
        assert 0 == said.returncode, said.stdout + said.stderr
        assert_no_strays(self.state_dir)
        with opened(self.config, database=True) as app:
            schema = app.database.schema_dump()
            invalid = app.database.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid OR NOT indisready")
        (state,) = history.changes(Ledger(self.state_dir).read())
        assert 0 == invalid
        assert Ledger(self.state_dir).verify().ok
        assert state.is_settled
        if schema == self.original.schema:
            assert not state.is_kept
            return "before"
        assert state.is_kept
        index = b"CREATE INDEX " + str(self.original.change.after["name"]).encode()
        assert [index] == [line[: len(index)] for line in schema.splitlines() if line.startswith(b"CREATE INDEX")]
        return "after"


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


def describe(state_dir: Path, database: str) -> None:
    """
    The folder has a hasten.toml with that [database].
    """
    text = f'state = "."\n[database]\n{database}\n[allow]\nmode = "auto"\n'
    (state_dir / "hasten.toml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def original(open_place: Path) -> Iterator[Original]:
    """
    Measured and planned once, by the code that a user runs.
    """
    state_dir = open_place / "original"
    state_dir.mkdir()
    describe(state_dir, 'private = "{state}/pgdata"\nname = "desk"')
    cluster = Cluster.create(state_dir / "pgdata", settings=SETTINGS)
    with Supervisor(state_dir) as supervisor:
        database = cluster.start(supervisor).create_database("desk")
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
    yield Original(state_dir, change, schema)
    cluster.delete()


def copied(state_dir: Path, original: Original) -> Scene:
    """
    A fresh copy of what is in the state folder.
    """
    new = Path(tempfile.mkdtemp(dir=state_dir.parent))
    new.chmod(0o755)
    for name in ("hasten.toml", *RECORD):
        copy = shutil.copytree if (state_dir / name).is_dir() else shutil.copy2
        copy(state_dir / name, new / name)
    Cluster.existing(state_dir / "pgdata").copy_to(new / "pgdata")
    return Scene(new, original)


@pytest.fixture
def scene(original: Original) -> Iterator[Scene]:
    """
    The plan is made, nothing was tried yet.
    """
    made = copied(original.state_dir, original)
    yield made
    shutil.rmtree(made.state_dir)


@pytest.fixture(scope="module")
def after(original: Original) -> Iterator[Scene]:
    """
    The plan was carried out and the index kept.
    """
    made = copied(original.state_dir, original)
    done = made.hasten("apply", "--json")
    assert ["KEEP"] == [each["decision"]["verdict"] for each in json.loads(done.stdout)["decisions"]], done.stdout
    yield made
    shutil.rmtree(made.state_dir)


@pytest.fixture
def kept(after: Scene) -> Iterator[Scene]:
    """
    A copy of its own of the kept state.
    """
    made = copied(after.state_dir, after.original)
    yield made
    shutil.rmtree(made.state_dir)


@pytest.mark.parametrize("number", range(1, ENTRIES + 1))
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_any_entry_the_world_is_before_or_after(scene: Scene, when: str, number: int) -> None:
    """
    Only a run that had written KEPT leaves the index; every other leaves the schema as it was, to the byte.
    """
    scene.killed(f"{when}:{number}")

    expected = "after" if (when, number) == ("after", ENTRIES) else "before"
    assert expected == scene.recovered()


def test_killed_while_the_clones_run_nothing_of_them_is_left(scene: Scene) -> None:
    """
    Both clones end with the run or are ended by recover, and their folders are gone.
    """
    scene.killed("trial")

    assert "before" == scene.recovered()


def test_killed_while_the_index_is_built_nothing_of_it_is_left(scene: Scene) -> None:
    """
    The invalid index that an interrupted build leaves on the disk is removed.
    """
    scene.killed("building")

    assert "before" == scene.recovered()


def test_a_build_that_goes_on_for_a_dead_client_is_ended(scene: Scene, place: Path) -> None:
    """
    A server that is not Hasten's outlives it and goes on building; recover ends that before it looks.
    """
    with Supervisor(place) as others:
        cluster = Cluster.existing(scene.state_dir / "pgdata").copy_to(place / "pgdata").start(others)
        describe(scene.state_dir, f'url = "{cluster.dsn("desk")}"')
        database = cluster.database("desk", "test")
        with subprocess.Popen([*scene.driving, "hanging"]) as driver, held_up(database):
            driver.kill()
            driver.wait(10)
            assert 1 == database.value(BUILDING)
            assert "before" == scene.recovered()
            assert 0 == database.value(BUILDING)


BUILDING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' AND state = 'active'"
UNFINISHED = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"


@contextmanager
def held_up(database: Database) -> Iterator[None]:
    """
    An index is being built, and cannot be finished before the end of the block: an older snapshot is in use.
    """
    deadline = time.monotonic() + 60
    with database.connect() as older:
        while not database.value(UNFINISHED):
            assert time.monotonic() < deadline, "no index was begun"
            # A new one each second: an old transaction would keep Hasten from beginning.
            older.execute("ROLLBACK")
            older.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            older.execute("SELECT 1")
            wait_until(lambda: bool(database.value(UNFINISHED)), 1.0)
        yield


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_on_the_way_back_the_way_back_is_finished(kept: Scene, when: str) -> None:
    """
    Before the entry the index stays kept; after it, recover finishes what was announced.
    """
    kept.killed(f"rollback:{when}")

    assert {"before": "after", "after": "before"}[when] == kept.recovered()


def test_recover_twice_is_recover_once(scene: Scene) -> None:
    """
    A second recover finds nothing to do, and writes nothing.
    """
    scene.killed("after:1")
    assert "before" == scene.recovered()
    entries = len(Ledger(scene.state_dir).read())

    said = json.loads(scene.hasten("recover", "--json").stdout)
    assert {"stopped_strays": [], "settled": []} == said
    assert entries == len(Ledger(scene.state_dir).read())
