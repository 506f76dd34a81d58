"""What orders waiting in the store have sold already (docs/facts.md, acctvantage-inventory)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from decimal import Decimal

from avbc.acctvantage.import_ids import order_import_id
from avbc.bigcommerce.call import ListCall
from avbc.bigcommerce.endpoints.orders import Include
from avbc.bigcommerce.models import Order
from avbc.mapping import waiting_demand
from avbc.orchestrator.engine.run import PushRun, order_extra
from avbc.orchestrator.engine.statuses import SYSTEM_STATUSES
from avbc.orchestrator.engine.store_orders import complete_lines, orders_of, waiting_orders
from avbc.text import text_key

_PLACED = ("Awaiting Payment", "Awaiting Fulfillment", "Manual Verification Required")
"""Where a placed order may wait for its import, apart from the New and the Import Error Status: its
goods are sold (inferred). An Incomplete or Pending order is a checkout that was never finished."""

_LINES: tuple[Include, ...] = ("consignments.line_items",)

_log = logging.getLogger("avbc.orchestrator")


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
    placed = {status.id for status in SYSTEM_STATUSES if status.name in _PLACED}
    statuses = (placed | {run.statuses.new, run.statuses.import_error}) - {run.statuses.downloaded}
    since = run.settings.order_status.import_orders_created_since
    orders: list[Order] = []
    for status_id in sorted(statuses):
        if count := counts.of(status_id):
            call = waiting_orders(run.store, run.settings, status_id, _LINES)
            listed, found = _waiting(run, call)
            expected = count if since is None else 1
            orders += found if listed >= expected else _waiting(run, call)[1]
    _read_lines(run, [order for order in orders if not order.lines_complete])
    demand = waiting_demand(orders)
    aliases = _aliases(run, demand) if demand else {}
    return waiting_demand(orders, aliases) if aliases else demand


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


def _read_lines(run: PushRun, orders: Sequence[Order]) -> None:
    for order_id, error in complete_lines(run.store, orders).items():
        # Better a few pieces too many on sale than no other product brought up to date.
        _log.warning(
            "the lines of order %d could not be read, so what it sold is not counted: %s",
            order_id,
            error,
            extra=order_extra(order_id, order_import_id(run.source_code, order_id)),
        )


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
