"""Edits of orders as the store makes them: a line is taken off, and the totals follow."""

from __future__ import annotations

from decimal import Decimal

from avbc.money import ZERO, to_minor_unit
from avbc.testing.fakestore.refunds import line_paid
from avbc.testing.fakestore.state import State
from avbc.testing.orders import FakeOrder
from avbc.testing.values import Row, amount_of, as_rows, money, number, text, whole

_NOTHING = money(ZERO)


def remove_line(state: State, order: FakeOrder, line_id: int) -> None:
    """Take a line off an order, with the components of a bundle: their rows stay, with quantity 0.

    Subtotal, total and tax go down by what the line cost, its gift wrapping included; its discounts
    go with it. Shipping stays as it is. No money moves.

    Raises:
        ValueError: The order has no such line, or it was taken off already.
    """
    lines = {whole(line["id"]): line for line in order.products if line["quantity"]}
    if line_id not in lines:
        raise ValueError(
            f"order {order.id} has no line {line_id} to take off: there are "
            f"{', '.join(map(str, lines)) or 'none'}"
        )
    changes: Row = {}
    for line in lines.values():
        if line_id in {line["id"], line.get("parent_order_product_id")}:
            changes |= _without(order, {**order.header, **changes}, line)
            _empty(order, line)
    state.change_order(order.id, changes)


def _without(order: FakeOrder, header: Row, line: Row) -> Row:
    """Return the header's fields without a line."""
    paid_inc, paid_tax = line_paid(order, line)
    wrapping = {side: amount_of(line.get(f"wrapping_cost_{side}")) for side in _SIDES}
    paid = {"ex_tax": paid_inc - paid_tax, "inc_tax": paid_inc, "tax": paid_tax}
    less = {f"subtotal_{side}": amount_of(line[f"total_{side}"]) for side in _SIDES}
    less |= {f"wrapping_cost_{side}": amount for side, amount in wrapping.items()}
    less["base_wrapping_cost"] = amount_of(line.get("base_wrapping_cost"))
    changes: Row = {key: money(amount_of(header[key]) - part) for key, part in less.items()}
    # What four decimals leave below the smallest coin is not paid.
    inc, ex = (
        amount_of(header[f"total_{side}"]) - paid[side] - wrapping[side]
        for side in ("inc_tax", "ex_tax")
    )
    payable = to_minor_unit(inc, text(header, "default_currency_code"))
    ex -= inc - payable
    changes |= {
        "total_inc_tax": money(payable),
        "total_ex_tax": money(ex),
        "total_tax": money(payable - ex),
    }
    coupons, others = _taken_off(order, line)
    for coupon in order.coupons:
        coupon["discount"] = number(
            amount_of(coupon["discount"]) - coupons.get(coupon["code"], ZERO)
        )
    changes["coupon_discount"] = money(
        amount_of(header["coupon_discount"]) - sum(coupons.values(), ZERO)
    )
    changes["discount_amount"] = money(amount_of(header["discount_amount"]) - others)
    if line.get("parent_order_product_id") is None:
        changes["items_total"] = whole(header["items_total"]) - whole(line["quantity"])
    return changes


_SIDES = ("ex_tax", "inc_tax", "tax")


def _taken_off(order: FakeOrder, line: Row) -> tuple[dict[object, Decimal], Decimal]:
    """Return what codes take off a line, by code, and what other discounts do.

    Old bodies do not say which discount is a code's: where all of them are, these are too.
    """
    by_code: dict[object, Decimal] = {}
    others = ZERO
    codes = [coupon["code"] for coupon in order.coupons]
    only = codes[0] if codes and not amount_of(order.header["discount_amount"]) else None
    for row in as_rows(line.get("applied_discounts") or []):
        code = row.get("code") or only
        if code is None:
            others += amount_of(row["amount"])
        else:
            by_code[code] = by_code.get(code, ZERO) + amount_of(row["amount"])
    return by_code, others


def _empty(order: FakeOrder, line: Row) -> None:
    """Set a line's quantity and amounts to 0; its unit price stays."""
    for address in order.shipping:
        if (
            address["id"] == line.get("order_address_id")
            and line.get("parent_order_product_id") is None
        ):
            address["items_total"] = whole(address["items_total"]) - whole(line["quantity"])
    order.taxes[:] = [row for row in order.taxes if row.get("order_product_id") != str(line["id"])]
    amounts = [f"{name}_{side}" for name in ("total", "wrapping_cost") for side in _SIDES]
    for key in (*amounts, "base_total", "base_wrapping_cost", "discounted_total_inc_tax"):
        if key in line:
            line[key] = _NOTHING
    line.update(quantity=0, applied_discounts=[])
