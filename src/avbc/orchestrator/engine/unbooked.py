"""What orders have sold that are not in the books, whose goods have not left.

See docs/facts.md, acctvantage-inventory.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from avbc.acctvantage.import_ids import order_import_id
from avbc.bigcommerce import ListCall
from avbc.bigcommerce.models import Order
from avbc.bigcommerce.models.statuses import SystemStatus
from avbc.logs import get_logger
from avbc.mapping import waiting_demand
from avbc.orchestrator.engine.changes import order_extra
from avbc.orchestrator.engine.channels import is_of_channels, only_channel
from avbc.orchestrator.engine.customising import customised_order
from avbc.orchestrator.engine.order_reads import orders_of
from avbc.orchestrator.engine.push_run import PushRun
from avbc.orchestrator.engine.statuses import PLACED
from avbc.orchestrator.engine.store_orders import complete_orders, created_since
from avbc.text import text_key

_UNSHIPPED = PLACED - {SystemStatus.SHIPPED, SystemStatus.COMPLETED}
"""Statuses of placed orders whose goods have not all left."""
_WAITING = frozenset(
    {
        SystemStatus.AWAITING_PAYMENT,
        SystemStatus.AWAITING_FULFILLMENT,
        SystemStatus.MANUAL_VERIFICATION_REQUIRED,
    }
)
"""Where an order may wait for its import, apart from the New and the Import Error Status
(inferred). All that is looked at until the first order is in the books: the open orders of a store
that was not joined yet were entered by hand."""

_log = get_logger("avbc.orchestrator")


def waiting_quantities(run: PushRun) -> dict[str, Decimal]:
    """Return how many pieces of each product are sold, by `text_key` of the part number.

    They are of placed orders that are not in the books and whose goods have not left, whatever
    their status. One request gets the number of orders in each status, and only statuses that have
    some are listed. A list that is shorter than that number is read once more: a 204 in place of a
    page must not put what those orders sold back on sale.

    Raises:
        StoreError: The orders cannot be read.
        BooksUnreachable: The books cannot be read.
    """
    counts, channel = run.store.orders.count(), only_channel(run.settings)
    orders: list[Order] = []
    for status_id, since in sorted(_since(run).items()):
        if count := counts.of(status_id):
            call = run.store.orders.waiting.call(
                status_id,
                min_date_created=since,
                channel_id=channel,
                include=["consignments.line_items"],
            )
            listed, found = _unbooked(run, call)
            # Of a part of the orders that were counted, only that there may be some is known.
            expected = count if since is None and channel is None else 1
            orders += found if listed >= expected else _unbooked(run, call)[1]
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


def _since(run: PushRun) -> dict[int, datetime | None]:
    """Return the statuses to look at, and from when on orders in them count.

    An import takes New orders, and took refused ones, from the date in the settings on. Where there
    is none, other orders count from the first one in the books on: those before it were entered by
    hand.
    """
    since, statuses = created_since(run.integration), run.statuses
    first = since or run.integration.first_ordered_at()
    others = _WAITING - {statuses.downloaded} if first is None else _UNSHIPPED
    return {
        **dict.fromkeys(map(int, others), first),
        statuses.new: since,
        statuses.import_error: since,
    }


def _unbooked(run: PushRun, call: ListCall[Order]) -> tuple[int, list[Order]]:
    """How many orders are listed, and those of the channels that are not in the books."""
    listed, found = 0, list[Order]()
    for page in run.order_pages.walk(call):
        rows = orders_of(page)
        listed += len(rows)
        orders = {
            order_import_id(run.source_code, order.id): order
            for order in rows
            if is_of_channels(order, run.settings)
        }
        imported = {order.import_id for order in run.books.sales_orders(list(orders))}
        found += [order for import_id, order in orders.items() if import_id not in imported]
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
