"""
An application whose requests wait for each other: a pool with one connection, and a service that is asked twice.

DATABASE_URL says where its database is.
"""

import os
from typing import Any

import httpx
from fastapi import FastAPI, Request
from psycopg_pool import ConnectionPool

app = FastAPI()
pool = ConnectionPool(os.environ["DATABASE_URL"], min_size=1, max_size=1, open=True)
#: Some tens of milliseconds of work for the server.
HEAVY = "SELECT sum(hashtext(a::text || b::text)) FROM generate_series(1, 300) a, generate_series(1, 300) b"


@app.get("/health")
async def health() -> dict[str, str]:
    """
    The process is there.
    """
    return {"status": "ok"}


@app.get("/pooled")
def pooled() -> dict[str, Any]:
    """
    One statement on the pool's only connection.
    """
    with pool.connection() as connection:
        return {"sum": connection.execute(HEAVY).fetchone()[0]}


@app.get("/rates")
async def rates(request: Request) -> dict[str, Any]:
    """
    The same call twice, where one would do.
    """
    async with httpx.AsyncClient(trust_env=False, base_url=str(request.base_url)) as client:
        answers = [(await client.get("/health")).json() for _ in range(2)]
    return {"rates": answers}
