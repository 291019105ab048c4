"""
Freeze windows: [[freeze]] of hasten.toml, and what they say at a moment.

A window is meant as the clock on the wall shows it. Where that clock is set back or forward a window begins at the
earlier and ends at the later of the two moments that its words can mean: a freeze is never shorter than it says.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from hasten.errors import ConfigError
from hasten.model import Noun
from hasten.section import Section

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)
#: The longest weekly window is a week and the change of a clock.
_REACH_DAYS = 9
#: Windows that touch are told as one, up to so many days: those of all seven days never end.
_MOST_JOINED = timedelta(days=100)


class Freeze(Section, frozen=True, kw_only=True, rename={"from_": "from"}):
    """
    [[freeze]]: when nothing is applied. Two timestamps, or days of the week with times.
    """

    from_: str = ""
    to: str = ""
    days: list[str] = []
    timezone: str = "UTC"
    reason: str = ""


class Window(Noun, frozen=True, kw_only=True):
    """
    One stretch of time in which nothing is applied; its end is the first moment outside.
    """

    start: datetime
    end: datetime
    reason: str = ""

    def holds(self, moment: datetime) -> bool:
        """
        Whether the moment lies inside.
        """
        return self.start <= moment < self.end


def check(freeze: Freeze) -> None:
    """
    The table says something that can be.

    Raises:
        ConfigError: it does not; the hint says what would.
    """
    zone = _zone(freeze.timezone)
    for name in freeze.days:
        if name not in DAYS:
            raise ConfigError(f"[[freeze]] {name!r} is not a day", hint=_nearest(name, DAYS))
    if freeze.days:
        _time_of(freeze.from_ or "00:00")
        _end_of(freeze.to or "24:00")
        return
    start, end = _moment(freeze.from_, zone, last=False), _moment(freeze.to, zone, last=True)
    if start >= end:
        raise ConfigError(
            f"[[freeze]] ends before it begins: {freeze.from_} to {freeze.to}", hint="exchange `from` and `to`"
        )


def present(freezes: Iterable[Freeze], now: datetime) -> Window | None:
    """
    The window that holds this moment, joined with those that follow it without a gap; None: nothing is frozen.
    """
    rules = list(freezes)
    found: Window | None = None
    moment = now
    while moment < now + _MOST_JOINED:
        holding = [window for window in _around(rules, moment) if window.holds(moment)]
        if not holding:
            break
        longest = max(holding, key=lambda window: window.end)
        found = Window(start=found.start, end=longest.end, reason=found.reason) if found else longest
        moment = longest.end
    return found


def upcoming(freezes: Iterable[Freeze], now: datetime) -> Window | None:
    """
    The next window after this moment and after the one that holds it, joined like `present`; None: there is none.
    """
    rules = list(freezes)
    held = present(rules, now)
    after = held.end if held else now
    if held and present(rules, after):
        return None  # it goes on for as far as anybody looks
    later = [window for window in _around(rules, after) if window.start > after]
    if not later:
        return None
    first = min(later, key=lambda window: window.start)
    return present(rules, first.start) or first


def collision(freezes: Iterable[Freeze], now: datetime, lasts: timedelta) -> Window | None:
    """
    The window that something would meet which begins now and lasts so long; None: it fits.
    """
    rules = list(freezes)
    met = present(rules, now)
    if met is None:
        coming = upcoming(rules, now)
        met = coming if coming is not None and coming.start < now + lasts else None
    return met


def _around(rules: list[Freeze], moment: datetime) -> Iterator[Window]:
    """
    All windows that hold the moment, and of each table those that begin soon after it.
    """
    for rule in rules:
        zone = _zone(rule.timezone)
        if not rule.days:
            start, end = _moment(rule.from_, zone, last=False), _moment(rule.to, zone, last=True)
            yield Window(start=start, end=end, reason=rule.reason)
            continue
        today = moment.astimezone(zone).date()
        for offset in range(-_REACH_DAYS, _REACH_DAYS + 1):
            day = today + offset * _DAY
            if DAYS[day.weekday()] in rule.days:
                yield _weekly(rule, day, zone)


def _weekly(rule: Freeze, day: date, zone: tzinfo) -> Window:
    begins = _time_of(rule.from_ or "00:00")
    ends_on, ends = _end_of(rule.to or "24:00")
    if ends_on is not None:
        ahead = (ends_on - day.weekday()) % 7
        last = day + (ahead or (7 if ends <= begins else 0)) * _DAY
    else:
        last = day + (_DAY if ends <= begins else timedelta())
    return Window(start=_at(day, begins, zone, last=False), end=_at(last, ends, zone, last=True), reason=rule.reason)


def _at(day: date, minutes: int, zone: tzinfo, *, last: bool) -> datetime:
    local = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return _known(local, zone, last=last)


def _known(local: datetime, zone: tzinfo, *, last: bool) -> datetime:
    """
    The moment at which the wall clock shows this; the last one where it does so twice or never, else the first.
    """
    both = [local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return max(both) if last else min(both)


def _moment(text: str, zone: tzinfo, *, last: bool) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"[[freeze]] {text!r} is not a timestamp",
            hint='give `from` and `to` as 2026-12-23T18:00:00, or add `days = ["fri"]` for times of the week',
        ) from None
    if last and len(text) == len("2026-12-23"):
        # A day that is named as the last one is meant whole.
        found += _DAY
    return found.astimezone(UTC) if found.tzinfo else _known(found, zone, last=last)


def _time_of(text: str) -> int:
    """
    Minutes since midnight; 24:00 is the end of the day.
    """
    match = re.fullmatch(r"(\d{1,2}):(\d{2})(?::00(?:\.0+)?)?", text)
    minutes = int(match[1]) * 60 + int(match[2]) if match else -1
    if match is None or int(match[2]) > 59 or minutes > 24 * 60:
        raise ConfigError(f"[[freeze]] {text!r} is not a time of day", hint='write it as "16:00"')
    return minutes


def _end_of(text: str) -> tuple[int | None, int]:
    """
    The weekday (None: that of the beginning, or the day after) and the minutes since its midnight.
    """
    day, _, rest = text.rpartition(" ")
    if not day:
        return None, _time_of(rest)
    if day not in DAYS:
        raise ConfigError(f"[[freeze]] {day!r} is not a day", hint=_nearest(day, DAYS))
    return DAYS.index(day), _time_of(rest)


@cache
def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = sorted(available_timezones())
        hint = _nearest(name, known) if known else "this system has no time zone data: install tzdata, or use UTC"
        raise ConfigError(f"[[freeze]] there is no time zone {name!r}", hint=hint) from None


def _nearest(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(known)}" if len(known) < 20 else "such as Europe/Berlin or UTC"
