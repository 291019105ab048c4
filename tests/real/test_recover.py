"""
What a dead run had made for itself alone is removed by recover, and nothing else.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from hasten import way_back
from hasten.application import App
from hasten.record.ledger import Ledger
from hasten.target import Target
from hasten.world import clone_template
from hasten.world.postgres import Database
from hasten.world.supervisor import Supervisor

pytestmark = pytest.mark.real

_NAMES = "SELECT array_agg(datname::text ORDER BY datname) FROM pg_database WHERE datname LIKE 'hasten_clone_%'"


def test_copies_beside_the_database_are_dropped(database: Database, place: Path) -> None:
    """
    Those of this state folder's runs; another folder's stay. A second recover has nothing to do.
    """
    mine, others = replace(database, instance="0a0a0a0a"), replace(database, instance="0b0b0b0b")
    for each, count in ((mine, 2), (others, 1)):
        clone_template.make(each, each.check(), each.instance, count)
    app = App(target=Target(), state_dir=place, supervisor=Supervisor(place), store=mine)

    (done,) = way_back.recover(app, Ledger(place))
    assert ("2 copies of the database beside it", "dropped") == (done["found"], done["did"])
    assert ["hasten_clone_0b0b0b0b_0"] == database.value(_NAMES)
    assert [] == way_back.recover(app, Ledger(place))
    assert 1 == clone_template.drop(others, others.instance)


def test_a_run_without_a_name_claims_no_copies(database: Database) -> None:
    """
    An empty instance would be the beginning of every name.
    """
    assert [] == clone_template.left_by(replace(database, instance=""), "")


def test_what_was_half_saved_is_removed(place: Path) -> None:
    """
    Saved bytes that are whole stay, for a way back may need them.
    """
    app = App(target=Target(), state_dir=place, supervisor=Supervisor(place))
    digest = app.files.saved.keep(b"whole")
    (app.files.saved.folder / f".{digest}.1.new").write_bytes(b"wh")

    (done,) = way_back.recover(app, Ledger(place))
    assert "1 file that an earlier run had begun to save" == done["found"]
    assert [digest] == [path.name for path in app.files.saved.folder.iterdir()]


@pytest.mark.parametrize("whole", [True, False])
def test_scratch_folders_of_a_dead_run_are_removed(place: Path, whole: bool) -> None:
    """
    Also one that was on record before it was made.
    """
    supervisor = Supervisor(place)
    folder = supervisor.scratch("sides")
    record = next((place / "run").glob("*.scratch"))
    dead = record.read_text(encoding="utf-8").replace('"started":', '"started":1')
    record.write_text(dead, encoding="utf-8")
    if not whole:
        supervisor.discard(folder)
        record.write_text(dead, encoding="utf-8")

    assert [str(folder)] == Supervisor(place).sweep()
    assert not folder.exists()
    assert [] == list((place / "run").iterdir())
