"""How tables look: one layout for terminals, with color where there is some, and one for HTML."""

from __future__ import annotations

import html
import math
import operator
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Protocol, TypeAlias

from avbc.money import amount_text

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

Row: TypeAlias = Mapping[str, object]
"""The cells of a row by the names of their columns."""

MARK = "mark"
"""The key of a row that needs a look: it has "error" or "warning" there. It is no column."""

Line: TypeAlias = list[tuple[str, str]]
"""The pieces of a line, each with its style: as rich names it, or empty."""

_STYLES = {"error": "bold red", "warning": "yellow"}
_NARROWEST, _WIDTH = 60, 100
_BETWEEN = 2
_INDENT = 4
_LEAST = 16
"""The width of columns that share the room, at least where there is so much."""
_READABLE = 40
"""Where the last column is narrower than this, its long texts are below their rows."""
_FOLDED, _FOLDED_PROBLEM = 300, 1000
"""Longer texts are folded in HTML, with their beginning shown."""

_NUMBER = re.compile(r"[-+]?[\d,]*\.?\d+\Z")
# Control characters, which a terminal would obey: a report prints what shoppers have written.
_CONTROL = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), "\N{REPLACEMENT CHARACTER}")

STYLE = """<style>
.avbc{container-type:inline-size;color:inherit}
.avbc.avbc table{border-collapse:collapse;margin:.5em 0}
.avbc.avbc th,.avbc.avbc td{text-align:left;vertical-align:top;padding:.3em .8em;border:0;
border-bottom:1px solid rgba(128,128,128,.4);white-space:normal;overflow-wrap:break-word}
.avbc.avbc .number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.avbc.avbc .short{white-space:nowrap}
.avbc.avbc .text,.avbc.avbc .long{min-width:12em}
.avbc.avbc .long{overflow-wrap:anywhere}
.avbc mark{padding:0 .4em;border-radius:.2em}
.avbc .error{background:#a61b1b;color:#fff}
.avbc .warning{background:#ffd866;color:#2b2200}
.avbc pre{overflow-x:auto}
.avbc summary{cursor:pointer}
@container (max-width:40em){
.avbc.avbc thead{display:none}
.avbc.avbc table,.avbc.avbc tbody{display:block}
.avbc.avbc tr{display:block;padding:.5em 0;border-bottom:1px solid rgba(128,128,128,.4)}
.avbc.avbc td,.avbc.avbc td[class]{display:grid;grid-template-columns:8em minmax(0,1fr);
text-align:left;border:0;padding:.1em .5em;min-width:0;white-space:normal;overflow-wrap:anywhere}
.avbc.avbc td>mark{justify-self:start}
.avbc.avbc td::before{content:attr(data-column);opacity:.75}
.avbc.avbc td:empty{display:none}
}
</style>"""
"""The look of HTML tables. Text and background are those of the page, light or dark."""


def output_width() -> int:
    """How many columns there are to print on: `COLUMNS`, or the terminal's; at least 60."""
    return max(_NARROWEST, shutil.get_terminal_size((_WIDTH, 24)).columns)


def text_table(rows: Sequence[Row], columns: Sequence[str], width: int | None = None) -> str:
    """Lay out rows under their column names, with numbers on the right and without empty columns.

    A text wraps within its column, so that no line is longer than `width`. Where the last column
    would be narrow, or a word would break, its long texts are below their rows.

    >>> row = {"order": 1042, "note": "", "total": "9.95"}
    >>> print(text_table([row], ["order", "note", "total"]))
    order  total
     1042   9.95
    """
    return plain_text(table_lines(rows, columns, width or output_width()))


def plain_text(lines: Iterable[Line]) -> str:
    """Return lines as text, without styles."""
    return "\n".join("".join(text for text, _ in line) for line in lines)


def table_lines(rows: Sequence[Row], columns: Sequence[str], width: int) -> Iterator[Line]:
    """Yield the lines of a table; the first cell of a marked row has the style of its mark."""
    columns = _filled(rows, columns)
    cells = [[one_line(cell_text(row, column)) for column in columns] for row in rows]
    is_right = [_are_numbers(texts) for texts in zip(*cells, strict=True)]
    lengths = [list(map(_cells, texts)) for texts in zip(columns, *cells, strict=True)]
    words = [max(map(_longest_word, texts)) for texts in zip(columns, *cells, strict=True)]
    room = width - _BETWEEN * (len(columns) - 1)
    widths = fitted(lengths, room, words)
    is_narrow = widths[-1] < _READABLE or _break(widths, words)
    is_stacked = len(columns) > 1 and max(lengths[-1]) > widths[-1] and is_narrow
    if is_stacked:
        # The last column's heading has room, too, unless a word breaks for it.
        widths = fitted(lengths[:-1], room - lengths[-1][0], words)
        if _break(widths, words):
            widths = fitted(lengths[:-1], room, words)
        widths.append(room - sum(widths))
    layout = list(zip(widths, is_right, strict=True))
    for texts, styles in [
        (columns, ["bold"] * len(columns)),
        *(
            (texts, [_STYLES.get(str(row.get(MARK, "")), ""), *[""] * (len(columns) - 1)])
            for row, texts in zip(rows, cells, strict=True)
        ),
    ]:
        below = texts[-1] if is_stacked and _cells(texts[-1]) > widths[-1] else ""
        shown = len(texts) - bool(below)
        yield from _row_lines(texts[:shown], layout[:shown], styles[:shown])
        for line in wrapped(below, width - _INDENT) if below else ():
            yield [(" " * _INDENT, ""), (line, styles[-1])]


def _row_lines(
    texts: Sequence[str], layout: Sequence[tuple[int, bool]], styles: Sequence[str]
) -> Iterator[Line]:
    parts = [wrapped(text, width) for text, (width, _) in zip(texts, layout, strict=True)]
    for number in range(max(map(len, parts))):
        line: Line = []
        gap = ""
        for part, (width, is_right), style in zip(parts, layout, styles, strict=True):
            text = part[number] if number < len(part) else ""
            space = " " * (width - _cells(text))
            if text:
                line += [(f"{gap}{space}" if is_right else gap, ""), (text, style)]
                gap = ""
            gap += " " * _BETWEEN if text and is_right else f"{space}{' ' * _BETWEEN}"
        yield [piece for piece in line if piece[0]]


def fitted(lengths: Sequence[Sequence[int]], room: int, words: Sequence[int]) -> list[int]:
    """Return how wide columns of texts of these lengths are, whose longest words are so long.

    Those with short texts are as wide as they want. Those that are left share the room: the more
    text there is in one, the wider it is. A word breaks only where there is no room for all words.

    >>> texts, words = [[8, 7], [9, 9], [200, 180], [50, 20]], [8, 9, 12, 30]
    >>> fitted(texts, 300, words), fitted(texts, 77, words)
    ([8, 9, 200, 50], [8, 9, 25, 34])
    """
    widths = {place: max(column) for place, column in enumerate(lengths)}
    wide = sorted(widths, key=widths.__getitem__)
    while wide and widths[wide[0]] <= room // len(wide):
        room -= widths[wide.pop(0)]
    shares = {place: math.sqrt(sum(lengths[place])) for place in wide}
    longest = {place: words[place] for place in wide}
    least = {place: max(_LEAST, word) for place, word in longest.items()}
    if sum(least.values()) > room:
        least = longest
    if sum(least.values()) > room:
        least = dict.fromkeys(wide, min(_LEAST, room // max(1, len(wide))))
    spare = room - sum(least.values())
    for place, share in shares.items():
        more = spare * share / sum(shares.values())
        widths[place] = max(1, min(widths[place], least[place] + int(more)))
    return [widths[place] for place in range(len(lengths))]


def _break(widths: Sequence[int], words: Sequence[int]) -> bool:
    """Whether the longest word of a column is wider than the column."""
    return any(map(operator.lt, widths, words))


def wrapped(text: str, width: int) -> list[str]:
    """Break a text of one line into lines; a word breaks only where it is longer than a line.

    A command to type stays in one line, where it can be copied from.

    >>> wrapped("the status of order_status.new_order_status", 20)
    ['the status of', 'order_status.', 'new_order_status']
    >>> wrapped("Correct it, then run `avbc import 1042`.", 30)
    ['Correct it, then run', '`avbc import 1042`.']
    """
    if _cells(text) <= width:
        return [text]
    spread = _spread(text)
    if "`avbc " in text:
        spread = _COMMAND.sub(
            lambda found: found[0].replace(" ", "\1") if len(found[0]) < width else found[0], spread
        )
    # textwrap would take a second for ten thousand texts.
    lines = _breaking(width).findall(spread)
    return [line.replace("\0", "").replace("\1", " ") for line in lines]


_COMMAND = re.compile(r"`avbc[ ][^`]+`")


@cache
def _breaking(width: int) -> re.Pattern[str]:
    start = rf"\S{{0,{width - 1}}}"
    # A word that is longer than a line is broken behind a part of it.
    parts = "|".join(rf"{start}{joint}(?=\S)" for joint in (r"[./,;:&=?)\]-]", "_"))
    return re.compile(rf"\S.{{0,{width - 1}}}(?=\s|$)|{parts}|\S{{{width}}}")


def _spread(text: str) -> str:
    """Put a filler behind each character that takes two cells of a terminal."""
    if text.isascii():
        return text
    return "".join(
        f"{each}\0" if unicodedata.east_asian_width(each) in "WF" else each for each in text
    )


def _cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    return len(_spread(text))


def _longest_word(text: str) -> int:
    """How many cells the longest word takes, a command to type being one."""
    if "`avbc " in text:
        text = _COMMAND.sub(lambda found: found[0].replace(" ", "\1"), text)
    return max(map(_cells, text.split()), default=0)


def html_table(rows: Sequence[Row], columns: Sequence[str]) -> str:
    """Render rows as an HTML table with every text escaped; `in_html` gives it its look.

    >>> html_table([{"note": "<b>"}], ["note"]).partition("<tbody>")[2]
    '<tr><td class="short" data-column="note">&lt;b&gt;</td></tr></tbody></table>'
    """
    columns = _filled(rows, columns)
    kinds = {
        column: _kind([cell_text(row, column) for row in rows if row.get(column) is not None])
        for column in columns
    }
    head = "".join(f"<th{kinds[column]}>{html.escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td{kinds[column]} data-column="{html.escape(column)}">'
            f"{_html_cell(cell_text(row, column), str(row.get(MARK, '')), is_first=not place)}</td>"
            for place, column in enumerate(columns)
        )
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def in_html(content: str) -> str:
    """Return HTML with its look, complete for a notebook or a page."""
    return f'{STYLE}<div class="avbc">{content}</div>'


def _kind(texts: Sequence[str]) -> str:
    if _are_numbers(texts):
        return ' class="number"'
    longest = max(map(len, texts), default=0)
    if longest < 25:
        return ' class="short"'
    # Where a word is too long for a line, it breaks anywhere.
    words = (word for text in texts for word in text.split())
    return ' class="long"' if max(map(len, words)) > 60 else ' class="text"'


def _html_cell(text: str, mark: str, *, is_first: bool) -> str:
    if is_first and mark in _STYLES:
        return f'<mark class="{mark}">{html.escape(text)}</mark>'
    if len(text) <= (_FOLDED_PROBLEM if mark else _FOLDED):
        return html.escape(text)
    start = text[:_FOLDED].rpartition(" ")[0] or text[:_FOLDED]
    return (
        f"<details><summary>{html.escape(start)} ...</summary>"
        f"{html.escape(text[len(start) :].strip())}</details>"
    )


def _filled(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    """The columns that are not empty; all of them where there are no rows."""
    filled = [column for column in columns if any(cell_text(row, column) for row in rows)]
    return filled or list(columns)


def _are_numbers(texts: Iterable[str]) -> bool:
    return all(_NUMBER.match(text) for text in texts if text)


def cell_text(row: Row, column: str) -> str:
    """What a cell shows."""
    match row.get(column):
        case None:
            return ""
        case bool() as is_so:
            return "yes" if is_so else "no"
        case Decimal() as amount:
            return amount_text(amount)
        case value:
            return str(value)


def one_line(text: str) -> str:
    r"""Return a text as one line without control characters.

    >>> one_line("red\n\x1b[31mmug")
    'red �[31mmug'
    """
    return printable(" ".join(text.split()))


def printable(text: str) -> str:
    """Return a text of one line with a mark in the place of each control character."""
    return text.translate(_CONTROL)


class Printed(Protocol):
    """What rich can print."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield what rich prints."""
        ...


def colored(printed: Printed) -> str | None:
    """Return what rich prints, if this prints on a terminal and rich is installed."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    try:
        from rich.console import Console as Screen  # noqa: PLC0415  # an extra
    except ImportError:
        return None
    screen = Screen(width=output_width())
    with screen.capture() as capture:
        screen.print(printed, end="")
    return capture.get().removesuffix("\n")


def rich_lines(lines: Iterable[Line]) -> RenderResult:
    """Yield lines with their styles as rich prints them."""
    from rich.text import Text  # noqa: PLC0415  # rich asks for it, so it is there

    for line in lines:
        yield Text.assemble(*line, no_wrap=True, overflow="ignore")
