"""
PostgreSQL's refusals, translated.
"""

import psycopg
import pytest

from hasten.errors import ConfigError, HastenError, NotAllowed, Unreachable
from hasten.world.refusals import parts_of, translated, unconnected

DSN = "postgresql://shop:hunter2@db:6000/shop"
LABEL = "shop@db:6000/shop"


@pytest.mark.parametrize(
    ("says", "kind", "message"),
    [
        ('FATAL:  password authentication failed for user "shop"', ConfigError, "the password of shop"),
        ("fe_sendauth: no password supplied", ConfigError, "the password of shop"),
        ('FATAL:  database "shop" does not exist', ConfigError, "there is no database shop"),
        ('FATAL:  role "shop" does not exist', ConfigError, "there is no role shop"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1"', NotAllowed, "does not let shop in"),
        ('FATAL:  permission denied for database "shop"', NotAllowed, "may not connect to shop"),
        ("FATAL:  unsupported startup parameter: options", ConfigError, "is a connection pooler"),
        ("FATAL:  sorry, too many clients already", Unreachable, "has no connection left"),
        ("FATAL:  the database system is starting up", Unreachable, "is starting or stopping"),
        ("connection refused", Unreachable, "does not answer"),
    ],
)
def test_each_refusal_has_its_error(says, kind, message):
    """
    The right kind, a cause, a next step, and no password.
    """
    found = unconnected(psycopg.OperationalError(f"connection failed: {says}"), DSN, LABEL)

    assert kind is type(found)
    assert message in str(found)
    assert found.hint
    assert "hunter2" not in f"{found} {found.hint} {found.data}"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (psycopg.errors.InsufficientPrivilege("no"), NotAllowed),
        (psycopg.errors.ReadOnlySqlTransaction("no"), NotAllowed),
        (psycopg.errors.AdminShutdown("gone"), Unreachable),
        (psycopg.OperationalError("the connection is lost"), Unreachable),
        (psycopg.errors.DiskFull("no space left"), Unreachable),
        (psycopg.errors.LockNotAvailable("busy"), HastenError),
        (psycopg.errors.UniqueViolation("twice"), HastenError),
    ],
)
def test_each_failure_has_its_error(error, kind):
    """
    With the server's own code, where it gave one.
    """
    found = translated(error, LABEL)

    assert kind is type(found)
    assert (error.sqlstate or "") == found.data["sqlstate"]


@pytest.mark.parametrize("dsn", [DSN, "host=db port=6000 user=shop dbname=shop password=hunter2"])
def test_both_forms_of_a_url_are_read(dsn):
    """
    They mean the same.
    """
    assert ("db", "6000", "shop") == tuple(parts_of(dsn)[name] for name in ("host", "port", "dbname"))
