"""The store's orders that changed since a time: one listing for all jobs of a cycle."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import attrs

from avbc.bigcommerce import BigCommerce, Page
from avbc.bigcommerce.endpoints.orders import EVERYTHING
from avbc.bigcommerce.models import Order
from avbc.clock import Clock
from avbc.orchestrator.engine.order_pages import OrderPages

OVERLAP = timedelta(hours=1)
"""Looked at again in the store (docs/facts.md, bigcommerce-pitfalls)."""

_SHARED = 60.0
"""Seconds for which a listing is given to other jobs."""
_KEPT = 2_000
"""Orders that are kept in memory; a longer list is read again."""


@attrs.define
class _Listing:
    """What was listed, and which jobs have had it."""

    since: datetime
    at: float
    pages: list[Page[Order]]
    readers: set[str]


class ChangedOrders:
    """The listing of changed orders, with everything that an order can include.

    Args:
        store: The store's client.
        clock: By which the age of a listing is measured.
    """

    def __init__(self, store: BigCommerce, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._listing: _Listing | None = None

    def newest(self) -> datetime | None:
        """Return when an order was modified last, by the store's clock; None where it has none.

        Raises:
            StoreError: The store does not answer.
        """
        listed = self._store.orders.list.call(sort="date_modified:desc")
        page = next(self._store.pages(attrs.evolve(listed, limit=1)))
        return max((order.date_modified for order in page.items), default=None)

    def pages(self, walk: OrderPages, since: datetime, reader: str) -> Iterator[Page[Order]]:
        """Yield the orders that were modified since a time, in any status, archived ones excepted.

        What another job read less than a minute before is taken from memory. A job that asks again
        has the store read again. The pages go by id and not by time: an order that is modified
        while they are read then moves no other across their edges.

        An order that could not be read comes when it can be, whenever it was modified.

        Args:
            walk: Reads the pages.
            since: The first time; an earlier one may be taken.
            reader: The job that asks.

        Raises:
            StoreError: The store does not answer.
        """
        return walk.owing(reader, self._listed(walk, since, reader))

    def _listed(self, walk: OrderPages, since: datetime, reader: str) -> Iterator[Page[Order]]:
        kept = self._listing
        if (
            kept is not None
            and reader not in kept.readers
            and kept.since <= since
            and self._clock.monotonic() - kept.at < _SHARED
        ):
            kept.readers.add(reader)
            yield from kept.pages
            return
        self._listing = None
        listing = _Listing(since, self._clock.monotonic(), [], {reader})
        listed = self._store.orders.list.call(
            min_date_modified=since, sort="id:asc", include=EVERYTHING
        )
        count = 0
        for page in walk.walk(listed):
            count += page.count
            listing.pages.append(page)
            if count > _KEPT:
                listing.pages.clear()
            yield page
        if count <= _KEPT:
            self._listing = listing
