"""
A small FastAPI application on a real PostgreSQL: one route without a statement, one with five, one with many texts.

DATABASE_URL says where. It runs in the environment of the example application, which has nothing of Hasten.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from fastapi import FastAPI

URL = os.environ["DATABASE_URL"]
ITEM = "SELECT id, name, price_cents FROM item WHERE id = %s"
NEIGHBOURS = "SELECT id, name FROM item WHERE id BETWEEN %s AND %s ORDER BY id"
HELD: dict[str, psycopg.AsyncConnection[Any]] = {}


@asynccontextmanager
async def connected(_: FastAPI) -> AsyncIterator[None]:
    """
    One connection, for requests that come one at a time.
    """
    HELD["db"] = await psycopg.AsyncConnection.connect(URL, autocommit=True)
    try:
        yield
    finally:
        await HELD["db"].close()


app = FastAPI(lifespan=connected)


@app.get("/health")
async def health() -> dict[str, str]:
    """
    It serves.
    """
    return {"status": "ok"}


@app.get("/plain/{number}")
async def plain(number: int) -> dict[str, int]:
    """
    No statement.
    """
    return {"number": number}


@app.get("/five/{number}")
async def five(number: int) -> dict[str, Any]:
    """
    Five statements, two different ones.
    """
    found = [await (await HELD["db"].execute(ITEM, (number + each,))).fetchone() for each in range(4)]
    near = await (await HELD["db"].execute(NEIGHBOURS, (number, number + 3))).fetchall()
    return {"found": found, "near": near}


@app.get("/texts/{start}/{count}")
async def texts(start: int, count: int) -> dict[str, int]:
    """
    So many statements that differ in more than their values, each executed three times.
    """
    for number in range(start, start + count):
        text = f"SELECT id AS column_{number}, name, price_cents FROM item WHERE id = %s AND name <> 'nobody'"
        for _ in range(3):
            await HELD["db"].execute(text, (number % 100,))
    return {"count": count}
