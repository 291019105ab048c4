"""
Ctrl-C, or a polite SIGTERM, at any time: the world is clean when Hasten has ended, with no recover needed.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.real.scene import DATABASE, PRIVATE, Original, Scene, assert_no_strays, copied, describe, make_original
from tests.real.small_desk import SECRET

from hasten.errors import Unreachable
from hasten.model import Step
from hasten.record.ledger import Ledger
from hasten.session import opened
from hasten.world.cluster import Cluster
from hasten.world.postgres import Database
from hasten.world.registry import wait_until
from hasten.world.supervisor import Supervisor

pytestmark = pytest.mark.real

SMALL_DESK = Path(__file__).with_name("small_desk.py")
SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def original(open_place: Path) -> Original:
    """
    Measured and planned once.
    """
    return make_original(open_place / "interrupt")


@pytest.fixture
def scene(original: Original) -> Iterator[Scene]:
    """
    An application and a private database that Hasten runs, and a plan.
    """
    made = copied(original.state_dir, original)
    command = json.dumps([sys.executable, str(SMALL_DESK), "{port}", "{database_url}"])
    describe(
        made.state_dir,
        {
            "application": 'name = "desk"\nhealth = "/health"',
            "[application.processes]": f'name = "web"\ncommand = {command}\nis_web = true',
            "database": PRIVATE,
            "browser": "pages = []",
            "traffic": 'requests = "traffic.jsonl"\nrate_per_s = 5\nduration_s = 60',
            "login": 'request = "POST /login"\njson = { user = "${user}", secret = "${secret}" }',
            "[principals]": 'name = "agent"\nuser = "agent"\nsecret_env = "DESK_SECRET"',
            "allow": 'mode = "auto"',
        },
    )
    made.environment["DESK_SECRET"] = SECRET
    (made.state_dir / "traffic.jsonl").write_text('{"path": "/messages?inquiry=7", "principal": "agent"}\n')
    yield made
    shutil.rmtree(made.state_dir)


def interrupted(
    scene: Scene, words: list[str], moment: Callable[[], bool], number: signal.Signals, times: int = 1
) -> None:
    """
    The command was told to stop at that moment, and ended with 130 and one clear sentence.
    """
    environment = {**os.environ, **scene.environment}
    with subprocess.Popen(
        scene.command(*words, "--json"), env=environment, stdout=-1, stderr=-1, text=True, start_new_session=True
    ) as running:
        assert wait_until(lambda: running.poll() is not None or moment(), PATIENCE_S)
        assert running.poll() is None, running.communicate()
        for _ in range(times):
            # As a terminal does it: to the whole group.
            os.killpg(running.pid, number)
        said, errors = running.communicate(timeout=PATIENCE_S)
    assert 130 == running.returncode, said + errors
    assert "stopped" == json.loads(said)["error"], said
    assert "" == errors.strip()  # the end of the line that ^C stands in


def assert_clean(scene: Scene, *expected: Step) -> None:
    """
    Nothing runs, the ledger holds and says so, the schema is as before, and recover finds nothing to do.
    """
    assert_no_strays(scene.state_dir)
    (state,) = scene.states()
    assert state.step in expected
    with opened(str(scene.config), database=True) as app:
        assert scene.original.schema == app.database.schema_dump()
    said = scene.hasten("recover", "--json")
    assert {"stopped_strays": [], "settled": []} == json.loads(said.stdout)


def log_says(scene: Scene, *words: str) -> bool:
    """
    One line of the log of operations holds all these words.
    """
    log = scene.state_dir / "operations.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return any(all(word in line for word in words) for line in lines)


@SIGNALS
def test_during_a_baseline(scene: Scene, number: signal.Signals) -> None:
    """
    The load ends, the application and the database are stopped, no measurement is recorded.
    """
    entries = len(Ledger(scene.state_dir).read())
    interrupted(scene, ["baseline"], lambda: log_says(scene, "logged in"), number)

    assert_clean(scene, Step.PLANNED)
    assert entries == len(Ledger(scene.state_dir).read())


@SIGNALS
def test_during_a_trial(scene: Scene, number: signal.Signals) -> None:
    """
    The clones are stopped and deleted; the change is on record as not kept.
    """
    run = scene.state_dir / "run"
    interrupted(scene, ["apply"], lambda: len(list(run.glob("clone-*-[01].json"))) == 2, number)

    assert_clean(scene, Step.ROLLED_BACK)


def test_during_a_backup_and_more_than_once(scene: Scene) -> None:
    """
    Who presses Ctrl-C three times gets the same clean world.
    """
    run = scene.state_dir / "run"
    interrupted(scene, ["apply"], lambda: bool(list(run.glob("clone-*.scratch"))), signal.SIGINT, times=3)

    assert_clean(scene, Step.PLANNED, Step.ROLLED_BACK)


@pytest.fixture
def outside(scene: Scene, place: Path) -> Iterator[Database]:
    """
    The scene's database, on a server that is not Hasten's and goes on running.
    """
    with Supervisor(place) as others:
        cluster = Cluster.existing(scene.state_dir / "pgdata").copy_to(place / "pgdata").start(others)
        describe(scene.state_dir, {"database": f'url = "{cluster.dsn(DATABASE)}"', "allow": 'mode = "auto"'})
        yield cluster.database(DATABASE, "test")


@SIGNALS
def test_during_an_index_build(scene: Scene, outside: Database, number: signal.Signals) -> None:
    """
    The build is cancelled on the server, and what it had made is removed before Hasten ends.
    """
    with outside.connect() as older:

        def is_building() -> bool:
            if outside.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"):
                return True
            # A young snapshot holds the build up; an old one would keep Hasten from beginning it.
            older.execute("ROLLBACK")
            older.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            older.execute("SELECT 1")
            return bool(wait_until(lambda: bool(outside.value(UNFINISHED)), 1.0))

        interrupted(scene, ["apply"], is_building, number)
        assert 0 == outside.value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%'")
    assert_clean(scene, Step.ROLLED_BACK)


UNFINISHED = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"


def test_a_database_that_goes_away_during_a_build(scene: Scene, outside: Database, place: Path) -> None:
    """
    The one emergency: neither in nor out. Exit code 3 with the command to finish by hand; recover does it later.
    """
    pid = int((place / "pgdata" / "postmaster.pid").read_text().split()[0])
    with suppress(Unreachable), outside.connect() as older:
        environment = {**os.environ, **scene.environment}
        with subprocess.Popen(scene.command("apply", "--json"), env=environment, stdout=-1, text=True) as running:

            def is_building() -> bool:
                older.execute("ROLLBACK")
                older.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
                older.execute("SELECT 1")
                return bool(wait_until(lambda: bool(outside.value(UNFINISHED)), 1.0))

            assert wait_until(is_building, PATIENCE_S)
            os.kill(pid, signal.SIGQUIT)
            said = json.loads(running.communicate(timeout=PATIENCE_S)[0])
    assert 3 == running.returncode, said
    assert said["data"]["by_hand"][0].startswith("DROP INDEX CONCURRENTLY IF EXISTS"), said
    (state,) = scene.states()
    assert Step.STUCK is state.step

    with Supervisor(place) as others:
        cluster = Cluster.existing(place / "pgdata").start(others)
        describe(scene.state_dir, {"database": f'url = "{cluster.dsn(DATABASE)}"', "allow": 'mode = "auto"'})
        (settled,) = json.loads(scene.hasten("recover", "--json").stdout)["settled"]
        assert ("left at STUCK", "undone") == (settled["found"], settled["did"])
        assert_clean(scene, Step.ROLLED_BACK)
