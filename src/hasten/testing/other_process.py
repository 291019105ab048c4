"""
Does one thing with one change in a process of its own: what comes by stdin is all that it knows.
"""

import importlib
import sys
from pathlib import Path
from typing import cast

import msgspec

from hasten.application import App
from hasten.fleet import Fleet
from hasten.instances import Ground
from hasten.model import Change, Noun
from hasten.optimize import Remedy
from hasten.target import Application, Process, Target
from hasten.world.postgres import Database
from hasten.world.supervisor import Supervisor


class Orders(Noun, frozen=True, kw_only=True):
    """
    Which remedy does what (`apply` or `revert`) with which change, on which application, as which run of Hasten.

    module: the remedy's, as it is imported. dsn: "" where the application has no database.
    processes: those of the application; they are started before an apply, and not before a revert: after a crash
        nothing of them runs.
    """

    module: str
    what: str
    change: Change
    root: str
    state_dir: str
    dsn: str
    instance: str
    processes: list[Process] = []
    database_url: str = ""


def main() -> None:
    """
    The orders were carried out.
    """
    orders = msgspec.json.decode(sys.stdin.buffer.read(), type=Orders)
    remedy = cast(Remedy, importlib.import_module(orders.module))
    state_dir = Path(orders.state_dir)
    with Supervisor(state_dir) as supervisor:
        store = Database(orders.dsn, "other", instance=orders.instance) if orders.dsn else None
        target = Target(application=Application(processes=orders.processes))
        fleet = None
        if orders.processes:
            ground = Ground(Path(orders.root), state_dir, orders.database_url)
            fleet = Fleet(target, ground, supervisor, state_dir)
        app = App(
            target=target, state_dir=state_dir, root=Path(orders.root), supervisor=supervisor, store=store, fleet=fleet
        )
        if orders.what == "revert":
            remedy.revert(orders.change, app)
            return
        if fleet is not None:
            fleet.start()
        remedy.apply(orders.change, app)


if __name__ == "__main__":
    main()
