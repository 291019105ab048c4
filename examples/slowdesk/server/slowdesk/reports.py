"""The reports' contents."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session

from slowdesk.formats import iso
from slowdesk.models import Inquiry, User

Rows = list[list[Any]]

# A first response is the first message of an agent, not what was typed into the form.
SLA = text("""
    SELECT date(i.created_at) AS day, i.priority,
           count(*) AS inquiries,
           count(*) FILTER (WHERE answer.at <= i.due_at) AS in_time,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY EXTRACT(EPOCH FROM answer.at - i.created_at) / 60)
               AS median_minutes
    FROM inquiries i
    LEFT JOIN (SELECT m.inquiry_id, min(m.created_at) AS at
               FROM messages m
               WHERE m.author_kind = 'agent'
               GROUP BY m.inquiry_id) AS answer ON answer.inquiry_id = i.id
    WHERE date(i.created_at) >= :since
    GROUP BY date(i.created_at), i.priority
    ORDER BY day, i.priority
""")

# Customers who came back within the time, and have nothing open now.
CUSTOMERS = text("""
    SELECT DISTINCT c.id, c.name, c.company, c.country, c.plan,
           count(*) OVER (PARTITION BY c.id) AS inquiries,
           max(i.updated_at) OVER (PARTITION BY c.id) AS last_contact
    FROM customers c
    JOIN inquiries i ON i.customer_id = c.id
    WHERE date(i.created_at) >= :since
      AND c.id NOT IN (SELECT o.customer_id FROM inquiries o WHERE o.status IN ('open', 'pending'))
    ORDER BY inquiries DESC, c.name, c.id
    LIMIT 2000
""")


def _sla(session: Session, since: date) -> Rows:
    return [
        [
            row.day.isoformat(),
            row.priority,
            row.inquiries,
            row.in_time,
            row.inquiries - row.in_time,
            None if row.median_minutes is None else round(float(row.median_minutes), 1),
        ]
        for row in session.execute(SLA, {"since": since})
    ]


def _workload(session: Session, since: date) -> Rows:
    users = session.scalars(select(User).order_by(User.name, User.id)).all()
    inquiries_of: dict[int | None, list[Row[Any]]] = defaultdict(list)
    for inquiry in session.execute(
        select(
            Inquiry.assignee_id,
            Inquiry.status,
            Inquiry.created_at,
            Inquiry.first_response_at,
            Inquiry.resolved_at,
        ).where(func.date(Inquiry.created_at) >= since)
    ):
        inquiries_of[inquiry.assignee_id].append(inquiry)
    return [[user.name, user.team.name, *_workload_of(inquiries_of[user.id])] for user in users]


def _workload_of(inquiries: list[Row[Any]]) -> list[Any]:
    minutes = [
        (inquiry.first_response_at - inquiry.created_at).total_seconds() / 60
        for inquiry in inquiries
        if inquiry.first_response_at is not None
    ]
    return [
        len(inquiries),
        sum(inquiry.status in ("open", "pending") for inquiry in inquiries),
        sum(inquiry.resolved_at is not None for inquiry in inquiries),
        round(median(minutes), 1) if minutes else None,
    ]


def _customers(session: Session, since: date) -> Rows:
    return [
        [row.name, row.company, row.country, row.plan, row.inquiries, iso(row.last_contact)]
        for row in session.execute(CUSTOMERS, {"since": since})
    ]


@dataclass(frozen=True)
class Report:
    kind: str
    title: str
    description: str
    columns: tuple[str, ...]
    rows: Callable[[Session, date], Rows]


REPORTS = {
    report.kind: report
    for report in (
        Report(
            "sla",
            "Service levels",
            "Inquiries answered in time, by day and priority.",
            ("Day", "Priority", "Inquiries", "In time", "Late", "Median first response (min)"),
            _sla,
        ),
        Report(
            "workload",
            "Workload",
            "What each agent had and finished.",
            ("Agent", "Team", "Inquiries", "Open", "Resolved", "Median first response (min)"),
            _workload,
        ),
        Report(
            "customers",
            "Settled customers",
            "Who wrote to us and has nothing open.",
            ("Customer", "Company", "Country", "Plan", "Inquiries", "Last contact"),
            _customers,
        ),
    )
}


def build_report(report: Report, session: Session, now: datetime, days: int) -> Rows:
    """The report's rows for the last days, from the data as it is now."""
    return report.rows(session, now.date() - timedelta(days=days))
