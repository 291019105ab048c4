"""Who makes the request, and what they may do: found out once in a while, and not on the event loop."""

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from slowdesk import identity_client
from slowdesk.config import SESSION_COOKIE
from slowdesk.db import open_session
from slowdesk.models import Permission, RolePermission, User
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

#: For so long a change of somebody's rights may go unnoticed.
KEPT_S = 60.0
MOST_KEPT = 10_000


@dataclass(frozen=True)
class Principal:
    """The person behind a request."""

    user_id: int
    email: str
    role: str
    permissions: frozenset[str]
    expires_at: str


_kept: dict[str, tuple[float, Principal]] = {}


def find_user(session: Session, email: str, *shown: Any) -> User | None:
    """The active user with this address, with the relations that are shown; people type theirs in any case."""
    return session.scalar(
        select(User).where(func.lower(User.email) == email.lower(), User.active).options(*map(joinedload, shown))
    )


def permissions_of(session: Session, user: User) -> frozenset[str]:
    codes = session.scalars(
        select(Permission.code)
        .join(RolePermission, RolePermission.permission_id == Permission.id)
        .where(RolePermission.role_id == user.role_id)
        .order_by(Permission.code)
    )
    return frozenset(codes)


async def current_principal(request: Request) -> Principal:
    """The request's principal; 401 without a valid session."""
    token_value = request.cookies.get(SESSION_COOKIE)
    if not token_value:
        raise HTTPException(401, "Please sign in.")
    until, principal = _kept.get(token_value, (0.0, None))
    if principal is None or until < time.monotonic():
        principal = await run_in_threadpool(_found_out, token_value)
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[token_value] = time.monotonic() + KEPT_S, principal
    request.state.user_id = principal.user_id
    return principal


def forget(token_value: str) -> None:
    """Somebody has signed out."""
    _kept.pop(token_value, None)


def _found_out(token_value: str) -> Principal:
    token = identity_client.introspect(token_value)
    if token is None:
        raise HTTPException(401, "Your session has ended. Please sign in again.")
    with open_session() as session:
        user = find_user(session, token.email, User.role)
        if user is None:
            raise HTTPException(401, "This account is not active.")
        permissions = permissions_of(session, user)
        return Principal(user.id, user.email, user.role.name, permissions, token.expires_at)


CurrentPrincipal = Annotated[Principal, Depends(current_principal)]


def requires(permission: str) -> Callable[..., Coroutine[Any, Any, Principal]]:
    """A dependency that answers 403 to everybody without the permission."""

    async def check(principal: CurrentPrincipal) -> Principal:
        if permission not in principal.permissions:
            raise HTTPException(403, f"You need the permission {permission}.")
        return principal

    return check
