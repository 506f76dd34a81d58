"""Figures as SVG for docs/performance.md: small, and readable on a light and on a dark page."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from pathlib import Path

import attrs
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
    ".met,.plain{fill:#2b7bba}.missed{fill:#c2410c}"
    "@media(prefers-color-scheme:dark){svg{background:#16181c;color:#e6e6e6}"
    ".met,.plain{fill:#5aa9e6}.missed{fill:#fb923c}}"
)


def draw(figures: Sequence[Figure], path: Path) -> None:
    """Draw figures as shares of the most that they should be: a bar past 1 misses its aim.

    Where none of them has an aim, they are drawn as multiples of their floors.
    """
    bars = [
        _Bar(each.name, each.share, f"{each.value} ({each.aim})", "met" if each.met else "missed")
        for each in figures
        if each.share is not None
    ]
    title, aim = "Each figure as a share of its aim: less is better", _BARS + _UNIT
    if not bars:
        most = max((each.ratio or 0 for each in figures), default=1)
        bars = [
            _Bar(each.name, each.ratio / most, f"{each.ratio_text} times", "plain")
            for each in figures
            if each.ratio
        ]
        title, aim = "Each figure as a multiple of its floor: less is better", 0
    height = _TOP + len(bars) * _ROW + 6
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
        f"<title>{title}</title>",
        f"<style>{_STYLE}</style>",
        *(bar.svg(_TOP + row * _ROW) for row, bar in enumerate(bars)),
    ]
    if aim:
        parts.append(_text(aim, 16, "aim", anchor="middle"))
        parts.append(f'<path class="aim" d="M{aim} {_TOP - 4}V{height - 4}"/>')
    path.write_text("\n".join([*parts, "</svg>\n"]), encoding="utf-8")


@attrs.frozen
class _Bar:
    name: str
    share: float
    said: str
    style: str

    def svg(self, top: int) -> str:
        middle = top + _ROW // 2 + 4
        lines = textwrap.wrap(self.name, _LETTERS)
        first = middle - _LINE * (len(lines) - 1) // 2
        label = (
            _text(_BARS - 8, first + number * _LINE, line, anchor="end")
            for number, line in enumerate(lines)
        )
        length = max(1, round(min(self.share, _LONGEST) * _UNIT))
        bar = (
            f'<rect class="{self.style}" x="{_BARS}" y="{top + 8}" width="{length}" '
            f'height="{_ROW - 16}"/>'
        )
        # Behind the bar, and not on the line of the aim.
        return "".join([*label, bar, _text(_BARS + max(length, _UNIT) + 8, middle, self.said)])


def _text(x: int, y: int, text: str, *, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{html.escape(text)}</text>'
