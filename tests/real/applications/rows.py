"""
Statements of the plain examples, through each of the drivers that the agent knows; DATABASE_URL says where.

Drivers are imported when they are asked for: most runs of the examples have no database.
"""

import os
from importlib import import_module
from typing import Any

import orders

STATEMENTS = ["SELECT 1", "SELECT count(*) FROM generate_series(1, 10)", "SELECT 'x' AS name"]
WRONG = "SELECT nothing_of_this_name"


def asked(driver: str) -> list[Any]:
    """
    What psycopg or psycopg2 brings, with the name of the error that a wrong statement is answered with; or an ORM.
    """
    if driver in ("sqlalchemy", "django"):
        return orders.asked(driver)
    connection = import_module(driver).connect(os.environ["DATABASE_URL"])
    found: list[Any] = []
    try:
        cursor = connection.cursor()
        for statement in STATEMENTS:
            cursor.execute(statement)
            found += [list(row) for row in cursor.fetchall()]
        cursor.executemany("SELECT %s::int", [(1,), (2,)])
        found.append(_failed(lambda: cursor.execute(WRONG)))
        connection.rollback()
        cursor.execute(b"SELECT 2" if driver == "psycopg" else "SELECT 2")
        connection.commit()
    finally:
        connection.close()
    return found


async def asked_in_a_loop() -> list[Any]:
    """
    The same with asyncpg.
    """
    connection = await import_module("asyncpg").connect(os.environ["DATABASE_URL"])
    found: list[Any] = []
    try:
        for statement in STATEMENTS:
            found += [list(row.values()) for row in await connection.fetch(statement)]
        found.append(await connection.execute("SELECT 3"))
        await connection.executemany("SELECT $1::int", [(1,), (2,)])
        prepared = await connection.prepare("SELECT $1::int")
        found.append(await prepared.fetchval(4))
        try:
            await connection.fetch(WRONG)
        except Exception as error:
            found.append(type(error).__name__)
    finally:
        await connection.close()
    return found


def _failed(do: Any) -> str:
    try:
        do()
    except Exception as error:
        return type(error).__name__
    return ""
