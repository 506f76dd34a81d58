"""What became of an order after its import: quantities, edits and refunds (pure rules).

See docs/facts.md, acctvantage-orders.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

import attrs

from avbc.acctvantage.records import OPEN, SHIPPED, Receipt, SalesOrder
from avbc.bigcommerce.models import Order
from avbc.bigcommerce.models.statuses import SystemStatus
from avbc.mapping.case import MappingRules
from avbc.mapping.decisions import Problem
from avbc.mapping.edits import (
    address_differences,
    fingerprint,
    first_few,
    form_field_differences,
    is_fingerprint_of,
)
from avbc.mapping.reconcile import reconcile
from avbc.mapping.to_ship import left_to_ship
from avbc.mapping.updating import by_hand
from avbc.money import ZERO, amount_text
from avbc.posting import means_posted
from avbc.settings import Settings
from avbc.text import text_key

_NOT_EDITS = frozenset({"received", "held", "fingerprint", "status"})
_REFUNDED = frozenset({SystemStatus.REFUNDED, SystemStatus.PARTIALLY_REFUNDED})


@attrs.frozen
class Edit:
    """An edit of an order after its import."""

    fingerprint: str
    """Of the order as it is now."""
    differs: bool
    """Whether amounts, quantities, lines, addresses or form fields are not as in the books."""
    problem: Problem


def order_state(order: Order) -> str:
    """A short text that changes with all of an order that is followed after its import.

    Raises:
        decimal.InvalidOperation: An amount is not a number.
    """
    parts = [
        str(order.status_id),
        text_key(order.payment_status),
        fingerprint(order),
        *(
            f"{line.id} {line.quantity_shipped} {line.quantity_refunded}"
            for line in order.all_lines
        ),
    ]
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def is_open(status: str, rules: MappingRules) -> bool:
    """Whether an order in this AcctVantage status was not shipped there yet."""
    place, shipped = (rules.order_statuses.get(text_key(name)) for name in (status, SHIPPED))
    is_before = place is None or shipped is None or place < shipped
    return is_before and not means_posted(status)


def shows_refund(order: Order) -> bool:
    """Whether the order shows that something of it was refunded."""
    refunded = any(line.quantity_refunded for line in order.all_lines)
    is_refunded = order.status_id in _REFUNDED
    return refunded or is_refunded or "refunded" in text_key(order.payment_status)


def is_credited(sales_order: SalesOrder, credited: Decimal) -> bool:
    """Whether credits cover all of a sales order."""
    return bool(credited) and credited >= sales_order.total


def money_held(happened: str, receipts: Iterable[Receipt], currency: str) -> str:
    """Say what money of an order is held that was canceled or declined; empty for none.

    BigCommerce gives none of it back by itself, and the receipts go with the sales order.
    """
    if happened not in ("canceled", "declined"):
        return ""
    receipts = list(receipts)
    received = sum((one.amount for one in receipts if one.state == "captured"), ZERO)
    held = sum((one.pre_auth_amount for one in receipts if one.state == "pre_authorized"), ZERO)
    said: list[str] = []
    if received:
        said.append(f"{amount_text(received)} {currency} was received for it.")
    if held:
        said.append(f"An authorization of {amount_text(held)} {currency} is open.")
    return " ".join(said)


def to_ship_now(
    sales_order: SalesOrder,
    order: Order,
    shipped_here: Mapping[int, Decimal],
    *,
    status_is_ours: bool = False,
) -> dict[int, Decimal]:
    """The lines of which less is left to ship than the books say, with what is left of each.

    Units that the store shipped count as far as they are more than AcctVantage shipped itself, and
    so do refunded units. Nothing is added: what AcctVantage has less of is on backorder there, or
    was changed by a person.

    Args:
        sales_order: The order as the books have it.
        order: The order as the store has it now, with all its lines.
        shipped_here: What the books' own shipments hold, by the line's id in the store.
        status_is_ours: Whether avbc gave the order its status in the store, which then says nothing
            about goods.
    """
    left = left_to_ship(
        attrs.evolve(order, status_id=SystemStatus.PARTIALLY_SHIPPED) if status_is_ours else order
    )
    # Of a line that was taken off units may have been refunded before.
    sold = {line.id: line for line in order.all_lines}
    is_shipped = not any(left.values())
    found: dict[int, Decimal] = {}
    for line in sales_order.lines:
        theirs = sold.get(line.store_line_id or 0)
        if theirs is None or not line.to_ship.is_finite():
            continue
        refunded = max(0, theirs.quantity_refunded)
        # An edited quantity is an edit, and says nothing about what is left of the old one.
        ordered = line.quantity if is_shipped else Decimal(theirs.quantity)
        by_hand = ordered - refunded - left[theirs.id] - shipped_here.get(theirs.id, ZERO)
        now = max(ZERO, min(line.to_ship, line.quantity - refunded - max(ZERO, by_hand)))
        if now < line.to_ship:
            found[theirs.id] = now
    return found


def may_update(
    sales_order: SalesOrder,
    order: Order,
    receipts: Collection[Receipt],
    credited: Decimal,
    settings: Settings,
    *,
    never_entered: bool = False,
) -> bool:
    """Whether an import may bring the sales order of an edited order up to date.

    One that AcctVantage refused, and that it has not entered in any version, is brought up to date
    whatever the policy for edits is, also in the status that its import gave it.
    """
    screen = settings.order_status
    first = screen.new_sales_order_status if never_entered else OPEN
    return (
        (never_entered or screen.edited_orders == "update")
        and text_key(sales_order.status) in {text_key(OPEN), text_key(first)}
        and not any(receipt.posted for receipt in receipts)
        and not by_hand(receipts)
        and not is_credited_already(sales_order, order, credited)
    )


def is_credited_already(sales_order: SalesOrder, order: Order, credited: Decimal) -> bool:
    """Whether credits may be for what an order was edited down by.

    With both, it would be given back twice.
    """
    return bool(credited) and order.total_inc_tax < sales_order.total


def edit_of(
    sales_order: SalesOrder,
    order: Order,
    receipts: Collection[Receipt],
    rules: MappingRules,
    *,
    as_mapped: Order | None = None,
    credited: Decimal = ZERO,
) -> Edit | None:
    """How an order was edited in the store after its import; None where it was not.

    Args:
        sales_order: The order as the books have it.
        order: The order as the store has it now, with all its lines.
        receipts: The receipts on it.
        rules: Settings and reference data.
        as_mapped: The order as an import would map it, where customisations change it.
        credited: The total of the credits on the sales order.
    """
    if not sales_order.fingerprint or is_fingerprint_of(sales_order.fingerprint, order):
        return None
    now = fingerprint(order)
    number = sales_order.import_id
    differences = [
        str(difference)
        for found in reconcile([order], [sales_order], receipts, rules)
        for difference in found.differences
        if difference.field not in _NOT_EDITS
    ]
    mapped_from = as_mapped or order
    differences += map(str, address_differences(sales_order, mapped_from))
    differences += map(str, form_field_differences(sales_order, mapped_from))
    shown = first_few(differences) or "no amount, quantity or address differs"
    problem = Problem(
        "order_edited_after_import",
        "fingerprint",
        now[:12],
        f"Order {order.id} was edited in the store after {number} was imported: {shown}.",
        f"Call import_order({order.id}), which brings {number} up to date."
        if may_update(sales_order, order, receipts, credited, rules.settings)
        else f"Correct {number} in AcctVantage by hand, then call settle({order.id}).",
    )
    return Edit(now, bool(differences), problem)


_HAVE_IT_CREDITED = (
    " Or have avbc do it: set gl.import_refunds = true and call import_refunds(since=...) from "
    "before the refund, with preview=True first: it credits each refund since then, also those "
    "that were booked by hand."
)


def refund_not_booked(
    sales_order: SalesOrder,
    order: Order,
    refunds: Iterable[Decimal],
    credited: Decimal,
    rules: MappingRules,
    *,
    keeps_credits: bool,
) -> Problem | None:
    """The problem of a refund in the store for which the books have no credit.

    Args:
        sales_order: The order as the books have it.
        order: The order as the store has it now.
        refunds: The totals of its refunds.
        credited: The total of the credits on the sales order.
        rules: Settings and reference data.
        keeps_credits: Whether avbc can write credits in the books.
    """
    refunded = sum(refunds, ZERO)
    if rules.settings.gl.import_refunds or not shows_refund(order):
        return None
    if credited >= refunded - rules.half_minor_unit and (refunded or credited):
        return None
    amount = f"{amount_text(refunded)} {sales_order.currency}" if refunded else "A part"
    booked = f"credits of {amount_text(credited)}" if credited else "no credit"
    return Problem(
        "refund_not_booked",
        "status_id",
        str(order.status_id),
        f"{amount} of order {order.id} was refunded in the store, and the books have {booked} on "
        f"{sales_order.import_id}.",
        f"Enter the credit in AcctVantage, then call settle({order.id}) if the item stays."
        + (_HAVE_IT_CREDITED if keeps_credits else ""),
    )
