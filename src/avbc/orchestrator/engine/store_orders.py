"""Orders of the store as the directions read them: some of them by their ids, or all of a period, with few requests."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

import attrs

from avbc.bigcommerce import BigCommerce, UnexpectedData
from avbc.bigcommerce.call import ListCall, Page, Paging
from avbc.bigcommerce.endpoints.orders import EVERYTHING, Include
from avbc.bigcommerce.models import Order
from avbc.errors import AvbcError
from avbc.orchestrator.engine.never_empty import never_empty
from avbc.orchestrator.engine.run import problem_of
from avbc.orchestrator.jobs.import_orders import unreadable
from avbc.orchestrator.jobs.order_statuses import windows
from avbc.orchestrator.reports import Unread

_AT_ONCE = 8
"""Requests in flight."""


def read_orders(
    store: BigCommerce, order_ids: Collection[int], include: Collection[Include] = ()
) -> dict[int, Order | UnexpectedData]:
    """Read orders by their ids: one request for all whose ids lie within one page of each other.

    An order that the store does not list is left out: it was deleted or archived. One that cannot
    be read is its error.

    Raises:
        StoreError: The store cannot be asked.
    """
    wanted = frozenset(order_ids)
    found: dict[int, Order | UnexpectedData] = {}
    for first, last in windows(wanted):
        for page in store.pages(store.orders.list.call(min_id=first, max_id=last, include=include)):
            found.update((order.id, order) for order in page.items if order.id in wanted)
            found.update((row.id, row.error) for row in page.unreadable if row.id in wanted)
    return found


def orders_of_period(
    store: BigCommerce, since: datetime, until: datetime | None
) -> Iterator[Page[Order]]:
    """Walk the orders that were made in a period, both ends included, page by page and by ascending id, with their lines and fees.

    Each next page asks for ids above the last one: orders that are deleted meanwhile make none be
    skipped.

    Raises:
        StoreError: The store cannot be asked.
        ValueError: A time has no time zone.
    """
    listed = store.orders.list.call(
        min_date_created=since, max_date_created=until, sort="id:asc", include=EVERYTHING
    )
    walk: ListCall[Order] = attrs.evolve(listed, paging=Paging.MIN_ID)
    return store.pages(walk)


def complete_lines(store: BigCommerce, orders: Sequence[Order]) -> dict[int, AvbcError]:
    """Read the lines of orders that came without some of them (docs/facts.md, bigcommerce-pitfalls).

    Returns:
        What went wrong, by order id; those orders are as they were.
    """
    cut = [order for order in orders if not order.lines_complete]
    calls = [store.order_products.list.call(order.id) for order in cut]
    failed: dict[int, AvbcError] = {}
    for order, lines in zip(cut, never_empty(store, calls, limit=_AT_ONCE), strict=True):
        if isinstance(lines, AvbcError):
            failed[order.id] = lines
        else:
            order.products = tuple(lines)
    return failed


def unread(order_id: int, error: AvbcError) -> Unread:
    """An order that could not be looked at, for this error."""
    return Unread(
        order_id, unreadable(error) if isinstance(error, UnexpectedData) else problem_of(error)
    )
