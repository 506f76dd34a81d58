"""Days in the store's time zone: midnight, month ends, daylight saving and New Year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from avbc.mapping.days import day_of, end_of, fixed_offset, start_of, zone_of

CHICAGO, SYDNEY, KATHMANDU = (
    ZoneInfo(name) for name in ("America/Chicago", "Australia/Sydney", "Asia/Kathmandu")
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "zone", "day"),
    [
        # Midnight and the end of a month.
        ("2026-02-01T01:30", CHICAGO, date(2026, 1, 31)),
        ("2026-02-01T05:59:59", CHICAGO, date(2026, 1, 31)),
        ("2026-02-01T06:00", CHICAGO, date(2026, 2, 1)),
        ("2026-01-31T13:00", SYDNEY, date(2026, 2, 1)),
        ("2026-01-31T12:59:59", SYDNEY, date(2026, 1, 31)),
        ("2026-01-31T18:14:59", KATHMANDU, date(2026, 1, 31)),
        ("2026-01-31T18:15", KATHMANDU, date(2026, 2, 1)),
        # Clocks go forward on March 8 and back on November 1 in Chicago.
        ("2026-03-08T05:59:59", CHICAGO, date(2026, 3, 7)),
        ("2026-03-09T04:59:59", CHICAGO, date(2026, 3, 8)),
        ("2026-03-09T05:00", CHICAGO, date(2026, 3, 9)),
        ("2026-11-01T05:00", CHICAGO, date(2026, 11, 1)),
        ("2026-11-02T05:59:59", CHICAGO, date(2026, 11, 1)),
        ("2026-11-02T06:00", CHICAGO, date(2026, 11, 2)),
        # New Year.
        ("2027-01-01T05:59:59", CHICAGO, date(2026, 12, 31)),
        ("2026-12-31T13:00", SYDNEY, date(2027, 1, 1)),
        ("2026-12-31T18:15", KATHMANDU, date(2027, 1, 1)),
        ("2026-02-01T01:30", UTC, date(2026, 2, 1)),
    ],
)
def test_the_day_of_an_instant(instant: str, zone: ZoneInfo, day: date) -> None:
    assert day_of(at(instant), zone) == day
    assert start_of(day, zone) <= at(instant) <= end_of(day, zone)


@pytest.mark.parametrize("zone", [CHICAGO, SYDNEY, KATHMANDU, UTC, timezone(timedelta(hours=-6))])
def test_days_follow_each_other_without_gap_or_overlap(zone: ZoneInfo) -> None:
    """For two years: also where a day has 23 or 25 hours."""
    day = date(2026, 1, 1)
    while day < date(2028, 1, 1):
        after = day + timedelta(days=1)
        assert end_of(day, zone) + timedelta(microseconds=1) == start_of(after, zone)
        assert day_of(start_of(day, zone), zone) == day == day_of(end_of(day, zone), zone)
        day = after


@pytest.mark.parametrize(
    ("name", "day", "start"),
    [
        # Clocks go forward at midnight: there is no 0:00 on that day.
        ("America/Santiago", date(2026, 9, 6), "2026-09-06T04:00"),
        # Clocks go back at midnight: 23:00 of the day before comes twice.
        ("America/Santiago", date(2026, 4, 5), "2026-04-05T04:00"),
        # Samoa left out a whole day.
        ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00"),
    ],
)
def test_a_day_that_has_no_midnight(name: str, day: date, start: str) -> None:
    assert start_of(day, ZoneInfo(name)) == at(start)


def test_an_instant_is_its_own_start_and_end() -> None:
    noon = at("2026-03-01T12:00")
    assert start_of(noon, CHICAGO) is noon
    assert end_of(noon, CHICAGO) is noon


@pytest.mark.parametrize("zone", [CHICAGO, SYDNEY])
def test_the_ends_of_the_calendar(zone: ZoneInfo) -> None:
    assert start_of(date.min, zone) < start_of(date(2, 1, 1), zone)
    assert end_of(date.max, zone) > end_of(date(9999, 1, 1), zone)
    assert day_of(datetime.min.replace(tzinfo=UTC), zone) == date.min
    assert day_of(datetime.max.replace(tzinfo=UTC), zone) == date.max


@pytest.mark.parametrize("name", ["", "Mars/Olympus Mons", "America", "../../etc/passwd", "a\0b"])
def test_a_name_that_is_no_time_zone(name: str) -> None:
    assert zone_of(name) is None


def test_an_offset_that_is_none() -> None:
    assert fixed_offset(-21600).utcoffset(None) == timedelta(hours=-6)
    assert fixed_offset(999999) is UTC
