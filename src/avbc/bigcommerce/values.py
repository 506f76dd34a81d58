"""Single values of parsed JSON: amounts, whole numbers, booleans, texts and times.

cattrs' own hooks coerce in silence (null to 'None', 'false' to True, 1.9 to 1), so these are ours.
What is accepted (docs/facts.md, bigcommerce-pitfalls):

- amounts: JSON numbers and their text; never NaN, infinity, booleans or exponents in text
- whole numbers: also as text of digits, or as 3.0
- booleans: also 0, 1, "true" and "false"
- text: also whole numbers
- times: RFC 2822 and ISO 8601; the result is aware and in UTC
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from avbc.bigcommerce.body import Json


class BadValue(ValueError):
    """A value that cannot be read. Each level that it passes adds its own step to the path."""

    def __init__(self, value: object, message: str) -> None:
        super().__init__(message)
        self.value = value
        self.message = message
        self.steps: list[str] = []

    def within(self, step: str) -> BadValue:
        """Add the step that leads to the value."""
        self.steps.insert(0, step)
        return self


# At most 15 digits before the point and 12 after: all of it fits in the 28 digits that Decimal
# computes with.
_AMOUNT = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,12})?")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_LARGEST_AMOUNT = 10**15  # NaN and infinity are not below it either.
LARGEST_WHOLE = 10**18  # What databases hold in 64 bits.
_LARGEST_EXACT_FLOAT = 2**53
_MONTH_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_MONTHS = {name: f"{number:02}" for number, name in enumerate(_MONTH_NAMES, 1)}


def amount(value: Json) -> Decimal:
    """Read an amount, a rate or a price.

    >>> amount("361.9500"), amount(5), amount(12.99)
    (Decimal('361.9500'), Decimal('5'), Decimal('12.99'))
    """
    if isinstance(value, str):
        if _AMOUNT.fullmatch(value):
            return Decimal(value)
    elif (type(value) is int or type(value) is float) and abs(value) < _LARGEST_AMOUNT:
        return Decimal(str(value))
    raise BadValue(value, "expected an amount")


def integer(value: Json) -> int:
    """Read a whole number.

    >>> integer(17), integer("17"), integer(17.0)
    (17, 17, 17)
    """
    if isinstance(value, str):
        if _WHOLE.fullmatch(value):
            return int(value)
    elif isinstance(value, float):
        if value.is_integer() and abs(value) < _LARGEST_EXACT_FLOAT:
            return int(value)
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST_WHOLE:
        return value
    raise BadValue(value, "expected a whole number")


def flag(value: Json) -> bool:
    """Read a boolean.

    >>> flag(True), flag(0), flag("false")
    (True, False, False)
    """
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    if isinstance(value, int) and value in {0, 1}:
        return value == 1
    raise BadValue(value, "expected true or false")


def text(value: Json) -> str:
    """Read text, kept as it is; a whole number becomes its digits.

    >>> text("Café"), text(78751)
    ('Café', '78751')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise BadValue(value, "expected text")


def moment(value: Json) -> datetime:
    """Read a point in time; one without an offset is UTC, as all of BigCommerce's times are.

    >>> moment("Tue, 05 Mar 2019 21:40:11 +0000")
    datetime.datetime(2019, 3, 5, 21, 40, 11, tzinfo=datetime.timezone.utc)
    >>> moment("2019-03-05T15:40:11-06:00") == moment("Tue, 05 Mar 2019 21:40:11 +0000")
    True
    """
    if not isinstance(value, str):
        raise BadValue(value, "expected a date and time")
    try:
        if value[25:] == " +0000":
            # Cut apart and put together as ISO 8601: several times as fast as email.utils.
            return datetime.fromisoformat(
                f"{value[12:16]}-{_MONTHS[value[8:11]]}-{value[5:7]}T{value[17:25]}+00:00"
            )
        time = _of_an_email(value) if "," in value else datetime.fromisoformat(value)
        if f"{time.year:04}" not in value:
            # email.utils takes the year 26 for 2026, and 0001 for 2001.
            raise BadValue(value, "expected a date and time")
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, KeyError, OverflowError):
        raise BadValue(value, "expected a date and time") from None


def _of_an_email(value: str) -> datetime:
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  # it imports sockets

    return parsedate_to_datetime(value)


def epoch(value: Json) -> datetime:
    """Read a point in time that is written as seconds since 1970.

    >>> epoch(1529512970)
    datetime.datetime(2018, 6, 20, 16, 42, 50, tzinfo=datetime.timezone.utc)
    """
    try:
        return datetime.fromtimestamp(integer(value), UTC)
    except (ValueError, OverflowError, OSError):
        raise BadValue(value, "expected seconds since 1970") from None


def seconds(value: Json) -> datetime | None:
    """As `epoch`; None where there is none."""
    return None if is_absent(value) else epoch(value)


def answer(value: Json) -> str:
    """Read what a shopper answered: text as it is, and any other value as people write it.

    >>> answer("Engraved"), answer(True), answer(["red", "blue"])
    ('Engraved', 'yes', 'red, blue')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(answer, value))
    return "" if value is None or value == {} else json.dumps(value, ensure_ascii=False)


def warning(value: Json) -> str:
    """Read that lines are missing: a text, or an object with a message."""
    if isinstance(value, Mapping):
        value = value.get("message", "") or "some lines are missing"
    return "" if is_absent(value) else text(value)


def is_absent(value: Json) -> bool:
    """Whether BigCommerce sent one of its many forms of nothing where one value is due.

    >>> is_absent(None), is_absent([]), is_absent(0)
    (True, True, False)
    """
    return value is None or value in ("", {}, [])


def is_link(value: Json) -> bool:
    """Whether BigCommerce sent where to find rows instead of the rows.

    >>> is_link({"url": "https://api.bigcommerce.com/...", "resource": "/orders/218/products"})
    True
    """
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, dict) and "resource" in first and "id" not in first


class Amounts(dict[Json, Decimal]):
    """Amounts by their texts, each read once: most amounts of an order are "0.0000"."""

    SIZE = 4096

    def __missing__(self, value: Json) -> Decimal:
        result = amount(value)
        if isinstance(value, str):  # A number as key would also answer for its equals: 1 for True.
            if len(self) >= self.SIZE:
                self.clear()
            self[value] = result
        return result


AMOUNTS = Amounts()
