"""The reports' contents."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from slowdesk.formats import iso
from sqlalchemy import text
from sqlalchemy.orm import Session

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


WORKLOAD = text("""
    SELECT u.name, t.name AS team, count(i.id) AS inquiries,
           count(*) FILTER (WHERE i.status IN ('open', 'pending')) AS open,
           count(i.resolved_at) AS resolved,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY EXTRACT(EPOCH FROM i.first_response_at - i.created_at) / 60)
               FILTER (WHERE i.first_response_at IS NOT NULL) AS median_minutes
    FROM users u
    JOIN teams t ON t.id = u.team_id
    LEFT JOIN inquiries i ON i.assignee_id = u.id AND date(i.created_at) >= :since
    GROUP BY u.id, t.id
    ORDER BY u.name, u.id
""")


def _workload(session: Session, since: date) -> Rows:
    return [
        [
            row.name,
            row.team,
            row.inquiries,
            row.open,
            row.resolved,
            None if row.median_minutes is None else round(float(row.median_minutes), 1),
        ]
        for row in session.execute(WORKLOAD, {"since": since})
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
