"""
An application whose requests are worth tracing: FastAPI with psycopg, synchronous and not, SQLAlchemy, and calls out.

DATABASE_URL says where its database is.
"""

import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import psycopg
from fastapi import Depends, FastAPI, Request
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

URL = os.environ["DATABASE_URL"]
DIALECT = URL.replace("postgresql://", "postgresql+psycopg://")
ITEM = "SELECT id, name FROM item WHERE id = %s"
HELD: dict[str, psycopg.AsyncConnection[Any]] = {}
engine = create_engine(DIALECT)
async_engine = create_async_engine(DIALECT)


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


async def current_user() -> str:
    """
    Who is asking, from the database.
    """
    return str(await (await HELD["db"].execute("SELECT 'ann'")).fetchone())


def session() -> Iterator[Session]:
    """
    A session of SQLAlchemy.
    """
    with Session(engine) as made:
        yield made


WITH_SESSION, WITH_USER = Depends(session), Depends(current_user)


@app.get("/health")
async def health() -> dict[str, str]:
    """
    It serves.
    """
    return {"status": "ok"}


@app.get("/items/{number}")
async def item(number: int, user: str = WITH_USER) -> dict[str, Any]:
    """
    Two statements, one of them to know who asks.
    """
    found = await (await HELD["db"].execute(ITEM, (number,))).fetchall()
    return {"user": user, "found": found}


@app.get("/blocking")
async def blocking() -> dict[str, Any]:
    """
    A synchronous connection and a synchronous statement where an event loop runs.
    """
    with psycopg.connect(URL) as db:
        db.execute("SELECT pg_sleep(0.03)")
    return {}


@app.get("/orm/{number}")
def orm(number: int, db: Session = WITH_SESSION) -> dict[str, Any]:
    """
    SQLAlchemy in a thread.
    """
    return {"name": db.execute(text("SELECT name FROM item WHERE id = :id"), {"id": number}).scalar()}


@app.get("/async-orm/{number}")
async def async_orm(number: int) -> dict[str, Any]:
    """
    SQLAlchemy in the loop.
    """
    async with AsyncSession(async_engine) as db:
        return {"name": (await db.execute(text("SELECT name FROM item WHERE id = :id"), {"id": number})).scalar()}


@app.get("/spin")
async def spin() -> dict[str, int]:
    """
    The loop is held by the application's own work.
    """
    return {"turns": spun(0.2)}


def spun(duration_s: float) -> int:
    """
    How often it went around.
    """
    until, turns = time.perf_counter() + duration_s, 0
    while time.perf_counter() < until:
        turns += 1
    return turns


@app.get("/calls")
async def calls(request: Request) -> dict[str, Any]:
    """
    A new client, and two calls to this very application.
    """
    async with httpx.AsyncClient(trust_env=False, base_url=str(request.base_url)) as client:
        answers = [await client.get("/items/7"), await client.post("/introspect", json={"token": "secret"})]
    return {"status": [each.status_code for each in answers]}
