"""Reading the store's orders with few requests: by id, by status, or all of a period."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from avbc.bigcommerce import (
    BadAnswer,
    BigCommerce,
    Call,
    ListCall,
    Page,
    Retries,
    UnexpectedData,
)
from avbc.bigcommerce.at_once import Begun
from avbc.bigcommerce.endpoints.orders import EVERYTHING, Include
from avbc.bigcommerce.models import Consignments, Order
from avbc.errors import AvbcError
from avbc.mapping import Problem
from avbc.mapping.product_names import GIFT_CERTIFICATE
from avbc.orchestrator.engine.channels import only_channel
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.order_pages import OrderNotShown, OrderPages
from avbc.settings import Settings

T = TypeVar("T")

RESTORE = "Restore the order in BigCommerce to have this sent. Otherwise settle this item."
"""What to do about an order that something is to be sent for, and that the store does not list."""


def unreadable(error: UnexpectedData) -> Problem:
    """Return why an order of a page cannot be read."""
    if isinstance(error, OrderNotShown):
        return error.problem
    # The order's place in the page means nothing to a person.
    path = re.sub(r"^orders\[\d+\]\.?", "", error.path)
    return Problem(
        "order_unreadable",
        path,
        error.value_repr,
        f"The order cannot be read: {path}: {error.message}, got {error.value_repr}.",
        "Correct the order in BigCommerce, or enter it by hand.",
    )


def unavailable(order_id: int, error: UnexpectedData | None, fix: str) -> Problem:
    """Return why an order of the books cannot be read in the store: it is unreadable, or gone."""
    if error is not None:
        return unreadable(error)
    return Problem(
        "not_in_store",
        "",
        str(order_id),
        f"The store lists no order {order_id}: it was deleted or archived in BigCommerce.",
        fix,
    )


def non_empty_lists(
    store: BigCommerce, calls: Sequence[Call[list[T]]]
) -> list[list[T] | AvbcError]:
    """Read lists that cannot be empty; those that are empty are asked for once more.

    A 204 that was sent in place of another answer says that a list is empty, so one is not enough.
    """
    return non_empty(store, calls, store.begin(calls))


def non_empty(
    store: BigCommerce, calls: Sequence[Call[list[T]]], begun: Begun[list[T] | AvbcError]
) -> list[list[T] | AvbcError]:
    """Wait for such lists, which were begun before."""
    found = begun.results()
    empty = [place for place, rows in enumerate(found) if rows == []]
    again = store.map([calls[place] for place in empty], return_errors=True)
    for place, rows in zip(empty, again, strict=True):
        found[place] = rows
    return found


def non_empty_pages(store: BigCommerce, call: ListCall[T]) -> Iterator[Page[T]]:
    """Yield the pages of a list that cannot be empty; one that is, is asked for once more.

    Raises:
        StoreError: The store does not answer.
    """
    is_empty = True
    for page in store.pages(call):
        is_empty = is_empty and not page.count
        yield page
    if is_empty:
        yield from store.pages(call)


def orders_alone(
    store: BigCommerce, order_ids: Sequence[int], include: Collection[Include] = EVERYTHING
) -> list[Order | AvbcError]:
    """Read orders by id, each alone and archived ones too; what is no order is asked for once more.

    Something else that was sent in place of an order says nothing about it.
    """
    calls = [store.orders.get.call(number, include=include) for number in order_ids]
    found = store.map(calls, return_errors=True)
    bad = (BadAnswer, UnexpectedData)
    again = [place for place, each in enumerate(found) if isinstance(each, bad)]
    if again:
        once = store.with_options(retries=Retries(attempts=1))
        answers = once.map([calls[place] for place in again], return_errors=True)
        for place, answer in zip(again, answers, strict=True):
            found[place] = answer
    return found


def waiting_orders(integration: Integration, status_id: int) -> ListCall[Order]:
    """List the orders that wait in a status, without those too old to be imported.

    Orders of other channels are among them where the settings name several.
    """
    return integration.store.orders.waiting.call(
        status_id,
        min_date_created=created_since(integration),
        channel_id=only_channel(integration.settings),
    )


def created_since(integration: Integration, settings: Settings | None = None) -> datetime | None:
    """Return from when on orders are imported: by the settings in force, or by others.

    Raises:
        StoreError: It is a day of the store, whose time zone cannot be read.
    """
    screen = (settings or integration.settings).order_status
    return integration.days.start(screen.import_orders_created_since)


def is_too_old(order: Order, since: datetime | None) -> bool:
    """Whether an order was created before the time from which on orders are imported."""
    return since is not None and order.date_created < since


def orders_of_period(
    pages: OrderPages, since: datetime, until: datetime | None, channel_id: int | None = None
) -> Iterator[Page[Order]]:
    """Walk the orders made in a period, both ends included, by ascending id, with lines and fees.

    Each next page asks for ids above the last one, so no order is skipped when others are deleted.

    Raises:
        StoreError: The store does not answer.
        ValueError: A time has no time zone.
    """
    listed = pages.store.orders.list.call(
        min_date_created=since,
        max_date_created=until,
        channel_id=channel_id,
        sort="id:asc",
        include=EVERYTHING,
    )
    return pages.walk(listed)


def complete_orders(store: BigCommerce, orders: Sequence[Order]) -> dict[int, AvbcError]:
    """Read what orders were to include and do not have: lines that were cut off, or all parts.

    All lines come from a list of their own, and so does the rest where the store sent links in its
    place (docs/facts.md, bigcommerce-pitfalls).

    Returns:
        The errors, by order id; those orders are not complete.
    """
    cut = [order for order in orders if not order.lines_complete]
    calls = [store.order_products.list.call(order.id) for order in cut]
    failed: dict[int, AvbcError] = {}
    for order, lines in zip(cut, non_empty_lists(store, calls), strict=True):
        if isinstance(lines, AvbcError):
            failed[order.id] = lines
        else:
            order.products = tuple(lines)
    for order in orders:
        if order.consignments is None and order.id not in failed:
            try:
                _read_parts(store, order)
            except AvbcError as error:
                failed[order.id] = error
    return failed


def _read_parts(store: BigCommerce, order: Order) -> None:
    """Read the parts of an order that has links to them.

    Raises:
        AvbcError: The store does not answer.
    """
    order.fees = tuple(store.order_fees.list(order.id))
    if any(line.order_pickup_method_id or line.type == GIFT_CERTIFICATE for line in order.lines):
        # Only these say where a line is collected, or who is sent a gift certificate.
        order.consignments = store.order_consignments.get(order.id, line_items=True)
    elif order.shipping_address_count:
        order.consignments = Consignments.of(store.order_shipping_addresses.list(order.id))
    else:
        order.consignments = Consignments()
