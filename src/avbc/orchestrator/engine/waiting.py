"""What orders that wait in the store, not imported yet, have sold already (docs/facts.md, acctvantage-inventory)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from decimal import Decimal

from avbc.acctvantage.import_ids import order_import_id
from avbc.bigcommerce import StoreError
from avbc.bigcommerce.call import ListCall, UnreadableRow
from avbc.bigcommerce.models import Order
from avbc.mapping import waiting_demand
from avbc.orchestrator.engine.run import PushRun, order_extra
from avbc.orchestrator.engine.statuses import SYSTEM_STATUSES, ImportStatuses
from avbc.orchestrator.engine.store_orders import non_empty_lists
from avbc.text import text_key

_PLACED = ("Awaiting Payment", "Awaiting Fulfillment", "Manual Verification Required")
"""Where a placed order may wait before its import, beside the New and the Import Error Status: its goods are sold (inferred). An order that
is Incomplete or Pending is a checkout that was never finished."""

_log = logging.getLogger("avbc.orchestrator")


def waiting_quantities(run: PushRun, statuses: ImportStatuses) -> dict[str, Decimal]:
    """How many pieces of each product wait in the store to be imported, by `text_key` of the part number.

    One request tells how many orders there are in each status; only statuses that have some are
    listed, once more where fewer come than were told: a 204 in the place of a page must not put
    what they sold back on sale. Orders that are in the books already, whatever their status, do not
    count.

    Raises:
        StoreError: The orders cannot be read.
        BooksUnreachable: The books cannot be read.
    """
    counts = run.store.orders.count()
    listed = [status_id for status_id in _statuses(statuses) if counts.of(status_id)]
    since = run.settings.order_status.import_orders_created_since
    orders: list[Order] = []
    for status_id in listed:
        call = run.store.orders.waiting.call(
            status_id, min_date_created=since, include=["consignments.line_items"]
        )
        told = counts.of(status_id) if since is None else 1
        came, found = _placed(run, call)
        orders += found if came >= told else _placed(run, call)[1]
    _read_lines(run, [order for order in orders if not order.lines_complete])
    demand = waiting_demand(orders)
    aliases = _aliases(run, demand) if demand else {}
    return waiting_demand(orders, aliases) if aliases else demand


def _statuses(statuses: ImportStatuses) -> list[int]:
    placed = [status.id for status in SYSTEM_STATUSES if status.name in _PLACED]
    return sorted({*placed, statuses.new, statuses.import_error} - {statuses.downloaded})


def _placed(run: PushRun, call: ListCall[Order]) -> tuple[int, list[Order]]:
    """How many orders came, and those of them that are not in the books."""
    came, found = 0, list[Order]()
    for page in run.store.pages(call):
        orders = [*page.items, *_bare(page.unreadable)]
        came += len(orders)
        found += _not_imported(run, orders)
    return came, found


def _bare(rows: Iterable[UnreadableRow]) -> list[Order]:
    """Orders that cannot be read as a whole, by their ids: their lines are read apart."""
    return [Order(id=row.id, items_total=-1) for row in rows if row.id is not None]


def _not_imported(run: PushRun, orders: Sequence[Order]) -> list[Order]:
    if not orders:
        return []
    import_ids = {order.id: order_import_id(run.source_code, order.id) for order in orders}
    imported = {order.import_id for order in run.books.sales_orders(list(import_ids.values()))}
    return [order for order in orders if import_ids[order.id] not in imported]


def _read_lines(run: PushRun, orders: Sequence[Order]) -> None:
    calls = [run.store.order_products.list.call(order.id) for order in orders]
    for order, lines in zip(orders, non_empty_lists(run.store, calls), strict=True):
        if isinstance(lines, StoreError):
            # Better a few pieces too many on sale than none of all other products brought up to
            # date.
            extra = order_extra(order.id, order_import_id(run.source_code, order.id))
            _log.warning(
                "the lines of order %d could not be read, so what it sold is not counted: %s",
                order.id,
                lines,
                extra=extra,
            )
        elif not isinstance(lines, Exception):
            order.products = tuple(lines)


def _aliases(run: PushRun, demand: Iterable[str]) -> dict[str, str]:
    """The part number by alias, of what was sold; a part number comes before an alias."""
    products = run.books.find_products(list(demand))
    keys = {text_key(product.part_number) for product in products}
    return {
        text_key(alias): text_key(product.part_number)
        for product in products
        for alias in product.aliases
        if text_key(alias) not in keys
    }
