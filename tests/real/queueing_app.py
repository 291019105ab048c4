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
client = httpx.AsyncClient(trust_env=False)
#: Half a tenth of a second of work for the server.
HEAVY = "SELECT sum(hashtext(a::text || b::text)) FROM generate_series(1, 500) a, generate_series(1, 500) b"


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
    return {"rates": [(await client.get(f"{request.base_url}health")).json() for _ in range(2)]}
