"""
Does one thing with one change in a process of its own: what comes by stdin is all that it knows.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from hasten import optimize
from hasten.application import App
from hasten.model import Change, Noun
from hasten.target import Target
from hasten.world.postgres import Database
from hasten.world.supervisor import Supervisor


class Orders(Noun, frozen=True, kw_only=True):
    """
    Which remedy does what (`apply` or `revert`) with which change, on which database, as which run of Hasten.
    """

    name: str
    what: str
    change: Change
    dsn: str
    instance: str


def main() -> None:
    """
    The orders were carried out.
    """
    orders = msgspec.json.decode(sys.stdin.buffer.read(), type=Orders)
    remedy = optimize.remedy(orders.name)
    with TemporaryDirectory() as folder:
        database = Database(orders.dsn, "other", instance=orders.instance)
        app = App(target=Target(), state_dir=Path(folder), supervisor=Supervisor(Path(folder)), store=database)
        if orders.what == "apply":
            remedy.apply(orders.change, app)
        else:
            remedy.revert(orders.change, app)


if __name__ == "__main__":
    main()
