"""What is left to ship of an order: ordered less refunded less shipped (AcctVantage's Ship qty).

See docs/facts.md, acctvantage-orders and bigcommerce-orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import attrs

from avbc.acctvantage.records import SalesOrderLine
from avbc.bigcommerce.models import Order, OrderProduct
from avbc.bigcommerce.models.statuses import SystemStatus
from avbc.mapping.case import Case
from avbc.mapping.lines import PHYSICAL
from avbc.money import ZERO
from avbc.text import text_key

_SHIPPED = frozenset({SystemStatus.SHIPPED, SystemStatus.COMPLETED})
_PICK = "Pick what its lines have left to ship, and not what was ordered."


def left_to_ship(order: Order) -> dict[int, Decimal]:
    """What is left to ship of each line, by the line's id in the store.

    It is what was ordered less what was refunded less what was shipped, and never below 0; nothing
    of an order that is Shipped or Completed, which a person may make it without a shipment, and
    nothing of one whose whole payment was refunded, which need not count the lines' units. A
    component of a bundle is left as far as its bundle is. Downloads and gift certificates count as
    what was ordered, too: the store delivers them, but AcctVantage bills what it ships, and would
    have them on backorder otherwise (inferred).

    >>> from avbc.bigcommerce.models import OrderProduct
    >>> mugs = OrderProduct(id=5, quantity=10, quantity_shipped=4, quantity_refunded=1)
    >>> left_to_ship(Order(id=1, status_id=3, products=(mugs,)))
    {5: Decimal('5')}
    >>> left_to_ship(Order(id=1, status_id=10, products=(mugs,)))
    {5: Decimal('0')}
    """
    lines = order.all_lines
    is_refunded = (
        order.status_id == SystemStatus.REFUNDED and text_key(order.payment_status) == "refunded"
    )
    if is_refunded or order.status_id in _SHIPPED:
        return {line.id: ZERO for line in lines}
    left = units_left(lines)
    return {line.id: Decimal(units) for line, units in zip(lines, left, strict=True)}


def units_left(lines: Sequence[OrderProduct]) -> list[int]:
    """What is neither refunded nor shipped of each line, and never below 0.

    A component of a bundle is left as far as its bundle is.
    """
    own = [
        max(0, line.quantity - max(0, line.quantity_refunded) - max(0, line.quantity_shipped))
        for line in lines
    ]
    bundles = {line.id: (line.quantity, left) for line, left in zip(lines, own, strict=True)}
    found: list[int] = []
    for line, left in zip(lines, own, strict=True):
        ordered, of_bundle = bundles.get(line.parent_order_product_id or 0, (0, 0))
        if line.parent_order_product_id and ordered > 0:
            # Rounded up: rather one too many to check than one too few in the parcel.
            found.append(min(left, -(-line.quantity * of_bundle // ordered)))
        else:
            found.append(left)
    return found


def with_to_ship(
    order: Order, lines: Sequence[SalesOrderLine], case: Case
) -> tuple[SalesOrderLine, ...]:
    """The lines of a new sales order with what is left to ship; a warning where it is not all.

    Wrapping, handling and fees go with what is shipped: all of each, or nothing of a shipped order.
    Amounts stay those of what was ordered.
    """
    left, sold = left_to_ship(order), {line.id: line for line in order.lines}
    is_shipped = order.status_id in _SHIPPED
    made: list[SalesOrderLine] = []
    for position, line in enumerate(lines):
        number = line.store_line_id
        to_ship = line.quantity if number is None else left[number]
        field = f"lines[{position}].to_ship"
        if is_shipped:
            to_ship = ZERO
            case.note(
                field, "0", "the order is {} in the store", "", SystemStatus(order.status_id).label
            )
        elif number is not None and to_ship != line.quantity:
            case.note(
                field,
                str(to_ship),
                "{} ordered, less {} refunded and {} shipped, as far as its bundle is left"
                if line.component_of
                else "{} ordered, less {} refunded and {} shipped",
                "",
                line.quantity,
                sold[number].quantity_refunded,
                sold[number].quantity_shipped,
            )
        made.append(line if line.to_ship == to_ship else attrs.evolve(line, to_ship=to_ship))
    _warn(order, left, case)
    return tuple(made)


def _warn(order: Order, left: dict[int, Decimal], case: Case) -> None:
    """Warn once of goods that the warehouse must not send again."""
    goods = [line for line in order.lines if line.type == PHYSICAL]
    if all(left[line.id] == line.quantity for line in goods):
        return
    pieces = sum((left[line.id] for line in goods), ZERO)
    of_all = f"{pieces} of {sum(line.quantity for line in goods)} pieces are left to ship."
    if not pieces:
        case.warn(
            "nothing_left_to_ship",
            "products",
            "0",
            "Nothing of it is left to ship: it was shipped or refunded in the store.",
            "Pick nothing for it: give it the status Shipped/Invoice in AcctVantage to bill it.",
        )
    elif any(line.quantity_shipped for line in goods):
        case.warn(
            "partly_shipped_before_import",
            "products",
            str(pieces),
            f"A part of it was shipped in the store: {of_all}",
            _PICK,
        )
    else:
        case.warn(
            "partly_refunded_before_import",
            "products",
            str(pieces),
            f"A part of it was refunded in the store: {of_all}",
            _PICK,
        )
