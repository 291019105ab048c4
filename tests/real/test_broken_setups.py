"""
Whatever is wrong with a set-up: one clear error with a hint, exit code 1, and nothing is changed.
"""

import fcntl
import io
import json
import os
import re
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from tests.real.scene import DATABASE, Original, Scene, assert_no_strays, copied, describe, make_original
from tests.real.small_desk import SECRET

from hasten.cli import main
from hasten.record.ledger import Ledger
from hasten.world import ports
from hasten.world.cluster import Cluster
from hasten.world.registry import wait_until
from hasten.world.supervisor import Supervisor

pytestmark = pytest.mark.real

SMALL_DESK = Path(__file__).with_name("small_desk.py")
#: Small enough to stop the ledger, large enough for the lock.
FILE_LIMIT_BYTES = 8192


@pytest.fixture(scope="module")
def original(open_place: Path) -> Original:
    """
    Measured and planned once.
    """
    return make_original(open_place / "broken")


@pytest.fixture(scope="module")
def desk(original: Original, open_place: Path) -> Iterator[Cluster]:
    """
    A PostgreSQL that runs already, as a user's would, with the original's data.
    """
    with Supervisor(open_place / "desk") as others:
        cluster = Cluster.existing(original.state_dir / "pgdata").copy_to(open_place / "desk" / "pgdata")
        yield cluster.start(others)
        assert original.schema == cluster.database(DATABASE).schema_dump()


#: Every relation, column and index, and the file that it is in.
CATALOG = """
    SELECT md5(string_agg(concat_ws(' ', relname, relkind, relfilenode, relnatts, indisvalid), ',' ORDER BY c.oid))
    FROM pg_class c LEFT JOIN pg_index ON indexrelid = c.oid WHERE relnamespace = 'public'::regnamespace
"""


class Setup:
    """
    A whole and working set-up, to be broken in one place.
    """

    def __init__(self, scene: Scene, desk: Cluster) -> None:
        self.scene = scene
        self.folder = scene.state_dir
        self.desk = desk
        scene.environment["DESK_SECRET"] = SECRET
        command = json.dumps([sys.executable, str(SMALL_DESK), "{port}", "{database_url}"])
        self.sections = {
            "application": 'name = "desk"\nhealth = "/health"',
            "[application.processes]": f'name = "web"\ncommand = {command}\nis_web = true',
            "database": f'url = "{desk.dsn(DATABASE)}"',
            "browser": "pages = []",
            "traffic": 'requests = "traffic.jsonl"\nrate_per_s = 10\narrivals = "constant"\nduration_s = 1',
            "login": 'request = "POST /login"\njson = { user = "${user}", secret = "${secret}" }',
            "[principals]": 'name = "agent"\nuser = "agent"\nsecret_env = "DESK_SECRET"',
            "allow": 'mode = "auto"',
        }
        lines = [{"method": "GET", "path": f"/messages?inquiry={n}", "principal": "agent"} for n in (7, 70, 700)]
        (self.folder / "traffic.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        self.write()

    def write(self, **sections: str) -> None:
        """
        hasten.toml says this instead.
        """
        describe(self.folder, {**self.sections, **sections})

    def add(self, section: str, line: str) -> None:
        """
        One more line in a section.
        """
        self.write(**{section: f"{self.sections[section]}\n{line}"})

    def url(self, **parts: str) -> str:
        """
        The URL of the database with some part replaced.
        """
        known = {"user": "hasten", "password": self.desk.password, "port": str(self.desk.port), "name": DATABASE}
        known |= parts
        return "postgresql://{user}:{password}@127.0.0.1:{port}/{name}".format(**known)

    def state(self) -> tuple[str, str, int]:
        """
        All that must not change: what is in the database, the record.
        """
        record = (self.folder / "ledger.head").read_text()
        return self.desk.database(DATABASE).value(CATALOG), record, (self.folder / "ledger.db").stat().st_size

    def refuses(self, *words: str, says: str, hint: str, **options: Any) -> None:
        """
        That command ends with one error and a hint, for people and for programs, and changes nothing.
        """
        before = self.state()
        self.refused(self.scene.hasten(*words, **options), says, hint)
        # What is wrong with the process, and not with the set-up, needs a process of its own.
        as_json = self.scene.hasten if options else self.inside
        self.refused_as_json(as_json(*words, "--json", **options), says, hint)
        assert before == self.state()
        assert_no_strays(self.folder)

    def inside(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """
        What Hasten said, in this process: its start is dear, and was tried once already.
        """
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name, value in self.scene.environment.items():
                patch.setenv(name, value)
            patch.setattr("hasten.cli.sigterm_as_interrupt", lambda: None)
            patch.setattr("sys.argv", ["hasten", *words, "--config", str(self.scene.config)])
            with pytest.raises(SystemExit) as ended:
                main()
        return subprocess.CompletedProcess(words, int(ended.value.code or 0), out.getvalue(), err.getvalue())

    def refused(self, done: "subprocess.CompletedProcess[str]", says: str, hint: str) -> None:
        """
        For people: one line that begins with `error:`, one with `hint:`.
        """
        assert 1 == done.returncode, done.stdout + done.stderr
        assert "" == done.stdout
        (error,) = re.findall(r"^error: (.+(?:\n  \|.*)*)$", done.stderr, re.MULTILINE)
        (hinted,) = re.findall(r"^hint:  (.+)$", done.stderr, re.MULTILINE)
        assert says in error
        assert hint in hinted
        self.is_discreet(done.stderr)

    def refused_as_json(self, done: "subprocess.CompletedProcess[str]", says: str, hint: str) -> None:
        """
        For programs: one document on standard output, and nothing beside it.
        """
        assert 1 == done.returncode, done.stdout + done.stderr
        found = json.loads(done.stdout)
        assert {"error", "hint", "kind", "data"} == set(found)
        assert says in found["error"]
        assert hint in found["hint"]
        assert "" == done.stderr
        self.is_discreet(done.stdout)

    def is_discreet(self, text: str) -> None:
        """
        No traceback and no secret, neither on the terminal nor in the log.
        """
        log = self.folder / "operations.jsonl"
        told = text + (log.read_text() if log.is_file() else "")
        assert [] == [word for word in ("Traceback", self.desk.password, SECRET) if word in told]

    def ails(self, check: str, says: str, hint: str) -> None:
        """
        `hasten doctor` finds exactly this to mend, for people and for programs, and changes nothing.
        """
        before = self.state()
        said = self.inside("doctor", "--json")
        assert 1 == said.returncode, said.stdout + said.stderr
        (found,) = [each for each in json.loads(said.stdout)["checks"] if each["ok"] is False]
        assert (check, True, True) == (found["name"], says in found["says"], hint in found["hint"]), found
        told = self.scene.hasten("doctor")
        assert (1, 1) == (told.returncode, told.stdout.count("✗")), told.stdout
        self.is_discreet(told.stdout + told.stderr + said.stdout + said.stderr)
        assert before == self.state()
        assert_no_strays(self.folder)


@pytest.fixture
def setup(original: Original, desk: Cluster) -> Iterator[Setup]:
    """
    Whole, until the test breaks it.
    """
    scene = copied(original.state_dir, original, with_data=False)
    yield Setup(scene, desk)
    shutil.rmtree(scene.state_dir)


def test_the_set_up_is_whole_before_it_is_broken(setup: Setup) -> None:
    """
    Doctor finds nothing to mend and a baseline measures: whatever fails below fails for its own reason.
    """
    told = setup.scene.hasten("doctor")
    assert (0, True) == (told.returncode, "All is well" in told.stdout), told.stdout
    for _ in range(5):
        done = setup.scene.hasten("baseline", "--json")
        # A machine that is busy with other tests may be refused, honestly; it is not busy for ever.
        if done.returncode == 0 or json.loads(done.stdout)["kind"] != "TooNoisy":
            break
    assert 0 == done.returncode, done.stdout + done.stderr
    values = {each["name"]: each["now"] for each in json.loads(done.stdout)["objectives"]}
    assert values["api_p95_ms"] > 0
    assert values["db_p95_ms"] is None  # 10 calls are too few for a 95th percentile
    assert_no_strays(setup.folder)


def test_a_file_that_is_not_toml(setup: Setup) -> None:
    """
    The line is named.
    """
    setup.scene.config.write_text("[database\nurl = 1\n")

    setup.refuses("plan", says="is not valid TOML", hint="mend the line")


def test_a_misspelled_key(setup: Setup) -> None:
    """
    The right one is suggested.
    """
    setup.add("traffic", "rate_per_sec = 3")

    setup.refuses("status", says="unknown field `rate_per_sec`", hint="did you mean `rate_per_s`?")


def test_no_configuration(setup: Setup) -> None:
    """
    Where there is no hasten.toml, how to get one is said.
    """
    setup.scene.config.unlink()

    setup.refuses("baseline", says="there is no", hint="--config")


def test_a_command_that_does_not_exist(setup: Setup) -> None:
    """
    A wrong command line is wrong input too.
    """
    setup.refuses("optimise", says="No such command 'optimise'", hint="hasten --help")


def test_a_variable_that_is_not_set(setup: Setup) -> None:
    """
    A ${NAME} of hasten.toml names the variable that is missing.
    """
    setup.write(database='url = "${DESK_DATABASE_URL}"')

    setup.refuses("plan", says="DESK_DATABASE_URL, which is not set", hint="export DESK_DATABASE_URL=")


def test_a_wrong_password(setup: Setup) -> None:
    """
    The role is named, the password is not.
    """
    setup.write(database=f'url = "{setup.url(password="wrong")}"')

    setup.refuses("plan", "--dry-run", says="the password of hasten", hint="correct it in [database] url")
    setup.ails("database", says="the password of hasten", hint="correct it in [database] url")


def test_a_server_that_does_not_answer(setup: Setup) -> None:
    """
    Nobody listens on the port.
    """
    setup.write(database=f'url = "{setup.url(port=str(ports.free_port()))}"')

    setup.refuses("apply", says="does not answer", hint="check that PostgreSQL runs")


def test_a_database_that_does_not_exist(setup: Setup) -> None:
    """
    Its name is in the error.
    """
    setup.write(database=f'url = "{setup.url(name="dusk")}"')

    setup.refuses("baseline", says="there is no database dusk", hint="correct the name")


@pytest.fixture
def role(desk: Cluster) -> Iterator[Callable[..., str]]:
    """
    Gives a function that makes a role with these statements and answers its name.
    """
    made: list[str] = []
    database = desk.database(DATABASE)

    def make(name: str, *statements: str) -> str:
        made.append(name)
        for statement in (f"CREATE ROLE {name} LOGIN PASSWORD 'guest'", *statements):
            database.run(statement)
        return name

    yield make
    for name in made:
        database.run(f"DROP OWNED BY {name}")
        database.run(f"DROP ROLE {name}")


def test_a_role_that_may_only_read(setup: Setup, role: Callable[..., str]) -> None:
    """
    Nothing is begun that could not be finished: not even the trial, not even its entry.
    """
    name = role(
        "reader", "GRANT pg_read_all_data TO reader", "ALTER ROLE reader SET default_transaction_read_only = on"
    )
    setup.write(database=f'url = "{setup.url(user=name, password="guest")}"')

    setup.refuses("apply", says="may only read", hint="RESET default_transaction_read_only")


def test_a_role_that_owns_nothing(setup: Setup, role: Callable[..., str]) -> None:
    """
    It may create tables, but cannot index those of others.
    """
    name = role("lodger", "GRANT pg_read_all_data TO lodger", "GRANT CREATE ON SCHEMA public TO lodger")
    setup.write(database=f'url = "{setup.url(user=name, password="guest")}"')

    setup.refuses("apply", says="owns none of the 1 tables", hint="the role that owns the tables")


def test_without_statement_statistics(setup: Setup, desk: Cluster) -> None:
    """
    Doctor says which statement makes them.
    """
    desk.database().run("CREATE DATABASE plain")
    setup.write(database=f'url = "{setup.url(name="plain")}"')
    try:
        setup.ails("statement statistics", says="pg_stat_statements is not installed", hint="CREATE EXTENSION pg_stat_")
    finally:
        desk.database().run("DROP DATABASE plain WITH (FORCE)")


def test_a_database_that_goes_away_in_the_middle_of_a_run(setup: Setup, place: Path) -> None:
    """
    A baseline that lost its database is not half a baseline: nothing is recorded of it.
    """
    with Supervisor(place) as others:
        cluster = Cluster.existing(setup.scene.original.state_dir / "pgdata").copy_to(place / "pgdata").start(others)
        setup.write(
            database=f'url = "{cluster.dsn(DATABASE)}"',
            traffic=setup.sections["traffic"].replace("duration_s = 1", "duration_s = 4"),
        )
        before = setup.state()
        command = setup.scene.command("baseline", "--json")
        environment = {**os.environ, **setup.scene.environment}
        with subprocess.Popen(command, env=environment, stdout=-1, stderr=-1, text=True) as running:
            assert wait_until(lambda: load_is_on(cluster), 60.0)
            cluster.stop()
            said, errors = running.communicate(timeout=60)
    done = subprocess.CompletedProcess(command, running.returncode, said, errors)
    setup.refused_as_json(done, says="does not answer", hint="check that PostgreSQL runs")
    assert before == setup.state()
    assert_no_strays(setup.folder)


def load_is_on(cluster: Cluster) -> bool:
    """
    The application has asked the database something several times.
    """
    asked = "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query LIKE 'SELECT count(*), max(body)%%'"
    return int(cluster.database(DATABASE, "test").value(asked)) >= 3 + 5


@pytest.mark.parametrize("way", ["hasten.toml", "HASTEN_BROWSER"])
def test_no_browser(setup: Setup, way: str) -> None:
    """
    Found out before anything is measured, and who named it is said.
    """
    if way == "hasten.toml":
        setup.write(browser='path = "/nowhere/chromium"')
    else:
        setup.write(browser="")
        setup.scene.environment |= {"HASTEN_BROWSER": "/nowhere/chromium", "PATH": ""}

    setup.refuses("baseline", says=f"{way} names the browser /nowhere/chromium", hint=f"correct {way}")
    setup.ails("browser", says=f"{way} names the browser", hint=f"correct {way}")


def test_a_port_that_is_taken(setup: Setup) -> None:
    """
    Who has it is said, and it is left alone.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        setup.add("[application.processes]", f"port = {port}")

        setup.refuses("baseline", says=f"cannot listen on port {port}", hint="0 takes any free one")


def test_an_application_that_dies_at_its_start(setup: Setup) -> None:
    """
    Its last words are in the error.
    """
    command = json.dumps([sys.executable, "-c", "raise SystemExit('no license')"])
    setup.write(**{"[application.processes]": f'name = "web"\ncommand = {command}\nis_web = true'})

    setup.refuses("baseline", says="no license", hint="mend what its last lines say")
    setup.ails("application and database", says="no license", hint="mend what its last lines say")


def test_an_application_whose_program_is_not_there(setup: Setup) -> None:
    """
    The program is named.
    """
    setup.write(**{"[application.processes]": 'name = "web"\ncommand = ["gunicorm"]\nis_web = true'})

    setup.refuses("baseline", says="there is no program gunicorm", hint="check the command")


def test_no_recorded_requests(setup: Setup) -> None:
    """
    The file that hasten.toml names is not there.
    """
    (setup.folder / "traffic.jsonl").unlink()

    setup.refuses("baseline", says="there is no file", hint="correct the path")
    setup.ails("traffic files", says="there is no file", hint="correct the path")


def test_a_secret_that_is_not_set(setup: Setup) -> None:
    """
    The variable is named.
    """
    del setup.scene.environment["DESK_SECRET"]

    setup.refuses("baseline", says="DESK_SECRET", hint="export DESK_SECRET=")
    setup.ails("login of agent", says="DESK_SECRET", hint="export DESK_SECRET=")


def test_a_login_that_is_refused(setup: Setup) -> None:
    """
    Whose it is and what to look at is said; the secret is not.
    """
    setup.scene.environment["DESK_SECRET"] = "close sesame"

    setup.refuses("baseline", says="the login of 'agent' was refused", hint="DESK_SECRET")
    setup.ails("login of agent", says="was refused", hint="DESK_SECRET")


def test_a_front_end_that_is_not_built(setup: Setup) -> None:
    """
    Found out before anything is measured.
    """
    setup.write(frontend='dist = "web/dist"')

    setup.refuses("baseline", says="[frontend] dist: there is no folder", hint="build the front end first")
    setup.ails("front end", says="there is no folder", hint="build the front end first")


def test_another_hasten_at_work(setup: Setup) -> None:
    """
    One at a time; which process it is stands in the error.
    """
    with (setup.folder / "lock").open("w") as lock:
        lock.write("4711")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)

        setup.refuses("apply", says="another Hasten (process 4711) is at work", hint="wait for it to end")


def test_a_state_folder_that_cannot_be_one(setup: Setup) -> None:
    """
    A file is in its place.
    """
    (setup.folder / "occupied").touch()
    setup.scene.config.write_text(setup.scene.config.read_text().replace('state = "."', 'state = "occupied"'))

    setup.refuses("baseline", says="cannot be written", hint="`state` in hasten.toml")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_state_folder_that_is_closed(setup: Setup) -> None:
    """
    Permissions are mended by whoever owns the folder, not by Hasten.
    """
    (setup.folder / "closed").mkdir(mode=0o500)
    setup.scene.config.write_text(setup.scene.config.read_text().replace('state = "."', 'state = "closed"'))

    setup.refuses("baseline", says="cannot be written", hint="permissions")


def small_files() -> None:
    """
    From now on this process cannot make a file longer than the limit.
    """
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT_BYTES, FILE_LIMIT_BYTES))


def test_no_room_for_the_ledger(setup: Setup) -> None:
    """
    What cannot be recorded is not done.
    """
    setup.refuses("apply", says="cannot be written", hint="free some disk space", preexec_fn=small_files)


@pytest.fixture
def full_disk(setup: Setup) -> Iterator[Setup]:
    """
    The state folder is on a file system of its own, with no room left.
    """
    files = {path.name: path.read_bytes() for path in setup.folder.iterdir() if path.is_file()}
    mounting = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(setup.folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(mounting, capture_output=True).returncode:
        pytest.skip("only root can mount a small file system")
    try:
        for name, content in files.items():
            (setup.folder / name).write_bytes(content)
        with (setup.folder / "ballast").open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"x" * 4096)
            except OSError:
                yield setup
    finally:
        subprocess.run(["umount", str(setup.folder)], check=True)


def test_a_full_disk(full_disk: Setup) -> None:
    """
    The same where the file system itself is full.
    """
    full_disk.refuses("apply", says="No space left", hint="space")


def test_a_damaged_ledger(setup: Setup) -> None:
    """
    Nothing is built on a record that does not hold; where it is damaged is said.
    """
    with sqlite3.connect(setup.folder / "ledger.db") as ledger:
        ledger.execute("DROP TRIGGER entry_is_never_updated")
        ledger.execute("UPDATE entry SET entry = CAST(replace(entry, 'message', 'massage') AS BLOB) WHERE seq = 2")

    setup.refuses("apply", says="entry 2 was edited", hint="restore ledger.db from a backup")
    assert not Ledger(setup.folder).verify().ok
    setup.ails("ledger", says="entry 2 was edited", hint="restore the ledger from a backup")


def test_applying_where_only_looking_is_allowed(setup: Setup) -> None:
    """
    The default of [allow] is observe.
    """
    setup.write(allow="")

    setup.refuses("apply", says="lets Hasten only observe", hint='mode = "approve"')


def test_applying_with_nobody_to_approve(setup: Setup) -> None:
    """
    In a pipe nobody can say yes; --yes says it.
    """
    setup.write(allow='mode = "approve"')

    setup.refuses("apply", says="nobody is there to approve", hint="--yes", stdin=subprocess.DEVNULL)


def test_applying_without_a_plan(setup: Setup) -> None:
    """
    First the plan, then the deed.
    """
    setup.scene.environment["DESK_SECRET"] = SECRET
    empty = setup.folder / "empty"
    empty.mkdir()
    setup.scene.config.write_text(setup.scene.config.read_text().replace('state = "."', 'state = "empty"'))

    setup.refuses("apply", says="no change is planned", hint="hasten plan")
    setup.refuses("plan", says="nothing was measured yet", hint="hasten baseline")
    assert not (empty / "ledger.db").exists()


def test_applying_a_change_that_nobody_planned(setup: Setup) -> None:
    """
    An id that names none.
    """
    setup.refuses("apply", "beef", says="no planned change has an id like 'beef'", hint="hasten status")


def test_undoing_a_change_that_nobody_made(setup: Setup) -> None:
    """
    An id that names none, or no id at all.
    """
    setup.refuses("rollback", "beef", says="no kept change has an id like 'beef'", hint="hasten status")
    setup.refuses("rollback", says="say which", hint="hasten status")


def test_a_data_directory_that_is_not_there(setup: Setup) -> None:
    """
    And one that is not PostgreSQL's.
    """
    setup.write(database='private = "{state}/pgdata"')
    setup.refuses("plan", says="there is no data directory", hint="hasten demo")

    (setup.folder / "pgdata").mkdir()
    setup.refuses("plan", says="is not a data directory of PostgreSQL", hint="hasten demo")


def test_programs_that_are_not_postgresql(setup: Setup) -> None:
    """
    [database] programs names a folder without a server.
    """
    setup.write(database='private = "{state}/pgdata"\nprograms = "/usr/share"')
    (setup.folder / "pgdata").mkdir()
    (setup.folder / "pgdata" / "PG_VERSION").write_text("18\n")

    setup.refuses("plan", says="there is no PostgreSQL server in /usr/share", hint="[database] programs")
