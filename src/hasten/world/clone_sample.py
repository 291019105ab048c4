"""
A clone from a sample of the rows, where the server allows nothing better: only SELECT is needed.

Every table has its columns, indexes and constraints; large ones have a random part of their blocks. Foreign keys whose
other side is not in the sample are left out. Plans on it can differ from the original's, and its times are smaller.
"""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from hasten import log
from hasten.errors import Missing, NotAllowed, Unreachable
from hasten.world import clone_settings
from hasten.world.cluster import Cluster
from hasten.world.postgres import Database, Facts, Row
from hasten.world.programs import PostgresPrograms, find_postgres
from hasten.world.supervisor import Supervisor

SAMPLE_BYTES = 256 * 1024 * 1024
WHOLE_BYTES = 8 * 1024 * 1024
"""A table up to this size is copied whole: look-up tables must not lose rows."""

TIMEOUT_S = 900.0

_OUT_OF_REACH = """
    SELECT format('--exclude-schema="%s"', replace(nspname, '"', '""')) AS option FROM pg_namespace
    WHERE nspname !~ '^pg_' AND NOT has_schema_privilege(oid, 'USAGE')
    UNION ALL
    SELECT format('--exclude-table="%s"."%s"', replace(nspname, '"', '""'), replace(relname, '"', '""'))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE relkind IN ('r', 'p', 'S', 'v', 'm', 'f') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
        AND has_schema_privilege(n.oid, 'USAGE') AND NOT has_table_privilege(c.oid, 'SELECT')
"""

_TABLES = """
    SELECT n.nspname AS schema, c.relname AS name, pg_relation_size(c.oid) AS size_bytes,
        ARRAY(SELECT attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped
            AND attgenerated = '' ORDER BY attnum) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'
        AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AND NOT EXISTS
            (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
"""


def make(source: Database, to: Path, supervisor: Supervisor, facts: Facts, *, name: str) -> Cluster:
    """
    A private cluster with the schema and a sample of the rows; not running.

    Raises:
        Missing: no PostgreSQL here that is new enough.
        NotAllowed: the schema cannot be read.
        Unreachable: the copy failed.
    """
    try:
        programs = clone_settings.programs_for(source, facts.major)
    except Missing:
        # A newer PostgreSQL takes the schema of an older one.
        programs = find_postgres()
        if programs.major < facts.major:
            raise
    settings = clone_settings.carried(source, 2) if programs.major == facts.major else {}
    cluster = Cluster.create(to, programs, settings)
    cluster.start(supervisor, name=name)
    try:
        target = cluster.create_database(facts.database)
        excluded = [row["option"] for row in source.rows(_OUT_OF_REACH, read_only=True)]
        failed = _psql(target, programs, _dump(source, programs, "pre-data", excluded))
        _copy_rows(source, target)
        failed += _psql(target, programs, _dump(source, programs, "post-data", excluded))
        target.run("ANALYZE", statement_timeout_s=TIMEOUT_S)
        log.event("sample", source=source.label, failed_statements=failed, excluded=excluded)
    finally:
        cluster.stop()
    return cluster


def _copy_rows(source: Database, target: Database) -> None:
    """
    Rows of one snapshot are in the target, and its sequences go on where the source's are.
    """
    with (
        source.connect(read_only=True, statement_timeout_s=TIMEOUT_S) as reader,
        target.connect(statement_timeout_s=TIMEOUT_S) as writer,
        reader.transaction(),
    ):
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        tables = reader.execute(_TABLES).fetchall()
        large_bytes = sum(table["size_bytes"] for table in tables if table["size_bytes"] > WHOLE_BYTES)
        percent = min(100.0, 100.0 * SAMPLE_BYTES / max(1, large_bytes))
        for table in tables:
            if not table["columns"]:
                continue
            columns = sql.SQL(", ").join(map(sql.Identifier, table["columns"]))
            relation = sql.Identifier(table["schema"], table["name"])
            part = _part(table, percent)
            out = sql.SQL("COPY (SELECT {} FROM ONLY {} {}) TO STDOUT").format(columns, relation, part)
            into = sql.SQL("COPY {} ({}) FROM STDIN").format(relation, columns)
            with reader.cursor().copy(out) as rows, writer.cursor().copy(into) as copied:
                for block in rows:
                    copied.write(block)
        for row in reader.execute("SELECT schemaname, sequencename, last_value FROM pg_sequences").fetchall():
            if row["last_value"] is not None:
                relation_text = sql.Identifier(row["schemaname"], row["sequencename"]).as_string(writer)
                writer.execute("SELECT setval(to_regclass(%s), %s)", [relation_text, row["last_value"]])


def _part(table: Row, percent: float) -> sql.Composable:
    if table["size_bytes"] <= WHOLE_BYTES or percent >= 100:
        return sql.SQL("")
    return sql.SQL("TABLESAMPLE SYSTEM ({}) REPEATABLE (1)").format(sql.Literal(round(percent, 4)))


def _dump(source: Database, programs: PostgresPrograms, section: str, excluded: Sequence[str]) -> bytes:
    argv = [programs.program("pg_dump"), f"--section={section}", "-s", "--no-owner", "--no-privileges"]
    done = _run([*argv, "--no-publications", "--no-subscriptions", *excluded], source, b"")
    if done.returncode:
        says = done.stderr.decode(errors="replace").strip()[-300:]
        raise NotAllowed(f"the schema cannot be read: {says}", hint="GRANT SELECT on the tables to the role")
    return done.stdout


def _psql(target: Database, programs: PostgresPrograms, script: bytes) -> int:
    """
    How many statements of the script failed: extensions that are not here, foreign keys whose rows are not here.
    """
    done = _run([programs.program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=0"], target, script)
    if done.returncode:
        raise Unreachable(f"psql failed: {done.stderr.decode(errors='replace').strip()[-300:]}", hint="run again")
    return done.stderr.count(b"ERROR:")


def _run(argv: Sequence[str], database: Database, script: bytes) -> "subprocess.CompletedProcess[bytes]":
    parts = conninfo_to_dict(database.dsn)
    password = parts.pop("password", None)
    parts["application_name"] = database.named("clone").application_name
    environment = dict(os.environ) | ({"PGPASSWORD": str(password)} if password else {})
    return subprocess.run(
        [*argv, "-d", make_conninfo("", **parts)],
        input=script,
        env=environment,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )
