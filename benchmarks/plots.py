"""Figures as SVG for docs/performance.md: small, and readable on a light and on a dark page."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from pathlib import Path

from figure import Figure

_ROW, _TOP, _LINE = 34, 26, 13
"""Pixels: a row's height, where rows begin, and a line of a label."""
_BARS, _UNIT, _WIDTH = 370, 200, 860
"""Where bars begin, the length of one that meets its aim, and the width of all."""
_LETTERS = 58
"""In a line of a label."""
_LONGEST = 1.4
"""A bar that is longer is cut off: its number says how long it is."""
# It has a ground of its own: a page's switch between light and dark does not reach into an image.
_STYLE = (
    "svg{background:#fff;color:#1a1a1a;font:12px sans-serif}"
    "text{fill:currentColor}.aim{stroke:currentColor;stroke-dasharray:4 3}"
    ".met{fill:#2b7bba}.missed{fill:#c2410c}"
    "@media(prefers-color-scheme:dark){svg{background:#16181c;color:#e6e6e6}"
    ".met{fill:#5aa9e6}.missed{fill:#fb923c}}"
)


def shares(figures: Sequence[Figure], path: Path) -> None:
    """Draw each figure as a share of the most that it should be: a bar past 1 misses its aim."""
    drawn = [(figure, figure.share) for figure in figures if figure.share is not None]
    height, aim = _TOP + len(drawn) * _ROW + 6, _BARS + _UNIT
    bars = (_bar(_TOP + row * _ROW, *each) for row, each in enumerate(drawn))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
        "<title>Each figure as a share of its aim: less is better</title>",
        f"<style>{_STYLE}</style>",
        _text(aim, 16, "aim", anchor="middle"),
        *bars,
        f'<path class="aim" d="M{aim} {_TOP - 4}V{height - 4}"/>',
        "</svg>\n",
    ]
    path.write_text("\n".join(parts), encoding="utf-8")


def _bar(top: int, figure: Figure, share: float) -> str:
    middle = top + _ROW // 2 + 4
    lines = textwrap.wrap(figure.name, _LETTERS)
    first = middle - _LINE * (len(lines) - 1) // 2
    label = (
        _text(_BARS - 8, first + number * _LINE, line, anchor="end")
        for number, line in enumerate(lines)
    )
    length = max(1, round(min(share, _LONGEST) * _UNIT))
    bar = (
        f'<rect class="{"met" if share <= 1 else "missed"}" x="{_BARS}" y="{top + 8}" '
        f'width="{length}" height="{_ROW - 16}"/>'
    )
    # Behind the bar, and not on the line of the aim.
    said = f"{figure.ratio_text or figure.ours} ({figure.aim})"
    return "".join([*label, bar, _text(_BARS + max(length, _UNIT) + 8, middle, said)])


def _text(x: int, y: int, text: str, *, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{html.escape(text)}</text>'
