"""
One desk with a working Hasten beside it for all tests of broken set-ups.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.real.broken.whole_setup import Setup
from tests.real.scene import DATABASE, Original, copied, make_original

from hasten.world.cluster import Cluster
from hasten.world.supervisor import Supervisor


@pytest.fixture(scope="session")
def original(open_place: Path) -> Original:
    """
    Measured and planned once.
    """
    return make_original(open_place / "broken")


@pytest.fixture(scope="session")
def desk(original: Original, open_place: Path) -> Iterator[Cluster]:
    """
    A PostgreSQL that runs already, as a user's would, with the original's data.
    """
    with Supervisor(open_place / "desk") as others:
        cluster = Cluster.existing(original.state_dir / "pgdata").copy_to(open_place / "desk" / "pgdata")
        yield cluster.start(others)
        assert original.schema == cluster.database(DATABASE).schema_dump()


@pytest.fixture
def setup(original: Original, desk: Cluster) -> Iterator[Setup]:
    """
    Whole, until the test breaks it.
    """
    scene = copied(original.state_dir, original, with_data=False)
    yield Setup(scene, desk)
    shutil.rmtree(scene.state_dir)
