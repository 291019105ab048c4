"""
The laws of every optimization. Each function raises AssertionError where its law is broken, and says which.

    header_is_a_manual_page     the five headings, in their order
    functions_are_there         the functions, with their parameters
    proposing_touches_nothing   schema and data are the same before and after
    apply_then_revert_restores  byte by byte
    both_can_be_repeated        done twice is done once
    revert_works_from_json      in a new process, from the change's JSON alone
    an_empty_inverse_fails      with an error, and nothing is touched
    a_killed_apply_is_undone    no half-made thing is left
"""

import inspect
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from threading import Event
from time import monotonic, sleep

import msgspec
from psycopg import sql

from hasten.application import App
from hasten.errors import RevertFailed
from hasten.model import Change, Finding, to_json
from hasten.optimize import Remedy, proposals
from hasten.world.postgres import Database

HEADINGS = ("What it does:", "When it helps:", "What it changes:", "How it goes back:", "What could go wrong:")
PARAMETERS = {
    "propose": ["finding", "app"],
    "apply": ["change", "app"],
    "revert": ["change", "app"],
    "is_applied": ["change", "app"],
    "has_remains": ["change", "app"],
    "by_hand": ["change"],
}
PATIENCE_S = 60.0
#: How long one writing transaction lasts before the next one takes over.
TURN_S = 1.0
#: The run of Hasten that another process pretends to be, so that its sessions can be ended by name.
OTHER_INSTANCE = "otherlaw"


@dataclass(frozen=True)
class Snapshot:
    """
    An application's database: its schema as pg_dump writes it, and a digest of every table's rows.
    """

    schema: bytes
    rows: dict[str, str]


def snapshot(app: App) -> Snapshot:
    """
    What there is now, to be compared with what there is later.
    """
    return Snapshot(schema=app.database.schema_dump(), rows=_digests(app.database))


def header_is_a_manual_page(remedy: Remedy) -> None:
    """
    The docstring has the five headings, each at the start of a line, in their order.
    """
    lines = (remedy.__doc__ or "").splitlines()
    found = [heading for line in lines for heading in HEADINGS if line.startswith(heading)]
    assert list(HEADINGS) == found, f"{remedy.__name__}: headings are {found}"


def functions_are_there(remedy: Remedy) -> None:
    """
    Every function is there, with its parameters by these names.
    """
    for name, parameters in PARAMETERS.items():
        found = list(inspect.signature(getattr(remedy, name)).parameters)
        assert parameters == found[: len(parameters)], f"{remedy.__name__}.{name} takes {found}"
    assert remedy.about.treats, f"{remedy.__name__} treats nothing"


def proposing_touches_nothing(remedy: Remedy, findings: Sequence[Finding], app: App) -> list[Change]:
    """
    The application is the same after a proposal; the proposed changes, each with an inverse, are given back.
    """
    before = snapshot(app)
    changes = proposals(remedy, findings, app, lambda _done, _what: None)
    assert before == snapshot(app), f"{remedy.__name__}: propose touched the application"
    for change in changes:
        assert change.inverse, f"{change.id} has no inverse"
        assert not remedy.is_applied(change, app), f"{change.id} is proposed and already applied"
        assert change == msgspec.json.decode(to_json(change), type=Change), f"{change.id} is another after JSON"
    return changes


def apply_then_revert_restores(remedy: Remedy, change: Change, app: App) -> None:
    """
    Applied it is there; reverted the application is byte by byte as before.
    """
    before = snapshot(app)
    remedy.apply(change, app)
    assert remedy.is_applied(change, app), f"{change.id} was applied and is not there"
    assert before.schema != app.database.schema_dump(), f"{change.id} was applied and changed nothing"
    remedy.revert(change, app)
    assert not remedy.has_remains(change, app), f"{change.id} was reverted and something is left"
    assert before == snapshot(app), f"{change.id} was reverted and the application is not as before"


def both_can_be_repeated(remedy: Remedy, change: Change, app: App) -> None:
    """
    A second apply, and a second revert, does nothing and raises nothing.
    """
    before = snapshot(app)
    remedy.revert(change, app)
    remedy.apply(change, app)
    once = snapshot(app)
    remedy.apply(change, app)
    assert once == snapshot(app), f"{change.id}: a second apply changed something"
    remedy.revert(change, app)
    remedy.revert(change, app)
    assert before == snapshot(app), f"{change.id}: a second revert changed something"


def revert_works_from_json(name: str, remedy: Remedy, change: Change, app: App) -> None:
    """
    A new process, which has nothing but the change's JSON and the way to the database, undoes it.
    """
    before = snapshot(app)
    remedy.apply(change, app)
    with elsewhere(name, "revert", change, app.database) as other:
        said = other.communicate(timeout=PATIENCE_S)[1]
    assert 0 == other.returncode, said.decode()
    assert before == snapshot(app), f"{change.id} was not undone by a new process"


def an_empty_inverse_fails(remedy: Remedy, change: Change, app: App) -> None:
    """
    A change that lost its inverse is refused, and what it made stays.
    """
    remedy.apply(change, app)
    lost = msgspec.structs.replace(change, inverse={})
    try:
        remedy.revert(lost, app)
    except RevertFailed as error:
        assert error.hint, "RevertFailed without a hint"
        assert remedy.is_applied(change, app), f"{change.id}: refused, and gone all the same"
    else:
        raise AssertionError(f"{change.id}: an empty inverse was accepted")
    finally:
        remedy.revert(change, app)


def a_killed_apply_is_undone(
    name: str, remedy: Remedy, change: Change, app: App, hold: AbstractContextManager[object] | None = None
) -> bool:
    """
    The applying process is killed as soon as something of the change is there; ended and reverted, nothing is left.

    Args:
        hold: While it is entered the change cannot be finished, so that the kill surely comes in the middle.

    Returns whether the kill came in the middle: something was there, and not all of it.
    """
    before = snapshot(app)
    with hold or nullcontext():
        with elsewhere(name, "apply", change, app.database) as other:
            deadline = monotonic() + PATIENCE_S
            while not remedy.has_remains(change, app) and other.poll() is None and monotonic() < deadline:
                sleep(0.002)
            other.send_signal(signal.SIGKILL)
        in_the_middle = remedy.has_remains(change, app) and not remedy.is_applied(change, app)
        app.database.end_backends(OTHER_INSTANCE)
    remedy.revert(change, app)
    assert not remedy.has_remains(change, app), f"{change.id}: something is left after a crash"
    assert before == snapshot(app), f"{change.id}: the application is not as before the crash"
    return in_the_middle


@contextmanager
def writing_to(table: str, app: App) -> Iterator[None]:
    """
    There is always a transaction that writes to the table: whatever is built concurrently on it has to wait.

    Each is young, as on a busy server: they take turns, the next one beginning before the last one ends.
    """
    statement = sql.SQL("LOCK TABLE {} IN ROW EXCLUSIVE MODE").format(sql.Identifier(*table.split(".", 1)))
    done, begun = Event(), Event()

    def begin() -> ExitStack:
        with ExitStack() as opened:
            connection = opened.enter_context(app.database.named("writer").connect())
            opened.enter_context(connection.transaction(force_rollback=True))
            connection.execute(statement)
            return opened.pop_all()

    def take_turns() -> None:
        writer = begin()
        begun.set()
        while not done.wait(TURN_S):
            following = begin()
            writer.close()
            writer = following
        writer.close()

    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(take_turns)
        try:
            assert begun.wait(PATIENCE_S), "the writer did not begin"
            yield
        finally:
            done.set()
            writing.result(PATIENCE_S)


class elsewhere:  # noqa: N801 - used as a statement
    """
    Another process that does one thing with a change; ended when the block ends.
    """

    def __init__(self, name: str, what: str, change: Change, database: Database) -> None:
        self._orders = msgspec.json.encode(
            {"name": name, "what": what, "change": change, "dsn": database.dsn, "instance": OTHER_INSTANCE}
        )

    def __enter__(self) -> "subprocess.Popen[bytes]":
        # The password goes by a pipe: arguments and environments can be read by others.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hasten.testing.other_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=dict(os.environ),
        )
        assert self._process.stdin is not None
        self._process.stdin.write(self._orders)
        self._process.stdin.close()
        self._process.stdin = None
        return self._process

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            if self._process.poll() is None:
                self._process.kill()
        self._process.wait(PATIENCE_S)
        if self._process.stderr is not None:
            self._process.stderr.close()


def _digests(database: Database) -> dict[str, str]:
    names = database.rows(_TABLES)
    statement = "SELECT count(*) || ':' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM {} t"
    return {row["name"]: str(database.value(statement.format(row["name"]))) for row in names}


_TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""
