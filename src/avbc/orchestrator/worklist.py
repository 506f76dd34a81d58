"""The worklist: what only a person can settle, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from typing import TypeAlias

import attrs

from avbc.errors import FinalError
from avbc.report import Report, as_data, counted, lines_of
from avbc.shown import Shown
from avbc.tables import Line, one_line, wrapped
from avbc.text import text_key


@attrs.frozen
class WorklistItem(Shown):
    """One thing that waits for a person. It goes when its cause goes.

    >>> at = datetime.fromisoformat("2026-01-02T12:05:00+00:00")
    >>> about = ("WEB1042", 1042, "WEB1042")
    >>> item = WorklistItem("sku_unknown", *about, at, "No such product.", "Create it.")
    >>> item.code, item.fix
    ('sku_unknown', 'Create it.')
    """

    code: str
    """The problem's code (docs/problems.md)."""
    key: str
    """What it is about: an Import ID, a part number, a client's number, a setting."""
    order_id: int
    """BigCommerce's order id; 0 where it is not about an order."""
    import_id: str
    since: datetime
    """When it was first seen (UTC)."""
    message: str
    """What happened."""
    fix: str
    """What to do."""
    area: str = ""
    """The method that found it, and takes it off: `import_orders`, `follow_orders`."""

    @property
    def about(self) -> str:
        """The order by its Import ID, or the key of what it is about."""
        return self.import_id or self.key

    def __str__(self) -> str:
        return f"{self.message} [{self.code}] {self.fix}".rstrip()


OnAttention: TypeAlias = Callable[[list[WorklistItem]], object]
"""Called with the items that are new or have changed."""


class NoSuchItem(FinalError):
    """The worklist has no such item, or it has changed since it was read.

    >>> issubclass(NoSuchItem, FinalError)
    True
    """


def _by_order(items: Iterable[WorklistItem]) -> tuple[WorklistItem, ...]:
    """Return the items with those about one thing together, the oldest first."""
    together: dict[str, list[WorklistItem]] = {}
    for item in items:
        together.setdefault(item.about, []).append(item)
    return tuple(item for group in together.values() for item in group)


@attrs.frozen
class Worklist(Report):
    """Everything that waits for a person, the oldest first, what is about one order together.

    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 2, 12, 5, tzinfo=UTC)
    >>> item = WorklistItem("hook_inactive", "store/order/created", 0, "", at, "Off.", "Repair it.")
    >>> print(Worklist((item,)))
    1 item waits for a person.
    <BLANKLINE>
    store/order/created, since 2026-01-02 12:05 UTC
      Off. [hook_inactive]
      To do: Repair it.
    """

    columns = ("since", "about", "what happened", "what to do", "code")

    items: tuple[WorklistItem, ...] = attrs.field(default=(), converter=_by_order)
    missing: str = ""
    """Why items that this process found are missing, or empty: the journal could not be written."""

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[WorklistItem]:
        return iter(self.items)

    def __bool__(self) -> bool:
        return bool(self.items)

    @property
    def ok(self) -> bool:
        """Nothing waits for a person."""
        return not (self.items or self.missing)

    def of(self, order_id: int | str) -> Sequence[WorklistItem]:
        """Return the items about one order, by its BigCommerce id or its Import ID."""
        key = text_key(str(order_id))
        return [
            item
            for item in self.items
            if item.order_id and key in {str(item.order_id), text_key(item.import_id)}
        ]

    def summary(self) -> str:
        """How much waits."""
        missing = f" What was found last is missing: {self.missing}." if self.missing else ""
        nothing = "Nothing that could be kept waits" if missing else "Nothing waits"
        return f"{waiting(len(self)) or nothing} for a person.{missing}"

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per item: code, key, order_id, import_id, since, message, fix, area."""
        return [as_data(item) for item in self.items]

    def shown(self) -> list[dict[str, object]]:
        """One row per item, with the order by its Import ID."""
        return [
            {
                "since": _minute(item.since),
                "about": item.about,
                "what happened": item.message,
                "what to do": item.fix,
                "code": item.code,
            }
            for item in self.items
        ]

    def lines(self, width: int) -> Iterator[Line]:
        """The items one below the other: two columns of sentences would be too narrow to read."""
        yield from lines_of(self.summary(), width)
        about = None
        for item, following in zip_longest(self.items, self.items[1:]):
            if item.about != about:
                about = item.about
                yield []
                heading = wrapped(one_line(f"{about}, since {_minute(item.since)}"), width)
                yield from ([(line, "bold")] for line in heading)
            yield from _indented(f"{item.message} [{item.code}]", width)
            is_said = following and (following.about, following.fix) == (item.about, item.fix)
            if item.fix and not is_said:
                yield from _indented(f"To do: {item.fix}", width)


def waiting(count: int) -> str:
    """Return how many items wait, or nothing: "2 items wait".

    >>> waiting(1), waiting(2), waiting(0)
    ('1 item waits', '2 items wait', '')
    """
    if not count:
        return ""
    return f"{counted(count, 'item')} {'waits' if count == 1 else 'wait'}"


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _indented(text: str, width: int) -> Iterator[Line]:
    first, *others = wrapped(one_line(text), width - 4)
    yield [(f"  {first}", "")]
    yield from ([(f"    {line}", "")] for line in others)
