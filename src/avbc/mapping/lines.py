"""Lines: all that an order sells, in the books' kinds of lines, and where each of them goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import attrs

from avbc.acctvantage.records import Address, LineKind, Product, SalesOrderLine, ShipVia
from avbc.bigcommerce.models import (
    Consignments,
    Fee,
    Order,
    OrderProduct,
    PickupConsignment,
    ShippingConsignment,
)
from avbc.mapping.case import Case
from avbc.mapping.decisions import MappingProblem
from avbc.mapping.product_names import GIFT_CERTIFICATE
from avbc.mapping.products import product_named
from avbc.mapping.proof import COMPARE, unreadable
from avbc.mapping.reference import ShipViaChoice, ship_via_for, ship_via_row
from avbc.mapping.text import address, plain
from avbc.money import STEP, ZERO, amount_text, are_store_amounts, is_amount
from avbc.text import quoted, text_key

PHYSICAL = "physical"
_COSTS: Mapping[str, tuple[MappingProblem, str]] = {
    "wrapping": ("wrapping_does_not_foot", "gift wrapping of the lines"),
    "handling": ("handling_does_not_foot", "handling of the consignments"),
    "shipping": ("shipping_does_not_foot", "shipping of the consignments"),
}
"""The parts of each cost of an order: the problem where they miss its sum, and their name."""


@attrs.frozen
class Routes:
    """How lines reach the customer: one Ship To and Ship Via for each shipping consignment."""

    ship_tos: tuple[Address, ...] = ()
    ship_via: str = ""
    """The order's own: the first consignment's."""
    new_ship_vias: tuple[ShipVia, ...] = ()
    by_address_id: Mapping[int, tuple[int, str]] = attrs.field(factory=dict[int, tuple[int, str]])
    """Ship To's position and Ship Via by BigCommerce's order_address_id."""
    pickups: Mapping[int, PickupConsignment] = attrs.field(factory=dict[int, PickupConsignment])
    """Pickups by the ids that lines may name."""
    recipients: Mapping[int, str] = attrs.field(factory=dict[int, str])
    """Where a gift certificate is sent, by the line's id."""


def routes(order: Order, lines: Sequence[OrderProduct], case: Case) -> Routes:
    """Ship Tos and Ship Vias of an order.

    Several consignments give several Ship Tos, and each line its own Ship Via; the order's is that
    of the first. What is collected has the Ship Via of the pickup method's row or name, if there is
    one; anything else that has no shipping method has the default (manual 2.3.2), which may be left
    out where nothing is shipped (inferred).
    """
    consignments = order.consignments
    if consignments is None:
        if order.shipping_address_count or any(line.order_address_id for line in lines):
            case.error(
                "consignments_missing",
                "consignments",
                order.shipping_address_count,
                "The order was read without its consignments, so where its lines go is not known.",
                "Read it with include=consignments.line_items and consignment_structure=object.",
            )
            return Routes()
        consignments = Consignments()
    chosen: dict[str, ShipViaChoice] = {}
    by_address_id: dict[int, tuple[int, str]] = {}
    ship_tos: list[Address] = []
    for position, consignment in enumerate(consignments.shipping):
        method = text_key(consignment.shipping_method)
        choice = chosen.get(method)
        if choice is None:
            field = "ship_via" if position == 0 else f"ship_tos[{position}].ship_via"
            ruling = ship_via_for(
                consignment.shipping_method, case.rules, field, locale=order.customer_locale
            )
            choice = chosen[method] = case.add(ruling) or ShipViaChoice("")
        by_address_id[consignment.id] = (position, choice.name)
        ship_to = address(consignment)
        ship_tos.append(ship_to)
        case.note(
            f"ship_tos[{position}]", ship_to, "shipping address {} of the order", "", consignment.id
        )
    if not ship_tos:
        case.note("ship_tos", "", "nothing is shipped")
        chosen[""] = _unshipped(consignments, lines, case)
    choices = list(chosen.values())
    return Routes(
        ship_tos=tuple(ship_tos),
        ship_via=choices[0].name,
        new_ship_vias=tuple(choice.create for choice in choices if choice.create is not None),
        by_address_id=by_address_id,
        pickups=_pickups(consignments, lines),
        recipients={
            line.id: plain(sent.recipient_email)
            for sent in consignments.email.gift_certificates
            for line in sent.line_items
        },
    )


def _unshipped(
    consignments: Consignments, lines: Sequence[OrderProduct], case: Case
) -> ShipViaChoice:
    if consignments.pickups:
        method = plain(consignments.pickups[0].pickup_method_display_name)
        if method and ship_via_row(method, case.rules) is not None:
            return case.add(ship_via_for(method, case.rules)) or ShipViaChoice("")
        named = case.rules.ship_vias.get(text_key(method))
        if named is not None:
            case.note(
                "ship_via", named.name, "the books have a Ship Via named like the pickup method"
            )
            return ShipViaChoice(named.name)
    needed = not consignments.pickups and any(line.type == PHYSICAL for line in lines)
    if not needed and not case.rules.settings.shipping.default_ship_via:
        case.note(
            "ship_via",
            "",
            "nothing is shipped, and there is no Default Ship Via",
            "shipping.default_ship_via",
        )
        return ShipViaChoice("")
    return case.add(ship_via_for("", case.rules)) or ShipViaChoice("")


def _pickups(
    consignments: Consignments, lines: Sequence[OrderProduct]
) -> dict[int, PickupConsignment]:
    """Where lines are collected; lines may name the consignment or its method (inferred)."""
    if not consignments.pickups:
        return {}
    named = {pickup.pickup_method_id: pickup for pickup in consignments.pickups}
    named |= {pickup.id: pickup for pickup in consignments.pickups}
    by_name = {
        line.id: named[line.order_pickup_method_id]
        for line in lines
        if line.order_pickup_method_id and line.order_pickup_method_id in named
    }
    return by_name | {
        line.id: pickup for pickup in consignments.pickups for line in pickup.line_items
    }


def sales_order_lines(
    lines: Sequence[OrderProduct],
    where: Routes,
    products: Mapping[str, Sequence[Product]],
    case: Case,
) -> list[SalesOrderLine]:
    """The lines of what an order sells.

    Amounts are the store's, without tax and before discounts. A component of a bundle has amount 0,
    since the bundle's own line has all of it. Gift certificates are not products of the books, nor
    are custom items that the settings name no part number for.
    """
    made: list[SalesOrderLine] = []
    for position, line in enumerate(lines):
        made.append(_line(line, position, where, products, case))
        if line.is_component and all(line.parent_order_product_id != other.id for other in lines):
            case.error(
                "bundle_missing",
                f"lines[{position}].parent_order_product_id",
                line.parent_order_product_id,
                f"{quoted(line.name)} is a component of line {line.parent_order_product_id}, which "
                "the order does not have.",
                "Correct the order in BigCommerce.",
            )
    if any(line.kind == "gift_certificate" for line in made):
        _check_gift_certificates(case)
    return made


def note_removed(order: Order, case: Case) -> None:
    """Note the lines that were taken off the order: they are no lines of the sales order."""
    for line in order.removed_lines:
        case.note(
            f"removed_lines[{line.id}]",
            "",
            "{} was taken off in the store, which keeps its line with quantity 0: no line",
            "",
            plain(line.name) or plain(line.sku) or f"line {line.id}",
        )


def _line(
    line: OrderProduct,
    position: int,
    where: Routes,
    products: Mapping[str, Sequence[Product]],
    case: Case,
) -> SalesOrderLine:
    field = f"lines[{position}]"
    part_number: str | None = None
    gl_code = sku = ""
    component = line.is_component
    kind: LineKind = "product"
    wanted = case.rules.product_names.of(line)
    if line.type == GIFT_CERTIFICATE:
        kind = "gift_certificate"
        gl_code = case.rules.settings.gl.gift_certificate_gl_code
        case.note(
            field, line.total_ex_tax, "a gift certificate sold", "gl.gift_certificate_gl_code"
        )
    elif wanted is None:
        kind, sku = "custom", line.sku
        case.note(
            field, line.total_ex_tax, "a custom item, which is not a product: {}", "", line.name
        )
    else:
        product = case.add(product_named(wanted, line, products, case.rules, field))
        part_number = product.part_number if product else None
        reason = "a component of line {2}" if component else "{0} x {1}"
        shown = part_number or plain(wanted.name) or plain(line.name)
        values = (line.quantity, shown, line.parent_order_product_id, line.name)
        if wanted.setting:
            # Many may be one part number: the SKU says which of them was sold.
            sku = line.sku if text_key(line.sku) != text_key(wanted.name) else ""
            reason += ", as the setting has it for {3!r}"
        amount = ZERO if component else line.total_ex_tax
        case.note(field, amount, reason, wanted.setting, *values)
    ship_to, ship_via = where.by_address_id.get(line.order_address_id, (None, ""))
    if ship_to is None and line.order_address_id and where.ship_tos and line.type == PHYSICAL:
        case.error(
            "ship_to_unknown",
            f"{field}.order_address_id",
            line.order_address_id,
            f"The line {quoted(line.name)} goes to address {line.order_address_id}, which the "
            "order does not have.",
            "Correct the order in BigCommerce.",
        )
    return SalesOrderLine(
        kind=kind,
        description=plain(line.name) or plain(line.sku),
        quantity=Decimal(line.quantity),
        unit_price=ZERO if component else line.price_ex_tax,
        amount=ZERO if component else line.total_ex_tax,
        tax=ZERO if component else line.total_tax,
        part_number=part_number,
        memo=_memo(line, kind, where, sku),
        gl_code=gl_code,
        ship_to=ship_to,
        ship_via=ship_via,
        store_line_id=line.id,
        store_address_id=line.order_address_id or None,
        component_of=line.parent_order_product_id if component else None,
    )


def _memo(line: OrderProduct, kind: LineKind, where: Routes, sku: str) -> str:
    """What the packer must know: options, the event, wrapping, where it is collected or sent."""
    parts = [
        f"{plain(option.display_name)}: {plain(option.display_value)}"
        for option in line.product_options
    ]
    parts += [f"{plain(field.name)}: {plain(field.value)}" for field in line.configurable_fields]
    if line.event_date:
        parts.append(f"{plain(line.event_name) or 'Event'}: {plain(line.event_date)}")
    if line.wrapping_name or line.wrapping_message:
        parts.append(f"Gift wrapping: {plain(line.wrapping_name)}".rstrip(": "))
    if line.wrapping_message:
        parts.append(f"Message: {plain(line.wrapping_message)}")
    pickup = where.pickups.get(line.id)
    if pickup is not None:
        place = plain(pickup.location.name) or plain(pickup.pickup_method_display_name)
        parts.append(f"Pickup: {place}".rstrip(": "))
    if kind == "gift_certificate" and where.recipients.get(line.id):
        parts.append(f"Sent to: {where.recipients[line.id]}")
    if sku:
        parts.append(f"SKU: {plain(sku)}")
    return "\n".join(parts)


def _check_gift_certificates(case: Case) -> None:
    code = case.rules.settings.gl.gift_certificate_gl_code
    setting = "gl.gift_certificate_gl_code"
    if not code:
        case.warn(
            "gift_certificate_gl_code_missing",
            setting,
            "",
            "A gift certificate was sold, and there is no account for the liability; its line has "
            "no GL code.",
            f"Set {setting}.",
        )
    elif not case.rules.is_gl_account(code):
        case.error(
            "gl_code_unknown",
            setting,
            code,
            f"AcctVantage has no GL account {quoted(code)}.",
            f"{case.rules.how_to_create('it')}, or correct {setting}.",
        )


def cost_lines(
    order: Order, lines: Sequence[OrderProduct], where: Routes, case: Case
) -> list[SalesOrderLine]:
    """Gift wrapping, handling and fees as lines, if their parts make the order's sums.

    Wrapping is the lines' (each for the whole line, or for each piece: whichever makes the order's
    sum), handling and shipping are the consignments'. Where none of these has a cost and the order
    does, the order's sum is one line.
    """
    made: list[SalesOrderLine] = []
    shipped = order.consignments.shipping if order.consignments is not None else ()
    if order.wrapping_cost_inc_tax or any(line.wrapping_cost_inc_tax for line in lines):
        made += _wrapping(order, lines, where, case)
    if order.handling_cost_inc_tax or any(
        consignment.handling_cost_inc_tax for consignment in shipped
    ):
        made += _handling(order, shipped, case)
    if order.consignments is not None:
        _prove_shipping(order, shipped, case)
    for fee in order.fees or ():
        made.append(_cost_line("fee", fee_name(fee), fee.cost_ex_tax, fee.cost_tax))
    for position, line in enumerate(made, len(lines)):
        case.note(
            f"lines[{position}]", line.amount, "the order's {}: {}", "", line.kind, line.description
        )
    return made


def fee_name(fee: Fee) -> str:
    """The merchant's name for a fee, or else the shopper's."""
    return plain(fee.display_name_merchant) or plain(fee.display_name_customer) or "Fee"


def _cost_line(kind: LineKind, description: str, amount: Decimal, tax: Decimal) -> SalesOrderLine:
    return SalesOrderLine(
        kind=kind,
        description=description,
        quantity=Decimal(1),
        unit_price=amount,
        amount=amount,
        tax=tax,
    )


def _wrapping(
    order: Order, lines: Sequence[OrderProduct], where: Routes, case: Case
) -> list[SalesOrderLine]:
    wrapped = sorted(
        (line for line in lines if line.wrapping_cost_inc_tax or line.wrapping_cost_ex_tax),
        key=lambda line: line.id,
    )
    whole = (order.wrapping_cost_ex_tax, order.wrapping_cost_inc_tax)
    if not wrapped:
        return [_cost_line("wrapping", "Gift wrapping", whole[0], order.wrapping_cost_tax)]
    for line in wrapped:
        if not are_store_amounts(
            (line.wrapping_cost_ex_tax, line.wrapping_cost_inc_tax, line.wrapping_cost_tax)
        ):
            unreadable(f"the wrapping cost of line {line.id}", line.wrapping_cost_inc_tax, case)
            return []
    off = whole
    for times in ([1 for _ in wrapped], [line.quantity for line in wrapped]):
        pairs = list(zip(wrapped, times, strict=True))
        off = (
            whole[0] - sum((line.wrapping_cost_ex_tax * count for line, count in pairs), ZERO),
            whole[1] - sum((line.wrapping_cost_inc_tax * count for line, count in pairs), ZERO),
        )
        if all(map(case.rules.rounds_to_zero, off)):
            return [_wrapping_line(line, count, where) for line, count in pairs]
    _check_parts("wrapping", whole, off, case)
    return []


def _wrapping_line(line: OrderProduct, times: int, where: Routes) -> SalesOrderLine:
    ship_to, ship_via = where.by_address_id.get(line.order_address_id, (None, ""))
    amount = line.wrapping_cost_ex_tax * times
    return SalesOrderLine(
        kind="wrapping",
        description=plain(line.wrapping_name) or "Gift wrapping",
        quantity=Decimal(times),
        unit_price=line.wrapping_cost_ex_tax,
        amount=amount,
        tax=line.wrapping_cost_tax * times,
        memo=plain(line.wrapping_message),
        ship_to=ship_to,
        ship_via=ship_via,
        store_address_id=line.order_address_id or None,
    )


def _handling(
    order: Order, shipped: Sequence[ShippingConsignment], case: Case
) -> list[SalesOrderLine]:
    whole = off = (order.handling_cost_ex_tax, order.handling_cost_inc_tax)
    made: list[SalesOrderLine] = []
    for position, consignment in enumerate(shipped):
        costs = (
            consignment.handling_cost_ex_tax,
            consignment.handling_cost_inc_tax,
            consignment.handling_cost_tax,
        )
        if not any(costs[:2]):
            continue
        if not all(map(is_amount, costs)):
            unreadable(f"consignments.shipping[{position}].handling_cost", costs[1], case)
            return []
        # JSON numbers, unlike the order's own amounts.
        without, with_tax, tax = (cost.quantize(STEP) for cost in costs)
        off = (off[0] - without, off[1] - with_tax)
        line = _cost_line("handling", "Handling", without, tax)
        made.append(attrs.evolve(line, ship_to=position, store_address_id=consignment.id))
    if not made:
        return [_cost_line("handling", "Handling", whole[0], order.handling_cost_tax)]
    _check_parts("handling", whole, off, case)
    return made


def _prove_shipping(order: Order, shipped: Sequence[ShippingConsignment], case: Case) -> None:
    whole = off = (order.shipping_cost_ex_tax, order.shipping_cost_inc_tax)
    for position, consignment in enumerate(shipped):
        if not (is_amount(consignment.cost_ex_tax) and is_amount(consignment.cost_inc_tax)):
            unreadable(f"consignments.shipping[{position}].cost", consignment.cost_inc_tax, case)
            return
        off = (off[0] - consignment.cost_ex_tax, off[1] - consignment.cost_inc_tax)
    _check_parts("shipping", whole, off, case)


def _check_parts(
    cost: str, whole: tuple[Decimal, Decimal], off: tuple[Decimal, Decimal], case: Case
) -> None:
    """Report, without and with tax, by how much the parts of a cost miss the order's own sum."""
    if all(map(case.rules.rounds_to_zero, off)):
        return
    code, parts = _COSTS[cost]
    for tax, total, difference in zip(("ex_tax", "inc_tax"), whole, off, strict=True):
        if not case.rules.rounds_to_zero(difference):
            case.error(
                code,
                f"{cost}_cost_{tax}",
                total,
                f"{cost}_cost_{tax} is {amount_text(total)}, and the {parts} comes to "
                f"{amount_text(total - difference)}: off by {amount_text(abs(difference))}.",
                COMPARE,
            )
