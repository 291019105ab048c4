"""System settings, and the desk's clock, which is one of them."""

from datetime import UTC, datetime
from typing import Any

from slowdesk.models import SystemSetting
from sqlalchemy import select
from sqlalchemy.orm import Session


def read_settings(session: Session) -> dict[str, Any]:
    """All settings by key, as they were when this session first asked."""
    if "settings" not in session.info:
        rows = session.execute(select(SystemSetting.key, SystemSetting.value).order_by(SystemSetting.key))
        session.info["settings"] = {row.key: row.value for row in rows}
    return session.info["settings"]


def read_setting(session: Session, key: str, default: Any = None) -> Any:
    """One setting."""
    return read_settings(session).get(key, default)


def desk_time(session: Session) -> datetime:
    """The time the desk works with, in UTC: `clock.fixed_at` if it is set (demo data), else the real time."""
    fixed_at = read_setting(session, "clock.fixed_at")
    if fixed_at:
        return datetime.fromisoformat(fixed_at)
    return datetime.now(UTC).replace(tzinfo=None)
