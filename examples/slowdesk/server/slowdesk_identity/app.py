"""
The service's endpoints.

In production the provider is another company's cloud service.
Here it runs on the same machine, so the way there and back is simulated: see SIMULATED_NETWORK_DELAY_MS.
"""

import asyncio
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from slowdesk_identity.accounts import verify

# The only simulated time in slowdesk: the network between the desk and its identity provider, there and back.
SIMULATED_NETWORK_DELAY_MS = float(os.environ.get("SIMULATED_NETWORK_DELAY_MS", "25"))
SESSION_HOURS = float(os.environ.get("IDENTITY_SESSION_HOURS", "12"))


class Credentials(BaseModel):
    email: str
    password: str


class TokenBody(BaseModel):
    token: str


@dataclass(frozen=True)
class Grant:
    email: str
    expires_at: datetime


app = FastAPI(title="Slowdesk identity provider", docs_url=None, redoc_url=None)
grants: dict[str, Grant] = {}


async def _simulate_network() -> None:
    await asyncio.sleep(SIMULATED_NETWORK_DELAY_MS / 1000)


def _drop_expired(now: datetime) -> None:
    for token in [token for token, grant in grants.items() if grant.expires_at <= now]:
        del grants[token]


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/token")
async def issue(credentials: Credentials) -> Any:
    await _simulate_network()
    email = credentials.email.strip().lower()
    if not await run_in_threadpool(verify, email, credentials.password):
        return JSONResponse({"error": "invalid_grant"}, 401)
    now = datetime.now(UTC)
    _drop_expired(now)
    token = secrets.token_urlsafe(32)
    grants[token] = Grant(email, now + timedelta(hours=SESSION_HOURS))
    return {"token": token, "email": email, "expires_at": grants[token].expires_at.isoformat()}


@app.post("/introspect")
async def introspect(body: TokenBody) -> dict[str, Any]:
    await _simulate_network()
    grant = grants.get(body.token)
    if grant is None or grant.expires_at <= datetime.now(UTC):
        return {"active": False}
    return {"active": True, "email": grant.email, "expires_at": grant.expires_at.isoformat()}


@app.post("/revoke")
async def revoke(body: TokenBody) -> dict[str, bool]:
    await _simulate_network()
    return {"revoked": grants.pop(body.token, None) is not None}
