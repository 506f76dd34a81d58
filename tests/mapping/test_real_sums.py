"""Sums as real stores make them: lines taken off, discounts without tax, old orders, codes.

The orders are bodies of live stores, cut to what the sums need.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avbc.acctvantage.records import Address, Promotion, SalesOrder, SalesOrderLine
from avbc.bigcommerce.models import (
    AppliedDiscount,
    OrderCoupon,
    Refund,
    RefundItem,
    RefundPayment,
)
from avbc.mapping import (
    difference,
    fingerprint,
    left_to_ship,
    map_refund,
    prove,
    reconcile,
)
from avbc.mapping.following import order_state, shows_refund, to_ship_now
from avbc.mapping.inventory import waiting_demand

D = Decimal
CENT = D("0.01")


def codes(mapped):
    return [problem.code for problem in mapped.problems]


def errors(mapped):
    return [problem.code for problem in mapped.errors]


def foots(sales_order):
    return (
        sales_order.total
        == sales_order.subtotal
        + sales_order.freight
        + sales_order.tax
        - sales_order.discount
        + sales_order.rounding
    )


# --- discounts with and without tax, and the tax of the subtotal before them ---


def one_line(make_order, sums, taken, line=None):
    """An order of one line: sums as subtotal, its tax, and total, each without tax and with it."""
    (sub_ex, sub_inc, sub_tax), (ex, inc, tax) = sums
    fields = {
        "price_ex_tax": D(sub_ex),
        "price_inc_tax": D(sub_inc),
        "price_tax": D(sub_inc) - D(sub_ex),
        "total_ex_tax": D(sub_ex),
        "total_inc_tax": D(sub_inc),
        "total_tax": D(sub_tax),
        "applied_discounts": (AppliedDiscount(id="manual-discount", amount=D(taken)),),
        **(line or {}),
    }
    return make_order(
        [make_order.item("MUG", sub_ex, more=fields)],
        shipping=[("UPS Ground", "0")],
        discounts_with_tax=False,  # or else the line gets what was paid for it
        subtotal_ex_tax=D(sub_ex),
        subtotal_inc_tax=D(sub_inc),
        subtotal_tax=D(sub_tax),
        total_ex_tax=D(ex),
        total_inc_tax=D(inc),
        total_tax=D(tax),
        discount_amount=D(taken),
    )


OLD = (("499.00", "598.80", "99.80"), ("489.00", "586.80", "97.80")), "10.00"
"""105, of 2013, without tax: the tax of the subtotal is the one before the discount."""
NOW = (("89.00", "95.2350", "3.72"), ("53.10", "56.82", "3.72")), "35.90"
"""120, of 2025, without tax: the tax is the one after it, and the side with tax is derived."""
INCLUSIVE = (("2369.6667", "2500.00", "125.12"), ("2274.88", "2400.00", "125.12")), "100.00"
"""519, of 2026, with tax."""
OLD_INCLUSIVE = (("499.00", "598.80", "99.80"), ("490.6667", "588.80", "98.1333")), "10.00"
"""With tax, and the tax of the subtotal is the one before the discount."""


@pytest.mark.parametrize(
    ("body", "discount", "with_or_without", "subtotal_tax"),
    [
        (OLD, "10.00", "without tax", "before discounts"),
        (NOW, "35.90", "without tax", "after discounts"),
        (INCLUSIVE, "94.7867", "with tax", "after discounts"),
        (OLD_INCLUSIVE, "8.3333", "with tax", "before discounts"),
    ],
)
def test_each_body_by_its_reading(
    make_order, map_it, *, body, discount, with_or_without, subtotal_tax
):
    order = one_line(make_order, *body)
    mapped = map_it(order)
    assert mapped.problems == ()
    assert mapped.proof.discounts == with_or_without
    assert mapped.proof.subtotal_tax == subtotal_tax
    assert (subtotal_tax in mapped.proof.convention) == (subtotal_tax == "before discounts")
    sales_order = mapped.bundle.order
    assert (sales_order.total, sales_order.tax) == (order.total_inc_tax, order.total_tax)
    assert sales_order.discount == D(discount)
    assert foots(sales_order)
    assert any(mapped.proof.convention in decision.reason for decision in mapped.decisions)


NEAR = [
    ("total_inc_tax", "0.01"),
    ("total_inc_tax", "-0.01"),
    ("total_ex_tax", "0.01"),
    ("total_ex_tax", "-0.01"),
    ("total_tax", "0.01"),
    ("total_tax", "-0.01"),
    ("discount_amount", "0.01"),
    ("discount_amount", "-0.01"),
    ("subtotal_ex_tax", "0.01"),
    ("subtotal_inc_tax", "-0.01"),
]
BODIES = {"old": OLD, "now": NOW, "inclusive": INCLUSIVE, "old inclusive": OLD_INCLUSIVE}
SAVED = {"old": "2.00", "now": "2.515", "inclusive": "5.2133", "old inclusive": "1.6667"}
"""The tax on the discount."""


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize(("field", "off"), NEAR)
def test_off_by_a_cent_is_refused(make_order, map_it, name, field, off):
    order = one_line(make_order, *BODIES[name])
    setattr(order, field, getattr(order, field) + D(off))
    assert errors(map_it(order))


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("field", list(dict.fromkeys(field for field, _ in NEAR)))
def test_off_by_the_tax_on_the_discount_is_refused(make_order, map_it, *, name, field, sign):
    order = one_line(make_order, *BODIES[name])
    setattr(order, field, getattr(order, field) + sign * D(SAVED[name]))
    mapped = map_it(order)
    if (field, sign, mapped.errors) == ("discount_amount", 1, ()):
        # The same discount, written with tax: all identities hold, and the books get the same.
        assert name in ("old", "now")
        assert mapped.proof.discounts == "with tax"
        assert mapped.proof.discount == D(BODIES[name][1])
        return
    assert errors(mapped)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        # The tax is the lines' own on the discount, to the cent.
        ("old", {"total_inc_tax": "586.81", "total_tax": "97.81"}),
        ("old", {"total_inc_tax": "586.79", "total_tax": "97.79"}),
        ("old", {"total_inc_tax": "580.00", "total_tax": "91.00"}),
        # The tax of the subtotal is the one before the discount or the one after it, and no other.
        ("old", {"subtotal_tax": "99.81"}),
        ("old", {"subtotal_tax": "99.79"}),
        ("now", {"subtotal_tax": "3.73"}),
        ("now", {"subtotal_tax": "6.22"}),
        # Where I1 holds, the discount is one with tax.
        ("now", {"total_inc_tax": "59.335"}),
        ("old", {"total_inc_tax": "588.80"}),
    ],
)
def test_near_misses_of_more_than_one_field(make_order, map_it, name, changes):
    order = one_line(make_order, *BODIES[name])
    for field, value in changes.items():
        setattr(order, field, D(value))
    assert errors(map_it(order))


@pytest.mark.parametrize(
    ("name", "paid", "right"),
    [
        ("old", None, True),
        ("old", "0.0000", True),
        ("old", "586.80", True),
        ("old", "586.81", False),
        ("old", "588.80", False),
        ("now", None, True),
        ("now", "0.0000", True),
        ("now", "56.82", True),
        ("now", "56.81", False),
        ("now", "59.335", False),
        ("inclusive", "2400.00", True),
        ("inclusive", "2400.01", False),
        ("inclusive", "2394.7867", False),
    ],
)
def test_what_was_paid_for_the_line_by_the_same_reading(make_order, map_it, name, paid, right):
    line = {"discounted_total_inc_tax": None if paid is None else D(paid)}
    mapped = map_it(one_line(make_order, *BODIES[name], line))
    assert errors(mapped) == ([] if right else ["line_discount_does_not_foot"])


def test_the_header_alone_is_proven_at_the_rate_of_its_subtotal(make_order, rules):
    order = attrs.evolve(one_line(make_order, *OLD), products=(), consignments=None)
    assert prove(order, rules).value.subtotal_tax == "before discounts"
    order.total_inc_tax, order.total_tax = D("586.70"), D("97.70")
    assert prove(order, rules).value is None


def test_a_line_that_cannot_be_read_says_so(make_order, map_it):
    order = one_line(make_order, *OLD)
    order.products[0].applied_discounts = (AppliedDiscount(id="x", amount=D("NaN")),)
    assert errors(map_it(order)) == ["amount_unreadable"]


def test_a_free_line_with_a_discount_without_tax(make_order, map_it):
    """A line that costs nothing has no rate of its own."""
    order = one_line(make_order, *OLD)
    free = attrs.evolve(
        order.products[0], id=102, applied_discounts=(), discounted_total_inc_tax=D(0),
        **dict.fromkeys(
            ("price_ex_tax", "price_inc_tax", "total_ex_tax", "total_inc_tax", "total_tax"), D(0)
        ),
    )  # fmt: skip
    order.products += (free,)
    order.items_total = 2
    assert map_it(order).problems == ()


@pytest.mark.parametrize(
    ("paid", "reading"),
    [("5.50", "without tax"), ("6.00", "with tax"), (None, None), ("5.75", None), ("NaN", None)],
)
def test_lines_tell_a_tender_from_the_tax_on_a_discount(make_order, map_it, paid, reading):
    """Both are 0.50: "tenders in the total, discounts without tax", or off it and with tax."""
    order = make_order(
        discounts=[make_order.taken("5.00")], discounts_with_tax=False, store_credit="0.50"
    )
    order.products[0].discounted_total_inc_tax = None if paid is None else D(paid)
    mapped = map_it(order)
    if reading is None:
        assert "reading_ambiguous" in errors(mapped)
    else:
        assert mapped.proof.discounts == reading
        assert errors(mapped) == []


def half_up(amount):
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


@st.composite
def sold_without_tax(draw):
    """Lines of a store whose prices are without tax: price, rate, discount, quantity."""
    lines = []
    for _ in range(draw(st.integers(1, 4))):
        price = draw(st.decimals(D(1), D(900), places=2))
        quantity = draw(st.integers(1, 5))
        share = draw(st.integers(0, 90))
        lines.append((price, draw(st.sampled_from([D(0), D("0.07"), D("0.20")])), share, quantity))
    return lines


@settings(deadline=None)
@given(sold=sold_without_tax(), before=st.booleans(), off=st.sampled_from(["0", "0.03", "-0.03"]))
def test_an_oracle_of_its_own(make_order, map_it, *, sold, before, off):
    """Tax is the rate of what is left, to the cent for each line; before is the rate of it all."""
    items, left, kept, taxes = [], D(0), D(0), D(0)
    for place, (price, rate, share, quantity) in enumerate(sold):
        whole = price * quantity
        taken = half_up(whole * share / 100)
        tax_before, tax = half_up(whole * rate), half_up((whole - taken) * rate)
        if not before and taken:
            # BigCommerce's own: the tax that is left, scaled up to the price before the discount.
            tax_before = (tax * whole / (whole - taken)).quantize(D("0.0001"), ROUND_HALF_UP)
        applied = (AppliedDiscount(id="manual-discount", amount=taken),) if taken else ()
        fields = {
            "total_ex_tax": whole,
            "total_inc_tax": whole + tax_before,
            "price_inc_tax": (price + tax_before / quantity).quantize(D("0.0001"), ROUND_HALF_UP),
            "total_tax": tax_before if before or not taken else tax,
            "applied_discounts": applied,
            "id": 101 + place,
        }
        items.append(make_order.item("MUG", str(price), quantity, more=fields))
        left, kept, taxes = left + whole - taken, kept + whole, taxes + tax
    with_tax = sum((item.more["total_inc_tax"] for item in items), D(0))
    wrong = D(off) * len(sold)
    order = make_order(
        items,
        shipping=[("UPS Ground", "0")],
        discounts_with_tax=False,
        subtotal_ex_tax=kept,
        subtotal_inc_tax=with_tax,
        subtotal_tax=with_tax - kept if before else taxes,
        total_ex_tax=left,
        total_inc_tax=left + taxes + wrong,
        total_tax=taxes + wrong,
        discount_amount=kept - left,
    )
    mapped = map_it(order)
    saved = with_tax - kept - taxes
    if kept == left or abs(saved) < D("0.05"):
        return  # No discount, or none that saves tax: the other reading may hold as well.
    if abs(saved - wrong) < CENT:
        return  # Off by the tax that the discount saves: right where it is an amount with tax.
    if wrong:
        assert mapped.bundle is None
        return
    assert mapped.problems == ()
    assert mapped.proof.discounts == "without tax"
    assert mapped.bundle.order.discount == kept - left
    assert mapped.bundle.order.total == left + taxes
    assert foots(mapped.bundle.order)


# --- lines that were taken off ---


def removed(make_order, **more):
    """An order of a mug and of a lamp that was taken off it."""
    lamp = make_order.item("LAMP", "49.00", 0, more=more)
    return make_order([make_order.item("MUG", "10.00", 2), lamp], discounts_with_tax=False)


def test_a_line_with_quantity_0_is_no_line(make_order, map_it):
    order = removed(make_order)
    mapped = map_it(order)
    assert mapped.problems == ()
    [line] = mapped.bundle.order.lines
    assert (line.part_number, line.to_ship) == ("MUG", D(2))
    [decision] = [one for one in mapped.decisions if one.field == "removed_lines[102]"]
    assert "Item LAMP was taken off in the store" in decision.reason
    assert [one.id for one in order.removed_lines] == [102]
    assert order.lines_complete


def test_a_line_that_is_named_by_nothing_is_named_by_its_id(make_order, map_it):
    order = removed(make_order, name="", sku="")
    assert "line 102 was taken off" in str(map_it(order).decisions)


@pytest.mark.parametrize(
    "more",
    [
        {"total_ex_tax": D("0.01")},
        {"total_inc_tax": D("-0.01")},
        {"total_tax": D("3.10")},
        {"discounted_total_inc_tax": D("0.01")},
        {
            "wrapping_cost_ex_tax": D("2.00"),
            "wrapping_cost_inc_tax": D("2.20"),
            "wrapping_cost_tax": D("0.20"),
        },
        {"applied_discounts": (AppliedDiscount(id="x", amount=D("0.01")),)},
        {"quantity": -1},
        {"quantity": 0, "total_ex_tax": D("1.00"), "parent_order_product_id": 101},
        {"quantity": -1, "parent_order_product_id": 101},
    ],
)
def test_money_on_it_or_less_than_nothing_is_a_problem(make_order, map_it, more):
    order = removed(make_order, **more)
    order.items_total = sum(line.quantity for line in order.lines if not line.is_component)
    mapped = map_it(order)
    assert mapped.bundle is None
    assert "quantity_invalid" in errors(mapped)


def test_nothing_but_removed_lines(make_order, map_it):
    assert "order_empty" in errors(map_it(make_order([make_order.item("LAMP", "49.00", 0)])))


def test_a_removed_line_that_cannot_be_read(make_order, map_it):
    assert errors(map_it(removed(make_order, total_tax=D("sNaN")))) == ["quantity_invalid"]


def test_the_rest_of_the_rules_take_it_for_no_line(make_order, map_it, rules):
    order = removed(make_order, quantity_refunded=1)
    without = attrs.evolve(order, products=order.products[:1])
    assert fingerprint(order) == fingerprint(without)
    booked = map_it(without).bundle
    assert difference(booked.order, booked.receipts, map_it(order).bundle) == ()
    [compared] = reconcile([order], [booked.order], booked.receipts, rules)
    assert compared.verdict == "same", str(compared)
    assert left_to_ship(order) == {101: D(2), 102: D(0)}
    assert waiting_demand([order]) == {"mug": D(2)}


def test_a_line_that_is_taken_off_after_the_import_is_an_edit(make_order, map_it, rules):
    whole = make_order([make_order.item("MUG", "10.00", 2), make_order.item("LAMP", "49.00")])
    booked = map_it(whole).bundle
    order = removed(make_order)
    assert fingerprint(order) != fingerprint(whole)
    [compared] = reconcile([order], [booked.order], booked.receipts, rules)
    assert "line 102" in [difference.field for difference in compared.differences]
    assert to_ship_now(booked.order, order, {}) == {}
    # A refund of it counts, and shows, where it is on the line that was taken off.
    refunded = removed(make_order, quantity_refunded=1)
    assert to_ship_now(booked.order, refunded, {}) == {102: D(0)}
    assert shows_refund(refunded)
    assert order_state(refunded) != order_state(order)


# --- refunds by the reading of the order's proof ---


def refund_of(order, total, tax, quantity=1, rules=None):
    asked = Refund(
        id=7,
        order_id=order.id,
        total_amount=D(total),
        total_tax=D(tax),
        items=(RefundItem(item_type="PRODUCT", item_id=101, quantity=quantity),),
        payments=(RefundPayment(provider_id="custom", amount=D(total)),),
    )
    lines = tuple(
        SalesOrderLine("product", "Mug", D(1), D(0), D(0), store_line_id=line.id)
        for line in order.lines
    )
    sales_order = SalesOrder(
        import_id="WEB1042", store_order_id=order.id, client="Rivera", lines=lines, total=D(0),
        tax=D(0), tax_area="", currency="USD", warehouse="Main", ship_via="", bill_to=Address(),
    )  # fmt: skip
    return map_refund(asked, order, sales_order, rules)


PAID = {
    "old": ("586.80", "97.80"),
    "now": ("56.82", "3.72"),
    "inclusive": ("2400.00", "125.12"),
    "old inclusive": ("588.80", "98.13"),
}


@pytest.mark.parametrize("name", PAID)
@pytest.mark.parametrize("sent", [None, "0.0000", "right", "wrong"])
def test_a_refund_of_a_discounted_line(make_order, rules, name, sent):
    """What it gives back is the line after its discount, whatever the store says was paid for it.

    An import refuses an order in which the two differ.
    """
    total, tax = PAID[name]
    paid = {"right": D(total), "wrong": D(total) + D(SAVED[name]), None: None}
    line = {"discounted_total_inc_tax": paid.get(sent, D(0))}
    ruling = refund_of(one_line(make_order, *BODIES[name], line), total, tax, rules=rules)
    assert ruling.problems == ()
    [back] = ruling.value.lines
    assert (back.kind, back.amount + back.tax, back.tax) == ("product", D(total), D(tax))


@pytest.mark.parametrize("name", PAID)
@pytest.mark.parametrize("off", ["0.01", "-0.01", "saved", "-saved"])
def test_a_refund_that_is_near_is_refused(make_order, rules, name, off):
    total, tax = PAID[name]
    by = D(off.replace("saved", SAVED[name])).quantize(CENT, ROUND_HALF_UP)
    for paid in (None, D(0), D(total)):
        line = {"discounted_total_inc_tax": paid}
        order = one_line(make_order, *BODIES[name], line)
        ruling = refund_of(order, str(D(total) + by), tax, rules=rules)
        assert [one.code for one in ruling.problems] == ["refund_does_not_foot"]


def test_a_refund_of_what_was_free_in_a_store_without_tax(make_order, rules):
    order = one_line(make_order, *OLD)
    for name in ("price_ex_tax", "price_inc_tax", "total_ex_tax", "total_inc_tax", "total_tax"):
        setattr(order.products[0], name, D(0))
    order.products[0].applied_discounts = ()
    other = attrs.evolve(one_line(make_order, *OLD).products[0], id=102)
    order.products += (other,)
    order.items_total = 2
    assert refund_of(order, "0.00", "0.00", rules=rules).problems == ()


# --- codes of the promotions engine, and kinds that AcctVantage does not support ---


@pytest.fixture
def code(make_order):
    """An order over 20.00 + 8.00 with 10 % of its lines off by code TEN."""
    return make_order(
        [make_order.item("MUG", "10.00"), make_order.item("LAMP", "10.00")],
        discounts=[make_order.taken("2.20", code="TEN", id="promo", name="Ten percent")],
    )


def coupon(code, discount, type_, amount="0", id_=3):
    return OrderCoupon(
        id=id_, coupon_id=1, code=code, discount=D(discount), amount=D(amount), type=type_
    )


@pytest.mark.parametrize("type_", [5, 6])
def test_a_code_of_the_promotions_engine_makes_no_promotion(code, map_it, type_):
    mapped = map_it(code, coupons=(coupon("ten", "2.20", type_),))
    assert codes(mapped) == ([] if type_ == 5 else ["coupon_booked_by_amount"])
    assert mapped.bundle.new_promotions == ()
    [discount] = mapped.bundle.order.discounts
    assert (discount.code, discount.name, discount.gl_code) == (
        "",
        "Ten percent (TEN)",
        "40200-000-000",
    )
    assert (discount.amount, discount.amount_in_store) == (D("2.00"), D("2.20"))


def test_its_name_is_its_code_where_it_has_no_other(make_order, map_it):
    order = make_order(discounts=[make_order.taken("2.00", code="SHIP", on_lines=False)])
    [discount] = map_it(order, coupons=(coupon("SHIP", "2.00", 5),)).bundle.order.discounts
    assert discount.name == "SHIP"


@pytest.mark.parametrize(
    ("kind", "value", "differs"), [("%", "10", False), ("$", "2.20", False), ("$", "1.99", True)]
)
def test_where_the_books_have_a_promotion_of_that_code_it_counts(
    code, map_it, kind, value, differs
):
    promotion = Promotion("TEN", kind, D(value), "40300-000-000")
    mapped = map_it(code, coupons=(coupon("TEN", "2.20", 5),), promotions=(promotion,))
    assert codes(mapped) == ["promotion_differs"] * differs
    assert all("delete promotion 'TEN'" in problem.fix for problem in mapped.problems)
    assert [one.code for one in mapped.bundle.order.discounts] == ["TEN"]


def test_a_code_that_was_used_twice_in_one_order(code, map_it):
    twice = (coupon("TEN", "1.20", 5), coupon("ten", "1.00", 5, id_=4))
    assert map_it(code, coupons=twice).problems == ()
    assert map_it(code, coupons=(*twice, coupon("TEN", "NaN", 5))).bundle is None
    assert errors(map_it(code, coupons=twice[:1])) == ["discounts_do_not_foot"]


BY_AMOUNT = {"unsupported_coupons": "amount"}


def test_an_amount_off_each_item_is_booked_by_its_amount(code, map_it):
    row = coupon("TEN", "2.20", 0, "1.10")
    refused = map_it(code, coupons=(row,))
    assert codes(refused) == ["coupon_type_unsupported"]
    assert 'gl.unsupported_coupons = "amount"' in refused.problems[0].fix
    promotion = Promotion("TEN", "$", D("1.10"), "40300-000-000", inactive=True)
    for promotions in ((), (promotion,)):
        mapped = map_it(code, coupons=(row,), gl=BY_AMOUNT, promotions=promotions)
        assert codes(mapped) == ["coupon_booked_by_amount"]
        assert mapped.bundle.new_promotions == ()
        [discount] = mapped.bundle.order.discounts
        assert (discount.code, discount.amount) == ("", D("2.00"))
        assert foots(mapped.bundle.order)


@pytest.mark.parametrize("type_", [6, 7])
def test_a_type_that_is_not_documented_comes_with_a_warning(code, map_it, type_):
    mapped = map_it(code, coupons=(coupon("TEN", "2.20", type_, "1.10"),))
    [warning] = mapped.problems
    assert (warning.code, warning.severity) == ("coupon_booked_by_amount", "warning")
    assert f"is of type {type_}, which avbc does not know: 2.00" in warning.message
    assert mapped.bundle.new_promotions == ()
    [discount] = mapped.bundle.order.discounts
    assert (discount.code, discount.amount) == ("", D("2.00"))
    # With a promotion of the books its terms are those of the promotion.
    promotion = Promotion("TEN", "$", D("2.00"), "40300-000-000")
    mapped = map_it(code, coupons=(coupon("TEN", "2.20", type_),), promotions=(promotion,))
    assert "coupon_booked_by_amount" not in codes(mapped)


@pytest.mark.parametrize("type_", [3, 4])
@pytest.mark.parametrize(("taken", "freight"), [("8.80", "0"), ("4.40", "4.00")])
def test_a_coupon_on_shipping_is_booked_against_freight(
    make_order, map_it, rules, *, type_, taken, freight
):
    order = make_order(discounts=[make_order.taken(taken, code="SHIP", on_lines=False)])
    row = coupon("SHIP", taken, type_)
    assert codes(map_it(order, coupons=(row,))) == ["coupon_type_unsupported"]
    mapped = map_it(order, coupons=(row,), gl=BY_AMOUNT)
    assert codes(mapped) == ["coupon_booked_by_amount"]
    assert "against freight" in mapped.problems[0].message
    sales_order = mapped.bundle.order
    assert (sales_order.freight, sales_order.discounts) == (D(freight), ())
    assert foots(sales_order)
    assert [one.value for one in mapped.decisions if one.field == "freight"] != []
    [compared] = reconcile([order], [sales_order], mapped.bundle.receipts, rules)
    assert compared.verdict == "same", str(compared)
    # What a person changes still differs.
    changed = attrs.evolve(sales_order, freight=sales_order.freight - 1)
    [compared] = reconcile([order], [changed], mapped.bundle.receipts, rules)
    assert {one.field for one in compared.differences} == {"discount", "freight"}


def test_a_coupon_on_shipping_and_a_discount_on_lines(make_order, map_it):
    order = make_order(
        discounts=[
            make_order.taken("1.10"),
            make_order.taken("4.40", code="SHIP", on_lines=False),
        ]
    )
    mapped = map_it(order, coupons=(coupon("SHIP", "4.40", 3),), gl=BY_AMOUNT)
    assert errors(mapped) == []
    sales_order = mapped.bundle.order
    assert (sales_order.freight, sales_order.discount) == (D("4.00"), D("1.00"))
    assert foots(sales_order)


def test_a_coupon_on_shipping_without_tax(make_order, map_it):
    order = make_order(
        discounts=[make_order.taken("4.00", code="SHIP", on_lines=False)], discounts_with_tax=False
    )
    mapped = map_it(order, coupons=(coupon("SHIP", "4.00", 3),), gl=BY_AMOUNT)
    assert mapped.bundle.order.freight == D("4.00")
    assert mapped.proof.discounts == "without tax"


@pytest.mark.parametrize(
    ("cost", "discounts"),
    [
        # More than the shipping cost, at which it is worth something, or at none.
        ("8.00", [("8.91", "SHIP")]),
        ("0", [("1.10", "SHIP")]),
        # More than all discounts without tax.
        ("8.00", [("9.90", "SHIP"), ("0.01", "")]),
    ],
)
def test_a_coupon_on_shipping_that_is_more_than_it(make_order, map_it, cost, discounts):
    order = make_order(
        shipping=[("UPS Ground", cost)],
        discounts=[
            make_order.taken(amount, code=name, on_lines=not name) for amount, name in discounts
        ],
    )
    mapped = map_it(order, coupons=(coupon("SHIP", discounts[0][0], 4),), gl=BY_AMOUNT)
    assert errors(mapped) == ["discounts_do_not_foot"]
    assert "off by" in mapped.errors[0].message


def test_free_shipping_that_the_shipping_cost_is_without(make_order, map_it):
    """The order's discounts add up without it, so the shipping cost is what is left of it."""
    order = make_order(shipping=[("UPS Ground", "0")], discounts=[make_order.taken("1.10")])
    rows = (coupon("FREE", "8.80", 4),)
    mapped = map_it(order, coupons=rows, gl=BY_AMOUNT)
    assert codes(mapped) == ["coupon_booked_by_amount"]
    assert mapped.bundle.order.freight == 0
    assert mapped.bundle.order.discount == D("1.00")
    assert any("without the 8.80" in decision.reason for decision in mapped.decisions)
    # A cent beside it, neither holds.
    order.products[0].applied_discounts = (AppliedDiscount(id="x", amount=D("1.11")),)
    order.products[0].discounted_total_inc_tax = None
    assert errors(map_it(order, coupons=rows, gl=BY_AMOUNT)) == ["discounts_do_not_foot"]


def test_free_shipping_that_gave_nothing(make_order, map_it):
    assert map_it(make_order(), coupons=(coupon("FREE", "0", 4),), gl=BY_AMOUNT).problems == ()


# --- shares of a coupon without its code ---


def unnamed(make_order, id_, *more):
    order = make_order(
        [make_order.item("MUG", "10.00"), make_order.item("LAMP", "10.00")],
        discounts=[make_order.taken("5.00", id=id_, name=""), *more],
    )
    order.discount_amount, order.coupon_discount = D(0), D(5)
    return order


@pytest.mark.parametrize("id_", ["3", "1", "coupon", "total-coupon"])
def test_a_share_gets_the_code_of_its_coupon(make_order, map_it, id_):
    mapped = map_it(unnamed(make_order, id_), coupons=(coupon("NEW5", "5.00", 2, "5"),))
    assert mapped.problems == ()
    [discount] = mapped.bundle.order.discounts
    assert (discount.code, discount.amount_in_store) == ("NEW5", D(5))
    assert mapped.bundle.new_promotions[0].value == D(5)


@pytest.mark.parametrize(
    ("id_", "rows"),
    [
        ("77", [coupon("NEW5", "5.00", 2)]),
        ("3", [coupon("NEW5", "4.98", 2)]),
        ("3", [coupon("NEW5", "5.02", 2)]),
        ("coupon", [coupon("NEW5", "5.00", 2), coupon("OTHER", "5.00", 2, id_=9)]),
    ],
)
def test_no_share_is_taken_for_a_coupon_that_it_is_not(make_order, map_it, id_, rows):
    assert errors(map_it(unnamed(make_order, id_), coupons=tuple(rows)))


def test_a_coupon_that_cannot_be_read_names_nothing(make_order, map_it):
    rows = (coupon("NEW5", "NaN", 2),)
    assert errors(map_it(unnamed(make_order, "3"), coupons=rows)) == ["amount_unreadable"]


def test_two_discounts_that_may_be_the_coupon_are_none(make_order, map_it):
    order = unnamed(make_order, "3", make_order.taken("5.00", id="1", name=""))
    order.discount_amount = D(5)
    order.coupon_discount = D(5)
    assert errors(map_it(order, coupons=(coupon("NEW5", "5.00", 2),)))
