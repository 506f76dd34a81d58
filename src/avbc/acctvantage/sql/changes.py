"""What becomes of an order in the books after its import: what is left to ship, its deletion."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import sqlalchemy as sa

from avbc.acctvantage.errors import BooksRefused
from avbc.acctvantage.records import POSTED, SHIPPED, SalesOrder
from avbc.acctvantage.sql import column_types, schema
from avbc.acctvantage.sql.reading import order_statuses, sales_orders
from avbc.acctvantage.sql.stock import is_taken, move_goods
from avbc.posting import means_posted
from avbc.text import quoted, text_key


def set_to_ship(
    connection: sa.Connection, order_import_id: str, to_ship: Mapping[int, Decimal]
) -> SalesOrder:
    """Say what is left to ship of lines of an order, by their `store_line_id`.

    Lines that have it already stay as they are. Qty Available does not change: it is net of all
    that was ordered, since what was shipped by hand in the store has left the shelf, too.

    Raises:
        BooksRefused: There is no such order or line, a number is negative or above the line's
            quantity, the order is Shipped/Invoice or further, or a receipt on it is posted.
    """
    order, is_posted = _locked(connection, order_import_id)
    about = f"order {order_import_id}"
    if missing := to_ship.keys() - {line.store_line_id for line in order.lines}:
        raise BooksRefused(f"{about} has no line {min(missing)} of the store")
    changes: dict[int, Decimal] = {}
    for line in order.lines:
        if line.store_line_id is None or line.store_line_id not in to_ship:
            continue
        left = to_ship[line.store_line_id]
        if not left.is_finite() or not 0 <= left <= line.quantity:
            raise BooksRefused(
                f"{about}: {left} of the line {quoted(line.description)} cannot be left to ship, "
                f"since {line.quantity} were ordered"
            )
        if left != line.to_ship:
            changes[line.store_line_id] = left
    if not changes:
        return order
    if is_posted or _has_reached(SHIPPED, order.status, order_statuses(connection)):
        state = "a receipt on it is posted" if is_posted else f"it is {order.status}"
        raise BooksRefused(
            f"{about}: what is left to ship cannot change, because {state}. Correct it in "
            "AcctVantage"
        )
    table, orders = schema.sales_order_lines, schema.sales_orders
    for store_line_id, left in changes.items():
        these = (table.c.order_id == order.id) & (table.c.store_line_id == store_line_id)
        connection.execute(table.update().values(to_ship=left).where(these))
    stamp = orders.update().values(
        updated_at=column_types.DatabaseNow(), version=orders.c.version + 1
    )
    connection.execute(stamp.where(orders.c.id == order.id))
    return sales_orders(connection, [order_import_id])[0]


def delete_order(connection: sa.Connection, order_import_id: str) -> None:
    """Delete an order that is not posted, with its receipts, shipments and credits.

    Goods that left what is on hand when it was Picked come back. Its client stays.

    Raises:
        BooksRefused: There is no such order, or it or a receipt on it is posted.
    """
    order, is_posted = _locked(connection, order_import_id)
    statuses = order_statuses(connection)
    if is_posted or _has_reached(POSTED, order.status, statuses):
        state = "a receipt on it is posted" if is_posted else f"it is {order.status}"
        raise BooksRefused(f"order {order_import_id} cannot be deleted: {state}")
    if order.status_changed_at is not None and is_taken(order.status, statuses):
        move_goods(connection, order_import_id, 1)
    for table in (schema.receipts, schema.shipments, schema.credits):
        connection.execute(table.delete().where(table.c.order_import_id == order_import_id))
    orders = schema.sales_orders
    connection.execute(orders.delete().where(orders.c.id == order.id))


def _locked(connection: sa.Connection, import_id: str) -> tuple[SalesOrder, bool]:
    """An order that no one else changes until the transaction ends; whether a receipt is posted."""
    order, receipt = schema.sales_orders.c, schema.receipts.c
    connection.execute(sa.select(order.id).where(order.import_id == import_id).with_for_update())
    found = sales_orders(connection, [import_id])
    if not found:
        raise BooksRefused(f"there is no order {quoted(import_id)} in the books")
    posted = sa.select(receipt.posted).where(receipt.order_import_id == import_id)
    return found[0], any(connection.scalars(posted.with_for_update()).all())


def _has_reached(status: str, current: str, statuses: tuple[str, ...]) -> bool:
    """Whether an order is in a status or Posted, or in one that comes after them."""
    earlier = statuses[: statuses.index(current)] if current in statuses else ()
    key = text_key(status)
    return any(text_key(one) == key or means_posted(one) for one in (*earlier, current))
