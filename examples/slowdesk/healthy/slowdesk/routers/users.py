"""The people who work at the desk."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from slowdesk.auth import CurrentPrincipal, Principal, find_user, requires
from slowdesk.db import get_session, side_by_side
from slowdesk.formats import iso, page_of, user_json
from slowdesk.models import Inquiry, Role, User
from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session, defer, joinedload

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


def open_inquiries_of(session: Session, user_ids: list[int]) -> dict[int, int]:
    rows = session.execute(
        select(Inquiry.assignee_id, func.count().label("open"))
        .where(Inquiry.assignee_id.in_(user_ids), Inquiry.status.in_(["open", "pending"]))
        .group_by(Inquiry.assignee_id)
    )
    return dict.fromkeys(user_ids, 0) | {row.assignee_id: row.open for row in rows}


@router.get("/me")
def me(principal: CurrentPrincipal) -> dict[str, Any]:
    user, waiting, unread = side_by_side(
        lambda own: find_user(own, principal.email, User.role, User.team),
        lambda own: open_inquiries_of(own, [principal.user_id])[principal.user_id],
        lambda own: own.scalar(UNREAD, {"user_id": principal.user_id}),
    )
    return {**user_json(user), "preferences": user.preferences, "open_inquiries": waiting, "unread": unread}


@router.get("")
def list_users(
    principal: Annotated[Principal, Depends(requires("users.read"))],
    session: Annotated[Session, Depends(get_session)],
    q: str = "",
    role: str = "",
    page: Annotated[int, Query(ge=1)] = 1,
) -> dict[str, Any]:
    query = select(User)
    if q:
        wanted = [func.lower(column).contains(q.lower(), autoescape=True) for column in (User.name, User.email)]
        query = query.where(or_(*wanted))
    if role:
        query = query.where(User.role.has(Role.name == role))
    total = session.scalar(select(func.count()).select_from(query.subquery()))
    shown = session.scalars(
        query.order_by(User.name, User.id)
        .offset((page - 1) * USERS_PER_PAGE)
        .limit(USERS_PER_PAGE)
        .options(joinedload(User.role), joinedload(User.team), defer(User.preferences))
    ).all()
    waiting = open_inquiries_of(session, [user.id for user in shown])
    items = [
        {
            "id": user.id,
            "name": user.name,
            "email": user.email,
            "role": user.role.name,
            "team": user.team.name,
            "active": user.active,
            "open_inquiries": waiting[user.id],
            "last_seen_at": iso(user.last_seen_at),
        }
        for user in shown
    ]
    return page_of(items, total, page, USERS_PER_PAGE)
