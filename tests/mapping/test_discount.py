"""Discounts and coupons (manual 2.2.1, BigCommerce - Coupon Codes)."""

from decimal import Decimal

import attrs
import pytest

from avbc.acctvantage.records import Promotion
from avbc.bigcommerce.models import AppliedDiscount, OrderCoupon
from avbc.mapping import discounts_for, prove

D = Decimal


def codes(mapped):
    return [problem.code for problem in mapped.problems]


@pytest.fixture
def coupon(make_order):
    """An order over 20.00 + 8.00 with 5.00 off by coupon NEW5."""
    return make_order(
        [make_order.item("MUG", "10.00"), make_order.item("LAMP", "10.00")],
        discounts=[make_order.taken("5.00", code="NEW5", id="total-coupon", name="Five off")],
    )


def given(code, discount, type_=2, amount=None):
    return OrderCoupon(
        id=3, coupon_id=1, code=code, discount=D(discount), amount=D(amount or discount), type=type_
    )


def test_a_coupon_the_books_lack_is_created_with_the_default_gl(coupon, map_it):
    mapped = map_it(coupon)
    assert mapped.problems == ()
    # 5.00 with 10 % tax: 0.45 of it is tax.
    [discount] = mapped.bundle.order.discounts
    assert (discount.code, discount.amount, discount.amount_in_store) == (
        "NEW5",
        D("4.55"),
        D("5.00"),
    )
    assert (discount.gl_code, discount.name) == ("40200-000-000", "Five off")
    assert mapped.bundle.new_promotions == (
        Promotion("NEW5", "$", D("5.00"), "40200-000-000", name="Five off"),
    )


@pytest.mark.parametrize(
    ("type_", "amount", "promotion"),
    [(2, "7.00", ("$", D("7.00"))), (1, "20", ("%", D(20)))],
)
def test_a_known_coupon_type_says_what_to_create(coupon, map_it, type_, amount, promotion):
    [new] = map_it(coupon, coupons=(given("new5", "5.00", type_, amount),)).bundle.new_promotions
    assert (new.kind, new.value) == promotion


@pytest.mark.parametrize("type_", [0, 3, 4])
def test_coupon_types_that_acctvantage_cannot_hold_are_refused(coupon, map_it, type_):
    mapped = map_it(coupon, coupons=(given("NEW5", "5.00", type_),))
    assert codes(mapped) == ["coupon_type_unsupported"]


@pytest.mark.parametrize(
    "promotion",
    [
        Promotion("new5", "$", D("5.00"), "40300-000-000"),
        Promotion("X", "$", D(5), "40300-000-000", name="NEW5"),
    ],
)
def test_a_promotion_of_the_books_goes_by_code_or_name(coupon, map_it, promotion):
    mapped = map_it(coupon, promotions=(promotion,))
    assert mapped.problems == ()
    assert mapped.bundle.new_promotions == ()
    [discount] = mapped.bundle.order.discounts
    assert (discount.code, discount.gl_code) == (promotion.code, "40300-000-000")


def test_a_code_comes_before_a_name(coupon, map_it):
    by_name, by_code = (
        Promotion("X", "$", D(5), "40200-000-000", name="NEW5"),
        Promotion("NEW5", "$", D(5), "40300-000-000"),
    )
    assert (
        map_it(coupon, promotions=(by_name, by_code)).bundle.order.discounts[0].gl_code
        == "40300-000-000"
    )


@pytest.mark.parametrize(
    ("promotion", "coupons", "differs"),
    [
        (("$", "5.00"), (), False),
        (("$", "5.01"), (), True),
        (("%", "22.7273"), (), False),  # of 22.00 with tax
        (("%", "25"), (), True),
        (("%", "5"), (given("NEW5", "5.00", 1, "5"),), False),
        (("%", "5"), (given("NEW5", "5.00", 2, "5"),), True),
        (("$", "50"), (given("NEW5", "5.00", 2, "50"),), False),  # capped by the order
        (("$", "50"), (given("NEW5", "5.00", 5, "50"),), True),
    ],
)
def test_the_books_value_is_compared_and_the_stores_is_booked(
    coupon, map_it, promotion, coupons, differs
):
    kind, value = promotion
    mapped = map_it(
        coupon, coupons=coupons, promotions=(Promotion("NEW5", kind, D(value), "40300-000-000"),)
    )
    assert codes(mapped) == (["promotion_differs"] if differs else [])
    assert mapped.bundle.order.discount == D("4.55")


def test_a_percentage_that_is_on_no_line_is_not_compared(make_order, map_it):
    order = make_order(discounts=[make_order.taken("5.00", code="NEW5", on_lines=False)])
    promotion = Promotion("NEW5", "%", D(10), "40300-000-000")
    assert (
        map_it(order, coupons=(given("NEW5", "5.00", 5),), promotions=(promotion,)).problems == ()
    )


def test_an_inactive_promotion_is_refused(coupon, map_it):
    assert codes(
        map_it(coupon, promotions=(Promotion("NEW5", "$", D(5), "40300-000-000", inactive=True),))
    ) == ["promotion_inactive"]


def test_a_promotion_without_an_account_takes_the_default(coupon, map_it):
    assert (
        map_it(coupon, promotions=(Promotion("NEW5", "$", D(5), ""),))
        .bundle.order.discounts[0]
        .gl_code
        == "40200-000-000"
    )


def test_a_missing_default_account_is_one_problem(make_order, map_it):
    taken = make_order.taken
    order = make_order(discounts=[taken("1.00", code="A"), taken("1.00", code="B"), taken("1.00")])
    mapped = map_it(order, gl={"default_discount_gl_code": ""})
    assert codes(mapped) == ["discount_gl_code_missing"]


def test_accounts_must_be_in_the_books(coupon, map_it):
    assert (
        map_it(coupon, gl={"default_discount_gl_code": "9"}).problems[0].field
        == "gl.default_discount_gl_code"
    )
    [problem] = map_it(coupon, promotions=(Promotion("NEW5", "$", D(5), "8"),)).problems
    assert (problem.code, problem.field, problem.value) == (
        "gl_code_unknown",
        "promotion 'NEW5'",
        "8",
    )
    assert map_it(coupon, gl={"default_discount_gl_code": "9"}, gl_accounts=()).problems == ()


def test_several_discounts_share_what_is_left_without_tax(make_order, map_it):
    taken = make_order.taken
    order = make_order(
        [make_order.item("MUG", "10.00"), make_order.item("LAMP", "20.00")],
        discounts=[
            taken("3.00", code="A"),
            taken("1.00", id="77", name="Spring sale"),
            taken("2.00"),
        ],
    )
    mapped = map_it(order)
    assert mapped.problems == ()
    made = mapped.bundle.order.discounts
    assert [(one.code, one.name, one.amount_in_store) for one in made] == [
        ("A", "Manual Discount", D(3)),
        ("", "Spring sale", D(1)),
        ("", "Manual Discount", D(2)),
    ]
    assert (
        sum(one.amount for one in made)
        == mapped.proof.discount
        == D("6.00") - D("0.27") - D("0.09") - D("0.18")
    )


def test_a_discount_on_no_line_is_one_of_its_own(make_order, map_it):
    """A discount on shipping, or on the whole order."""
    order = make_order(discounts=[make_order.taken("2.00", on_lines=False)])
    [discount] = map_it(order).bundle.order.discounts
    assert (discount.code, discount.name, discount.gl_code, discount.amount_in_store) == (
        "",
        "Discount",
        "40200-000-000",
        D(2),
    )
    both = make_order(
        discounts=[make_order.taken("2.00"), make_order.taken("1.00", on_lines=False)]
    )
    assert [one.amount_in_store for one in map_it(both).bundle.order.discounts] == [D(2), D(1)]


def test_a_coupon_on_no_line_needs_the_orders_coupons(make_order, map_it):
    order = make_order(discounts=[make_order.taken("5.00", code="SHIP", on_lines=False)])
    assert codes(map_it(order)) == ["coupon_unknown"]
    mapped = map_it(order, coupons=(given("SHIP", "5.00"),))
    assert mapped.problems == ()
    assert mapped.bundle.order.discounts[0].code == "SHIP"
    order.coupons = (given("SHIP", "5.00"),)
    assert map_it(order).problems == ()


def test_a_coupon_partly_on_shipping(make_order, map_it):
    taken = make_order.taken
    order = make_order(
        discounts=[taken("3.00", code="HALF"), taken("2.00", code="HALF", on_lines=False)]
    )
    assert codes(map_it(order)) == ["coupon_unknown"]
    assert map_it(order, coupons=(given("HALF", "5.00"),)).bundle.order.discounts[
        0
    ].amount_in_store == D(5)


@pytest.mark.parametrize("discount", ["4.98", "5.02"])
def test_a_coupon_that_its_lines_contradict(coupon, map_it, discount):
    mapped = map_it(coupon, coupons=(given("NEW5", discount),))
    assert codes(mapped) == ["discounts_do_not_foot"]
    assert "off by 0.02" in mapped.problems[0].message


def test_lines_that_take_off_more_than_the_order(make_order, map_it):
    order = make_order(discounts=[make_order.taken("2.00")])
    line = order.products[0]
    line.applied_discounts = (attrs.evolve(line.applied_discounts[0], amount=D("2.01")),)
    line.discounted_total_inc_tax = None
    mapped = map_it(order)
    assert codes(mapped) == ["discounts_do_not_foot"]
    assert "off by 0.01" in mapped.problems[0].message


def test_discounts_on_lines_of_an_order_without_any(make_order, map_it):
    order = make_order()
    order.products[0].applied_discounts = (AppliedDiscount(id="x", amount=D("1.00")),)
    order.products[0].discounted_total_inc_tax = None
    assert codes(map_it(order)) == ["discounts_do_not_foot"]


def test_what_spreading_lost_is_not_missed(make_order, map_it):
    """10.00 over three lines may be 3.33 each."""
    order = make_order(
        [make_order.item("MUG", "10.00") for _ in range(3)],
        discounts=[make_order.taken("10.00", code="TEN")],
    )
    for line in order.products:
        line.applied_discounts = (attrs.evolve(line.applied_discounts[0], amount=D("3.33")),)
        line.discounted_total_inc_tax = D("7.67")
    mapped = map_it(order)
    assert mapped.problems == ()
    assert mapped.bundle.order.discounts[0].amount_in_store == D("10.00")


def test_a_line_whose_discounted_total_is_off(make_order, map_it):
    order = make_order(discounts=[make_order.taken("2.00")])
    order.products[0].discounted_total_inc_tax = D("9.01")
    mapped = map_it(order)
    assert codes(mapped) == ["line_discount_does_not_foot"]
    assert "off by 0.01" in mapped.problems[0].message
    order.products[0].discounted_total_inc_tax = D("0.0000")  # the store may leave it so
    assert map_it(order).problems == ()
    whole = make_order()
    whole.products[0].discounted_total_inc_tax = D("10.99")
    assert codes(map_it(whole)) == ["line_discount_does_not_foot"]


def test_discounts_without_tax_are_recognised(make_order, map_it):
    """A store whose prices are without tax takes 5.00 off before tax."""
    order = make_order(discounts=[make_order.taken("5.00", code="NEW5")], discounts_with_tax=False)
    order.products[0].discounted_total_inc_tax = D("5.50")
    mapped = map_it(order)
    assert mapped.problems == ()
    assert mapped.proof.discounts == "without tax"
    [discount] = mapped.bundle.order.discounts
    assert discount.amount == discount.amount_in_store == D("5.00")
    fifty = Promotion("NEW5", "%", D(50), "40300-000-000")
    assert map_it(order, promotions=(fifty,)).problems == ()


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity"])
def test_amounts_that_are_none(make_order, map_it, amount):
    order = make_order(discounts=[make_order.taken("2.00")])
    order.products[0].applied_discounts = (AppliedDiscount(id="x", amount=D(amount)),)
    assert codes(map_it(order)) == ["amount_unreadable"]
    order.products[0].applied_discounts = (AppliedDiscount(id="x", amount=D(2)),)
    assert codes(map_it(order, coupons=(given("A", amount),))) == ["amount_unreadable"]
    order.products[0].applied_discounts = (AppliedDiscount(id="x", amount=D(-2)),)
    assert codes(map_it(order)) == ["amount_negative"]
    whole = make_order()
    whole.products[0].discounted_total_inc_tax = D(amount)
    assert codes(map_it(whole)) == ["amount_unreadable"]


def test_the_rule_alone(coupon, rules):
    proof = prove(coupon, rules).value
    ruling = discounts_for(coupon, (), proof, rules)
    assert sum(one.amount for one in ruling.value.discounts) == D("4.55")
    assert ruling.decisions[0].setting == "gl.default_discount_gl_code"


def test_a_discount_without_id_and_name_is_kept_apart_from_the_rest(make_order, map_it):
    """2.00 off the line, by a discount that says nothing of itself, and 3.00 off the shipping."""
    on_line = make_order(
        [make_order.item("MUG", "10.00", taxable=False)],
        shipping=[("UPS Ground", "8.00")],
        discounts=[
            make_order.taken("2.00", id="", name=""),
            make_order.taken("3.00", on_lines=False),
        ],
    )
    assert [
        (discount.name, discount.amount_in_store)
        for discount in map_it(on_line).bundle.order.discounts
    ] == [("Discount", D("2.00")), ("Discount", D("3.00"))]
