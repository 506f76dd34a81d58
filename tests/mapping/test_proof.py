"""The proof: identities, readings, and an order that is off by a cent anywhere."""

from decimal import Decimal

import attrs
import pytest

from avbc.acctvantage.records import ReferenceData
from avbc.bigcommerce.models import Fee, Order
from avbc.mapping import MappingRules, prove
from avbc.mapping.proof import Proof

D = Decimal


def codes(ruling):
    return [problem.code for problem in ruling.problems]


def errors(mapped):
    return [problem.code for problem in mapped.errors]


@pytest.mark.parametrize("net", [False, True])
@pytest.mark.parametrize("fees_on_top", [False, True])
@pytest.mark.parametrize("with_tax", [False, True])
@pytest.mark.parametrize("tenders", [("0", "0"), ("2.00", "0"), ("2.00", "3.00")])
@pytest.mark.parametrize("fees", [(), ("1.50", "4.00")])
@pytest.mark.parametrize("discounts", [(), ("2.00",)])
def test_every_reading_is_recognised(
    make_order, map_it, *, net, fees_on_top, with_tax, tenders, fees, discounts
):
    order = make_order(
        [make_order.item("MUG", "10.00", 2), make_order.item("LAMP", "5.00")],
        net=net,
        fees=fees,
        fees_on_top=fees_on_top,
        discounts=[make_order.taken(amount, code="save5") for amount in discounts],
        discounts_with_tax=with_tax,
        store_credit=tenders[0],
        gift_certificate=tenders[1],
    )
    redeemed = D(tenders[0]) + D(tenders[1])
    mapped = map_it(order)
    assert mapped.errors == ()
    proof = mapped.proof
    assert proof.total == order.total_inc_tax + (redeemed if net else 0)
    assert proof.gateway_amount == proof.total - redeemed
    assert proof.tenders == (
        "none" if not redeemed else "taken off the total" if net else "in the total"
    )
    assert proof.fees == (
        "none" if not fees else "on top of the subtotal" if fees_on_top else "in the subtotal"
    )
    assert proof.discounts == (
        "none" if not discounts else "with tax" if with_tax else "without tax"
    )
    sales_order = mapped.bundle.order
    assert (
        sales_order.total
        == sales_order.subtotal
        + sales_order.freight
        + sales_order.tax
        - sales_order.discount
        + sales_order.rounding
    )
    assert sum(one.amount for one in mapped.bundle.receipts) == proof.total
    assert [line.kind for line in sales_order.lines].count("fee") == len(fees)


HEADER = [
    ("total_inc_tax", "total_does_not_foot"),
    ("total_ex_tax", "tax_does_not_foot"),
    ("total_tax", "tax_does_not_foot"),
    ("subtotal_ex_tax", "lines_do_not_foot"),
    ("subtotal_inc_tax", "lines_do_not_foot"),
    ("shipping_cost_ex_tax", "shipping_does_not_foot"),
    ("shipping_cost_inc_tax", "shipping_does_not_foot"),
    ("shipping_cost_tax", "cost_does_not_foot"),
    ("handling_cost_ex_tax", "handling_does_not_foot"),
    ("handling_cost_inc_tax", "handling_does_not_foot"),
    ("handling_cost_tax", "cost_does_not_foot"),
    ("wrapping_cost_ex_tax", "wrapping_does_not_foot"),
    ("wrapping_cost_inc_tax", "wrapping_does_not_foot"),
    ("wrapping_cost_tax", "cost_does_not_foot"),
    ("discount_amount", "total_does_not_foot"),
    ("coupon_discount", "total_does_not_foot"),
]
LINE = [
    ("price_ex_tax", "line_does_not_foot"),
    ("price_inc_tax", "line_does_not_foot"),
    ("total_ex_tax", "lines_do_not_foot"),
    ("total_inc_tax", "lines_do_not_foot"),
    ("discounted_total_inc_tax", "line_discount_does_not_foot"),
    ("wrapping_cost_ex_tax", "wrapping_does_not_foot"),
    ("wrapping_cost_inc_tax", "wrapping_does_not_foot"),
]


@pytest.fixture
def full(make_order):
    """An order with one of everything, fresh for each test: it is changed."""
    return make_order(
        [make_order.item("MUG", "10.00", 2), make_order.item("LAMP", "49.00", wrapping="4.00")],
        handling="2.00",
        fees=["1.50"],
        discounts=[make_order.taken("3.00"), make_order.taken("2.00", code="SAVE2")],
        gift_certificate="5.00",
    )


@pytest.mark.parametrize("off", ["0.01", "-0.01"])
@pytest.mark.parametrize(("field", "code"), HEADER)
def test_an_order_off_by_a_cent_is_refused(full, map_it, field, code, off):
    setattr(full, field, getattr(full, field) + D(off))
    mapped = map_it(full)
    assert mapped.bundle is None
    assert code in errors(mapped)
    assert any("0.01" in problem.message for problem in mapped.errors)


@pytest.mark.parametrize("off", ["0.01", "-0.01"])
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(("field", "code"), LINE)
def test_a_line_off_by_a_cent_is_refused(full, map_it, *, field, code, number, off):
    if number == 0 and field.startswith("wrapping"):
        off = "0.01"  # the line has none
    setattr(full.products[number], field, getattr(full.products[number], field) + D(off))
    mapped = map_it(full)
    assert mapped.bundle is None
    assert code in errors(mapped)


@pytest.mark.parametrize("off", ["0.01", "-0.01"])
@pytest.mark.parametrize("field", ["cost_ex_tax", "cost_inc_tax", "cost_tax"])
def test_a_fee_off_by_a_cent_is_refused(full, map_it, field, off):
    setattr(full.fees[0], field, getattr(full.fees[0], field) + D(off))
    assert "cost_does_not_foot" in errors(map_it(full))


@pytest.mark.parametrize(
    "field", ["cost_ex_tax", "cost_inc_tax", "handling_cost_ex_tax", "handling_cost_inc_tax"]
)
def test_a_consignment_off_by_a_cent_is_refused(full, map_it, field):
    consignment = full.consignments.shipping[0]
    setattr(consignment, field, getattr(consignment, field) + D("0.01"))
    assert errors(map_it(full)) == [
        "handling_does_not_foot" if "handling" in field else "shipping_does_not_foot"
    ]


def test_an_undisturbed_order_is_imported(full, map_it):
    assert map_it(full).problems == ()


@pytest.mark.parametrize("off", ["0.0049", "-0.0049"])
@pytest.mark.parametrize(
    "field", ["total_inc_tax", "total_tax", "subtotal_ex_tax", "shipping_cost_inc_tax"]
)
def test_less_than_half_a_cent_is_rounding(full, map_it, field, off):
    setattr(full, field, getattr(full, field) + D(off))
    mapped = map_it(full)
    assert mapped.errors == ()
    assert abs(mapped.bundle.order.rounding) < D("0.005")


def test_a_failure_says_by_how_much_and_what_was_tried(make_order, rules):
    plain = make_order(total_inc_tax=D("19.95"), total_tax=D("1.95"))
    [problem] = [one for one in prove(plain, rules).problems if one.code == "total_does_not_foot"]
    assert (problem.field, problem.value) == ("total_inc_tax", "19.95")
    assert "its parts come to 19.80: off by 0.15." in problem.message
    assert "Nor does" not in problem.message
    both = make_order(
        total_inc_tax=D("99.00"), total_tax=D("81.00"), store_credit="2.00", fees=["1.00"]
    )
    message = next(
        one.message for one in prove(both, rules).problems if one.code == "total_does_not_foot"
    )
    assert (
        "Nor does 2.00 of store credit and gift certificates being off the total or fees of 1.10 "
        "coming on top explain it."
    ) in message


def test_lines_that_miss_the_subtotal_say_where(make_order, map_it):
    order = make_order(fees=["1.00"])
    order.products[0].total_ex_tax += D("0.03")
    order.products[0].price_ex_tax += D("0.03")
    order.products[0].total_tax -= D("0.03")
    order.products[0].price_tax -= D("0.03")
    [problem] = map_it(order).errors
    assert (problem.code, problem.field) == ("lines_do_not_foot", "subtotal_ex_tax")
    assert (
        "the lines come to 10.03: off by 0.97. With the fees of 1.00 they are off by 0.03."
        in problem.message
    )


@pytest.mark.parametrize(("count", "are_listed"), [(10, True), (11, False)])
def test_a_few_lines_that_miss_the_subtotal_are_listed(make_order, map_it, count, are_listed):
    order = make_order([make_order.item(f"MUG-{number}", "10.00") for number in range(count)])
    order.subtotal_ex_tax += D("0.03")
    message = next(one.message for one in map_it(order).errors if one.code == "lines_do_not_foot")
    assert (f"The lines: {order.products[0].name} 10.00, " in message) is are_listed


def test_a_subtotal_with_fees_that_were_not_read(make_order, map_it):
    order = make_order(fees=["1.00"])
    order.fees = None
    [*problems] = map_it(order).errors
    assert {problem.code for problem in problems} == {"lines_do_not_foot"}
    assert "include=fees" in problems[0].fix


def test_the_side_without_tax_must_hold_where_there_is_no_discount(make_order, rules):
    ruling = prove(make_order(total_ex_tax=D("19.80"), total_tax=D(0)), rules)
    assert codes(ruling) == ["ex_tax_does_not_foot"]
    assert "off by 1.80" in ruling.problems[0].message


@pytest.mark.parametrize("tax", ["0.00", "5.00"])
def test_the_side_without_tax_must_leave_a_possible_discount(make_order, rules, tax):
    order = make_order(discounts=[make_order.taken("1.00")])
    order.total_tax = D(tax)
    order.total_ex_tax = order.total_inc_tax - D(tax)
    assert codes(prove(order, rules)) == ["discount_does_not_foot"]


def test_taxes_that_do_not_add_up_are_warned_about(make_order, rules):
    ruling = prove(make_order(subtotal_tax=D("0.50")), rules)
    assert codes(ruling) == ["tax_parts_differ"]
    assert ruling.value is not None


def test_a_fee_as_large_as_the_tender_leaves_two_readings_of_the_header(make_order, rules, map_it):
    """Both "all in" and "fee on top, tender off" predict this total. The lines tell which it is."""
    order = make_order(fees=["2.00"], store_credit="2.20")
    ruling = prove(order, rules)
    assert codes(ruling) == ["reading_ambiguous"]
    assert len(ruling.problems[0].candidates) == 2
    assert map_it(order).proof.fees == "in the subtotal"
    other = make_order(fees=["2.00"], store_credit="2.20", fees_on_top=True, net=True)
    assert (
        map_it(other).proof.convention
        == "tenders: taken off the total; fees: on top of the subtotal; discounts: none"
    )


def test_a_tender_as_large_as_the_tax_on_the_discount_leaves_two_readings(make_order, map_it):
    order = make_order(
        discounts=[make_order.taken("5.00")], discounts_with_tax=False, store_credit="0.50"
    )
    assert errors(map_it(order)) == ["reading_ambiguous"]


def test_a_fee_over_nothing_is_no_question(make_order, map_it):
    order = make_order()
    order.fees = (Fee(id=1, display_name_customer="Free"),)
    mapped = map_it(order)
    assert mapped.problems == ()
    assert [line.description for line in mapped.bundle.order.lines] == ["Item MUG", "Free"]


@pytest.mark.parametrize(
    "amount", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+13", "0.00001", "1E-30", "1E+999999"]
)
@pytest.mark.parametrize(
    "field", ["total_inc_tax", "subtotal_tax", "discount_amount", "store_credit_amount"]
)
def test_amounts_that_are_none(make_order, map_it, rules, amount, field):
    order = make_order(**{field: D(amount)})
    assert codes(prove(order, rules)) == ["amount_unreadable"]
    mapped = map_it(order)
    assert errors(mapped) == ["amount_unreadable"]
    assert mapped.problems[0].field == field


@pytest.mark.parametrize("field", ["price_ex_tax", "total_inc_tax", "total_tax"])
def test_amounts_of_lines_that_are_none(make_order, map_it, field):
    order = make_order()
    setattr(order.products[0], field, D("sNaN"))
    mapped = map_it(order)
    assert [(one.code, one.field) for one in mapped.errors] == [
        ("amount_unreadable", f"lines[0].{field}")
    ]


def test_amounts_of_fees_that_are_none(make_order, rules):
    order = make_order()
    order.fees = (Fee(id=1, cost_inc_tax=D("NaN")),)
    assert [(one.code, one.field) for one in prove(order, rules).problems] == [
        ("amount_unreadable", "fees[0].cost_inc_tax")
    ]


@pytest.mark.parametrize(
    "field", ["total_inc_tax", "shipping_cost_ex_tax", "coupon_discount", "gift_certificate_amount"]
)
def test_amounts_that_are_negative(make_order, map_it, field):
    assert errors(map_it(make_order(**{field: D(-1)}))) == ["amount_negative"]


def test_a_total_that_is_paid_by_tenders_alone_and_net_of_them(make_order, map_it):
    order = make_order(store_credit="19.80", net=True, payment_method="", payment_status="")
    assert (order.total_inc_tax, order.total_ex_tax) == (D(0), D("-1.80"))
    mapped = map_it(order)
    assert mapped.problems == ()
    assert mapped.bundle.order.total == mapped.bundle.receipts[0].amount == D("19.80")


def test_a_negative_line_is_arithmetic(make_order, map_it):
    order = make_order([make_order.item("MUG", "10.00"), make_order.item("LAMP", "-2.00")])
    assert map_it(order).bundle.order.total == order.total_inc_tax
    alone = make_order([make_order.item("MUG", "-2.00")], shipping=[("UPS Ground", "8.00")])
    assert map_it(alone).bundle.order.total == D("6.60")


def test_quantities_that_are_none(make_order, map_it):
    order = make_order([make_order.item("MUG", "10.00"), make_order.item("LAMP", "1.00", -1)])
    assert errors(map_it(order)) == ["quantity_invalid"]


def test_a_unit_price_of_four_decimals_times_many(make_order, map_it):
    line = {
        "price_ex_tax": D("0.3333"),
        "price_inc_tax": D("0.3333"),
        "total_ex_tax": D("333.3333"),
        "total_inc_tax": D("333.3333"),
    }
    item = make_order.item("MUG", "0.3333", 1000, taxable=False, more=line)
    assert (
        map_it(
            make_order([item], shipping=[], total_inc_tax=D("333.3300"), total_ex_tax=D("333.3300"))
        ).errors
        == ()
    )
    line["total_ex_tax"] = line["total_inc_tax"] = D("333.3600")
    item = make_order.item("MUG", "0.3333", 1000, taxable=False, more=line)
    assert errors(map_it(make_order([item], shipping=[]))) == ["line_does_not_foot"] * 2


def test_a_discounted_line_may_show_its_tax_after_the_discount(make_order, map_it):
    order = make_order(discounts=[make_order.taken("2.00")])
    order.products[0].total_tax = D("0.82")
    assert map_it(order).problems == ()


def test_yen_have_no_decimals(make_order, settings):
    order = make_order(
        default_currency_code="JPY",
        total_inc_tax=D("20.20"),
        total_ex_tax=D("18.30"),
        total_tax=D("1.90"),
    )
    rules = MappingRules(settings, ReferenceData(currency="JPY"))
    assert prove(order, rules).value.total == D(20)
    assert (
        codes(prove(attrs.evolve(order, total_inc_tax=D("20.30")), rules))
        == ["total_does_not_foot", "tax_does_not_foot"][:1]
    )


def test_nothing_is_proven_by_nothing(rules):
    proof = prove(Order(id=1), rules).value
    assert proof == Proof(D(0), D(0), D(0), D(0), "none", "none", "none")
    assert proof.convention == "tenders: none; fees: none; discounts: none"
