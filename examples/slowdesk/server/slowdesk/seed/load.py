"""Creates the tables and copies the rows in."""

from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from slowdesk.seed import inquiries, people
from slowdesk.seed.calendar import NOW

PACKAGE = Path(__file__).parents[1]
TABLES = (
    "roles", "permissions", "role_permissions", "teams", "users", "customers", "inquiries", "messages", "events",
    "tags", "inquiry_tags", "system_settings", "report_runs",
)  # fmt: skip
CHUNK_CHARACTERS = 256 * 1024

LINES: dict[str, Callable[[float], Iterator[str]]] = {
    "users": people.users,
    "customers": people.customers,
    "inquiries": inquiries.inquiry_lines,
    "inquiry_tags": inquiries.tag_lines,
    "messages": inquiries.message_lines,
    "events": inquiries.event_lines,
}
# One process each: making the rows costs as much as storing them.
SHARES = (("messages",), ("events",), ("users", "customers", "inquiries", "inquiry_tags"))


def existing_tables(connection: psycopg.Connection[Any]) -> set[str]:
    rows = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    return {row[0] for row in rows}


def drop_tables(connection: psycopg.Connection[Any]) -> None:
    for table in TABLES:
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(sql.Identifier(table)))
    connection.commit()


def create_tables(connection: psycopg.Connection[Any]) -> None:
    connection.execute((PACKAGE / "schema.sql").read_text())
    connection.commit()


def fill_small_tables(connection: psycopg.Connection[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO roles VALUES (%s, %s)", list(enumerate(people.ROLES, start=1)))
        for number, (code, (description, roles)) in enumerate(people.PERMISSIONS.items(), start=1):
            cursor.execute("INSERT INTO permissions VALUES (%s, %s, %s)", (number, code, description))
            cursor.executemany(
                "INSERT INTO role_permissions VALUES (%s, %s)",
                [(people.ROLES.index(role) + 1, number) for role in roles],
            )
        cursor.executemany("INSERT INTO teams VALUES (%s, %s)", list(enumerate(people.TEAMS, start=1)))
        cursor.executemany("INSERT INTO tags VALUES (%s, %s)", list(enumerate(people.TAGS, start=1)))
        cursor.executemany(
            "INSERT INTO system_settings (key, value, description, updated_at) VALUES (%s, %s, %s, %s)",
            list(people.settings()),
        )
        cursor.executemany(
            "INSERT INTO report_runs (kind, started_at, rows, requested_by)"
            " VALUES (%s, to_timestamp(%s) AT TIME ZONE 'UTC', %s, 2)",
            [run for run in inquiries.report_runs() if run[1] < NOW.timestamp()],
        )
    connection.commit()


def _copy_tables(url: str, tables: tuple[str, ...], scale: float, rows: Any) -> None:
    with psycopg.connect(url) as connection:
        for table in tables:
            name = sql.Identifier(table)
            # TRUNCATE in the same transaction lets COPY write frozen rows, which spares a vacuum later.
            connection.execute(sql.SQL("TRUNCATE {}").format(name))
            with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN (FREEZE)").format(name)) as copy:
                chunk: list[str] = []
                characters = 0
                for line in LINES[table](scale):
                    chunk.append(line)
                    characters += len(line)
                    if characters > CHUNK_CHARACTERS:
                        copy.write("".join(chunk))
                        rows.value += len(chunk)
                        chunk, characters = [], 0
                copy.write("".join(chunk))
                rows.value += len(chunk)
            connection.commit()


def copy_rows(url: str, scale: float, tell: Callable[[int], None]) -> None:
    """Copy the big tables in parallel; `tell` gets the number of rows so far, about three times a second."""
    context = get_context("spawn")
    counters = [context.Value("q", 0, lock=False) for _ in SHARES]
    processes = [
        context.Process(target=_copy_tables, args=(url, tables, scale, rows), daemon=True)
        for tables, rows in zip(SHARES, counters, strict=True)
    ]
    for process in processes:
        process.start()
    for process in processes:
        while process.is_alive():
            process.join(0.3)
            tell(sum(counter.value for counter in counters))
    failed = [process.exitcode for process in processes if process.exitcode != 0]
    if failed:
        raise SystemExit(f"slowdesk.seed: copying failed (exit codes {failed}); see the message above.")


def add_constraints(connection: psycopg.Connection[Any], tell: Callable[[str], None]) -> None:
    """Keys, foreign keys and indexes, and the next numbers of the tables that were copied with theirs."""
    connection.execute("SET maintenance_work_mem = '256MB'")
    script = "\n".join(
        line for line in (PACKAGE / "constraints.sql").read_text().splitlines() if not line.lstrip().startswith("--")
    )
    for statement in filter(None, (part.strip() for part in script.split(";"))):
        tell(" ".join(statement.split())[:60])
        connection.execute(statement)
    for table in ("users", "customers", "inquiries", "messages", "events"):
        connection.execute(
            sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), (SELECT max(id) FROM {}))").format(
                sql.Literal(table), sql.Identifier(table)
            )
        )
    connection.commit()


def analyze(connection: psycopg.Connection[Any]) -> None:
    connection.autocommit = True
    for table in TABLES:
        connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table)))
