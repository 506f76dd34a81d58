"""What sums are made of, in words: for problems of sums that do not add up."""

from __future__ import annotations

from collections.abc import Sequence

from avbc.bigcommerce.models import Order, OrderProduct
from avbc.money import amount_text

_LINES_LISTED = 10


def header_parts(order: Order) -> str:
    """The parts of the total with tax, as a sentence."""
    parts = {
        "subtotal": order.subtotal_inc_tax,
        "shipping": order.shipping_cost_inc_tax,
        "handling": order.handling_cost_inc_tax,
        "wrapping": order.wrapping_cost_inc_tax,
        "discounts": -order.discount_amount,
        "coupons": -order.coupon_discount,
    }
    there = [f"{name} {amount_text(amount)}" for name, amount in parts.items() if amount]
    return f" The parts with tax: {', '.join(there)}." if there else ""


def line_parts(counted: Sequence[tuple[int, OrderProduct]], subtotal: str) -> str:
    """The lines of a subtotal, as a sentence; none where there are many."""
    if not 0 < len(counted) <= _LINES_LISTED:
        return ""
    field = subtotal.replace("subtotal", "total")
    lines = (f"{line.name} {amount_text(getattr(line, field))}" for _, line in counted)
    return f" The lines: {', '.join(lines)}."
