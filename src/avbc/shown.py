"""How what users hold shows itself: one line in a REPL or a failing test, a table in IPython."""

from __future__ import annotations

import html
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol, cast

import attrs

from avbc.money import amount_text
from avbc.tables import html_table, in_html, one_line, text_table
from avbc.text import quoted

_ROOM = 100
"""How long a line is, about."""
_TEXT = 40
"""How much of a text it shows."""


class Printer(Protocol):
    """What IPython prints with."""

    stack: list[int]
    """What it is inside of."""

    def text(self, text: str, /) -> object:
        """Print a text."""
        ...


class Shown:
    """The base of what users hold: `repr` is one line, and IPython shows a table.

    >>> @attrs.frozen
    ... class Order(Shown):
    ...     id: int
    ...     note: str = ""
    ...     total: Decimal = Decimal(0)
    >>> Order(1042, total=Decimal("57.3700"))
    Order(id=1042, total=57.37)
    """

    __slots__ = ()

    _first = tuple[str, ...]()
    """The fields that its line begins with."""

    @classmethod
    def __attrs_init_subclass__(cls) -> None:
        """Take the place of the repr that attrs makes, which is of all that is in it."""
        # IPython prefers the repr of a class to the methods of its bases.
        code = getattr(vars(cls).get("__repr__"), "__code__", None)
        if code is not None and code.co_filename.startswith("<attrs generated"):
            delattr(cls, "__repr__")

    def __repr__(self) -> str:
        return self._in_a_line()

    def _in_a_line(self) -> str:
        """What it is, in a line."""
        line, parts = type(self).__name__, list[str]()
        ranks = {name: rank for rank, name in enumerate(self._first)}
        for field in sorted(_fields(self), key=lambda field: ranks.get(field.name, len(ranks))):
            value = getattr(self, field.name)
            if field.name in ranks or not _is_default(field, value):
                parts.append(f"{field.name}={_brief(value)}")
            if sum(map(len, parts)) > _ROOM:
                parts[-1] = "..."
                break
        return f"{line}({', '.join(parts)})"

    def _in_text(self) -> str:
        """All that is in it, as a table."""
        return f"{type(self).__name__}\n\n{text_table(list(_rows(self)), _COLUMNS)}"

    def _in_html(self) -> str:
        """The same in HTML, without its look."""
        name = html.escape(type(self).__name__)
        return f"<p>{name}</p>{html_table(list(_rows(self)), _COLUMNS)}"

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:  # IPython's
        if not type(printer).__module__.startswith("IPython."):
            # Hypothesis, which writes what falsifies a test.
            printer.text(full_text(self))
        else:
            is_alone = len(printer.stack) == 1 and not cycle
            printer.text(self._in_text() if is_alone else repr(self))

    def _repr_html_(self) -> str:
        return in_html(self._in_html())


_COLUMNS = ("field", "value")


def full_text(value: object) -> str:
    """Return a record with all that is in it, as attrs writes it: for digests of it.

    >>> full_text((1, "a"))
    "(1, 'a')"
    """
    if attrs.has(type(value)):
        fields = (
            f"{field.name}={full_text(getattr(value, field.name))}" for field in _shown(value)
        )
        return f"{type(value).__qualname__}({', '.join(fields)})"
    if isinstance(value, tuple):
        items = [full_text(each) for each in cast("tuple[object, ...]", value)]
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
    return repr(value)


def to_the_second(at: datetime) -> str:
    """A time as people read it, in UTC; one without a time zone stays as it is.

    >>> to_the_second(datetime.fromisoformat("2026-01-02T12:05:00.250-06:00"))
    '2026-01-02 18:05:00 UTC'
    """
    if at.tzinfo is None:
        return f"{at:%Y-%m-%d %H:%M:%S}"
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _shown(record: object) -> list[attrs.Attribute[object]]:
    kind = cast("type[attrs.AttrsInstance]", type(record))
    return [field for field in attrs.fields(kind) if field.repr]


def _fields(record: Shown) -> list[attrs.Attribute[object]]:
    return _shown(record) if attrs.has(type(record)) else []


def _rows(record: Shown, inside: str = "") -> Iterator[dict[str, object]]:
    for field in _fields(record):
        value, name = getattr(record, field.name), f"{inside}{field.name}"
        if isinstance(value, Shown) and attrs.has(type(value)):
            yield from _rows(value, f"{name}.")
        elif text := "" if value is None else _whole(value):
            yield {"field": name, "value": text}


def _is_default(field: attrs.Attribute[object], value: object) -> bool:
    if isinstance(field.default, cast("type[object]", attrs.Factory)):
        return not value
    return value is field.default or value == field.default


def _brief(value: object) -> str:
    """A value as a part of a line."""
    match value:
        case str():
            text = one_line(value)
            return quoted(f"{text[:_TEXT]}..." if len(text) > _TEXT else text)
        case Decimal() | datetime():
            return _whole(value)
        case Mapping() | list() | tuple() | set() | frozenset():
            held = cast("Collection[object]", value)
            if not held:
                return "()"
            kinds = {type(each).__name__ for each in held}
            return f"({len(held)} {kinds.pop() if len(kinds) == 1 else 'items'})"
        case _:
            text = one_line(repr(value))
            return text if len(text) <= _TEXT else f"{type(value).__name__}(...)"


def _whole(value: object) -> str:
    """A value as a cell of a table."""
    match value:
        case Decimal():
            return amount_text(value)
        case datetime():
            return to_the_second(value)
        case Mapping():
            pairs = cast("Mapping[object, object]", value).items()
            return ", ".join(f"{key}: {_whole(each)}" for key, each in pairs)
        case list() | tuple() | set() | frozenset():
            return "; ".join(_whole(each) for each in cast("Collection[object]", value))
        case _:
            return str(value)
