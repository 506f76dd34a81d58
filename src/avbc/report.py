"""Reports: a summary and a table, as text, as HTML, as plain data or as a pandas frame."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, cast

import attrs

from avbc.errors import MissingExtra
from avbc.shown import Shown
from avbc.tables import (
    MARK,
    Line,
    cell_text,
    colored,
    html_table,
    one_line,
    output_width,
    plain_text,
    printable,
    rich_lines,
    table_lines,
    wrapped,
)

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console, ConsoleOptions, RenderResult


class Report(Shown):
    """A summary and a table: text, HTML in a notebook, rows as plain data.

    `str` of it fits `COLUMNS` or the terminal, and has color on a terminal where rich is installed
    (the extra `progress`). In a format, as `f"{report}"`, it has none.
    """

    __slots__ = ()

    columns: Sequence[str] = ()

    def summary(self) -> str:
        """The report in a sentence or two."""
        raise NotImplementedError

    def to_dicts(self) -> list[dict[str, object]]:
        """The rows as plain JSON data: money and times as text, problems as lists of dicts."""
        raise NotImplementedError

    def shown(self) -> list[dict[str, object]]:
        """The rows that are printed; those that need a look say so under `MARK`."""
        return self.to_dicts()

    def appendix(self) -> str:
        """What is printed below the table as it is, to be copied."""
        return ""

    def to_frame(self) -> pd.DataFrame:
        """The rows of `to_dicts` as a pandas frame.

        Raises:
            MissingExtra: pandas is not installed.
        """
        return data_frame(self.to_dicts(), self.columns)

    def lines(self, width: int) -> Iterator[Line]:
        """The lines that are printed, none longer than `width`, with their styles."""
        yield from lines_of(self.summary(), width)
        if rows := self._sorted():
            yield []
            yield from table_lines(rows, self.columns, width)
        if below := self.appendix():
            yield from ([(printable(line), "")] for line in ("", *below.splitlines()))

    def _in_a_line(self) -> str:
        """Its name, its summary, and what went wrong first."""
        wrong = next((row for row in self._sorted() if row.get(MARK)), dict[str, object]())
        texts = [cell_text(wrong, column) for column in self.columns] if wrong else []
        line = one_line(" ".join([self.summary(), *filter(None, texts)]))
        return f"<{type(self).__name__}: {line[:_LONGEST]}{'...' if line[_LONGEST:] else ''}>"

    def _in_text(self) -> str:
        """What `str` of it is."""
        return str(self)

    def to_html(self) -> str:
        """The report as a part of an HTML page that has the look (`avbc.tables.STYLE`)."""
        rows, below = self._sorted(), self.appendix()
        paragraphs = "".join(
            f"<p>{html.escape(line)}</p>" for line in self.summary().splitlines() if line
        )
        table = html_table(rows, self.columns) if rows else ""
        return f"{paragraphs}{table}{f'<pre>{html.escape(below)}</pre>' if below else ''}"

    def _in_html(self) -> str:
        return self.to_html()

    def _sorted(self) -> list[dict[str, object]]:
        """The rows that are printed: errors, warnings, and the others."""
        ranks = {"error": 0, "warning": 1}
        return sorted(self.shown(), key=lambda row: ranks.get(str(row.get(MARK)), 2))

    def __str__(self) -> str:
        return colored(self) or plain_text(self.lines(output_width()))

    def __format__(self, spec: str) -> str:
        return format(plain_text(self.lines(output_width())), spec)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield what rich prints."""
        return rich_lines(self.lines(options.max_width))


_LONGEST = 300
"""How much of a summary and of the first thing that went wrong is in the line of a report."""


def lines_of(text: str, width: int) -> Iterator[Line]:
    """Yield the lines of a text, wrapped."""
    for paragraph in text.splitlines():
        yield from ([(line, "")] for line in wrapped(one_line(paragraph), width))


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
