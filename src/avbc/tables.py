"""Rows as a plain-text table and as HTML: how every report and explanation shows itself."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from avbc.errors import MissingExtra

if TYPE_CHECKING:
    import pandas as pd


def text_table(
    rows: Sequence[Mapping[str, object]], columns: Sequence[str], width: int = 160
) -> str:
    """Lay out rows under their column names; a cell that does not fit in `width` wraps in the last column.

    >>> print(text_table([{"order": 1042, "total": "19.95"}], ["order", "total"]))
    order  total
    1042   19.95
    """
    cells = [[_one_line(row.get(column, "")) for column in columns] for row in rows]
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
        for part, text in enumerate(_wrap(row[-1], room)):
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
        + "".join(f"<td>{html.escape(str(row.get(column, '')))}</td>" for column in columns)
        + "</tr>"
        for row in rows
    )
    return f"<table>{top}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def data_frame(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> pd.DataFrame:
    """Rows as a pandas frame; `columns` are those of a frame without rows.

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


# The characters that terminals obey; what shoppers write is among what is printed.
_OBEYED = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), "\N{REPLACEMENT CHARACTER}")


def _one_line(value: object) -> str:
    r"""Text as one line without commands to a terminal.

    >>> _one_line("red\n\x1b[31mmug")
    'red �[31mmug'
    """
    return " ".join(str(value).split()).translate(_OBEYED)


def _wrap(text: str, room: int) -> list[str]:
    lines: list[str] = []
    while len(text) > room:
        cut = text.rfind(" ", 0, room + 1)
        cut = cut if cut > 0 else room
        lines.append(text[:cut])
        text = text[cut:].lstrip()
    return [*lines, text]
