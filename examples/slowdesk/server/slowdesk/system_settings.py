"""System settings, and the desk's clock, which is one of them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from slowdesk.models import SystemSetting


def read_settings(session: Session) -> dict[str, Any]:
    """All settings by key."""
    rows = session.execute(
        select(SystemSetting.key, SystemSetting.value, SystemSetting.description).order_by(SystemSetting.key)
    )
    return {row.key: row.value for row in rows}


def read_setting(session: Session, key: str, default: Any = None) -> Any:
    """One setting, always as it is in the database now."""
    return read_settings(session).get(key, default)


def desk_time(session: Session) -> datetime:
    """The time the desk works with, in UTC: `clock.fixed_at` if it is set (demo data), else the real time."""
    fixed_at = read_setting(session, "clock.fixed_at")
    if fixed_at:
        return datetime.fromisoformat(fixed_at)
    return datetime.now(UTC).replace(tzinfo=None)
