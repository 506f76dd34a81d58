"""Values as the books keep them: exact decimals, times, days, and the present of the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeEngine

from avbc.acctvantage.errors import BooksRefused
from avbc.database import NOW


def exact_text(value: Decimal) -> str:
    """A decimal as text that all readers take for the same number: digits, a point, no exponent.

    Raises:
        BooksRefused: It is not a finite number.

    >>> exact_text(Decimal("19.9500")), exact_text(Decimal("1E+3")), exact_text(Decimal("0E-7"))
    ('19.9500', '1000', '0.0000000')
    """
    text = str(value)
    if value.is_finite() and "E" not in text:
        return text
    return f"{exact_number(value):f}"


def exact_number(value: Decimal) -> Decimal:
    """The decimal itself, if it is a finite number.

    Raises:
        BooksRefused: It is not.
    """
    if not value.is_finite():
        raise BooksRefused(f"{value} is not an amount that the books can keep")
    return value


def utc_text(value: datetime) -> str:
    """A time as ISO 8601 text in UTC, which sorts as the times do.

    Raises:
        BooksRefused: It has no time zone, or no equivalent in UTC.

    >>> utc_text(datetime.fromisoformat("2026-01-02T03:04:05+02:00"))
    '2026-01-02T01:04:05.000000+00:00'
    """
    return in_utc(value).isoformat(timespec="microseconds")


def in_utc(value: datetime) -> datetime:
    """The time in UTC.

    Raises:
        BooksRefused: It has no time zone, or no equivalent in UTC.
    """
    if value.tzinfo is None:
        raise BooksRefused(f"the time {value} has no time zone")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise BooksRefused(f"the time {value} has no equivalent in UTC") from None


def day(value: date) -> date:
    """The day itself.

    Raises:
        BooksRefused: It is a time, whose day depends on the time zone.
    """
    if isinstance(value, datetime):
        raise BooksRefused(f"the time {value} is not a day")
    return value


def day_text(value: date) -> str:
    """A day as ISO 8601 text, which sorts as the days do.

    Raises:
        BooksRefused: It is a time, whose day depends on the time zone.
    """
    return day(value).isoformat()


class Exact(sa.TypeDecorator[Decimal]):
    """An exact decimal: NUMERIC on PostgreSQL, text on SQLite, whose NUMERIC is a float."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """Choose the column type of this database."""
        return dialect.type_descriptor(sa.Numeric() if dialect.name == "postgresql" else sa.Text())

    def process_bind_param(
        self, value: Decimal | None, dialect: sa.Dialect
    ) -> str | Decimal | None:
        """What is stored."""
        return None if value is None else TO_STORE[dialect.name][Exact](value)

    def process_result_value(
        self,
        value: Any,
        dialect: sa.Dialect,  # noqa: ARG002  # SQLAlchemy's signature
    ) -> Decimal | None:
        """What was stored."""
        return None if value is None else Decimal(value)


class Moment(sa.TypeDecorator[datetime]):
    """An aware time: TIMESTAMPTZ on PostgreSQL, ISO 8601 text in UTC on SQLite."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """Choose the column type of this database."""
        return dialect.type_descriptor(
            sa.DateTime(timezone=True) if dialect.name == "postgresql" else sa.Text()
        )

    def process_bind_param(
        self, value: datetime | None, dialect: sa.Dialect
    ) -> str | datetime | None:
        """What is stored."""
        return None if value is None else TO_STORE[dialect.name][Moment](value)

    def process_result_value(
        self,
        value: Any,
        dialect: sa.Dialect,  # noqa: ARG002  # SQLAlchemy's signature
    ) -> datetime | None:
        """What was stored, in UTC."""
        if value is None:
            return None
        return datetime.fromisoformat(value) if isinstance(value, str) else value.astimezone(UTC)


class DatabaseNow(GenericFunction[datetime]):
    """The present by the clock of the database, as a `Moment` keeps it."""

    type = Moment()
    inherit_cache = True


@compiles(DatabaseNow)
def _database_now(_element: DatabaseNow, compiler: Any, **_options: Any) -> str:
    now = NOW[compiler.dialect.name]
    return f"({now})" if compiler.dialect.name == "sqlite" else now


TO_STORE: Mapping[str, Mapping[type[TypeEngine[Any]], Callable[[Any], Any]]] = {
    "sqlite": {Exact: exact_text, Moment: utc_text, sa.Date: day_text},
    "postgresql": {Exact: exact_number, Moment: in_utc, sa.Date: day},
}
"""How a database takes values that it has no type for: for the types and compiled inserts."""
