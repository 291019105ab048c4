"""The application: `uvicorn slowdesk.app:app`."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from slowdesk import front_end
from slowdesk.answers import AnswersMiddleware
from slowdesk.identity_client import IdentityUnavailableError
from slowdesk.journal import JournalMiddleware
from slowdesk.routers import (
    analytics,
    authentication,
    customers,
    dashboard,
    inquiries,
    reports,
    settings,
    users,
)

app = FastAPI(title="Slowdesk", version="1.14.2", description="A help desk for inquiries.")
app.add_middleware(AnswersMiddleware)
app.add_middleware(JournalMiddleware)


@app.exception_handler(IdentityUnavailableError)
async def identity_unavailable(request: Request, error: IdentityUnavailableError) -> JSONResponse:
    return JSONResponse({"detail": "The identity provider does not answer. Please try again."}, 503)


@app.get("/api/health", tags=["health"])
async def health() -> dict[str, str]:
    return {"status": "ok"}


for area in (authentication, users, dashboard, inquiries, customers, analytics, settings, reports):
    app.include_router(area.router, prefix="/api")
app.include_router(front_end.router)
