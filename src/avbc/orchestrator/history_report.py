"""All that was ever done for one order, as `history` returns it."""

from __future__ import annotations

import attrs

from avbc.acctvantage.pickups import Pickup
from avbc.acctvantage.records import Receipt, SalesOrder
from avbc.orchestrator.reports import JournalEntry
from avbc.report import Report, as_data, counted
from avbc.shown import to_the_second
from avbc.text import quoted


@attrs.frozen
class History(Report):
    """Everything that was done for an order, and its status on both sides now.

    >>> History(1042, "WEB1042", ()).entries
    ()
    """

    columns = ("at", "action", "outcome", "detail")

    order_id: int
    import_id: str
    entries: tuple[JournalEntry, ...]
    store_status: str = ""
    """Its status in the store now; empty where the store has no such order or did not answer."""
    store_note: str = ""
    """Why the store's status is not known."""
    sales_order: SalesOrder | None = None
    receipts: tuple[Receipt, ...] = ()
    pickup: Pickup | None = None
    """How far AcctVantage is with it, where AcctVantage picks orders up from the books."""

    def summary(self) -> str:
        """The order's status in the store and in the books, and what AcctVantage answered."""
        here = f"{quoted(self.store_status)} in the store" if self.store_status else self.store_note
        books = f"there is no {self.import_id} in the books"
        if order := self.sales_order:
            books = (
                f"{self.import_id} is {order.status} in the books, total {order.total}, "
                f"{counted(len(self.receipts), 'receipt')}"
            )
        entries = counted(len(self.entries), "entry", "entries")
        more = f" {self.pickup.sentence}" if self.pickup else ""
        return f"Order {self.order_id}: {here}; {books}; {entries} in the journal.{more}"

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per journal entry: at, action, outcome, order_id, import_id, detail, run."""
        return [as_data(entry) for entry in self.entries]

    def shown(self) -> list[dict[str, object]]:
        """The same rows, with times to the second."""
        return [{**as_data(entry), "at": to_the_second(entry.at)} for entry in self.entries]
