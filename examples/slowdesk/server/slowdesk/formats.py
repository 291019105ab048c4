"""How rows become JSON."""

from datetime import datetime
from math import ceil
from typing import Any

from slowdesk.models import Customer, Event, Inquiry, Message, User


def iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat() + "Z"


def page_of(items: list[Any], total: int, page: int, per_page: int) -> dict[str, Any]:
    return {"items": items, "total": total, "page": page, "pages": max(1, ceil(total / per_page))}


def user_json(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "role": user.role.name,
        "avatar_url": user.avatar_url,
        "locale": user.locale,
        "team": user.team.name,
    }


def customer_json(customer: Customer) -> dict[str, Any]:
    return {
        "id": customer.id,
        "name": customer.name,
        "email": customer.email,
        "company": customer.company,
        "country": customer.country,
        "plan": customer.plan,
        "phone": customer.phone,
        "notes": customer.notes,
        "created_at": iso(customer.created_at),
    }


def inquiry_json(inquiry: Inquiry) -> dict[str, Any]:
    assignee = inquiry.assignee
    return {
        "id": inquiry.id,
        "subject": inquiry.subject,
        "body": inquiry.body,
        "status": inquiry.status,
        "priority": inquiry.priority,
        "channel": inquiry.channel,
        "created_at": iso(inquiry.created_at),
        "updated_at": iso(inquiry.updated_at),
        "due_at": iso(inquiry.due_at),
        "first_response_at": iso(inquiry.first_response_at),
        "resolved_at": iso(inquiry.resolved_at),
        "customer": customer_json(inquiry.customer),
        "assignee": None if assignee is None else {"id": assignee.id, "name": assignee.name},
        "tags": [tag.name for tag in inquiry.tags],
    }


def message_json(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "author_name": message.author_name,
        "author_kind": message.author_kind,
        "body": message.body,
        "created_at": iso(message.created_at),
    }


def event_json(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "kind": event.kind,
        "at": iso(event.at),
        "actor_name": event.actor.name if event.actor is not None else None,
        "payload": event.payload,
    }


def inquiry_detail_json(inquiry: Inquiry) -> dict[str, Any]:
    return {
        **inquiry_json(inquiry),
        "messages": [message_json(message) for message in inquiry.messages],
        "events": [event_json(event) for event in inquiry.events],
    }
