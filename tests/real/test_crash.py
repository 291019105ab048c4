"""
Killed at any moment, the world is in the before or the after state once `hasten recover` has run.

A change of the schema at every entry; a few moments of the other kinds. All of it is `make bench NAME=crash_matrix`.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from bench.crash_matrix.judge import outcome_of
from bench.crash_matrix.points import Point, points
from bench.crash_matrix.scenes import make
from tests.real.scene import Original, Scene, assert_no_strays, copied, describe, make_original

from hasten import optimize
from hasten.record.ledger import Ledger
from hasten.session import opened
from hasten.world.cluster import Cluster
from hasten.world.postgres import Database
from hasten.world.registry import wait_until
from hasten.world.supervisor import Supervisor

pytestmark = pytest.mark.real

ROOT = Path(__file__).resolve().parents[2]
#: APPLIED on the clone, TRIED, APPLIED live, TRIED live, KEPT.
ENTRIES = 5


def driving(scene: Scene, moment: str) -> list[str]:
    """
    The command that runs Hasten until that moment.
    """
    return [sys.executable, "-m", "bench.crash_matrix.driver", str(scene.config), scene.original.change.id, moment]


def kill(scene: Scene, moment: str) -> None:
    """
    A run was killed at that moment.
    """
    done = subprocess.run(driving(scene, moment), cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert -9 == done.returncode, done.stderr[-2000:]


def recovered(scene: Scene) -> str:
    """
    After `hasten recover`: `before` or `after`; anything else fails.
    """
    said = scene.hasten("recover", "--json")
    assert 0 == said.returncode, said.stdout + said.stderr
    assert_no_strays(scene.state_dir)
    with opened(str(scene.config), database=True) as app:
        schema = app.database.schema_dump()
        invalid = app.database.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid OR NOT indisready")
    (state,) = scene.states()
    assert 0 == invalid
    assert state.is_settled
    if schema == scene.original.schema:
        assert not state.is_kept
        return "before"
    assert state.is_kept
    index = b"CREATE INDEX " + str(scene.original.change.after["name"]).encode()
    assert [index] == [line[: len(index)] for line in schema.splitlines() if line.startswith(b"CREATE INDEX")]
    return "after"


@pytest.fixture(scope="module")
def original(open_place: Path) -> Original:
    """
    Measured and planned once.
    """
    return make_original(open_place / "crash")


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
    kill(scene, f"{when}:{number}")

    expected = "after" if (when, number) == ("after", ENTRIES) else "before"
    assert expected == recovered(scene)


def test_killed_while_the_clones_run_nothing_of_them_is_left(scene: Scene) -> None:
    """
    Both clones end with the run or are ended by recover, and their folders are gone.
    """
    kill(scene, "trial")

    assert "before" == recovered(scene)


def test_killed_while_the_index_is_built_nothing_of_it_is_left(scene: Scene) -> None:
    """
    The invalid index that an interrupted build leaves on the disk is removed.
    """
    kill(scene, "building")

    assert "before" == recovered(scene)


def test_a_build_that_goes_on_for_a_dead_client_is_ended(scene: Scene, place: Path) -> None:
    """
    A server that is not Hasten's outlives it and goes on building; recover ends that before it looks.
    """
    with Supervisor(place) as others:
        cluster = Cluster.existing(scene.state_dir / "pgdata").copy_to(place / "pgdata").start(others)
        database = cluster.database("desk", "test")
        # As PostgreSQL comes: it does not notice that a client is gone before it wants to answer.
        database.run("ALTER SYSTEM SET client_connection_check_interval = 0")
        database.run("SELECT pg_reload_conf()")
        describe(scene.state_dir, {"database": f'url = "{cluster.dsn("desk")}"', "allow": 'mode = "auto"'})
        with subprocess.Popen(driving(scene, "hanging"), cwd=ROOT) as driver, held_up(database):
            driver.kill()
            driver.wait(10)
            said = json.loads(scene.hasten("recover", "--json").stdout)
            assert "1 database session of an earlier run" == said["settled"][0]["found"]
            assert 0 == database.value(BUILDING)
            assert "before" == recovered(scene)


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
    kill(kept, f"rollback:{when}:1")

    assert {"before": "after", "after": "before"}[when] == recovered(kept)


def test_recover_twice_is_recover_once(scene: Scene) -> None:
    """
    A second recover finds nothing to do, and writes nothing.
    """
    kill(scene, "after:1")
    assert "before" == recovered(scene)
    entries = len(Ledger(scene.state_dir).read())

    said = json.loads(scene.hasten("recover", "--json").stdout)
    assert {"stopped_strays": [], "settled": []} == said
    assert entries == len(Ledger(scene.state_dir).read())


QUICK = [point for point in points() if point.is_quick]


@pytest.fixture(scope="module")
def matrix(open_place: Path) -> Iterator[Callable[[Point], str]]:
    """
    The outcome of a point; the application of each kind is made once.
    """
    place = open_place / "matrix"
    place.mkdir(mode=0o755)
    original = cache(lambda patient: make(patient, place))
    with pytest.MonkeyPatch.context() as patch:
        # The toys are in the catalogue of these tests only.
        patch.setattr(optimize, "_found", optimize._found)
        yield lambda point: outcome_of(point, original(point.patient))


@pytest.mark.parametrize("point", QUICK, ids=lambda point: f"{point.patient}-{point.moment}")
def test_every_kind_of_change_is_before_or_after(matrix: Callable[[Point], str], point: Point) -> None:
    """
    Files, processes and policy too, in the middle of a step: nothing half done, nothing left running.
    """
    assert "before" == matrix(point)
