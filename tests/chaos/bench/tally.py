"""What was tried, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

_COLUMNS = ("kind", "points tried", "orders", "lost", "doubled", "off by a cent")


@attrs.define
class Damage:
    """How what came of something differs from what should."""

    lost: list[str] = attrs.field(factory=list)
    doubled: list[str] = attrs.field(factory=list)
    off: list[str] = attrs.field(factory=list)
    other: list[str] = attrs.field(factory=list)

    def __bool__(self) -> bool:
        return bool(self.lost or self.doubled or self.off or self.other)

    def __str__(self) -> str:
        told = [
            f"{name}: {'; '.join(texts[:4])}" for name, texts in attrs.asdict(self).items() if texts
        ]
        return " | ".join(told) or "none"


@attrs.define
class Row:
    """One kind of trouble."""

    kind: str
    points: int = 0
    orders: int = 0
    lost: int = 0
    doubled: int = 0
    off: int = 0
    wrong: list[str] = attrs.field(factory=list)
    """Each violation in words, those of the three columns among them."""
    seconds: float = 0.0

    def count(self, orders: int, ends: Damage, at: str) -> None:
        """Count a point and how it ended."""
        self.points += 1
        self.orders += orders
        self.lost += len(ends.lost)
        self.doubled += len(ends.doubled)
        self.off += len(ends.off)
        if ends:
            self.wrong.append(f"{self.kind}, {at}: {ends}")

    def complain(self, at: str, what: str) -> None:
        """Note a violation that is no damage.

        An error that should not be raised, a report that is not clean.
        """
        self.wrong.append(f"{self.kind}, {at}: {what}")

    def add(self, other: Row) -> None:
        """Take in what was tried elsewhere."""
        self.points += other.points
        self.orders += other.orders
        self.lost += other.lost
        self.doubled += other.doubled
        self.off += other.off
        self.wrong += other.wrong
        self.seconds += other.seconds


def merged(rows: Iterable[Row]) -> list[Row]:
    """One row for each kind."""
    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(row.kind, Row(row.kind)).add(row)
    return list(found.values())


def table(rows: Iterable[Row]) -> str:
    """The summary, with a total."""
    shown = list(rows)
    cells = [
        _COLUMNS,
        *(
            (row.kind, *map(_number, (row.points, row.orders, row.lost, row.doubled, row.off)))
            for row in shown
        ),
    ]
    sums = [
        sum(getattr(row, name) for row in shown)
        for name in ("points", "orders", "lost", "doubled", "off")
    ]
    cells.append(("all", *map(_number, sums)))
    widths = [max(len(row[place]) for row in cells) for place in range(len(_COLUMNS))]
    lines = [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in cells
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _number(value: int) -> str:
    return f"{value:,}"
