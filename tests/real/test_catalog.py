"""
A real server's catalogs, statistics and plans.
"""

import psycopg
import pytest

from hasten.errors import NoData
from hasten.evidence import IndexProfile
from hasten.world import catalog

pytestmark = pytest.mark.real

SCHEMA = """
    CREATE TABLE inquiries (id int PRIMARY KEY, status text NOT NULL, "When" date);
    INSERT INTO inquiries SELECT n, CASE WHEN n % 4 = 0 THEN 'open' ELSE 'closed' END FROM generate_series(1, 2000) n;
    CREATE INDEX by_lower ON inquiries (lower(status), "When" DESC) WHERE id > 5;
    CREATE SCHEMA audit;
    CREATE TABLE audit.events (id int, payload jsonb);
    CREATE UNIQUE INDEX ON audit.events (id) INCLUDE (payload);
    CREATE TABLE parts (id int, at date) PARTITION BY RANGE (at);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE MATERIALIZED VIEW totals AS SELECT status, count(*) FROM inquiries GROUP BY 1;
"""


@pytest.fixture
def shop(database):
    """
    Give a database with a few tables and their statistics.
    """
    database.run(SCHEMA)
    database.run("ANALYZE")
    return database


def test_tables_are_described(shop):
    """
    All of the user's, none of the system's or of an extension.
    """
    found = {table.name: table for table in catalog.tables(shop)}

    assert {"inquiries", "audit.events", "parts", "parts_1", "totals"} == set(found)
    inquiries = found["inquiries"]
    assert 2000 == inquiries.rows
    assert inquiries.size_bytes >= 8192
    assert [("id", "integer", True), ("status", "text", True), ("When", "date", False)] == [
        (column.name, column.type, column.not_null) for column in inquiries.columns
    ]
    status = inquiries.columns[1]
    assert (2.0, 0.75, 0.0) == (status.distinct, status.most_common_frequency, status.null_fraction)


def test_indexes_are_described(shop):
    """
    Expressions as text, included columns left out, constraints told from plain ones.
    """
    found = {index.name: index for index in catalog.indexes(shop)}

    assert {"inquiries_pkey", "by_lower", "events_id_payload_idx"} == set(found)
    assert ["lower(status)", "When"] == found["by_lower"].columns
    assert found["by_lower"].partial
    assert (["id"], "audit.events", True, False) == (
        found["events_id_payload_idx"].columns,
        found["events_id_payload_idx"].table,
        found["events_id_payload_idx"].unique,
        found["events_id_payload_idx"].constraint,
    )
    key = found["inquiries_pkey"]
    assert (True, True, True, True, "btree") == (key.primary, key.unique, key.constraint, key.valid, key.method)


def test_an_index_that_failed_to_build_is_not_valid(shop):
    """
    What CREATE INDEX CONCURRENTLY leaves behind is seen.
    """
    with psycopg.connect(shop.dsn, autocommit=True) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON inquiries (status)")

    (broken,) = (index for index in catalog.indexes(shop) if index.name == "broken")
    assert isinstance(broken, IndexProfile)
    assert not broken.valid


def test_statements_are_counted_between_two_readings(shop):
    """
    Calls, rows and time of this database only.
    """
    before = catalog.statement_totals(shop)
    with psycopg.connect(shop.dsn, autocommit=True) as connection:
        for number in range(7):
            connection.execute("SELECT * FROM inquiries WHERE id <= %s", [number])

    found = catalog.since(before, catalog.statement_totals(shop))

    (counted,) = (total for total in found if "FROM inquiries WHERE id <=" in total.text)
    assert (7, 21) == (counted.calls, counted.rows)
    assert counted.total_s > 0
    assert counted.shared_blocks_hit > 0


def test_a_plan_is_made_with_parameters(shop):
    """
    As the planner would for these values; the types are found out by the server.
    """
    plan = catalog.explain(shop, "SELECT * FROM inquiries WHERE id = $1 AND status LIKE 'o%'", ["5"])

    assert ("Index Scan", "inquiries_pkey") == (plan["Node Type"], plan["Index Name"])


def test_a_plan_is_made_without_parameters_where_the_server_can(shop):
    """
    The generic plan, from PostgreSQL 16 on; before, there is none.
    """
    text = "SELECT * FROM inquiries WHERE id = $1"
    if shop.check().major < 16:
        with pytest.raises(NoData, match="parameters are not known"):
            catalog.explain(shop, text)
        return

    assert "Index Scan" == catalog.explain(shop, text)["Node Type"]


def test_explaining_a_write_writes_nothing(shop):
    """
    Nothing is executed.
    """
    plan = catalog.explain(shop, "DELETE FROM inquiries WHERE id > $1", ["0"])

    assert "ModifyTable" == plan["Node Type"]
    assert 2000 == shop.value("SELECT count(*) FROM inquiries")


@pytest.mark.parametrize(
    "text", ["SELECT * FROM nowhere", "CREATE TABLE x (a int)", "SELEC", "SELECT 1; DROP TABLE inquiries"]
)
def test_what_cannot_be_explained_is_no_data(shop, text):
    """
    Whatever the text is, nothing is changed.
    """
    with pytest.raises(NoData, match="cannot be explained"):
        catalog.explain(shop, text)

    assert 2000 == shop.value("SELECT count(*) FROM inquiries")


def test_plans_are_added_to_the_costliest(shop):
    """
    To as many as are wanted; what cannot be explained stays without.
    """
    totals = [
        catalog.StatementTotal(
            query_id=text, text=text, calls=1, total_s=1, rows=0, shared_blocks_hit=0, shared_blocks_read=0
        )
        for text in ("SELECT 1", "CREATE TABLE x (a int)", "SELECT 2")
    ]

    found = catalog.add_plans(shop, catalog.statement_profiles(totals, []), count=2)

    assert ["Result", None, None] == [profile.plan and profile.plan["Node Type"] for profile in found]
