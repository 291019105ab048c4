"""Charts about the desk's work."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from slowdesk.auth import Principal, requires
from slowdesk.db import get_session, side_by_side
from slowdesk.system_settings import desk_time
from sqlalchemy import text
from sqlalchemy.orm import Session

router = APIRouter(prefix="/analytics", tags=["analytics"])

RESPONSE_TIMES = text("""
    SELECT date(e.at) AS day,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY (e.payload->>'minutes')::numeric) AS p50_minutes,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY (e.payload->>'minutes')::numeric) AS p95_minutes
    FROM events e
    WHERE e.payload ? 'minutes' AND date(e.at) >= :since
    GROUP BY date(e.at)
    ORDER BY day
""")

BY_CHANNEL = text("""
    SELECT e.payload->>'channel' AS channel, count(DISTINCT e.inquiry_id) AS count
    FROM events e
    WHERE date(e.at) >= :since
    GROUP BY e.payload->>'channel'
    ORDER BY count DESC, channel
""")

BY_COUNTRY = text("""
    SELECT country, count(*) AS count
    FROM (SELECT DISTINCT c.country, i.id
          FROM inquiries i
          JOIN customers c ON c.id = i.customer_id
          JOIN messages m ON m.inquiry_id = i.id
          WHERE date(m.created_at) >= :since) AS active
    GROUP BY country
    ORDER BY count DESC, country
""")

TOPICS = text("""
    SELECT topic, count(*) AS count
    FROM events e, jsonb_array_elements_text(e.payload->'topics') AS topic
    WHERE date(e.at) >= :since AND e.kind = 'created'
    GROUP BY topic
    ORDER BY count DESC, topic
""")

AGENTS = text("""
    SELECT u.name, count(*) AS resolved,
           avg(EXTRACT(EPOCH FROM i.resolved_at - i.created_at) / 60) AS avg_minutes
    FROM inquiries i
    JOIN users u ON u.id = i.assignee_id
    WHERE date(i.resolved_at) >= :since
    GROUP BY u.id
    ORDER BY resolved DESC, u.name, u.id
    LIMIT 20
""")

FUNNEL = text("""
    SELECT count(*) AS received,
           count(*) FILTER (WHERE assignee_id IS NOT NULL) AS assigned,
           count(*) FILTER (WHERE first_response_at IS NOT NULL) AS answered,
           count(*) FILTER (WHERE resolved_at IS NOT NULL) AS resolved,
           count(*) FILTER (WHERE resolved_at <= due_at) AS "in time"
    FROM inquiries
    WHERE date(created_at) >= :since
""")


def _minutes(value: Any) -> float | None:
    return None if value is None else round(float(value), 1)


@router.get("")
def analytics(
    principal: Annotated[Principal, Depends(requires("analytics.read"))],
    session: Annotated[Session, Depends(get_session)],
    days: Annotated[int, Query(ge=1, le=730)] = 30,
) -> dict[str, Any]:
    since = {"since": desk_time(session).date() - timedelta(days=days)}
    response_times, by_channel, by_country, topics, agents, funnel = side_by_side(
        *(
            lambda own, statement=statement: own.execute(statement, since).all()
            for statement in (RESPONSE_TIMES, BY_CHANNEL, BY_COUNTRY, TOPICS, AGENTS, FUNNEL)
        )
    )
    return {
        "response_times": [
            {
                "day": row.day.isoformat(),
                "p50_minutes": _minutes(row.p50_minutes),
                "p95_minutes": _minutes(row.p95_minutes),
            }
            for row in response_times
        ],
        "by_channel": [{"channel": row.channel, "count": row[1]} for row in by_channel],
        "by_country": [{"country": row.country, "count": row[1]} for row in by_country],
        "topics": [{"topic": row.topic, "count": row[1]} for row in topics],
        "agents": [
            {"name": row.name, "resolved": row.resolved, "avg_minutes": _minutes(row.avg_minutes)} for row in agents
        ],
        "funnel": [{"step": step, "count": count} for step, count in funnel[0]._mapping.items()],
    }
