"""The worklist: what only a person can settle, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeAlias

import attrs

from avbc.report import Report, as_data, counted


@attrs.frozen
class WorklistItem:
    """One thing that waits for a person. It goes when its cause goes."""

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
    """The method that found it, and lets it go: `import_orders`, `follow_orders`."""

    def __str__(self) -> str:
        return f"{self.message} [{self.code}] {self.fix}".rstrip()


OnAttention: TypeAlias = Callable[[list[WorklistItem]], object]
"""Called with the items that are new or have changed."""


@attrs.frozen
class Worklist(Report):
    """Everything that waits for a person, the oldest first.

    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 2, 12, 5, tzinfo=UTC)
    >>> item = WorklistItem("hook_inactive", "store/order/created", 0, "", at, "Off.", "Repair it.")
    >>> print(Worklist((item,)).summary())
    1 item waits for a person.
    """

    columns = ("since", "code", "order", "message", "fix")

    items: tuple[WorklistItem, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[WorklistItem]:
        return iter(self.items)

    def __bool__(self) -> bool:
        return bool(self.items)

    @property
    def ok(self) -> bool:
        """Nothing waits for a person."""
        return not self.items

    def of(self, order_id: int) -> Sequence[WorklistItem]:
        """Return the items about one order, by its BigCommerce id."""
        return [item for item in self.items if item.order_id == order_id]

    def summary(self) -> str:
        """How much waits."""
        if not self.items:
            return "Nothing waits for a person."
        verb = "waits" if len(self.items) == 1 else "wait"
        return f"{counted(len(self.items), 'item')} {verb} for a person."

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per item: code, key, order_id, import_id, since, message, fix, area."""
        return [as_data(item) for item in self.items]

    def shown(self) -> list[dict[str, object]]:
        """One row per item, with the order by its Import ID."""
        return [
            {
                "since": f"{item.since:%Y-%m-%d %H:%M}",
                "code": item.code,
                "order": item.import_id or item.key,
                "message": item.message,
                "fix": item.fix,
            }
            for item in self.items
        ]
