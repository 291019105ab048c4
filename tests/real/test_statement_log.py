"""
The log of a real server, in both of its forms, against what was executed.
"""

import psycopg
import pytest

from hasten.world import cluster_settings
from hasten.world.cluster import Cluster
from hasten.world.statement_log import StatementLog
from hasten.world.supervisor import Supervisor

pytestmark = pytest.mark.real

ODD = "it's \\ $1 = '2', NULL\n\ttab, \"x\" ä — 漢"


@pytest.fixture(params=["jsonlog", "stderr"])
def logging(request, cluster, place, tmp_path):
    """
    Give a server that logs in this form, and its log.
    """
    if request.param == "jsonlog" and cluster.programs.major >= 15:
        yield cluster
        return
    with Supervisor(tmp_path) as supervisor:
        made = Cluster.create(place / "data", settings={"shared_buffers": "32MB", "fsync": "off"})
        made.start(supervisor, recording=True)
        made.database().run("ALTER SYSTEM SET log_destination = 'stderr'")
        made.database().run(f"ALTER SYSTEM SET log_line_prefix = '{cluster_settings.LOG_PREFIX}'")
        made.record(False)
        made.record(True)
        yield made
        made.delete()


@pytest.fixture
def log(logging):
    """
    Give the log from now on.
    """
    found = StatementLog(logging.log_dir, "postgres")
    found.settle()
    found.skip()
    return found


def read(log: StatementLog):
    """
    What was logged, once the server has written it.
    """
    log.settle()
    return log.read()


def test_what_was_executed_is_in_the_log(logging, log):
    """
    Text, parameters, session, transaction and time, in the order of execution.
    """
    with psycopg.connect(logging.dsn(), application_name="web/1 @x", autocommit=True) as connection:
        connection.execute("SELECT %s::text, %s::int", [ODD, None])
        with connection.transaction():
            connection.execute("SELECT pg_sleep(%s)", [0.05])
            connection.execute("SELECT 2 +\n  %s", [3])

    found = read(log)
    first, begin, sleep, second, _commit = found.samples

    assert (0, 0) == (found.unreadable, found.unreadable_parameters)
    assert ("SELECT $1::text, $2::int", [ODD, None]) == (first.text, first.parameters)
    assert ("SELECT 2 +\n  $1", ["3"], "web/1 @x") == (second.text, second.parameters, second.application_name)
    assert ("hasten", "postgres", None) == (sleep.user, sleep.database, sleep.error)
    assert sleep.seconds >= 0.05 > first.seconds
    assert 1 == len({sample.session for sample in found.samples})
    assert sleep.transaction == second.transaction != first.transaction
    assert "BEGIN" == begin.text


def test_prepared_statements_and_portals(logging, log):
    """
    One sample for each execution, however the driver asks for it.
    """
    with psycopg.connect(logging.dsn(), autocommit=True) as connection:
        for number in range(8):
            connection.execute("SELECT %s::int AS prepared", [number], prepare=True)
        with connection.transaction(), connection.cursor("portal") as cursor:
            cursor.execute("SELECT generate_series(1, %s)", [30])
            assert 30 == len(cursor.fetchall())

    samples = read(log).samples

    prepared = [sample for sample in samples if "prepared" in sample.text]
    assert [[str(number)] for number in range(8)] == [sample.parameters for sample in prepared]
    assert 1 == len({sample.query_id for sample in prepared})


def test_errors_have_their_code_and_parameters(logging, log):
    """
    A statement that fails is not forgotten.
    """
    with psycopg.connect(logging.dsn(), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("SELECT 1 / %s", [0])
        with pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT * FROM nowhere")

    divided, undefined = read(log).samples

    assert ("22012", "SELECT 1 / $1", ["0"]) == (divided.error, divided.text, divided.parameters)
    assert ("42P01", "SELECT * FROM nowhere") == (undefined.error, undefined.text)


def test_query_ids_are_those_of_pg_stat_statements(logging, log):
    """
    Totals and percentiles meet by them.
    """
    database = logging.database()
    database.run("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    with psycopg.connect(logging.dsn(), autocommit=True) as connection:
        connection.execute("SELECT 4711 AS marked_by_the_test, %s::int", [5])

    (sample,) = read(log).samples

    query = "SELECT queryid::text FROM pg_stat_statements WHERE query LIKE 'SELECT%%marked_by_the_test, $%%'"
    assert sample.query_id in [row["queryid"] for row in database.rows(query.replace("%%", "%"))]


def test_hastens_own_statements_are_left_out(logging, log):
    """
    What it does to look is not what it looks at.
    """
    logging.database().value("SELECT 1")

    found = read(log)

    assert [] == found.samples
    assert found.own > 0
