"""Bars by day, as one SVG that needs nothing else: no script, no font, no style sheet of others.

A library's SVG has its size and its colors in it. This one is as wide as the page, its text stays
readable at any width, and its colors are those of the page, light or dark: `STYLE`.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from decimal import Decimal

from avbc.money import ZERO

_HEIGHT, _TOP, _BOTTOM = 180, 18, 24
# Light and dark: blue, orange, green, pink, yellow, gray, red, violet.
_COLORS = (
    ("#0072b2", "#56b4e9"),
    ("#b35900", "#ffab4d"),
    ("#007a5a", "#2fc79a"),
    ("#a3487f", "#e59bc4"),
    ("#6b5d00", "#f0e442"),
    ("#4d4d4d", "#c0c0c0"),
    ("#c62828", "#ff7a70"),
    ("#5e4fb3", "#b3a4ff"),
)
_LIGHT, _DARK = zip(*_COLORS, strict=True)


def _rules(colors: Sequence[str]) -> str:
    return "".join(f".s{number}{{--s:{color}}}" for number, color in enumerate(colors))


STYLE = (
    f"{_rules(_LIGHT)}@media(prefers-color-scheme:dark){{{_rules(_DARK)}}}"
    "svg.plot{display:block;width:100%;height:222px;overflow:visible}"
    "svg.plot text{fill:currentColor;font-size:12px}"
    "svg.plot line{stroke:currentColor;stroke-opacity:.3}"
    "svg.plot rect{fill:var(--s)}"
    "ul.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1rem;padding:0}"
    "ul.legend span{display:inline-block;width:.8em;height:.8em;background:var(--s);"
    "margin-right:.4em}"
)
"""The style of plots, for the page that has them. Colors differ for the color-blind, too."""


def day_bars(title: str, days: Sequence[str], series: Mapping[str, Sequence[Decimal]]) -> str:
    """Draw one bar for each day, of one part for each series, with a legend.

    Args:
        title: What it shows, for those who do not see it.
        days: The names of the days, in sequence.
        series: Values, one for each day, by the name of the series. One without any value above
            zero is not shown, and keeps its color.

    >>> day_bars("Orders", ["Jan 2"], {"orders": [Decimal(3)]}).count("<rect")
    1
    """
    totals = (sum(values, ZERO) for values in zip(*series.values(), strict=True))
    top = _round_up(max(totals, default=ZERO))
    parts = [
        f'<svg class="plot" role="img" aria-label="{html.escape(title)}">',
        *_frame(days, top),
    ]
    width = 100 / max(len(days), 1)
    for position, day in enumerate(days):
        above = ZERO
        for number, (name, values) in enumerate(series.items()):
            value = values[position]
            if value <= 0:
                continue
            above += value
            tip = html.escape(f"{day}, {name}: {value:,f}")
            parts.append(
                f'<rect class="s{number % len(_COLORS)}" x="{(position + 0.1) * width:.2f}%" '
                f'y="{_y(above, top):.1f}" width="{width * 0.8:.2f}%" '
                f'height="{_HEIGHT * value / top:.1f}"><title>{tip}</title></rect>'
            )
    parts.append("</svg>")
    if len(series) > 1:
        parts += ['<ul class="legend">', *_legend(series), "</ul>"]
    return "".join(parts)


def _frame(days: Sequence[str], top: Decimal) -> list[str]:
    """The lines and numbers of the values, and the names of some of the days."""
    parts: list[str] = []
    for value in (ZERO, top / 2, top):
        y = _y(value, top)
        text = f"{value.normalize():,f}"
        parts.append(f'<line x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="0" y="{y - 4:.1f}">{text}</text>' if value else "")
    step = max(1, len(days) // 4)
    foot = _TOP + _HEIGHT + _BOTTOM - 8
    # One near the right end would be cut off.
    for position in range(0, len(days) - step // 2, step):
        x = 100 * position / len(days)
        parts.append(f'<text x="{x:.2f}%" y="{foot}">{html.escape(days[position])}</text>')
    return parts


def _y(value: Decimal, top: Decimal) -> Decimal:
    return _TOP + _HEIGHT * (1 - value / top)


def _legend(series: Mapping[str, Sequence[Decimal]]) -> list[str]:
    return [
        f'<li class="s{number % len(_COLORS)}"><span></span>{html.escape(name)}</li>'
        for number, (name, values) in enumerate(series.items())
        if any(values)
    ]


def _round_up(value: Decimal) -> Decimal:
    """The next number with a half that is short: the top of the scale.

    >>> [str(_round_up(Decimal(value))) for value in (0, 3, 10, 12, 4300)]
    ['2', '4', '10', '20', '6000']
    """
    if value <= 2:
        return Decimal(2)
    unit = Decimal(10) ** value.adjusted()
    return next(unit * step for step in (1, 2, 4, 6, 8, 10) if unit * step >= value)
