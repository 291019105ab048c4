"""Inquiries: the list, one of them, new ones, changes, messages."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, Field
from slowdesk.auth import Principal, requires
from slowdesk.db import get_session, side_by_side
from slowdesk.formats import inquiry_detail_json, inquiry_json, iso, message_json, page_of
from slowdesk.models import Customer, Event, Inquiry, Message, Tag, User
from slowdesk.system_settings import desk_time, read_setting
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

router = APIRouter(prefix="/inquiries", tags=["inquiries"])

Status = Literal["open", "pending", "resolved", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]
Channel = Literal["email", "web", "phone", "chat"]
Sort = Literal["updated_at", "-updated_at", "created_at", "-created_at", "due_at", "-due_at"]

Reader = Annotated[Principal, Depends(requires("inquiries.read"))]
Writer = Annotated[Principal, Depends(requires("inquiries.write"))]
Db = Annotated[Session, Depends(get_session)]

#: What a line of the list shows of others.
EVERYTHING = [selectinload(Inquiry.customer), joinedload(Inquiry.assignee), selectinload(Inquiry.tags)]


class NewInquiry(BaseModel):
    subject: str = Field(min_length=1, max_length=200)
    body: str = Field(min_length=1, max_length=20_000)
    customer_id: int
    priority: Priority = "normal"
    channel: Channel = "web"


class InquiryChange(BaseModel):
    status: Status | None = None
    priority: Priority | None = None
    assignee_id: int | None = None


class NewMessage(BaseModel):
    body: str = Field(min_length=1, max_length=20_000)


def _matching(status: str, priority: str, q: str, customer_email: str) -> Select[tuple[Inquiry]]:
    query = select(Inquiry)
    if status:
        query = query.where(Inquiry.status == status)
    if priority:
        query = query.where(Inquiry.priority == priority)
    if customer_email:
        query = query.join(Inquiry.customer).where(func.lower(Customer.email) == customer_email.lower())
    if q:
        # One inquiry may have several tags: only once in the list.
        query = query.outerjoin(Inquiry.tags).distinct()
        query = query.where(or_(Inquiry.subject.ilike(f"%{q}%"), Tag.name.ilike(f"%{q}%")))
    return query


@router.get("")
def list_inquiries(
    principal: Reader,
    session: Db,
    status: Status | Literal[""] = "",
    priority: Priority | Literal[""] = "",
    q: str = "",
    customer_email: str = "",
    page: Annotated[int, Query(ge=1)] = 1,
    per_page: Annotated[int, Query(ge=1, le=200)] = 50,
    sort: Sort = "-updated_at",
) -> dict[str, Any]:
    query = _matching(status, priority, q, customer_email)
    column = getattr(Inquiry, sort.removeprefix("-"))
    order = (column.desc(), Inquiry.id.desc()) if sort.startswith("-") else (column, Inquiry.id)
    shown = query.order_by(*order).offset((page - 1) * per_page).limit(per_page)
    total, items = side_by_side(
        lambda own: own.scalar(select(func.count()).select_from(query.subquery())),
        lambda own: [inquiry_json(inquiry) for inquiry in own.scalars(shown.options(*EVERYTHING))],
    )
    ids = [item["id"] for item in items]
    message_counts, history = side_by_side(lambda own: _message_counts(own, ids), lambda own: _events(own, ids))
    items = [
        {**item, "message_count": message_counts.get(item["id"], 0), "history": history[item["id"]]} for item in items
    ]
    return page_of(items, total, page, per_page)


def _message_counts(session: Session, ids: list[int]) -> dict[int, int]:
    rows = session.execute(
        select(Message.inquiry_id, func.count().label("messages"))
        .where(Message.inquiry_id.in_(ids))
        .group_by(Message.inquiry_id)
    )
    return {row.inquiry_id: row.messages for row in rows}


def _events(session: Session, ids: list[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in session.execute(
        select(Event.inquiry_id, Event.id, Event.kind, Event.at, User.name.label("actor_name"), Event.payload)
        .outerjoin(Event.actor)
        .where(Event.inquiry_id.in_(ids))
        .order_by(Event.at, Event.id)
    ):
        event = {"id": row.id, "kind": row.kind, "at": iso(row.at), "actor_name": row.actor_name}
        found[row.inquiry_id].append({**event, "payload": row.payload})
    return found


def _messages(session: Session, inquiry_id: int) -> list[dict[str, Any]]:
    """The messages; without the name of an author who is the customer."""
    return [
        {
            "id": row.id,
            "author_name": row.author_name,
            "author_kind": row.author_kind,
            "body": row.body,
            "created_at": iso(row.created_at),
        }
        for row in session.execute(
            select(Message.id, User.name.label("author_name"), Message.author_kind, Message.body, Message.created_at)
            .outerjoin(Message.author_user)
            .where(Message.inquiry_id == inquiry_id)
            .order_by(Message.created_at, Message.id)
        )
    ]


def _find(session: Session, inquiry_id: int) -> Inquiry:
    inquiry = session.get(Inquiry, inquiry_id)
    if inquiry is None:
        raise HTTPException(404, "There is no such inquiry.")
    return inquiry


@router.get("/{inquiry_id}")
def get_inquiry(inquiry_id: int, principal: Reader) -> dict[str, Any]:
    inquiry, messages, events = side_by_side(
        lambda own: own.get(Inquiry, inquiry_id, options=EVERYTHING),
        lambda own: _messages(own, inquiry_id),
        lambda own: _events(own, [inquiry_id])[inquiry_id],
    )
    if inquiry is None:
        raise HTTPException(404, "There is no such inquiry.")
    found = inquiry_json(inquiry)
    customer = found["customer"]["name"]
    return {
        **found,
        "messages": [{**message, "author_name": message["author_name"] or customer} for message in messages],
        "events": events,
    }


def _due(session: Session, priority: str, now: datetime) -> datetime:
    minutes = read_setting(session, f"sla.{priority}_minutes", 1440)
    return now + timedelta(minutes=minutes)


@router.post("", status_code=201)
def create_inquiry(new: NewInquiry, principal: Writer, session: Db) -> dict[str, Any]:
    customer = session.get(Customer, new.customer_id)
    if customer is None:
        raise HTTPException(422, "There is no such customer.")
    now = desk_time(session)
    inquiry = Inquiry(
        customer=customer,
        subject=new.subject,
        body=new.body,
        status="open",
        priority=new.priority,
        channel=new.channel,
        created_at=now,
        updated_at=now,
        due_at=_due(session, new.priority, now),
    )
    inquiry.messages.append(Message(author_kind="customer", body=new.body, created_at=now))
    inquiry.events.append(
        Event(
            actor_id=principal.user_id,
            kind="created",
            at=now,
            payload={"channel": new.channel, "country": customer.country, "topics": []},
        )
    )
    session.add(inquiry)
    session.commit()
    return inquiry_detail_json(inquiry)


@router.patch("/{inquiry_id}")
def change_inquiry(inquiry_id: int, change: InquiryChange, principal: Writer, session: Db) -> dict[str, Any]:
    inquiry = _find(session, inquiry_id)
    now = desk_time(session)
    wanted = change.model_dump(exclude_unset=True)
    if wanted.get("assignee_id") is not None and session.get(User, wanted["assignee_id"]) is None:
        raise HTTPException(422, "There is no such user.")
    for field, value in wanted.items():
        before = getattr(inquiry, field)
        if value == before or (value is None and field != "assignee_id"):
            continue
        setattr(inquiry, field, value)
        kind = "assigned" if field == "assignee_id" else f"{field}_changed"
        payload = {"channel": inquiry.channel, "topics": [], "from": before, "to": value}
        inquiry.events.append(Event(actor_id=principal.user_id, kind=kind, at=now, payload=payload))
        if field == "status":
            inquiry.resolved_at = now if value in ("resolved", "closed") else None
    inquiry.updated_at = now
    session.commit()
    return inquiry_detail_json(inquiry)


@router.post("/{inquiry_id}/messages", status_code=201)
def add_message(inquiry_id: int, new: NewMessage, principal: Writer, session: Db) -> dict[str, Any]:
    inquiry = _find(session, inquiry_id)
    now = desk_time(session)
    message = Message(
        inquiry=inquiry,
        author_kind="agent",
        author_user_id=principal.user_id,
        body=new.body,
        created_at=now,
    )
    session.add(message)
    inquiry.updated_at = now
    if inquiry.first_response_at is None:
        inquiry.first_response_at = now
    session.commit()
    return message_json(message)
