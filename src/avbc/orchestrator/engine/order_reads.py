"""The store's orders by id, as they are now: one request for all that are near each other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import attrs

from avbc.bigcommerce import NotFound, Page, StoreError, UnexpectedData, UnreadableRow
from avbc.bigcommerce.endpoints.orders import Include
from avbc.bigcommerce.models import Order
from avbc.clock import Clock
from avbc.orchestrator.engine.channels import channel_of
from avbc.orchestrator.engine.order_pages import OrderNotShown, OrderPages, may_be_the_order
from avbc.orchestrator.engine.store_orders import orders_alone

_WINDOW = 249
"""Ids that are read with one request: one less than fit on a page, so that no second page is asked
for."""
NO_STATUS = -1
"""The status of an order whose status cannot be read."""
FRESH = 5.0
"""Seconds in which what was read of an order counts as the order as it is now."""


def is_fresh(read_at: float, clock: Clock) -> bool:
    """Whether what was read at that moment of the clock counts as the order as it is now."""
    return clock.monotonic() - read_at < FRESH


def windows(ids: Collection[int]) -> Iterator[tuple[int, int]]:
    """Cover ids with the fewest windows, one request each: orders cannot be listed by ids.

    >>> list(windows([1001, 1002, 1249, 1250, 9000]))
    [(1001, 1249), (1250, 1250), (9000, 9000)]
    """
    first = last = 0
    for number in sorted(ids):
        if first and number - first >= _WINDOW:
            yield first, last
            first = 0
        first, last = first or number, number
    if first:
        yield first, last


def status_of(row: UnreadableRow) -> int:
    """Return the status of an order that cannot be read."""
    status = row.row.get("status_id") if isinstance(row.row, Mapping) else None
    return status if isinstance(status, int) else NO_STATUS


def orders_of(page: Page[Order]) -> list[Order]:
    """Return all orders of a page; one that cannot be read has only id, status and channel."""
    return [
        *page.items,
        *(
            Order(id=row.id, status_id=status_of(row), channel_id=channel_of(row), items_total=-1)
            for row in page.unreadable
            if row.id is not None
        ),
    ]


def read_orders(
    pages: OrderPages, order_ids: Collection[int], include: Collection[Include] = ()
) -> dict[int, Order | UnexpectedData]:
    """Read orders by id: one request for all whose ids are within a page of each other.

    An order that the store does not list is left out: it was deleted or archived. For one that
    cannot be read, its error is returned.

    Raises:
        StoreError: The store does not answer.
    """
    wanted = frozenset(order_ids)
    found: dict[int, Order | UnexpectedData] = {}
    for first, last in windows(wanted):
        for page in pages.of_ids(first, last, include):
            found.update((order.id, order) for order in page.items if order.id in wanted)
            found.update((row.id, row.error) for row in page.unreadable if row.id in wanted)
    return found


@attrs.frozen
class Seen:
    """An order as the store showed it."""

    order: Order | None
    """None where it is not listed (deleted or archived), or cannot be read."""
    status_id: int = NO_STATUS
    error: UnexpectedData | None = None
    """Why it cannot be read."""

    @property
    def is_gone(self) -> bool:
        """Whether it was archived or deleted."""
        return self.order is None and self.error is None


class OrdersNow:
    """The store's orders as they are now: read again unless they were read a moment before.

    Args:
        pages: Reads the orders.
        clock: By which the age of what was read is measured.
    """

    def __init__(self, pages: OrderPages, clock: Clock) -> None:
        self._pages = pages
        self._store = pages.store
        self._clock = clock
        self._seen: dict[int, tuple[float, Seen]] = {}
        self._looked_at: dict[int, float] = {}
        """When the read of an order ended that it was seen by."""

    def read(self, order_ids: Collection[int]) -> dict[int, Seen]:
        """Return these orders, without their lines, as they are in the store now.

        Raises:
            StoreError: The store does not answer.
        """
        # What is no longer fresh is dropped: a push of a hundred thousand orders needs no memory.
        self._seen = {
            number: seen for number, seen in self._seen.items() if is_fresh(seen[0], self._clock)
        }
        stale = set(order_ids) - self._seen.keys()
        self._looked_at = {number: self._looked_at[number] for number in self._seen}
        for first, last in windows(stale):
            at = self._clock.monotonic()
            # A 204 in place of a page must not let an order pass that was stopped.
            found = self._listed(first, last) or self._listed(first, last)
            self._seen.update((number, (at, each)) for number, each in found.items())
            rest = [each for each in stale if first <= each <= last and each not in found]
            if rest:
                self._read_unlisted(rest)
                if any(isinstance(self._seen[each][1].error, OrderNotShown) for each in rest):
                    # A store that is down meanwhile says so here.
                    self._listed(first, last)
            now = self._clock.monotonic()
            self._looked_at.update(dict.fromkeys([*found, *rest], now))
        return {number: self._seen[number][1] for number in order_ids}

    def looked_at(self, order_id: int) -> float | None:
        """Return when the read ended by which an order was seen; None where it was not read."""
        return self._looked_at.get(order_id)

    def _listed(self, first: int, last: int) -> dict[int, Seen]:
        found: dict[int, Seen] = {}
        for page in self._pages.of_ids(first, last):
            found.update((order.id, Seen(order, order.status_id)) for order in page.items)
            found.update(
                (row.id, Seen(None, status_of(row), row.error))
                for row in page.unreadable
                if row.id is not None
            )
        return found

    def _read_unlisted(self, order_ids: Sequence[int]) -> None:
        """Read orders by id that are not listed: archived ones may be shown, and even written."""
        at = self._clock.monotonic()
        answers = orders_alone(self._store, order_ids, include=())
        for number, answer in zip(order_ids, answers, strict=True):
            seen = Seen(None)
            if isinstance(answer, Order):
                seen = Seen(None if answer.is_deleted else answer, answer.status_id)
            elif isinstance(answer, UnexpectedData):
                seen = Seen(None, error=answer)
            elif isinstance(answer, StoreError) and may_be_the_order(answer):
                seen = Seen(None, error=OrderNotShown.of(number, answer))
            elif not isinstance(answer, NotFound):
                raise answer
            self._seen[number] = (at, seen)

    def forget(self, order_ids: Collection[int]) -> None:
        """Have these orders read again: we changed them."""
        for number in order_ids:
            self._seen.pop(number, None)
            self._looked_at.pop(number, None)
