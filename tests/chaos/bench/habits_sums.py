"""Habits of real stores: sums, discounts, coupons and refunds as orders of many years have them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import attrs

from avbc.testing import Discount, FakeOrder, Shipping
from avbc.testing.values import money, number
from bench.habits import (
    CENT,
    NEW,
    Case,
    D,
    Habit,
    Screens,
    Shop,
    amount,
    booked_of,
    goods,
    imported,
    received,
    refused,
    sold,
)

RATES = (D("0.07"), D("0.0825"), D("0.19"), D("0.2"))
_FOUR = D("0.0001")


def cent(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def four(value: Decimal) -> Decimal:
    return value.quantize(_FOUR, ROUND_HALF_UP)


def add(row: dict[str, Any], key: str, value: Decimal) -> None:
    row[key] = money(amount(row[key]) + value)


# --- lines that were taken off ---

_MONEY_OF_LINE = (
    "total_ex_tax",
    "total_inc_tax",
    "total_tax",
    "discounted_total_inc_tax",
    "wrapping_cost_ex_tax",
    "wrapping_cost_inc_tax",
)


def taken_off(choose: random.Random, order_id: int, _: Screens) -> Case:
    """A line with quantity 0, which the API leaves of one that is taken off."""
    order = sold(choose, order_id)
    for place in range(choose.choice([1, 1, 2])):
        gone = {**choose.choice(order.products), "id": order_id * 100 + 50 + place, "quantity": 0}
        gone |= dict.fromkeys(_MONEY_OF_LINE, "0.0000") | {"applied_discounts": []}
        if choose.random() < 0.3:
            del gone["discounted_total_inc_tax"]
        order.products.insert(choose.randint(0, len(order.products)), gone)
    right = booked_of(order, received(order))
    kind = choose.choice(["gone", "gone", "money", "discount", "negative"])
    line = next(row for row in order.products if not row["quantity"])
    what = kind
    if kind == "money":
        key = choose.choice(_MONEY_OF_LINE)
        line[key] = money(choose.choice([CENT, -CENT, D(3)]))
        what = f"{key} {line[key]}"
    elif kind == "discount":
        line["applied_discounts"] = [{"id": "manual-discount", "amount": "0.0100", "code": None}]
    elif kind == "negative":
        line["quantity"] = -choose.randint(1, 3)
        order.header["items_total"] += line["quantity"]
    if kind != "gone":
        return Case(order, what, attrs.evolve(refused(), among="quantity_invalid"))
    end = imported(right)

    def again(shop: Shop, stored: FakeOrder) -> None:
        shop.store.edit_order(stored.id, status_id=NEW)

    return Case(order, what, end, [(None, end), (again, end)])


# --- discounts with tax and without ---


def discounted(
    choose: random.Random, order_id: int, *, inclusive: bool, is_old: bool
) -> tuple[FakeOrder, Decimal]:
    """An order with a manual discount, and the tax that the discount saved.

    `is_old` is as in orders of 2013: the tax of lines and of their sum is the one before discounts.
    """
    rate = choose.choice(RATES)
    lines = [attrs.evolve(line, price=line.price + 20) for line in goods(choose)]
    whole = sum((line.price * line.quantity for line in lines), D(0))
    off = D(choose.randrange(300, int(whole * 60))) / 100
    order = sold(
        choose,
        order_id,
        lines,
        tax_inclusive=inclusive,
        tax_rate=rate,
        discounts=[Discount("manual", off)],
    )
    header = order.header
    tax_before = tax_after = D(0)
    for line in order.products:
        taken = sum((amount(row["amount"]) for row in line["applied_discounts"]), D(0))
        side = amount(line["total_inc_tax" if inclusive else "total_ex_tax"])
        if inclusive:
            before, after = (four(part * rate / (1 + rate)) for part in (side, side - taken))
        else:
            before, after = (cent(part * rate) for part in (side, side - taken))
        if not is_old:
            before = four(after * side / (side - taken))
        tax_before, tax_after = tax_before + before, tax_after + after
        ex, inc = (side - before, side) if inclusive else (side, side + before)
        quantity = int(str(line["quantity"]))
        line.update(
            total_ex_tax=money(ex),
            total_inc_tax=money(inc),
            total_tax=money(before if is_old else after),
            price_ex_tax=money(four(ex / quantity)),
            price_inc_tax=money(four(inc / quantity)),
            discounted_total_inc_tax=money(side - taken + (D(0) if inclusive else after)),
        )
        line["price_tax"] = money(amount(line["price_inc_tax"]) - amount(line["price_ex_tax"]))
    for name in ("ex", "inc"):
        lines_sum = sum((amount(line[f"total_{name}_tax"]) for line in order.products), D(0))
        header[f"subtotal_{name}_tax"] = money(lines_sum)
    header["subtotal_tax"] = money(tax_before if is_old else tax_after)
    tax = tax_after + amount(header["shipping_cost_tax"])
    if inclusive:
        header["total_ex_tax"] = money(amount(header["total_inc_tax"]) - tax)
    else:
        header["total_inc_tax"] = money(amount(header["total_ex_tax"]) + tax)
    header["total_tax"] = money(tax)
    order.transactions[0]["amount"] = number(header["total_inc_tax"])
    order.taxes.clear()
    return order, tax_before - tax_after


def discounts(choose: random.Random, order_id: int, _: Screens) -> Case:
    """Discounts in stores with tax in their prices and without, of today and of 2013."""
    inclusive, is_old = choose.random() < 0.4, choose.random() < 0.5
    order, saved = discounted(choose, order_id, inclusive=inclusive, is_old=is_old)
    header = order.header
    # Orders of 2013 say nothing of it.
    sent = choose.choice(["zero", "absent"] if is_old else ["right", "right", "zero", "absent"])
    _say_paid(order, sent)
    right = booked_of(order, received(order))
    if not inclusive:
        right.discount = amount(header["discount_amount"])
    kind = choose.choice(["good", "good", "good", "cent", "saved", "both", "paid"])
    what = f"{inclusive=}, {is_old=}, paid {sent}, {kind}"
    many = 2 * len(order.products) + 2
    if kind == "cent":
        field = choose.choice(
            ["total_inc_tax", "total_ex_tax", "total_tax", "discount_amount", "subtotal_inc_tax"]
        )
        add(header, field, choose.choice([CENT, -CENT]))
        what += f" {field}"
    elif kind == "saved":
        field = choose.choice(["total_inc_tax", "total_ex_tax", "total_tax"])
        add(header, field, choose.choice([saved, -saved]))
        what += f" {field} by {saved}"
    elif kind == "both":
        off = choose.choice([many, -many]) * CENT
        add(header, "total_inc_tax", off)
        add(header, "total_tax", off)
    elif kind == "paid" and sent == "right":
        line = choose.choice([line for line in order.products if line["applied_discounts"]])
        add(line, "discounted_total_inc_tax", choose.choice([CENT, -CENT]))
    if kind == "good" or (kind == "paid" and sent != "right"):
        end = imported(right)
        return Case(order, what, end, [(None, end)])
    order.transactions[0]["amount"] = number(header["total_inc_tax"])
    return Case(order, what, refused())


def _say_paid(order: FakeOrder, sent: str) -> None:
    """What the store says was paid for discounted lines: the truth, 0.0000, or nothing."""
    for line in order.products:
        if line["applied_discounts"] and sent == "zero":
            line["discounted_total_inc_tax"] = "0.0000"
        elif line["applied_discounts"] and sent == "absent":
            del line["discounted_total_inc_tax"]


# --- refunds of discounted lines ---


def _refunds(_: random.Random) -> Mapping[str, Mapping[str, object]]:
    return {"gl": {"import_refunds": True}}


def refunds(choose: random.Random, order_id: int, _: Screens) -> Case:
    """The whole of a discounted line is refunded, whatever the store says was paid for it."""
    inclusive = choose.random() < 0.5
    order, _saved = discounted(choose, order_id, inclusive=inclusive, is_old=False)
    line = choose.choice([line for line in order.products if line["applied_discounts"]])
    paid, tax = amount(line["discounted_total_inc_tax"]), amount(line["total_tax"])
    sent = choose.choice(["right", "zero", "absent"])
    _say_paid(order, sent)
    off = choose.choice([D(0), D(0), D(0), CENT * 2, -CENT * 2])
    row = {
        "id": order_id,
        "order_id": order_id,
        "user_id": 1,
        "created": "2026-03-05T10:00:00Z",
        "reason": "",
        "total_amount": number(paid + off),
        "total_tax": number(cent(tax)),
        "uses_merchant_override_values": False,
        "items": [
            {
                "item_type": "PRODUCT",
                "item_id": line["id"],
                "reason": "",
                "quantity": line["quantity"],
                "requested_amount": None,
            }
        ],
        "payments": [
            {
                "id": order_id,
                "provider_id": "custom",
                "amount": number(paid + off),
                "offline": True,
                "is_declined": False,
                "declined_message": "",
            }
        ],
    }

    def refund(shop: Shop, stored: FakeOrder) -> None:
        shop.store.add_refund(row)
        for each in stored.products:
            if each["id"] == line["id"]:
                each["quantity_refunded"] = each["quantity"]
        shop.store.edit_order(stored.id, payment_status="partially refunded")

    before = imported(booked_of(order, received(order)))
    after = booked_of(order, received(order))
    items = frozenset(["refund_does_not_foot"])
    if not off:
        after.credits, items = [(paid, cent(tax))], frozenset()
    end = imported(after, items=items)
    what = f"{inclusive=}, paid {sent}, refund of {paid} with {tax}, off by {off}"
    return Case(order, what, before, [(refund, end)])


# --- codes and coupons ---

_CODES = {"LOYAL": 5, "SPRING": 5, "ENGINE20": 5, "NEW3": 2, "NEW15": 1}
"""Coupon types: two codes of the promotions engine that the books lack, and one that they have."""


def codes(choose: random.Random, order_id: int, _: Screens) -> Case:
    """Codes of the promotions engine, used again and again, and coupons with terms of their own."""
    code = choose.choice(sorted(_CODES))
    type_ = _CODES[code]
    percent = choose.choice([10, 15, 25]) if code in ("LOYAL", "SPRING") else 20
    if code == "NEW15":
        percent = 15
    value, kind = (D(3), "coupon_amount") if code == "NEW3" else (D(percent), "coupon_percent")
    lines = [attrs.evolve(line, price=line.price + 5) for line in goods(choose)]
    differs = code == "ENGINE20" and choose.random() < 0.3
    if differs:
        value = D(30)
    order = sold(choose, order_id, lines, discounts=[Discount(kind, value, code, f"{code} off")])
    order.coupons[0]["type"] = type_
    if type_ == 5:
        order.coupons[0]["amount"] = 0
    right = booked_of(order, received(order))
    taken = amount(order.header["coupon_discount"])
    named = code if type_ != 5 or code == "ENGINE20" else ""
    right.discounts = [(named, taken)]
    end = imported(right, *(["promotion_differs"] if differs else []))
    return Case(order, f"{code} {value}", end, [(None, end)])


def _promotions(shop: Shop, cases: Sequence[Case]) -> list[str]:
    used = {case.what.partition(" ")[0] for case in cases}
    wanted = {"SAVE5", "TEN", "ENGINE20", *(used & {"NEW3", "NEW15"})}
    found = {promotion.code for promotion in shop.books.promotions()}
    return [] if found == wanted else [f"the books' promotions are {found} and not {wanted}"]


def _unsupported(choose: random.Random) -> Mapping[str, Mapping[str, object]]:
    return {"gl": {"unsupported_coupons": choose.choice(["refuse", "amount"])}}


def unsupported(choose: random.Random, order_id: int, screens: Screens) -> Case:
    """Coupons off each item, off shipping and for free shipping, by the setting."""
    setting = screens["gl"]["unsupported_coupons"]
    type_ = choose.choice([0, 3, 4, 2])
    if type_ in (0, 2):
        off = Discount("coupon_amount", D(choose.randrange(100, 900)) / 100, f"C{type_}-{order_id}")
        lines = [attrs.evolve(line, price=line.price + 10) for line in goods(choose)]
        order = sold(choose, order_id, lines, discounts=[off])
        order.coupons[0]["type"] = type_
        right = booked_of(order, received(order))
        named = "" if type_ == 0 else off.code
        right.discounts = [(named, amount(order.header["coupon_discount"]))]
        is_good = True
    else:
        order, is_good = _off_shipping(choose, order_id, type_)
        right = booked_of(order, received(order))
        right.freight, right.discount = right.freight - right.discount, D(0)
    what = f"{setting}, type {type_}, {is_good=}"
    if type_ == 2:
        end = imported(right)
    elif not is_good:
        end = refused()
    elif setting == "refuse":
        end = refused("coupon_type_unsupported")
    else:
        end = imported(right, "coupon_booked_by_amount")
    return Case(order, what, end, [(None, end)])


def _off_shipping(choose: random.Random, order_id: int, type_: int) -> tuple[FakeOrder, bool]:
    """An order with a coupon on shipping; the discount may be a cent more than the cost."""
    cost = D(choose.randrange(200, 3000)) / 100
    order = sold(choose, order_id, goods(choose), shipping=[Shipping("UPS Ground", cost)])
    header = order.header
    inclusive = order.header["is_tax_inclusive_pricing"]
    ex, inc = amount(header["shipping_cost_ex_tax"]), amount(header["shipping_cost_inc_tax"])
    side = inc if inclusive else ex
    taken = side if type_ == 4 else D(choose.randrange(100, int(side * 100) + 1)) / 100
    is_good = choose.random() < 0.8
    taken += D(0) if is_good else side - taken + CENT
    header["coupon_discount"] = money(taken)
    tax = four(taken * (inc - ex) / side)
    if not inclusive:
        tax = cent(tax)
    add(header, "total_inc_tax", -(taken if inclusive else taken + tax))
    add(header, "total_tax", -tax)
    add(header, "total_ex_tax", -(taken - tax if inclusive else taken))
    if inclusive or tax:
        add(header, "subtotal_tax", D(0))
    order.coupons.append(
        {
            "id": order_id * 10,
            "coupon_id": 41,
            "order_id": order_id,
            "code": f"SHIP-{order_id}",
            "amount": number(taken),
            "type": type_,
            "discount": number(taken),
        }
    )
    order.transactions[0]["amount"] = number(header["total_inc_tax"])
    return order, is_good


SUMS = (
    Habit("lines taken off", taken_off, later=("import_orders", "follow_orders")),
    Habit("discounts with tax and without", discounts),
    Habit("refunds of discounted lines", refunds, _refunds, later=("refunds", "follow_orders")),
    Habit("codes of the promotions engine", codes, whole=_promotions),
    Habit("unsupported coupons", unsupported, _unsupported),
)
