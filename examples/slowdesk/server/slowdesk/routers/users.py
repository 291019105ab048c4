"""The people who work at the desk."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from slowdesk.auth import CurrentPrincipal, Principal, find_user, requires
from slowdesk.db import get_session
from slowdesk.formats import iso, page_of, user_json
from slowdesk.models import Inquiry, User

router = APIRouter(prefix="/users", tags=["users"])

USERS_PER_PAGE = 12

UNREAD = text("""
    SELECT count(DISTINCT i.id)
    FROM inquiries i
    JOIN messages m ON m.inquiry_id = i.id
    WHERE i.assignee_id = :user_id
      AND i.status IN ('open', 'pending')
      AND m.author_kind = 'customer'
      AND m.created_at >= i.updated_at
""")


def open_inquiries_of(session: Session, user_id: int) -> int:
    return session.scalar(
        select(func.count())
        .select_from(Inquiry)
        .where(Inquiry.assignee_id == user_id, Inquiry.status.in_(["open", "pending"]))
    )


@router.get("/me")
def me(principal: CurrentPrincipal, session: Annotated[Session, Depends(get_session)]) -> dict[str, Any]:
    user = find_user(session, principal.email)
    return {
        **user_json(user),
        "preferences": user.preferences,
        "open_inquiries": open_inquiries_of(session, user.id),
        "unread": session.scalar(UNREAD, {"user_id": user.id}),
    }


@router.get("")
def list_users(
    principal: Annotated[Principal, Depends(requires("users.read"))],
    session: Annotated[Session, Depends(get_session)],
    q: str = "",
    role: str = "",
    page: Annotated[int, Query(ge=1)] = 1,
) -> dict[str, Any]:
    users = session.scalars(select(User).order_by(User.name, User.id)).all()
    if q:
        users = [user for user in users if q.lower() in user.name.lower() or q.lower() in user.email.lower()]
    if role:
        users = [user for user in users if user.role.name == role]
    shown = users[(page - 1) * USERS_PER_PAGE : page * USERS_PER_PAGE]
    items = [
        {
            "id": user.id,
            "name": user.name,
            "email": user.email,
            "role": user.role.name,
            "team": user.team.name,
            "active": user.active,
            "open_inquiries": open_inquiries_of(session, user.id),
            "last_seen_at": iso(user.last_seen_at),
        }
        for user in shown
    ]
    return page_of(items, len(users), page, USERS_PER_PAGE)
