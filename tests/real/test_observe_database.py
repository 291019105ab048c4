"""
The database probe and the database's symptoms, against a real PostgreSQL with a statement log.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import psycopg
import pytest

from hasten import objectives
from hasten.application import App
from hasten.diagnose import Diagnosis, diagnose
from hasten.evidence import Observation
from hasten.model import Finding, to_json
from hasten.observe.database import DatabasePart, begin, finish
from hasten.target import Allow, Target
from hasten.world.cluster import Cluster
from hasten.world.postgres import Database
from hasten.world.supervisor import Supervisor

pytestmark = pytest.mark.real

ROWS = 60_000
BY_ASSIGNEE = "SELECT subject FROM inquiries WHERE assignee_id = %s"
BY_KEY = "SELECT subject FROM inquiries WHERE id = %s"
BY_STATUS = "SELECT count(*) FROM inquiries WHERE status = %s"
NEWEST = "SELECT id, subject FROM inquiries ORDER BY updated_at DESC, id DESC LIMIT %s"
BY_EMAIL = "SELECT id FROM customers WHERE lower(email) = %s"
SCHEMA = f"""
    CREATE TABLE inquiries (id int PRIMARY KEY, assignee_id int, customer_id int, status text, subject text,
        updated_at timestamptz);
    INSERT INTO inquiries SELECT n, n % 400, n % 20000, CASE WHEN n % 10 < 6 THEN 'closed' ELSE 'open' END,
        'A subject of a plain length, number ' || n, timestamptz '2026-01-01' + n * interval '1 minute'
        FROM generate_series(1, {ROWS}) n;
    CREATE TABLE customers (id int PRIMARY KEY, email text, name text);
    INSERT INTO customers SELECT n, 'Person' || n || '@Example.org', repeat('x', 60)
        FROM generate_series(1, 20000) n;
    CREATE INDEX customers_email ON customers (email);
    ANALYZE;
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """
    A private server with a help desk's tables, its log switched on.
    """
    state = tmp_path_factory.mktemp("state")
    with Supervisor(state) as supervisor:
        cluster = Cluster.create(state / "data", settings={"fsync": "off"})
        cluster.start(supervisor, recording=True)
        store = cluster.create_database("desk")
        for statement in filter(str.strip, SCHEMA.split(";")):
            store.run(statement)
        yield App(target=Target(), state_dir=state, supervisor=supervisor, store=store, cluster=cluster)
        cluster.delete()


def work(database: Database, *statements: tuple[str, list[object]]) -> None:
    """
    What the application does: each statement with each of its values, on a connection that is not Hasten's.
    """
    with psycopg.connect(database.dsn, autocommit=True, application_name="desk") as connection:
        for text, values in statements:
            for value in values:
                connection.execute(text.encode(), [value])


def everyday(database: Database) -> None:
    """
    Thirty lookups by assignee, by key and of the newest; five counts.
    """
    work(
        database,
        (BY_ASSIGNEE, [n * 7 for n in range(30)]),
        (BY_KEY, list(range(1, 31))),
        (BY_STATUS, ["open"] * 5),
        (NEWEST, [10] * 30),
        (BY_EMAIL, [f"person{n}@example.org" for n in range(1, 31)]),
    )


def seen(part: DatabasePart) -> Observation:
    """
    The observation of a window of a minute.
    """
    return Observation(
        name="test", seconds=60.0, measurements=part.measurements, statements=part.statements, tables=part.tables,
        indexes=part.indexes, missing=part.missing,
    )  # fmt: skip


@pytest.fixture(scope="module")
def part(desk: App) -> DatabasePart:
    """
    One observed window.
    """
    work(desk.database, (BY_KEY, [1] * 50))
    mark = begin(desk)
    everyday(desk.database)
    return finish(desk, mark)


def test_only_the_window_is_counted(part: DatabasePart) -> None:
    """
    Calls before `begin` and Hasten's own statements are not in it.
    """
    calls = {" ".join(each.text.split()): each.calls for each in part.statements}

    assert {
        "SELECT subject FROM inquiries WHERE assignee_id = $1": 30,
        "SELECT subject FROM inquiries WHERE id = $1": 30,
        "SELECT count(*) FROM inquiries WHERE status = $1": 5,
        "SELECT id, subject FROM inquiries ORDER BY updated_at DESC, id DESC LIMIT $1": 30,
        "SELECT id FROM customers WHERE lower(email) = $1": 30,
    } == calls
    assert {} == part.missing


def test_percentiles_are_of_the_logged_executions(part: DatabasePart) -> None:
    """
    Every execution is timed, in order, and the log's sum is the counters' but for what happens around execution.
    """
    for each in part.statements:
        assert each.calls == each.timed_calls
        assert each.p50_s is not None and each.p95_s is not None and each.p99_s is not None
        assert 0 < each.p50_s <= each.p95_s <= each.p99_s
        assert sum(sample.seconds for sample in each.samples) >= 0.5 * each.total_s


def test_the_objective_can_be_read_off_the_measurements(part: DatabasePart) -> None:
    """
    db_p95 is the highest p95 of a statement with at least 20 calls; five slow counts do not make it.
    """
    often = [each.p95_s for each in part.statements if each.calls >= 20]

    assert max(each for each in often if each) * 1000 == objectives.values(seen(part))["db_p95_ms"]


def test_all_database_time_is_measured(part: DatabasePart) -> None:
    """
    The sum over statements, and how many calls.
    """
    [total] = [each for each in part.measurements if each.metric == "hasten.database.time"]

    assert ("database", "desk") == (total.where.kind, total.where.name)
    assert 125 == total.distribution.count
    assert pytest.approx(sum(each.total_s for each in part.statements)) == total.distribution.total


def of(symptom: str, found: Diagnosis) -> list[Finding]:
    """
    The findings of one symptom.
    """
    return [each for each in found.findings if each.symptom == symptom]


def test_missing_indexes_are_found_on_real_plans(part: DatabasePart) -> None:
    """
    The filter by assignee and the newest first are found; the key, and the count of 40 % of the table, are not.
    """
    found = of("missing_index", diagnose(seen(part), Target()))

    assert {"inquiries (assignee_id)", "inquiries (updated_at, id)"} == {each.where.name for each in found}
    by_assignee = next(each for each in found if each.where.name == "inquiries (assignee_id)")
    assert pytest.approx(1 / 400, rel=0.2) == by_assignee.evidence["selectivity"]
    assert 0.5 < by_assignee.evidence["statements"][0]["saved_share"] <= 1


def test_the_index_ends_the_finding(desk: App) -> None:
    """
    With the index that was missing, the same work has no such finding any more.
    """
    desk.database.run("CREATE INDEX found ON inquiries (assignee_id)")
    try:
        mark = begin(desk)
        everyday(desk.database)
        after = diagnose(seen(finish(desk, mark)), Target())
    finally:
        desk.database.run("DROP INDEX found")

    assert ["inquiries (updated_at, id)"] == [each.where.name for each in of("missing_index", after)]


def test_no_value_is_kept_where_it_is_not_allowed(desk: App) -> None:
    """
    Without record_parameters neither samples nor plans hold what a user asked for, and percentiles are still there.
    """
    careful = replace(desk, target=msgspec.structs.replace(desk.target, allow=Allow(record_parameters=False)))
    mark = begin(careful)
    work(desk.database, (BY_ASSIGNEE, [398765] * 20))
    with psycopg.connect(desk.database.dsn, autocommit=True) as connection:
        connection.execute("SELECT subject FROM inquiries WHERE subject = 'something private'")
    found = finish(careful, mark)
    stored = to_json(seen(found))

    assert [20] == [each.timed_calls for each in found.statements if "assignee_id" in each.text]
    assert b"398765" not in stored
    assert b"something private" not in stored
    assert any(each.plan for each in found.statements)


def test_a_statement_that_failed_is_no_execution(desk: App) -> None:
    """
    An error in the window is neither counted nor timed.
    """
    mark = begin(desk)
    with psycopg.connect(desk.database.dsn, autocommit=True) as connection, pytest.raises(psycopg.Error):
        connection.execute("SELECT subject FROM inquiries WHERE id = 1 / (id - id)")
    found = finish(desk, mark)

    assert [0] == [each.timed_calls for each in found.statements if each.timed_calls or each.samples] or (
        [] == [each for each in found.statements if each.timed_calls]
    )


def test_without_pg_stat_statements_the_log_goes_on(desk: App) -> None:
    """
    A database without the extension has its totals from the log, and says what is missing.
    """
    desk.database.run("DROP EXTENSION pg_stat_statements")
    try:
        mark = begin(desk)
        everyday(desk.database)
        found = finish(desk, mark)
    finally:
        desk.database.run("CREATE EXTENSION pg_stat_statements")

    assert "CREATE EXTENSION pg_stat_statements" in found.missing["statements.totals"]
    assert 30 == max(each.calls for each in found.statements)
    assert 2 == len(found.tables)


def test_without_a_log_the_totals_go_on(desk: App) -> None:
    """
    A server that does not log statements has no percentiles, says so, and is not called fast.
    """
    assert desk.cluster is not None
    desk.cluster.record(False)
    try:
        mark = begin(desk)
        everyday(desk.database)
        found = finish(desk, mark)
    finally:
        desk.cluster.record(True)

    assert "does not log the duration of statements" in found.missing["statements.percentiles"]
    assert [None] * 5 == [each.p95_s for each in found.statements]
    assert objectives.values(seen(found))["db_p95_ms"] is None
    assert found.missing["statements.percentiles"] in diagnose(seen(found), Target()).silent["slow_statement"]


def test_a_log_of_slow_statements_only_gives_no_percentiles(desk: App) -> None:
    """
    A threshold would make every percentile that of the slow ones.
    """
    strict = replace(desk, store=Database(f"{desk.database.dsn}?options=-clog_min_duration_statement%3D250"))
    mark = begin(strict)
    everyday(desk.database)
    found = finish(strict, mark)

    assert "only statements slower than 250 ms" in found.missing["statements.percentiles"]
    assert all(each.p95_s is None for each in found.statements)


def test_a_role_without_rights_says_what_it_lacks(desk: App) -> None:
    """
    A plain role sees its own statements only: totals are missing with the GRANT that helps; the log still speaks.
    """
    desk.database.run("CREATE ROLE plain LOGIN PASSWORD 'plain'")
    desk.database.run("GRANT SELECT ON inquiries, customers TO plain")
    assert desk.cluster is not None
    dsn = f"postgresql://plain:plain@127.0.0.1:{desk.cluster.port}/desk"
    plain = replace(desk, store=Database(dsn, programs=desk.database.programs))
    try:
        mark = begin(plain)
        everyday(desk.database)
        found = finish(plain, mark)
    finally:
        desk.database.run("DROP OWNED BY plain")
        desk.database.run("DROP ROLE plain")

    assert "GRANT pg_read_all_stats TO plain" in found.missing["statements.totals"]
    assert 30 == max(each.timed_calls for each in found.statements)


def test_an_empty_window_is_no_data(desk: App) -> None:
    """
    A window in which nothing ran has no statements and no percentiles, and is told as such.
    """
    found = finish(desk, begin(desk))

    assert [] == found.statements
    assert objectives.values(seen(found))["db_p95_ms"] is None
    assert "statements were not measured" in diagnose(seen(found), Target()).silent["slow_statement"]


def test_a_log_elsewhere_is_refused_with_a_hint(desk: App, tmp_path: Path) -> None:
    """
    A log that is named and not there is a missing part, not the end.
    """
    target = msgspec.structs.replace(
        desk.target, database=msgspec.structs.replace(desk.target.database, log=str(tmp_path / "none.json"))
    )
    found = finish(foreign := replace(desk, cluster=None, target=target), begin(foreign))

    assert "there is no log at" in found.missing["statements.percentiles"]
