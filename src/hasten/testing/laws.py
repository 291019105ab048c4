"""
The laws of every optimization. Each function raises AssertionError where its law is broken, and says which.

    header_is_a_manual_page     the five headings, in their order
    functions_are_there         the functions, with their parameters
    proposing_touches_nothing   database, files, processes and policy are the same before and after
    apply_then_revert_restores  byte by byte
    both_can_be_repeated        done twice is done once
    revert_works_from_json      in a new process, from the change's JSON alone
    an_empty_inverse_fails      with an error, and nothing is touched
    a_killed_apply_is_undone    no half-made thing is left

They hold for every kind of change; what is compared is what the application has (hasten.testing.snapshot).
"""

import inspect
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from threading import Event
from time import monotonic, sleep

import msgspec
from psycopg import sql

from hasten.application import App
from hasten.errors import RevertFailed
from hasten.model import Change, Finding, to_json
from hasten.optimize import Remedy, proposals
from hasten.testing.other_process import Orders
from hasten.testing.snapshot import Snapshot, snapshot

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
    _same(before, app, f"{remedy.__name__}: propose touched the application")
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
    assert before != snapshot(app), f"{change.id} was applied and changed nothing"
    remedy.revert(change, app)
    assert not remedy.has_remains(change, app), f"{change.id} was reverted and something is left"
    _same(before, app, f"{change.id} was reverted and the application is not as before")


def both_can_be_repeated(remedy: Remedy, change: Change, app: App) -> None:
    """
    A second apply, and a second revert, does nothing and raises nothing.
    """
    before = snapshot(app)
    remedy.revert(change, app)
    remedy.apply(change, app)
    once = snapshot(app)
    remedy.apply(change, app)
    _same(once, app, f"{change.id}: a second apply changed something")
    remedy.revert(change, app)
    remedy.revert(change, app)
    _same(before, app, f"{change.id}: a second revert changed something")


def revert_works_from_json(remedy: Remedy, change: Change, app: App) -> None:
    """
    A new process, which has nothing but the change's JSON and the way to the application, undoes it.
    """
    before = snapshot(app)
    remedy.apply(change, app)
    with _run_is_over(app), elsewhere(remedy, "revert", change, app) as other:
        said = other.communicate(timeout=PATIENCE_S)[1]
    assert 0 == other.returncode, said.decode()
    _same(before, app, f"{change.id} was not undone by a new process")


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
    remedy: Remedy, change: Change, app: App, hold: AbstractContextManager[object] | None = None
) -> bool:
    """
    The applying process is killed as soon as something of the change is there; ended and reverted, nothing is left.

    Args:
        hold: While it is entered the change cannot be finished, so that the kill surely comes in the middle.

    Returns whether the kill came in the middle: something was there, and not all of it.
    """
    before = snapshot(app)
    with _run_is_over(app):
        with hold or nullcontext():
            with elsewhere(remedy, "apply", change, app) as other:
                deadline = monotonic() + PATIENCE_S
                while not remedy.has_remains(change, app) and other.poll() is None and monotonic() < deadline:
                    sleep(0.002)
                other.send_signal(signal.SIGKILL)
            in_the_middle = remedy.has_remains(change, app) and not remedy.is_applied(change, app)
            if app.store is not None:
                app.database.end_backends(OTHER_INSTANCE)
        app.supervisor.sweep()
        remedy.revert(change, app)
        assert not remedy.has_remains(change, app), f"{change.id}: something is left after a crash"
    _same(before, app, f"{change.id}: the application is not as before the crash")
    return in_the_middle


@contextmanager
def _run_is_over(app: App) -> Iterator[None]:
    """
    In the block nothing that this run started for the application runs, as after its end; afterwards it does again.
    """
    was_started = app.fleet is not None and app.fleet.is_started
    if app.fleet is not None and was_started:
        app.fleet.stop()
    yield
    if app.fleet is not None and was_started:
        app.fleet.start()


def _same(before: Snapshot, app: App, otherwise: str) -> None:
    different = before.differences(snapshot(app))
    assert not different, "\n  ".join([f"{otherwise}:", *different])


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

    def __init__(self, remedy: Remedy, what: str, change: Change, app: App) -> None:
        fleet = app.fleet
        orders = Orders(
            module=remedy.__name__,
            what=what,
            change=change,
            root=str(app.root),
            state_dir=str(app.state_dir),
            dsn=app.store.dsn if app.store is not None else "",
            instance=OTHER_INSTANCE,
            processes=fleet.written.application.processes if fleet is not None else [],
            database_url=fleet.ground.database_url if fleet is not None else "",
        )
        self._orders = msgspec.json.encode(orders)

    def __enter__(self) -> "subprocess.Popen[bytes]":
        # The password goes by a pipe: arguments and environments can be read by others.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hasten.testing.other_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            # Remedies of other packages, and of tests, are found where they are found here.
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
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
