"""
Freeze windows: weekly and by date, across midnight, in every time zone, and when the clocks change.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hasten.errors import ConfigError
from hasten.freeze import DAYS, Freeze, Window, check, collision, present, upcoming

#: Zones with one, no and odd changes of the clock; Lord Howe's is of half an hour, Apia skipped a whole day in 2011.
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"]
MOMENTS = st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
CLOCK = st.integers(0, 24 * 60 - 1)
WEEKEND = Freeze(days=["fri"], from_="16:00", to="mon 08:00", timezone="Europe/Berlin", reason="weekend")


def at(text: str) -> datetime:
    """
    A moment in UTC.
    """
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hhmm(minutes: int) -> str:
    """
    Minutes since midnight, as hasten.toml has them.
    """
    return f"{minutes // 60:02}:{minutes % 60:02}"


@pytest.mark.parametrize(
    ("freeze", "moment", "until"),
    [
        (WEEKEND, "2026-11-27T15:00", "2026-11-30T07:00"),  # a Friday, 16:00 in Berlin
        (WEEKEND, "2026-11-27T14:59", None),
        (WEEKEND, "2026-11-30T06:59", "2026-11-30T07:00"),
        (WEEKEND, "2026-11-30T07:00", None),
        (Freeze(days=["fri"], from_="16:00", to="08:00"), "2026-11-28T07:59", "2026-11-28T08:00"),
        (Freeze(days=["fri"], from_="16:00", to="08:00"), "2026-11-28T16:30", None),
        (Freeze(days=["fri"]), "2026-11-27T00:00", "2026-11-28T00:00"),
        (Freeze(days=["fri", "sat"]), "2026-11-27T12:00", "2026-11-29T00:00"),
        (Freeze(from_="2026-12-23", to="2026-12-27"), "2026-12-27T23:59", "2026-12-28T00:00"),
        (Freeze(from_="2026-12-23T18:00:00+02:00", to="2026-12-24"), "2026-12-23T16:00", "2026-12-25T00:00"),
        (Freeze(from_="2026-12-23T18:00", to="2026-12-24T06:00", timezone="Europe/Berlin"), "2026-12-24T05:00", None),
    ],
)
def test_a_window_begins_and_ends_as_written(freeze: Freeze, moment: str, until: str | None) -> None:
    """
    Its first moment is inside and its end is not; windows that touch are one.
    """
    found = present([freeze], at(moment))

    assert (at(until) if until else None) == (found.end if found else None)


@pytest.mark.parametrize(
    ("freeze", "moment", "start", "end"),
    [
        # Clocks go from 02:00 to 03:00: the window that begins at 02:30, which never comes, begins before.
        (Freeze(days=["sun"], from_="02:30", to="05:00", timezone="Europe/Berlin"), "2026-03-28T12:00",
         "2026-03-29T00:30", "2026-03-29T03:00"),
        # Clocks go from 03:00 to 02:00: 02:30 comes twice, and both are inside.
        (Freeze(days=["sun"], from_="02:30", to="05:00", timezone="Europe/Berlin"), "2026-10-24T12:00",
         "2026-10-25T00:30", "2026-10-25T04:00"),
        (Freeze(days=["sun"], from_="00:00", to="02:30", timezone="Europe/Berlin"), "2026-10-24T12:00",
         "2026-10-24T22:00", "2026-10-25T01:30"),
    ],
)  # fmt: skip
def test_when_the_clocks_change_a_freeze_is_not_shorter(freeze: Freeze, moment: str, start: str, end: str) -> None:
    """
    It begins at the earlier and ends at the later moment that the words can mean.
    """
    assert Window(start=at(start), end=at(end)) == upcoming([freeze], at(moment))


@settings(deadline=None, max_examples=60)
@given(moment=MOMENTS, begins=CLOCK, ends=CLOCK, zone=st.sampled_from(ZONES), days=st.sets(st.sampled_from(DAYS)))
def test_what_the_wall_clock_calls_inside_is_inside(
    moment: datetime, begins: int, ends: int, zone: str, days: set[str]
) -> None:
    """
    In every zone, across midnight and across changes of the clock; and nothing else is, on days without one.
    """
    freeze = Freeze(days=sorted(days), from_=hhmm(begins), to=hhmm(ends), timezone=zone)
    local = moment.astimezone(ZoneInfo(zone))
    minutes, today = local.hour * 60 + local.minute, DAYS[local.weekday()]
    yesterday = DAYS[(local.weekday() - 1) % 7]
    if begins < ends:
        inside = today in days and begins <= minutes < ends
    else:
        inside = (today in days and minutes >= begins) or (yesterday in days and minutes < ends)
    found = days and present([freeze], moment)

    steady = len({(moment + timedelta(days=n)).astimezone(ZoneInfo(zone)).utcoffset() for n in range(-3, 4)}) == 1
    assert inside is bool(found) if steady else bool(found) or not inside


@settings(deadline=None, max_examples=60)
@given(
    moment=MOMENTS, begins=CLOCK, ends=CLOCK, zone=st.sampled_from(ZONES),
    days=st.sets(st.sampled_from(DAYS), min_size=1), until=st.sampled_from(["", *DAYS]),
)  # fmt: skip
def test_present_and_next_agree(
    moment: datetime, begins: int, ends: int, zone: str, days: set[str], until: str
) -> None:
    """
    What holds now holds its own moments and not its end; the next window begins later, and holds its begin.
    """
    rule = [Freeze(days=sorted(days), from_=hhmm(begins), to=f"{until} {hhmm(ends)}".strip(), timezone=zone)]
    now, following = present(rule, moment), upcoming(rule, moment)

    assert now is None or (now.holds(moment) and now.start <= moment < now.end)
    assert now is None or now.end - now.start > timedelta(days=99) or present(rule, now.end) is None
    assert following is None or following.start > max(moment, now.end if now else moment)
    assert following is None or present(rule, following.start) == following
    assert now is not None or following is not None


@settings(deadline=None, max_examples=60)
@given(moment=MOMENTS, hours=st.integers(0, 100))
def test_something_that_would_run_into_a_window_does_not_fit(moment: datetime, hours: int) -> None:
    """
    It fits exactly when it would be over as the next window begins.
    """
    rule, lasts = [WEEKEND], timedelta(hours=hours)
    following = upcoming(rule, moment)
    assert following is not None
    fits = present(rule, moment) is None and moment + lasts <= following.start

    assert fits is (collision(rule, moment, lasts) is None)


def test_without_windows_nothing_is_ever_frozen() -> None:
    """
    No rule, or one of the past: nothing holds and nothing comes.
    """
    past = Freeze(from_="2020-01-01", to="2020-01-02")
    for rules in ([], [past]):
        assert (None, None, None) == (
            present(rules, at("2026-01-01T00:00")),
            upcoming(rules, at("2026-01-01T00:00")),
            collision(rules, at("2026-01-01T00:00"), timedelta(days=30)),
        )


@pytest.mark.parametrize("rule", [Freeze(days=list(DAYS)), Freeze(days=["fri"], from_="08:00", to="fri 08:00")])
def test_a_freeze_without_an_end_is_told_with_one(rule: Freeze) -> None:
    """
    Windows that touch for ever hold, for as far as anybody looks.
    """
    found = present([rule], at("2026-01-01T00:00"))

    assert found is not None
    assert found.end - at("2026-01-01T00:00") >= timedelta(days=100)


@pytest.mark.parametrize(
    ("freeze", "says", "hint"),
    [
        (Freeze(days=["fry"]), "'fry' is not a day", "'fri'"),
        (Freeze(days=["fri"], to="munday 08:00"), "'munday' is not a day", "mon, tue"),
        (Freeze(days=["fri"], from_="25:00"), "'25:00' is not a time", '"16:00"'),
        (Freeze(days=["fri"], from_="16:60"), "'16:60' is not a time", '"16:00"'),
        (Freeze(from_="16:00", to="18:00"), "'16:00' is not a timestamp", "days"),
        (Freeze(), "'' is not a timestamp", "days"),
        (Freeze(from_="2026-12-24", to="2026-12-23"), "ends before it begins", "exchange"),
        (Freeze(days=["fri"], timezone="Europe/Berlim"), "no time zone 'Europe/Berlim'", "'Europe/Berlin'"),
        (Freeze(days=["fri"], timezone="../etc/passwd"), "no time zone", "Europe/Berlin"),
    ],
)
def test_what_cannot_be_is_refused_with_a_hint(freeze: Freeze, says: str, hint: str) -> None:
    """
    The message names the value, the hint what would do.
    """
    with pytest.raises(ConfigError) as caught:
        check(freeze)

    assert says in str(caught.value)
    assert hint in caught.value.hint


def test_a_time_may_come_as_toml_writes_it() -> None:
    """
    16:00:00 without quotes is a time of TOML's own and means the same.
    """
    found = present([Freeze(days=["fri"], from_=time(16).isoformat(), to="18:00")], at("2026-11-27T16:00"))

    assert found is not None
