"""Time in the seeded data: seconds since 1970, and how they are written."""

from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NOW_S = int(NOW.timestamp())
DAYS = 400
START_S = NOW_S - DAYS * 86_400

_FIRST_DAY = NOW - timedelta(days=1300)
_FIRST_DAY_NUMBER = int(_FIRST_DAY.timestamp()) // 86_400
_DATES = [(_FIRST_DAY + timedelta(days=n)).strftime("%Y-%m-%d ") for n in range(1320)]
_TIMES = [f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in range(86_400)]


def stamp(second: int) -> str:
    """The second as PostgreSQL reads it; a table look-up, because there are ten million of them."""
    return _DATES[second // 86_400 - _FIRST_DAY_NUMBER] + _TIMES[second % 86_400]
