"""The fingerprint of an order: another one means that the order was edited in the store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal

from avbc.bigcommerce.models import Address, Order, OrderProduct


def fingerprint(order: Order) -> str:
    """The SHA-256 of an order's money, lines, addresses and payment method, in hexadecimal.

    The status, dates, notes, the payment's progress and what was shipped or refunded are not in it,
    nor the order of the lines, nor how an amount is written: `8` is `8.0000`.

    >>> from avbc.bigcommerce.models import Order
    >>> order, same = Order(total_inc_tax=Decimal(8)), Order(total_inc_tax=Decimal("8.0000"))
    >>> fingerprint(order) == fingerprint(same)
    True
    """
    parts: list[str] = [
        "avbc-1",
        str(order.id),
        str(order.customer_id),
        order.default_currency_code,
        order.payment_method,
        *_plain(
            (
                order.subtotal_ex_tax,
                order.subtotal_inc_tax,
                order.shipping_cost_ex_tax,
                order.shipping_cost_inc_tax,
                order.handling_cost_ex_tax,
                order.handling_cost_inc_tax,
                order.wrapping_cost_ex_tax,
                order.wrapping_cost_inc_tax,
                order.discount_amount,
                order.coupon_discount,
                order.store_credit_amount,
                order.gift_certificate_amount,
                order.total_ex_tax,
                order.total_inc_tax,
            )
        ),
        *_address(order.billing_address),
    ]
    if order.consignments is not None:
        for consignment in sorted(
            order.consignments.shipping, key=lambda consignment: consignment.id
        ):
            parts += [
                "ship",
                str(consignment.id),
                consignment.shipping_method,
                *_address(consignment),
            ]
        for pickup in sorted(order.consignments.pickups, key=lambda pickup: pickup.id):
            parts += ["pickup", str(pickup.id), str(pickup.pickup_method_id), pickup.location.name]
    for line in sorted(order.lines, key=lambda line: line.id):
        parts += _line(line)
    for fee in sorted(order.fees or (), key=lambda fee: fee.id):
        parts += ["fee", str(fee.id), *_plain((fee.cost_ex_tax, fee.cost_inc_tax))]
    # The separator keeps ("a", "b") and ("ab", "") apart.
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _line(line: OrderProduct) -> list[str]:
    parts = [
        (
            f"line {line.id} {line.product_id} {line.quantity} {line.order_address_id} "
            f"{line.parent_order_product_id}"
        ),
        line.sku,
        line.name,
        *_plain((line.total_ex_tax, line.total_inc_tax)),
    ]
    if line.wrapping_name or line.wrapping_message:
        parts += [line.wrapping_name, line.wrapping_message]
    for option in line.product_options:
        parts += [option.display_name, option.display_value]
    for field in line.configurable_fields:
        parts += [field.name, field.value]
    return parts


def _plain(amounts: Iterable[Decimal]) -> list[str]:
    return [str(amount.normalize()) if amount else "0" for amount in amounts]


def _address(address: Address) -> tuple[str, ...]:
    return (
        address.first_name,
        address.last_name,
        address.company,
        address.street_1,
        address.street_2,
        address.city,
        address.state,
        address.zip,
        address.country_iso2 or address.country,
        address.phone,
        address.email,
    )
