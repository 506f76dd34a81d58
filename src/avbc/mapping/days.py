"""Days in a store's time zone: BigCommerce's times are UTC, and a sale belongs to a day there."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_MICROSECOND = timedelta(microseconds=1)


def zone_of(name: str) -> ZoneInfo | None:
    """Return the time zone of a name of the time zone database; None where it has no such name.

    >>> zone_of("America/Chicago"), zone_of("Mars/Olympus Mons")
    (zoneinfo.ZoneInfo(key='America/Chicago'), None)
    """
    try:
        return ZoneInfo(name) if name else None
    except (OSError, ValueError, LookupError):
        # Not there, no possible name, or the name of a folder.
        return None


def fixed_offset(seconds: int) -> timezone:
    """Return the time zone that is always so many seconds ahead of UTC."""
    offset = timedelta(seconds=seconds)
    return timezone(offset) if abs(offset) < timedelta(days=1) else UTC


def day_of(at: datetime, zone: tzinfo) -> date:
    """Return the day of an instant in a time zone.

    >>> day_of(datetime(2026, 2, 1, 1, 30, tzinfo=UTC), ZoneInfo("America/Chicago"))
    datetime.date(2026, 1, 31)
    """
    try:
        return at.astimezone(zone).date()
    except OverflowError:  # at an end of the calendar
        return at.date()


def start_of(when: date, zone: tzinfo) -> datetime:
    """Return when a day begins in a time zone, in UTC; an instant is its own start.

    Where clocks go forward at midnight, the day begins at 1:00.

    >>> start_of(date(2026, 7, 1), ZoneInfo("America/Chicago")).isoformat()
    '2026-07-01T05:00:00+00:00'
    """
    if isinstance(when, datetime):
        return when
    try:
        return datetime.combine(when, time.min, zone).astimezone(UTC)
    except OverflowError:
        return datetime.combine(when, time.min, UTC)


def end_of(when: date, zone: tzinfo) -> datetime:
    """Return the last instant of a day in a time zone, in UTC; an instant is its own end.

    >>> end_of(date(2026, 6, 30), ZoneInfo("America/Chicago")).isoformat()
    '2026-07-01T04:59:59.999999+00:00'
    """
    if isinstance(when, datetime):
        return when
    if when == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return start_of(when + timedelta(days=1), zone) - _MICROSECOND
