"""
A run of Hasten that is killed at one exact moment, or whose servers are; started in a process of its own.

    python -m bench.crash_matrix.driver CONFIG CHANGE MOMENT

MOMENT is one of

    before:N, after:N       around the N-th entry that this run writes
    head:N                  between that entry and the head of the ledger that is kept outside
    trial                   in the middle of the trial: both sides run
    building, hanging       while PostgreSQL builds or drops the index of the live database; `hanging` waits for it
    call:WHAT:before:N      around the N-th call of WHAT (see CALLS), counted from the entry that announces
    call:WHAT:after:N       the live apply, or the way back; a trial on the live database announces one as well
    server:NAME             in the middle of the trial the last server whose name begins so is killed; Hasten goes on
    never                   nobody is killed

and with `rollback:` before it the run is one of `hasten rollback --all`.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from psycopg import sql

from bench.crash_matrix.toys import install, shorten_trials
from hasten import cycle, way_back
from hasten.application import App
from hasten.errors import HastenError
from hasten.model import Entry, Step
from hasten.record import history
from hasten.record.ledger import Head, Ledger
from hasten.session import located, opened
from hasten.verify import alternating, switch_back
from hasten.world import durable, versions
from hasten.world.supervisor import Supervisor

#: Where a run may be killed inside of a step. `write` is in the middle of a file: its bytes are there, not its mode.
CALLS: dict[str, tuple[Any, str]] = {
    "folder": (versions, "make_folder"),
    "write": (os, "fchmod"),
    "stage": (durable, "stage"),
    "settle": (durable, "settle"),
    "remove": (durable, "remove"),
    "switch": (alternating.State, "to"),
    "start": (Supervisor, "start"),
    "ready": (Supervisor, "_wait_ready"),
    "stop": (Supervisor, "stop"),
}


def die() -> None:
    """
    This process ends as if the power had gone.
    """
    os.kill(os.getpid(), signal.SIGKILL)


class Doomed(Ledger):
    """
    A ledger whose owner dies around its N-th entry, or after one that announces a step.
    """

    moment = ""
    building: Callable[[], None] | None = None
    announced: Callable[[], None] = staticmethod(lambda: None)
    written = 0

    def append(self, step: Step, body: dict[str, Any]) -> Entry:
        """
        As usual, but for the moment.
        """
        self.written += 1
        if self.moment == f"before:{self.written}":
            die()
        entry = super().append(step, body)
        if self.moment == f"after:{self.written}":
            die()
        if step is Step.ROLLED_BACK or (step is Step.APPLIED and body["arena"] in ("live", switch_back.ARENA)):
            self.announced()
            self.announced = lambda: None
            if self.building is not None:
                threading.Thread(target=self.building, daemon=True).start()
        return entry

    def _write_head(self, head: Head) -> None:
        if self.moment == f"head:{self.written}":
            die()
        super()._write_head(head)


def die_at_call(what: str, when: str, number: int) -> Callable[[], None]:
    """
    A function from whose call on the N-th call of something ends this process.
    """
    owner, name = CALLS[what]

    def announced() -> None:
        function, calls = getattr(owner, name), iter(range(1, 1000))

        def doomed(*given: Any, **named: Any) -> Any:
            is_now = next(calls) == number
            if is_now and when == "before":
                die()
            result = function(*given, **named)
            if is_now:
                die()
            return result

        setattr(owner, name, doomed)

    return announced


def die_while_building(app: App, table: str) -> None:
    """
    A reader keeps PostgreSQL from finishing the index, or its removal; once it is half there, this process dies.
    """
    lock = sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(sql.Identifier(*table.split(".", 1)))
    with app.database.named("old snapshot").connect() as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        connection.execute(lock)
        connection.execute("SELECT 1")
        while not app.database.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"):
            time.sleep(0.005)
        die()


def when_both_clones_run(state_dir: Path, then: Callable[[], None]) -> None:
    """
    In a thread: once both clones of a schema trial run, `then` is called.
    """

    def wait() -> None:
        while len(list((state_dir / "run").glob("clone-*-[01].json"))) < 2:
            time.sleep(0.005)
        then()

    threading.Thread(target=wait, daemon=True).start()


def kill_server(app: App, name: str) -> None:
    """
    The server and everything that it started are gone at once, as if the kernel had wanted their memory.
    """
    running = [each for found, each in app.supervisor.running.items() if found.startswith(name)][-1]
    process = psutil.Process(running.pid)
    for each in [*process.children(recursive=True), process]:
        each.kill()


def main(config: str, change_id: str, moment: str) -> None:
    """
    The run that does not end, or not as it should.
    """
    install()
    has_processes = bool(located(config).target.application.processes)
    with opened(config, database=True, application=has_processes) as app:
        book = Doomed(app.state_dir)
        (state,) = history.find_change(book.read(), change_id)
        is_rollback, moment = moment.startswith("rollback:"), moment.removeprefix("rollback:")
        if moment == "building":
            book.building = partial(die_while_building, app, state.change.where.name)
        _prepare(moment, app, book)
        if is_rollback:
            way_back.rollback(app, book, None)
            return
        cycle.carry_out(state.change, app, book, lambda _done, _what: None)


def _prepare(moment: str, app: App, book: Doomed) -> None:
    kind, _, rest = moment.partition(":")
    book.moment = moment
    in_trial: Callable[[], None] = lambda: None  # noqa: E731 - replaced below
    if kind == "trial":
        in_trial = die
    elif kind == "server":
        in_trial = _once(lambda: kill_server(app, rest))
    elif kind == "call":
        what, when, number = rest.split(":")
        book.announced = die_at_call(what, when, int(number))
    shorten_trials(lambda _app: in_trial())
    if kind in ("trial", "server") and app.store is not None and app.target.allow.clones:
        when_both_clones_run(app.state_dir, in_trial)


def _once(action: Callable[[], None]) -> Callable[[], None]:
    left = [action]
    return lambda: left.pop()() if left else None


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except HastenError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
