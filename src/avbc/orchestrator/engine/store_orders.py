"""Reading the store's orders with few requests: by id, by status, or all of a period.

Also what those that wait to be imported have sold (docs/facts.md, acctvantage-inventory).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import attrs

from avbc.acctvantage.import_ids import order_import_id
from avbc.bigcommerce import (
    BigCommerce,
    Call,
    ListCall,
    Page,
    Paging,
    UnexpectedData,
)
from avbc.bigcommerce.endpoints.orders import EVERYTHING, Include
from avbc.bigcommerce.models import Consignments, Order
from avbc.bigcommerce.models.statuses import SystemStatus
from avbc.errors import AvbcError
from avbc.mapping import Problem, waiting_demand
from avbc.mapping.product_names import GIFT_CERTIFICATE
from avbc.orchestrator.engine.changes import order_extra
from avbc.orchestrator.engine.channels import only_channel
from avbc.orchestrator.engine.customising import customised_order
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.order_reads import IN_FLIGHT, orders_of
from avbc.orchestrator.engine.push_run import PushRun
from avbc.settings import Settings
from avbc.text import text_key

T = TypeVar("T")

RESTORE = "Restore the order in BigCommerce to have this sent. Otherwise settle this item."
"""What to do about an order that something is to be sent for, and that the store does not list."""
_WAITING = frozenset(
    {
        SystemStatus.AWAITING_PAYMENT,
        SystemStatus.AWAITING_FULFILLMENT,
        SystemStatus.MANUAL_VERIFICATION_REQUIRED,
    }
)
"""Where a placed order may wait for its import, apart from the New and the Import Error Status: its
goods are sold (inferred). An Incomplete or Pending order is a checkout that was never finished."""

_log = logging.getLogger("avbc.orchestrator")


def unreadable(error: UnexpectedData) -> Problem:
    """Return why an order of a page cannot be read."""
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
    found = store.map(calls, limit=IN_FLIGHT, return_errors=True)
    empty = [place for place, rows in enumerate(found) if rows == []]
    again = store.map([calls[place] for place in empty], limit=IN_FLIGHT, return_errors=True)
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


def orders_alone(store: BigCommerce, order_ids: Sequence[int]) -> list[Order | AvbcError]:
    """Read orders by id, each alone and archived ones too; what is no order is asked for once more.

    Something else that was sent in place of an order says nothing about it.
    """
    calls = [store.orders.get.call(number, include=EVERYTHING) for number in order_ids]
    found = store.map(calls, limit=IN_FLIGHT, return_errors=True)
    again = [place for place, each in enumerate(found) if isinstance(each, UnexpectedData)]
    answers = store.map([calls[place] for place in again], limit=IN_FLIGHT, return_errors=True)
    for place, answer in zip(again, answers, strict=True):
        found[place] = answer
    return found


def waiting_orders(
    integration: Integration,
    status_id: int,
    include: Collection[Include] = EVERYTHING,
) -> ListCall[Order]:
    """List the orders that wait in a status, without those too old to be imported.

    Orders of other channels are among them where the settings name several.
    """
    return integration.store.orders.waiting.call(
        status_id,
        min_date_created=created_since(integration),
        channel_id=only_channel(integration.settings),
        include=include,
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
    store: BigCommerce, since: datetime, until: datetime | None, channel_id: int | None = None
) -> Iterator[Page[Order]]:
    """Walk the orders made in a period, both ends included, by ascending id, with lines and fees.

    Each next page asks for ids above the last one, so no order is skipped when others are deleted.

    Raises:
        StoreError: The store does not answer.
        ValueError: A time has no time zone.
    """
    listed = store.orders.list.call(
        min_date_created=since,
        max_date_created=until,
        channel_id=channel_id,
        sort="id:asc",
        include=EVERYTHING,
    )
    return store.pages(attrs.evolve(listed, paging=Paging.MIN_ID))


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


# What waits to be imported


def waiting_quantities(run: PushRun) -> dict[str, Decimal]:
    """Return how many pieces of each product wait to be imported, by `text_key` of the part number.

    One request gets the number of orders in each status, and only statuses that have some are
    listed. A list that is shorter than that number is read once more: a 204 in place of a page must
    not put what those orders sold back on sale. Orders that are in the books already, whatever
    their status, do not count.

    Raises:
        StoreError: The orders cannot be read.
        BooksUnreachable: The books cannot be read.
    """
    counts = run.store.orders.count()
    statuses = (_WAITING | {run.statuses.new, run.statuses.import_error}) - {
        run.statuses.downloaded
    }
    since = run.settings.order_status.import_orders_created_since
    orders: list[Order] = []
    for status_id in sorted(statuses):
        if count := counts.of(status_id):
            call = waiting_orders(run.integration, status_id, ["consignments.line_items"])
            listed, found = _waiting(run, call)
            expected = count if since is None else 1
            orders += found if listed >= expected else _waiting(run, call)[1]
    for order_id, error in complete_orders(run.store, orders).items():
        # Better a few pieces too many on sale than no other product brought up to date.
        _log.warning(
            "the lines of order %d could not be read, so what it sold is not counted: %s",
            order_id,
            error,
            extra=order_extra(order_id, order_import_id(run.source_code, order_id)),
        )
    screen, customisations = run.settings.products, run.integration.order_customisations
    # One that cannot be customised counts as the store has it: its goods are sold, too.
    orders = [customised_order(order, customisations).order for order in orders]
    demand = waiting_demand(orders, screen=screen)
    aliases = _aliases(run, demand) if demand else {}
    return waiting_demand(orders, aliases, screen) if aliases else demand


def _waiting(run: PushRun, call: ListCall[Order]) -> tuple[int, list[Order]]:
    """How many orders are listed, and those of them that are not in the books."""
    listed, found = 0, list[Order]()
    for page in run.store.pages(call):
        orders = orders_of(page)
        listed += len(orders)
        import_ids = {order.id: order_import_id(run.source_code, order.id) for order in orders}
        imported = {order.import_id for order in run.books.sales_orders(list(import_ids.values()))}
        found += [order for order in orders if import_ids[order.id] not in imported]
    return listed, found


def _aliases(run: PushRun, demand: Iterable[str]) -> dict[str, str]:
    """Part numbers by alias, of what was sold; a part number comes before an alias."""
    products = run.books.find_products(list(demand))
    keys = {text_key(product.part_number) for product in products}
    return {
        text_key(alias): text_key(product.part_number)
        for product in products
        for alias in product.aliases
        if text_key(alias) not in keys
    }
