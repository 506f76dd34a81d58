"""Quantities: on hand, reserved by imported orders, and left.

As in AcctVantage's manual (Inventory Levels for Sales Orders; `docs/facts.md`,
acctvantage-inventory), an order reserves its lines' quantities from Open on. At Picked they leave
the real-time on hand, and the reserve ends. So what is available falls once, when the order comes
in. All reserve categories count as ticked. An order that comes in already Picked or later changes
no quantity: its goods had left before the books knew of it.

A product that has no row of quantities in a warehouse was never counted there: nobody knows what is
on hand. That is not 0, and no order makes it a number.

Where AcctVantage gave its own Qty Available, that is what counts. Of it go the orders that it had
not entered then: those without an answer, and those entered since (`entered_since`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import TypeAlias

import sqlalchemy as sa

from avbc.acctvantage.books_file import meant
from avbc.acctvantage.errors import BooksRefused
from avbc.acctvantage.records import OPEN, PACKED, PICKED, SHIPPED, SalesOrder
from avbc.acctvantage.sql import schema
from avbc.acctvantage.sql.reading import among, key_chunks, order_statuses, sales_orders
from avbc.acctvantage.sql.rows import put, texts
from avbc.money import ZERO
from avbc.posting import means_posted
from avbc.statements import AnySelect, fetch, fetch_column, write
from avbc.text import quoted, text_key

_STOCKED = ("inventory", "assembly")
"""Kinds of product with a stock of their own: a kit is its components (manual, Product Types)."""


def reserving(statuses: Sequence[str]) -> tuple[str, ...]:
    """Return the statuses that reserve stock: from Open to the first in which goods are taken.

    >>> reserving(["Quote", "Open", "Waiting", "Committed", "Picked", "Posted"])
    ('Open', 'Waiting', 'Committed')
    >>> reserving(["quote", "OPEN", "waiting", "picked"])
    ('OPEN', 'waiting')
    """
    keys = [text_key(status) for status in statuses]
    start = keys.index(text_key(OPEN)) if text_key(OPEN) in keys else 0
    taken = [position for position, status in enumerate(statuses) if _takes(status)]
    return tuple(statuses[start : taken[0] if taken else None])


_TAKEN = frozenset(map(text_key, (PICKED, PACKED, SHIPPED)))


def _takes(status: str) -> bool:
    """Whether an order's goods leave the shelf in this status."""
    return text_key(status) in _TAKEN or means_posted(status)


def is_taken(status: str, statuses: Sequence[str]) -> bool:
    """Whether an order's goods have left the shelf: at Picked and every status after it.

    >>> is_taken("Packed", ["Open", "Picked", "Packed"])
    True
    >>> is_taken("Open", ["Open", "Picked", "Packed"])
    False
    """
    if status not in statuses:
        return _takes(status)
    return any(_takes(earlier) for earlier in statuses[: statuses.index(status) + 1])


PAGE = 50_000
"""Quantities that are read at once, from one snapshot together with what orders reserve of them."""

Left: TypeAlias = tuple[str, tuple[str, Decimal | None]]
"""The key of a part number; the part number as the books spell it and its Qty Available.

None where no quantity is known."""


def available(
    connection: sa.Connection, warehouse: str, part_numbers: Collection[str] | None = None
) -> dict[str, Decimal]:
    """Return the Qty Available in a warehouse by part number, of these products or all stocked.

    It is what is on hand less what orders reserve from Open until they are Picked, and may be
    negative. Part numbers compare by `text_key` and come back as the books spell them. Unknown ones
    are left out, and so are products without any quantity there.

    Raises:
        BooksRefused: There is no such warehouse.
    """
    known_warehouse(connection, warehouse)
    reserved = _Reserved(connection, warehouse)
    part_key = schema.products.c.part_key
    found: dict[str, Decimal] = {}
    if part_numbers is not None:
        for chunk in key_chunks(text_key(part_number) for part_number in part_numbers):
            found.update(_counted(_left(connection, warehouse, reserved, part_key.in_(chunk))))
        return found
    after = ""
    while page := _left(connection, warehouse, reserved, part_key > after):
        found.update(_counted(page))
        after = page[-1][0]
    return found


def _counted(page: Sequence[Left]) -> Iterator[tuple[str, Decimal]]:
    for _, (part_number, left) in page:
        if left is not None:
            yield part_number, left


def page_for_store(connection: sa.Connection, warehouse: str, after: str) -> list[Left]:
    """The next quantities for the store after the key of a part number."""
    is_next = schema.IS_FOR_STORE & (schema.products.c.part_key > after)
    return _left(connection, warehouse, _Reserved(connection, warehouse), is_next)


def quantities_for_store(
    connection: sa.Connection, warehouse: str, part_keys: Sequence[str]
) -> list[Left]:
    """The quantities of those of these products whose Sync to Webstore is ticked."""
    are_these = schema.IS_FOR_STORE & schema.products.c.part_key.in_(part_keys)
    return _left(connection, warehouse, _Reserved(connection, warehouse), are_these)


def _left(
    connection: sa.Connection,
    warehouse: str,
    reserved: _Reserved,
    condition: sa.ColumnElement[bool],
) -> list[Left]:
    """The quantities of the first stocked products that meet a condition, by part key."""
    product, quantity = schema.products.c, schema.quantities.c
    here = (quantity.part_key == product.part_key) & (quantity.warehouse == warehouse)
    select = (
        sa.select(
            product.part_key,
            product.part_number,
            sa.cast(quantity.on_hand, sa.Text),
            sa.cast(quantity.available, sa.Text),
        )
        .join_from(schema.products, schema.quantities, here, isouter=True)
        .where(product.kind.in_(_STOCKED) | quantity.on_hand.is_not(None), condition)
        .order_by(product.part_key)
        .limit(PAGE)
    )
    number = _Numbers()
    found: list[Left] = []
    for part_key, part_number, on_hand, given in texts(connection, select):
        if on_hand is None:
            found.append((part_key, (part_number, None)))
            continue
        left = number[given or on_hand]
        taken_off = reserved.in_books if given is None else reserved.not_given
        if part_key in taken_off:
            left -= taken_off[part_key]
        found.append((part_key, (part_number, left)))
    return found


class _Reserved:
    """What orders reserve in a warehouse, by the keys of part numbers."""

    def __init__(self, connection: sa.Connection, warehouse: str) -> None:
        self.in_books: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        """To take off what is on hand."""
        self.not_given: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        """To take off what AcctVantage gave: what it does not have in it."""
        statuses = order_statuses(connection)
        order, line = schema.sales_orders.c, schema.sales_order_lines.c
        reserve = reserving(statuses)
        select = (
            sa.select(line.part_number, sa.cast(line.quantity, sa.Text), _is_entered())
            .join_from(schema.sales_orders, schema.sales_order_lines)
            .where(
                order.status.in_(reserve),
                order.warehouse == warehouse,
                line.part_number.is_not(None),
            )
        )
        number = _Numbers()
        for part_number, quantity, is_entered in texts(connection, select):
            part_key = text_key(part_number)
            self.in_books[part_key] += number[quantity]
            if not is_entered:
                self.not_given[part_key] += number[quantity]
        since = schema.entered_since
        entered = (
            sa.select(since.c.part_key, sa.cast(since.c.quantity, sa.Text))
            .join_from(since, schema.sales_orders, since.c.order_id == order.id)
            .where(
                since.c.warehouse == warehouse,
                # One that came in when its goods had left changes no quantity; nor does a quote.
                order.status.in_(reserve) | order.status_changed_at.is_not(None),
                order.status.not_in(_before(statuses, reserve)),
                # The others are taken off above.
                _is_entered() | order.status.not_in(reserve),
            )
        )
        for part_key, quantity in texts(connection, entered):
            self.not_given[part_key] += number[quantity]


def _before(statuses: Sequence[str], reserve: Sequence[str]) -> Sequence[str]:
    """The statuses before an order reserves anything."""
    return statuses[: statuses.index(reserve[0])] if reserve else ()


def _is_entered() -> sa.ColumnElement[bool]:
    """Whether AcctVantage has an order: as it is now, or an earlier version of a refused one."""
    order, answer = schema.sales_orders.c, schema.acknowledgements.c
    # With a limit, PostgreSQL looks at the answers to an order. Of EXISTS it makes a table of all
    # that were ever given, once enough orders reserve something.
    first_entered = (
        sa.select(answer.id)
        .where(answer.import_id == order.import_id, answer.document_number != "")
        .limit(1)
        .scalar_subquery()
    )
    return sa.case(
        (order.answered == "entered", sa.true()),
        (order.answered == "refused", first_entered.is_not(None)),
        else_=sa.false(),
    )


class _Numbers(dict[str, Decimal]):
    """Decimals by their text: among a million quantities few differ, so each is made once."""

    def __missing__(self, text: str) -> Decimal:
        value = self[text] = Decimal(text)
        return value


def set_quantity(
    connection: sa.Connection, part_number: str, warehouse: str, quantity: Decimal | int
) -> None:
    """Set what is on hand of a product in a warehouse, without the goods of Picked orders.

    Raises:
        BooksRefused: There is no such product or no such warehouse.
    """
    known_warehouse(connection, warehouse)
    product, part_key = schema.products.c.part_key, text_key(part_number)
    if connection.scalar(sa.select(product).where(product == part_key)) is None:
        raise BooksRefused(f"there is no product {quoted(part_number)} in the books")
    row = {"warehouse": warehouse, "part_key": part_key, "on_hand": Decimal(quantity)}
    put(connection, schema.quantities, row)


_ORDER, _LINE, _QUANTITY = (
    schema.sales_orders.c,
    schema.sales_order_lines.c,
    schema.quantities.c,
)
_IS_THIS = _ORDER.import_id == sa.bindparam("of")
_STATUS: AnySelect = sa.select(_ORDER.status).where(_IS_THIS).with_for_update()
_NEW_STATUS = schema.sales_orders.update().where(_IS_THIS)
_SHELF: AnySelect = (
    sa.select(schema.warehouses.c.name)
    .join_from(schema.sales_orders, schema.warehouses, _ORDER.warehouse == schema.warehouses.c.name)
    .where(_IS_THIS)
)
_GOODS: AnySelect = (
    sa.select(_LINE.part_number, _LINE.quantity)
    .join_from(schema.sales_orders, schema.sales_order_lines)
    .where(_IS_THIS, _LINE.part_number.is_not(None))
)
_ON_HAND: AnySelect = (
    sa.select(_QUANTITY.part_key, _QUANTITY.on_hand)
    .where(_QUANTITY.warehouse == sa.bindparam("warehouse"))
    .order_by(_QUANTITY.part_key)
    .with_for_update()
)


def set_order_status(connection: sa.Connection, import_id: str, status: str) -> SalesOrder:
    """Give an order a status, and stamp the time of the change.

    At Picked its goods leave what is on hand; before Picked they come back. An order that has
    the status already stays as it is. Whether it may be posted, the caller must know.

    Raises:
        BooksRefused: There is no such order, or the books know no such status.
    """
    statuses = order_statuses(connection)
    if status not in statuses:
        raise BooksRefused(
            f"the books know no order status {quoted(status)}{_known(status, statuses)}"
        )
    found = fetch_column(connection, _STATUS, {"of": import_id})
    if not found:
        raise BooksRefused(f"there is no order {quoted(import_id)} in the books")
    before = found[0]
    if before != status:
        write(connection, _NEW_STATUS, {"of": import_id, "status": status})
        now_taken = is_taken(status, statuses)
        if is_taken(before, statuses) != now_taken:
            move_goods(connection, import_id, -1 if now_taken else 1)
    return sales_orders(connection, [import_id])[0]


def move_goods(connection: sa.Connection, import_id: str, sign: int) -> None:
    """Take an order's goods off the shelf (`sign` -1) or put them back (+1).

    Of a product that was never counted, none are on the shelf by the books: nothing changes.
    """
    this = {"of": import_id}
    warehouses = fetch_column(connection, _SHELF, this)
    if not warehouses:
        return
    warehouse = warehouses[0]
    wanted: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for part_number, count in fetch(connection, _GOODS, this):
        wanted[text_key(part_number)] += count
    for chunk in key_chunks(sorted(wanted)):
        keys = {"warehouse": warehouse, "keys": chunk}
        on_hand = fetch(connection, among(_ON_HAND, _QUANTITY.part_key), keys)
        rows = [
            {
                "warehouse": warehouse,
                "part_key": part_key,
                "on_hand": count + sign * wanted[part_key],
            }
            for part_key, count in on_hand
        ]
        put(connection, schema.quantities, *rows)


def known_warehouse(connection: sa.Connection, name: str) -> None:
    """Refuse a warehouse that is not in the books, naming the nearest that is, or all."""
    names = list(connection.scalars(sa.select(schema.warehouses.c.name)))
    if name not in names:
        raise BooksRefused(
            f"there is no warehouse {quoted(name)} in the books{_known(name, names)}"
        )


def _known(name: str, names: Sequence[str]) -> str:
    """The end of a refusal: the known name that is near, or all of them."""
    return meant(name, names) or f": there are {', '.join(names) or 'none'}"
