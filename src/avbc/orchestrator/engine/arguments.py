"""What the public methods check of their arguments: ids, times and flags."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from operator import index
from pathlib import Path
from typing import SupportsIndex, cast

from avbc.settings import Settings


def require_id(value: object, name: str) -> int:
    """Return a BigCommerce or AcctVantage id as it was given.

    Raises:
        TypeError: It is not an int; text of a file or a form is converted with int() first.
        ValueError: It is not positive.

    >>> require_id(1042, "order_id")
    1042
    """
    if not isinstance(value, SupportsIndex) or isinstance(value, bool):
        raise TypeError(f"{name}: {value!r} must be an int, such as 1042")
    if index(value) < 1:
        raise ValueError(f"{name}: {value} is not an id: ids begin with 1")
    return index(value)


def require_ids(values: object, name: str) -> list[int]:
    """Return ids once each, as they were given.

    Raises:
        TypeError: One is not an int, or they are one text.
        ValueError: One is not positive.

    >>> require_ids([2, 1, 2], "ids")
    [2, 1]
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise TypeError(f"{name}: {values!r} must be a list of ids, such as [1042]")
    of_caller = cast("Iterable[object]", values)
    return list(dict.fromkeys(require_id(value, name) for value in of_caller))


def require_period(since: object, until: object = None) -> None:
    """Make sure that a period has time zones and an order; dates are days of the store.

    Raises:
        TypeError: One is neither a date nor a datetime.
        ValueError: A datetime has no time zone, or the period ends before it begins.
    """
    for name, at in (("since", since), ("until", until)):
        if at is None:
            continue
        if not isinstance(at, date):
            examples = "date(2026, 1, 31) or datetime(2026, 1, 1, tzinfo=UTC)"
            raise TypeError(f"{name}: {at!r} must be a date or a datetime, such as {examples}")
        if isinstance(at, datetime) and at.utcoffset() is None:
            raise ValueError(f"{name}: {at} has no time zone: add one, such as tzinfo=UTC")
    # When a day of the store begins is known later, by its time zone.
    if (
        isinstance(since, date)
        and isinstance(until, date)
        and isinstance(since, datetime) == isinstance(until, datetime)
        and since > until
    ):
        raise ValueError(f"until: {until} is before since, {since}")


def require_day(value: object, name: str) -> date:
    """Return a day as it was given.

    Raises:
        TypeError: It is something else, such as a point in time.

    >>> require_day(datetime(2026, 1, 31), "through")
    Traceback (most recent call last):
    TypeError: through: datetime.datetime(2026, 1, 31, 0, 0) must be a date: date(2026, 1, 31)
    """
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError(f"{name}: {value!r} must be a date: date(2026, 1, 31)")
    return value


def require_wait(value: object, name: str) -> timedelta:
    """Return how long to wait, as it was given.

    Raises:
        TypeError: It is no timedelta.
        ValueError: It is below zero.

    >>> require_wait(30, "wait")
    Traceback (most recent call last):
    TypeError: wait: 30 must be a timedelta, such as timedelta(seconds=30)
    """
    if not isinstance(value, timedelta):
        raise TypeError(f"{name}: {value!r} must be a timedelta, such as timedelta(seconds=30)")
    if value < timedelta(0):
        raise ValueError(f"{name}: {value!r} is below zero")
    return value


def require_settings(value: object, name: str) -> None:
    """Make sure that an argument is the settings, and not the path of their file.

    Raises:
        TypeError: It is something else.

    >>> require_settings("avbc.toml", "settings")
    Traceback (most recent call last):
    TypeError: settings: must be Settings, not a str: pass avbc.Settings.load('avbc.toml')
    """
    if isinstance(value, Settings):
        return
    made = "avbc.Settings.load(path) or avbc.Settings.from_dict(values)"
    if isinstance(value, str | Path):
        made = f"avbc.Settings.load({str(value)!r})"
    # Without its repr: a dict of settings holds the secrets.
    raise TypeError(f"{name}: must be Settings, not a {type(value).__name__}: pass {made}")


def require_functions(values: object, name: str) -> None:
    """Make sure that an argument is a list of functions.

    Raises:
        TypeError: It is none, or one of them cannot be called.

    >>> require_functions([print], "customise")
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise TypeError(f"{name}: {values!r} must be a list of functions")
    for value in cast("Iterable[object]", values):
        if not callable(value):
            raise TypeError(f"{name}: {value!r} is no function")


def require_flags(**flags: object) -> None:
    """Make sure that arguments are True or False: the text "no" of a form would count as true.

    Raises:
        TypeError: One is neither.

    >>> require_flags(preview=True, full=False)
    """
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise TypeError(f"{name}: {value!r} must be True or False")
