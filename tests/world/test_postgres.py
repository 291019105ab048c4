"""
What a Database is before any server is asked.
"""

import pytest

from hasten.errors import ConfigError
from hasten.world.postgres import INSTANCE, Database

DSN = "postgresql://shop:hunter2@db.internal:6000/shop"


def test_the_password_is_never_shown():
    """
    Neither for people nor for programmers.
    """
    assert "shop@db.internal:6000/shop" == Database(DSN).label
    assert "hunter2" not in repr(Database(DSN))


def test_connections_say_who_they_are():
    """
    Hasten, which run, and for what; cut to what PostgreSQL keeps.
    """
    assert f"hasten:{INSTANCE}:observe" == Database(DSN, "observe").application_name
    assert "hasten:77:x" == Database(DSN, "x", "77").application_name
    assert 63 == len(Database(DSN, "x" * 100).application_name)


def test_another_database_of_the_same_server():
    """
    Everything but the name stays.
    """
    assert "shop@db.internal:6000/other" == Database(DSN).on("other").label


@pytest.mark.parametrize("dsn", ["postgresql://host:notaport:1/x", "no such=thing = at all", "nonsense"])
def test_a_url_that_is_none_is_refused(dsn):
    """
    A clear error with the right form, before anything is tried.
    """
    with pytest.raises(ConfigError) as refused:
        Database(dsn).check()

    assert "postgresql://" in refused.value.hint


def test_all_backends_are_never_ended():
    """
    An empty instance would match every Hasten.
    """
    with pytest.raises(ValueError, match="instance must be named"):
        Database(DSN).end_backends("")
