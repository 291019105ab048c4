"""
One small private server for the tests of this folder that need one.
"""

from collections.abc import Iterator

import pytest

from hasten.application import App
from hasten.testing.servers import private_app

SEED = """
CREATE TABLE parents (id int PRIMARY KEY, name text);
CREATE TABLE children (id int PRIMARY KEY, parent_id int NOT NULL REFERENCES parents (id), weight float8);
CREATE TABLE strangers (id int PRIMARY KEY);
CREATE VIEW heavy AS SELECT * FROM children WHERE weight > 5;
INSERT INTO parents SELECT i, 'p' || i FROM generate_series(1, 100) i;
INSERT INTO children SELECT i, 1 + i % 100, i / 3.0 FROM generate_series(1, 1000) i;
"""


@pytest.fixture(scope="session")
def small_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """
    An App on a private server with a few small tables.
    """
    with private_app(tmp_path_factory.mktemp("small"), SEED) as app:
        yield app
