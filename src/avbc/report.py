"""How a report looks: a summary and a table, as text, as HTML, or as a pandas frame."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, cast

import attrs

from avbc.errors import MissingExtra

if TYPE_CHECKING:
    import pandas as pd


class Report:
    """A summary and a table: text, HTML in a notebook, rows as plain data."""

    __slots__ = ()

    columns: Sequence[str] = ()

    def summary(self) -> str:
        """The report in a sentence or two."""
        raise NotImplementedError

    def to_dicts(self) -> list[dict[str, object]]:
        """The rows as plain JSON data: money and times as text, problems as lists of dicts."""
        raise NotImplementedError

    def shown(self) -> list[dict[str, object]]:
        """The rows that are printed."""
        return self.to_dicts()

    def to_frame(self) -> pd.DataFrame:
        """The rows of `to_dicts` as a pandas frame.

        Raises:
            MissingExtra: pandas is not installed.
        """
        return data_frame(self.to_dicts(), self.columns)

    def __str__(self) -> str:
        rows = self.shown()
        return f"{self.summary()}\n\n{text_table(rows, self.columns)}" if rows else self.summary()

    def _repr_html_(self) -> str:
        rows = self.shown()
        summary = f"<p>{html.escape(self.summary())}</p>"
        return summary + html_table(rows, self.columns) if rows else summary


def text_table(
    rows: Sequence[Mapping[str, object]], columns: Sequence[str], width: int = 160
) -> str:
    """Lay out rows under their column names; text beyond `width` wraps in the last column.

    >>> print(text_table([{"order": 1042, "total": "19.95"}], ["order", "total"]))
    order  total
    1042   19.95
    """
    cells = [[one_line(_text(row, column)) for column in columns] for row in rows]
    widths = [
        max([len(column), *(len(row[index]) for row in cells)])
        for index, column in enumerate(columns)
    ]
    room = max(20, width - sum(widths[:-1]) - 2 * (len(columns) - 1))
    lines = [
        "  ".join(column.ljust(widths[index]) for index, column in enumerate(columns)).rstrip()
    ]
    for row in cells:
        head = "  ".join(cell.ljust(widths[index]) for index, cell in enumerate(row[:-1]))
        for part, text in enumerate(textwrap.wrap(row[-1], room, break_on_hyphens=False) or [""]):
            start = head if part == 0 else " " * len(head)
            lines.append(f"{start}  {text}".rstrip() if len(columns) > 1 else text)
    return "\n".join(lines)


def html_table(
    rows: Iterable[Mapping[str, object]], columns: Sequence[str], caption: str = ""
) -> str:
    """Render rows as an HTML table with every text escaped.

    >>> html_table([{"note": "<b>"}], ["note"])
    '<table><thead><tr><th>note</th></tr></thead><tbody><tr><td>&lt;b&gt;</td></tr></tbody></table>'
    """
    top = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>"
        + "".join(f"<td>{html.escape(_text(row, column))}</td>" for column in columns)
        + "</tr>"
        for row in rows
    )
    return f"<table>{top}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def data_frame(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> pd.DataFrame:
    """Return rows as a pandas frame; a frame without rows has `columns`.

    Raises:
        MissingExtra: pandas is not installed.
    """
    try:
        import pandas as pd  # noqa: PLC0415  # it takes a second to load, and few need it
    except ImportError as error:
        raise MissingExtra("to_frame needs pandas", "pandas") from error
    return (
        pd.DataFrame([dict(row) for row in rows]) if rows else pd.DataFrame(columns=list(columns))
    )


def as_data(record: attrs.AttrsInstance) -> dict[str, object]:
    """Return a record as plain JSON data: amounts and times as text, records in it as dicts."""
    return attrs.asdict(record, value_serializer=_serialized)


def _serialized(_record: object, _field: object, value: object) -> object:
    match value:
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.isoformat()
        case tuple():
            return list(cast("tuple[object, ...]", value))
        case _:
            return value


def tally(counts: Mapping[str, int]) -> str:
    """List names with their counts; names that count nothing are left out.

    >>> tally({"sent": 3, "refused": 0, "postponed": 1})
    'sent 3, postponed 1'
    """
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count)


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun.

    >>> counted(1, "order"), counted(2, "order"), counted(0, "entry", "entries")
    ('1 order', '2 orders', '0 entries')
    """
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def _text(row: Mapping[str, object], column: str) -> str:
    value = row.get(column)
    return "" if value is None else str(value)


# Control characters, which a terminal would obey: a report prints what shoppers have written.
_CONTROL = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), "\N{REPLACEMENT CHARACTER}")


def one_line(text: str) -> str:
    r"""Return a text as one line without control characters.

    >>> one_line("red\n\x1b[31mmug")
    'red �[31mmug'
    """
    return " ".join(text.split()).translate(_CONTROL)
