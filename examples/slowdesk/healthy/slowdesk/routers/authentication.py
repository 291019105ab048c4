"""Signing in and out."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from pydantic import BaseModel
from slowdesk import identity_client
from slowdesk.auth import CurrentPrincipal, find_user, forget
from slowdesk.config import SESSION_COOKIE
from slowdesk.db import get_session, open_session
from slowdesk.formats import user_json
from slowdesk.models import User
from sqlalchemy.orm import Session, joinedload

router = APIRouter(prefix="/auth", tags=["auth"])


class Login(BaseModel):
    email: str
    password: str


@router.post("/login")
def login(credentials: Login, response: Response) -> dict[str, Any]:
    token = identity_client.issue_token(credentials.email, credentials.password)
    if token is None:
        raise HTTPException(401, "The address or the password is wrong.")
    with open_session() as session:
        user = find_user(session, token.email, User.role, User.team)
        if user is None:
            raise HTTPException(401, "This account is not active.")
        response.set_cookie(SESSION_COOKIE, token.value, httponly=True, samesite="lax", path="/")
        return {"user": user_json(user)}


@router.post("/logout", status_code=204)
def logout(request: Request, principal: CurrentPrincipal) -> Response:
    identity_client.revoke(request.cookies[SESSION_COOKIE])
    forget(request.cookies[SESSION_COOKIE])
    response = Response(status_code=204)
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


@router.get("/session")
def session_info(principal: CurrentPrincipal, session: Annotated[Session, Depends(get_session)]) -> dict[str, Any]:
    user = session.get_one(User, principal.user_id, options=[joinedload(User.role), joinedload(User.team)])
    return {
        "authenticated": True,
        "user": user_json(user),
        "permissions": sorted(principal.permissions),
        "expires_at": principal.expires_at,
    }
