"""
A run of Hasten that is killed at one exact moment; started by test_crash.py in a process of its own.

    python crash_driver.py CONFIG CHANGE MOMENT

MOMENT is `before:N` or `after:N` (the N-th entry that this run writes), `trial` (while both clones run), `building`
(while PostgreSQL builds the index on the live database), `hanging` (the same, but it waits to be killed from outside),
or `rollback:before`, `rollback:after` (around the entry that announces the way back).
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from hasten import cycle, way_back
from hasten.application import App
from hasten.model import Entry, Step
from hasten.record import history
from hasten.record.ledger import Ledger
from hasten.session import opened


def die() -> None:
    """
    This process ends as if the power had gone.
    """
    os.kill(os.getpid(), signal.SIGKILL)


class Doomed(Ledger):
    """
    A ledger whose owner dies before or after its N-th entry, or while the index is built on the live database.
    """

    moment = ""
    live: App | None = None
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
        if self.live is not None and step is Step.APPLIED and body["arena"] == "live":
            threading.Thread(target=die_while_building, args=(self.live,), daemon=True).start()
        return entry


def die_while_building(app: App) -> None:
    """
    An old snapshot keeps PostgreSQL from finishing the index; once that is unfinished on disk, this process dies.
    """
    with app.database.named("old snapshot").connect() as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT 1")
        while not app.database.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"):
            time.sleep(0.005)
        die()


def die_in_trial(state_dir: Path) -> None:
    """
    Waits until both clones run, then dies.
    """
    while len(list((state_dir / "run").glob("clone-*-[01].json"))) < 2:
        time.sleep(0.005)
    die()


def main(config: str, change_id: str, moment: str) -> None:
    """
    The run that does not end.
    """
    with opened(config, database=True) as app:
        book = Doomed(app.state_dir)
        (state,) = history.find_change(book.read(), change_id)
        if moment.startswith("rollback:"):
            book.moment = moment.removeprefix("rollback:") + ":1"
            way_back.rollback(app, book, None)
        elif moment == "trial":
            threading.Thread(target=die_in_trial, args=(app.state_dir,), daemon=True).start()
        elif moment == "building":
            book.live = app
        book.moment = moment
        cycle.carry_out(state.change, app, book, lambda _done, _what: None)


if __name__ == "__main__":
    main(*sys.argv[1:])
