"""
Numbers as people say them.
"""

import re
from datetime import timedelta

_PARTS = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def amount(value: float | None, unit: str) -> str:
    """
    A number with its unit as people say it; – where nothing was measured.
    """
    if value is None:
        return "–"
    if unit == "ms":
        return f"{value / 1000:.2f} s" if value >= 1000 else f"{value:.0f} ms"
    if unit == "s":
        return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"
    if unit == "By":
        return f"{value / 1e6:.2f} MB" if value >= 1e6 else f"{value / 1e3:.0f} kB"
    if unit == "1":
        return f"{value * 100:.1f} %"
    return f"{value:.0f} {unit}"


def duration(seconds: float) -> str:
    """
    Seconds as people say them.
    """
    if seconds >= 7200:
        return f"{seconds / 3600:.1f} h"
    if seconds >= 120:
        return f"{seconds / 60:.0f} min"
    return f"{seconds:.1f} s"


def span(text: str) -> timedelta | None:
    """
    The time that a person wrote as 2d, 12h, 90m or 1d12h; None where it is not written like that.
    """
    found = _PARTS.fullmatch(text.strip())
    if not text.strip() or found is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        return None
