"""Raw JSON values as BigCommerce writes them: rows, money, dates, and bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import TypeAlias, TypeGuard, cast

from avbc.text import quoted

Row: TypeAlias = dict[str, object]
"""One JSON object."""

_STEP = Decimal("0.0001")


def _dumps(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


dumps: Callable[[object], bytes] = _dumps
"""Writes JSON as UTF-8."""
loads: Callable[[bytes], object] = json.loads
"""Reads JSON; raises `ValueError` where it is none."""

try:
    import orjson
except ImportError:  # the `fast` extra is not installed
    pass
else:
    dumps, loads = orjson.dumps, orjson.loads


def as_row(value: object) -> Row:
    """Take a value that is known to be a JSON object as one."""
    return cast("Row", value)


def as_rows(value: object) -> list[Row]:
    """Take a value that is known to be a list of JSON objects as one."""
    return cast("list[Row]", value)


def as_list(value: object) -> list[object]:
    """Take a value that is known to be a JSON array as one."""
    return cast("list[object]", value)


def whole(value: object) -> int:
    """Read an integer that may be written as text.

    >>> whole("7"), whole(7)
    (7, 7)
    """
    return value if type(value) is int else int(str(value))


def require_number(
    value: object, name: str, least: int | None = None, *, is_whole: bool = True
) -> None:
    """Make sure that an argument of the testing kit is a number, and not too small a one.

    Raises:
        TypeError: It is none; a float is no whole one.
        ValueError: It is below `least`.

    >>> require_number(0, "at", 1)
    Traceback (most recent call last):
    ValueError: at: 0 must be 1 or more
    """
    if not isinstance(value, int if is_whole else int | float) or isinstance(value, bool):
        raise TypeError(f"{name}: {quoted(value)} must be {'an int' if is_whole else 'a number'}")
    if least is not None and value < least:
        raise ValueError(f"{name}: {value} must be {least} or more")


def is_row(value: object) -> TypeGuard[Row]:
    """Whether a value is a JSON object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[object]]:
    """Whether a value is a JSON array."""
    return isinstance(value, list)


def text(row: Mapping[str, object], key: str) -> str:
    """Return a field as text; absent and null are empty."""
    value = row.get(key)
    return "" if value is None else str(value)


def copied(value: object) -> object:
    """Copy a JSON value with all that is in it; texts and numbers are shared."""
    if is_row(value):
        return {key: copied(part) for key, part in value.items()}
    if is_list(value):
        return [copied(part) for part in value]
    return value


def copied_rows(rows: list[Row]) -> list[Row]:
    """Copy rows with all that is in them."""
    return as_rows(copied(rows))


@lru_cache(4096)
def money(amount: Decimal) -> str:
    """Write an amount as v2 orders do: text with 4 decimals.

    >>> money(Decimal("9.5"))
    '9.5000'
    """
    return str(amount.quantize(_STEP, rounding=ROUND_HALF_UP))


def amount_of(value: object) -> Decimal:
    """Read an amount that may be text or a number; absent and null are zero."""
    return Decimal(0) if value in {None, ""} else Decimal(str(value))


def number(value: object) -> int | float:
    """Write an amount as consignments, coupons and transactions do: a JSON number.

    >>> number("12.5000"), number("8.0000")
    (12.5, 8)
    """
    amount = amount_of(value)
    return int(amount) if amount == amount.to_integral_value() else float(amount)


@lru_cache(maxsize=4096)
def rfc2822(moment: datetime) -> str:
    """Write a time as v2 does.

    >>> rfc2822(datetime(2019, 3, 5, 21, 40, 11, tzinfo=UTC))
    'Tue, 05 Mar 2019 21:40:11 +0000'
    """
    return format_datetime(moment.astimezone(UTC))


def read_date(value: str) -> datetime:
    """Read a date of a v2 filter: RFC 2822, or ISO 8601 with an offset; `ValueError` if neither.

    >>> read_date("2019-03-05T21:40:11Z") == read_date("Tue, 05 Mar 2019 21:40:11 +0000")
    True
    """
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = parsedate_to_datetime(value)
    if moment.tzinfo is None:
        raise ValueError("a date needs an offset")
    return moment.astimezone(UTC)


def from_unix(seconds: float) -> datetime:
    """Turn unix seconds into a UTC time of whole seconds, as the store keeps it."""
    return datetime.fromtimestamp(int(seconds), UTC)
