"""The first page after signing in: what waits, what happened, how the desk is doing."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from slowdesk.auth import Principal, requires
from slowdesk.db import get_session, side_by_side
from slowdesk.formats import iso
from slowdesk.system_settings import desk_time, read_setting
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

router = APIRouter(prefix="/dashboard", tags=["dashboard"])

COUNTS = text("""
    SELECT count(*) FILTER (WHERE status = 'open') AS open,
           count(*) FILTER (WHERE status = 'pending') AS pending,
           count(*) FILTER (WHERE status = 'resolved') AS resolved,
           count(*) FILTER (WHERE status IN ('open', 'pending') AND due_at < :now) AS overdue
    FROM inquiries
""")

# Longest waiting first, each with what was said last.
QUEUE = text("""
    SELECT i.id, i.subject, c.name AS customer_name, i.priority, i.status, i.updated_at,
           (SELECT m.body
            FROM messages m
            WHERE m.inquiry_id = i.id
            ORDER BY m.created_at DESC, m.id DESC
            LIMIT 1) AS last_message
    FROM inquiries i
    JOIN customers c ON c.id = i.customer_id
    WHERE i.assignee_id = :user_id AND i.status IN ('open', 'pending')
    ORDER BY i.updated_at, i.id
    LIMIT :rows
""")

ACTIVITY = text("""
    SELECT e.at, u.name AS actor_name, e.kind, e.inquiry_id, i.subject
    FROM events e
    JOIN inquiries i ON i.id = e.inquiry_id
    LEFT JOIN users u ON u.id = e.actor_id
    ORDER BY e.at DESC, e.id DESC
    LIMIT :rows
""")

OPENED_BY_DAY = text("""
    SELECT date(created_at) AS day, count(*) AS inquiries
    FROM inquiries WHERE date(created_at) >= :since GROUP BY date(created_at)
""")
RESOLVED_BY_DAY = text("""
    SELECT date(resolved_at) AS day, count(*) AS inquiries
    FROM inquiries WHERE date(resolved_at) >= :since GROUP BY date(resolved_at)
""")

TEAM = text("""
    SELECT u.name,
           count(*) FILTER (WHERE i.status IN ('open', 'pending')) AS open,
           avg(EXTRACT(EPOCH FROM i.first_response_at - i.created_at) / 60)
               FILTER (WHERE date(i.created_at) >= :since) AS avg_first_response_minutes
    FROM users u
    JOIN users me ON me.team_id = u.team_id AND me.id = :user_id
    LEFT JOIN inquiries i ON i.assignee_id = u.id
    WHERE u.active
    GROUP BY u.id
    ORDER BY open DESC, u.name, u.id
    LIMIT 12
""")


def _counts(session: Session, now: datetime) -> dict[str, int]:
    return dict(session.execute(COUNTS, {"now": now}).one()._mapping)


def _queue(session: Session, user_id: int, now: datetime, length: int, excerpt_length: int) -> list[dict[str, Any]]:
    return [
        {
            "id": row.id,
            "subject": row.subject,
            "customer_name": row.customer_name,
            "priority": row.priority,
            "status": row.status,
            "waiting_minutes": int((now - row.updated_at).total_seconds() // 60),
            "last_message_excerpt": (row.last_message or "")[:excerpt_length],
        }
        for row in session.execute(QUEUE, {"user_id": user_id, "rows": length})
    ]


def _activity(session: Session, length: int) -> list[dict[str, Any]]:
    return [
        {
            "at": iso(row.at),
            "actor_name": row.actor_name,
            "verb": row.kind,
            "inquiry_id": row.inquiry_id,
            "subject": row.subject,
        }
        for row in session.execute(ACTIVITY, {"rows": length})
    ]


def _by_day(session: Session, statement: TextClause, since: date) -> dict[date, int]:
    return {row.day: row.inquiries for row in session.execute(statement, {"since": since})}


def _team(session: Session, user_id: int, since: date) -> list[dict[str, Any]]:
    return [
        {
            "name": row.name,
            "open": row.open,
            "avg_first_response_minutes": None
            if row.avg_first_response_minutes is None
            else round(float(row.avg_first_response_minutes), 1),
        }
        for row in session.execute(TEAM, {"user_id": user_id, "since": since})
    ]


@router.get("")
def dashboard(
    principal: Annotated[Principal, Depends(requires("inquiries.read"))],
    session: Annotated[Session, Depends(get_session)],
) -> dict[str, Any]:
    now = desk_time(session)
    length = read_setting(session, "dashboard.queue_length", 10)
    excerpt_length = read_setting(session, "dashboard.excerpt_length", 140)
    rows = read_setting(session, "dashboard.activity_length", 12)
    days = read_setting(session, "dashboard.volume_days", 14)
    since = now.date() - timedelta(days=days)
    counts, queue, activity, opened, resolved, team = side_by_side(
        lambda own: _counts(own, now),
        lambda own: _queue(own, principal.user_id, now, length, excerpt_length),
        lambda own: _activity(own, rows),
        lambda own: _by_day(own, OPENED_BY_DAY, since),
        lambda own: _by_day(own, RESOLVED_BY_DAY, since),
        lambda own: _team(own, principal.user_id, now.date() - timedelta(days=30)),
    )
    return {
        "counts": counts,
        "queue": queue,
        "activity": activity,
        "volume_by_day": [
            {"day": day.isoformat(), "opened": opened.get(day, 0), "resolved": resolved.get(day, 0)}
            for day in (since + timedelta(days=n) for n in range(days))
        ],
        "team": team,
    }
