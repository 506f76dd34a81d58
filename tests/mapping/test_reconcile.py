"""Orders of the store against sales orders of the books."""

from datetime import UTC, datetime
from decimal import Decimal

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avbc.acctvantage.records import Client, Credit
from avbc.bigcommerce.models import Order, Refund
from avbc.mapping import MappingRules, credit_import_id, reconcile

D = Decimal


@pytest.fixture(scope="session")
def imported(map_it):
    """The order as the import writes it: sales order and receipts."""

    def run(order, **more):
        bundle = map_it(order, **more).bundle
        assert bundle is not None
        return bundle.order, bundle.receipts

    return run


@pytest.fixture
def compare(rules):
    def run(order, sales_order, receipts=(), **more):
        orders = [] if order is None else [order]
        booked = [] if sales_order is None else [sales_order]
        (one,) = reconcile(orders, booked, receipts, rules, **more)
        return one

    return run


def fields(one):
    return [
        (difference.field, difference.in_books, difference.in_store)
        for difference in one.differences
    ]


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {
            "shipping": [("UPS Ground", "8.00"), ("Store pickup", "0")],
            "handling": "2.50",
            "fees": ["1.00", "0.37"],
        },
        {"fees": ["1.00"], "fees_on_top": True},
        {"store_credit": "5.00", "gift_certificate": "2.00"},
        {"store_credit": "5.00", "net": True},
        {"payment_status": "captured"},
        {"payment_status": "authorized"},
        {"payment_status": "pending"},
        {"payment_status": "partially refunded"},
        {"payment_method": "Manual", "payment_status": ""},
    ],
)
def test_what_was_imported_is_the_same(make_order, imported, compare, shape):
    order = make_order(
        [make_order.item("MUG", "9.95", 3, wrapping="1.50"), make_order.item("TOWEL", "27.50")],
        **shape,
    )
    for gl in ({}, {"credit_card_transactions_are_preauthorizations": True}):
        sales_order, receipts = imported(order, gl=gl)
        one = compare(order, sales_order, receipts)
        assert (one.verdict, one.differences, one.problems) == ("same", (), ())
        assert one.in_store == one.in_books == sales_order.total


def test_discounts_bundles_and_custom_items_are_the_same(make_order, imported, compare):
    item = make_order.item
    items = [
        item("SET", "45.00", more={"id": 65}),
        item(
            "MUG",
            "9.95",
            2,
            more={"id": 66, "parent_order_product_id": 65, "is_bundled_product": True},
        ),
        item("", "5.00", more={"id": 67, "product_id": 0, "name": "Engraving"}),
    ]
    order = make_order(
        items, discounts=[make_order.taken("5.00", "SAVE5", "total-coupon", "Save five")]
    )
    sales_order, receipts = imported(order)
    assert compare(order, sales_order, receipts).verdict == "same"


def test_a_purchase_order_is_owed(make_order, imported, compare):
    order = make_order(
        payment_method="Invoice", payment_status="", payment_provider_id="PO-77", customer_id=20
    )
    sales_order, receipts = imported(
        order, clients=(Client("Rivera", import_id="WEB20", open_ar=True, id=3),)
    )
    assert receipts == ()
    assert compare(order, sales_order, receipts).verdict == "same"


def test_what_was_captured_meanwhile_is_received(make_order, imported, compare):
    order = make_order(payment_status="authorized")
    sales_order, (receipt,) = imported(
        order, gl={"credit_card_transactions_are_preauthorizations": True}
    )
    captured = attrs.evolve(order, payment_status="captured")
    amount = receipt.pre_auth_amount
    text = f"{amount}"
    assert fields(compare(captured, sales_order, (receipt,))) == [
        ("received", "0.00", text),
        ("held", text, "0.00"),
    ]
    assert (
        compare(
            captured,
            sales_order,
            (attrs.evolve(receipt, state="captured", amount=amount, pre_auth_amount=D(0)),),
        ).verdict
        == "same"
    )
    assert (
        compare(
            attrs.evolve(order, payment_status="void"),
            sales_order,
            (attrs.evolve(receipt, state="voided"),),
        ).verdict
        == "same"
    )
    # Where the order says nothing, the receipt knows it from the transactions.
    assert (
        compare(
            attrs.evolve(order, payment_status=""),
            attrs.evolve(sales_order, fingerprint=""),
            (receipt,),
        ).verdict
        == "same"
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"total": D("19.01")}, ("total", "19.01", "19.80")),
        ({"total": D("19.79")}, ("total", "19.79", "19.80")),
        ({"total": D("NaN")}, ("total", "NaN", "19.80")),
        ({"tax": D("1.79")}, ("tax", "1.79", "1.80")),
        ({"freight": D("8.01")}, ("freight", "8.01", "8.00")),
        ({"currency": "CAD"}, ("currency", "CAD", "USD")),
    ],
)
def test_a_header_that_differs(make_order, imported, compare, changes, expected):
    order = make_order()
    sales_order, receipts = imported(order)
    one = compare(order, attrs.evolve(sales_order, **changes), receipts)
    assert (one.verdict, fields(one)) == ("different", [expected])


def test_less_than_half_a_cent_is_the_same(make_order, imported, compare):
    order = make_order()
    sales_order, receipts = imported(order)
    near = attrs.evolve(
        sales_order,
        total=sales_order.total + D("0.0049"),
        freight=sales_order.freight - D("0.0049"),
    )
    assert compare(order, near, receipts).verdict == "same"
    assert (
        compare(
            order, attrs.evolve(sales_order, freight=sales_order.freight + D("0.005")), receipts
        ).verdict
        == "different"
    )


def test_lines_that_differ(make_order, imported, compare):
    order = make_order(
        [
            make_order.item("MUG", "9.95", 3),
            make_order.item("TOWEL", "27.50"),
            make_order.item("LAMP", "49.00"),
        ]
    )
    sales_order, receipts = imported(order)
    mug, towel, lamp = sales_order.lines
    changed = (
        attrs.evolve(mug, quantity=D(2), amount=D("19.90")),
        attrs.evolve(lamp, store_line_id=99),
        attrs.evolve(towel, quantity=D("NaN")),
    )
    ids = [line.store_line_id for line in (mug, towel, lamp)]
    assert fields(compare(order, attrs.evolve(sales_order, lines=changed), receipts)) == [
        (f"line {ids[0]}.quantity", "2", "3"),
        (f"line {ids[0]}.amount", "19.90", "29.85"),
        (f"line {ids[1]}.quantity", "NaN", "1"),
        (f"line {ids[2]}", "", "1 x LAMP = 49.00"),
        ("line 99", "1 x LAMP = 49.00", ""),
    ]


def test_costs_that_differ(make_order, imported, compare):
    order = make_order([make_order.item(wrapping="1.50")], handling="2.50", fees=["1.00"])
    sales_order, receipts = imported(order)
    kept = tuple(
        line for line in sales_order.lines if line.kind not in ("wrapping", "handling", "fee")
    )
    one = compare(order, attrs.evolve(sales_order, lines=kept), receipts)
    assert fields(one) == [
        ("wrapping", "0.00", "1.50"),
        ("handling", "0.00", "2.50"),
        ("fees", "0.00", "1.00"),
    ]


def test_discounts_that_differ(make_order, imported, compare):
    order = make_order(discounts=[make_order.taken("5.50", "SAVE5", "total-coupon", "Save five")])
    sales_order, receipts = imported(order)
    (discount,) = sales_order.discounts
    changed = attrs.evolve(sales_order, discounts=(attrs.evolve(discount, amount=D("4.00")),))
    assert fields(compare(order, changed, receipts)) == [("discount", "4.00", "5.00")]


def test_a_receipt_that_is_there_twice_shows(make_order, imported, compare):
    order = make_order(payment_status="captured")
    sales_order, receipts = imported(order)
    assert fields(compare(order, sales_order, (*receipts, *receipts))) == [
        ("received", "39.60", "19.80")
    ]
    assert fields(compare(order, sales_order, ())) == [("received", "0.00", "19.80")]


def test_an_edited_order_is_told(make_order, imported, compare):
    order = make_order()
    sales_order, receipts = imported(order)
    moved = attrs.evolve(order, billing_address=attrs.evolve(order.billing_address, city="Denver"))
    one = compare(moved, sales_order, receipts)
    assert [field for field, _, _ in fields(one)] == ["fingerprint"]
    assert "edited after its import" in fields(one)[0][2]
    assert compare(moved, attrs.evolve(sales_order, fingerprint=""), receipts).verdict == "same"


def test_what_is_missing(make_order, imported, compare):
    order = make_order()
    sales_order, _ = imported(order)
    gone = compare(None, sales_order)
    assert (gone.verdict, gone.order_id, gone.import_id, gone.in_store, gone.in_books) == (
        "missing_in_store",
        1042,
        "WEB1042",
        None,
        D("19.80"),
    )
    lost = compare(order, None)
    assert (lost.verdict, lost.import_id, lost.in_store, lost.in_books) == (
        "missing_in_books",
        "WEB1042",
        D("19.80"),
        None,
    )
    assert compare(order, None, not_due=[order.status_id]).verdict == "not_due"


def test_what_is_doubled(make_order, imported, rules):
    order = make_order()
    sales_order, receipts = imported(order)
    twin = attrs.evolve(sales_order, import_id="WEB1042-B")
    (one,) = reconcile([order], [sales_order, twin], receipts, rules)
    assert (one.verdict, one.in_books) == ("doubled", D("39.60"))
    assert fields(one) == [("sales_orders", "WEB1042, WEB1042-B", "1042")]


def test_another_source_is_another_matter(make_order, imported, rules):
    order = make_order()
    sales_order, receipts = imported(order)
    foreign = attrs.evolve(sales_order, import_id="OTH1042", source_code="OTH")
    (one,) = reconcile([order], [sales_order, foreign], receipts, rules)
    assert one.verdict == "same"


def test_many_come_in_the_sequence_of_their_ids(make_order, imported, rules):
    order = make_order()
    sales_order, receipts = imported(order)
    orders = [attrs.evolve(order, id=9), order, attrs.evolve(order, id=5)]
    booked = [sales_order, attrs.evolve(sales_order, import_id="WEB7", store_order_id=7)]
    found = reconcile(orders, booked, receipts, rules)
    assert [(one.order_id, one.verdict) for one in found] == [
        (5, "missing_in_books"),
        (7, "missing_in_store"),
        (9, "missing_in_books"),
        (1042, "same"),
    ]
    assert reconcile([], [], [], rules) == ()


# --- orders that do not add up by themselves ---


def test_an_order_that_does_not_add_up_is_compared_all_the_same(make_order, imported, compare):
    order = make_order()
    sales_order, receipts = imported(order)
    off = attrs.evolve(order, total_inc_tax=order.total_inc_tax + 1)
    one = compare(off, sales_order, receipts)
    assert {problem.code for problem in one.problems} == {
        "tax_does_not_foot",
        "total_does_not_foot",
    }
    assert fields(one)[0][0] == "total"
    assert (one.in_store, one.in_books) == (D("20.80"), D("19.80"))


def test_an_order_that_cannot_be_read(make_order, imported, compare):
    order = make_order()
    sales_order, receipts = imported(order)
    one = compare(
        attrs.evolve(order, total_inc_tax=D("sNaN"), gift_certificate_amount=D("NaN")),
        sales_order,
        receipts,
    )
    assert {problem.code for problem in one.problems} == {"amount_unreadable"}
    assert {"total", "received"} <= {field for field, _, _ in fields(one)}


def test_lines_that_were_not_all_read_are_not_compared(make_order, imported, compare):
    order = make_order()
    sales_order, receipts = imported(order)
    cut = attrs.evolve(order, items_total=2)
    one = compare(cut, sales_order, receipts)
    assert [problem.code for problem in one.problems] == ["lines_incomplete"]
    assert one.differences == ()


# --- refunds ---


def test_refunds_are_compared_where_credits_are_given(make_order, imported, compare):
    order = make_order()
    sales_order, receipts = imported(order)
    refunds = [
        Refund(id=number, order_id=1042, total_amount=D("5.00"), total_tax=D("0.45"))
        for number in (1, 2, 3)
    ]

    def credit(number, total="5.00", tax="0.45"):
        return Credit(
            credit_import_id("WEB1042", number), "WEB1042", number, (), D(tax), D(total), "USD"
        )

    assert compare(order, sales_order, receipts).verdict == "same"
    all_of_them = [credit(1), credit(2), credit(3)]
    assert compare(order, sales_order, receipts, refunds=(refunds, all_of_them)).verdict == "same"
    one = compare(
        order,
        sales_order,
        receipts,
        refunds=(refunds, [credit(1), credit(2, "4.00", "0.40"), credit(9)]),
    )
    assert fields(one) == [
        ("refund 2.total", "4.00", "5.00"),
        ("refund 2.tax", "0.40", "0.45"),
        ("refund 3", "", "5.00"),
        ("refund 9", "5.00", ""),
    ]


# --- for all orders ---


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    lines=st.lists(
        st.tuples(
            st.sampled_from(["MUG", "TOWEL", "LAMP"]),
            st.decimals(D(1), D(400), places=2),
            st.integers(1, 9),
        ),
        min_size=1,
        max_size=5,
    ),
    shape=st.fixed_dictionaries(
        {
            "handling": st.decimals(D(0), D(9), places=2).map(str),
            "store_credit": st.sampled_from(["0", "0.37"]),
            "net": st.booleans(),
            "payment_status": st.sampled_from(["captured", "authorized", "pending"]),
        }
    ),
)
def test_whatever_was_imported_is_the_same(make_order, imported, rules, lines, shape):
    order = make_order(
        [make_order.item(sku, str(price), quantity) for sku, price, quantity in lines], **shape
    )
    sales_order, receipts = imported(order)
    (one,) = reconcile([order], [sales_order], receipts, rules)
    assert (one.verdict, one.differences) == ("same", ())
    (other,) = reconcile(
        [order], [attrs.evolve(sales_order, total=sales_order.total + D("0.01"))], receipts, rules
    )
    assert [difference.field for difference in other.differences] == ["total"]


amounts = st.decimals()


@given(
    st.builds(
        Order,
        id=st.just(1042),
        total_inc_tax=amounts,
        total_tax=amounts,
        shipping_cost_ex_tax=amounts,
        store_credit_amount=amounts,
    )
)
def test_whatever_the_order_there_is_an_answer(make_order, imported, rules, order):
    sales_order, receipts = imported(make_order(date_created=datetime(2026, 3, 2, tzinfo=UTC)))
    (one,) = reconcile([order], [sales_order], receipts, rules)
    assert one.verdict == "different"


def test_an_order_that_was_reset_is_left_to_the_import(make_order, imported, rules):
    """Its sales order has the status Shipped/Invoice, which a push would send otherwise."""
    screen = attrs.evolve(rules.settings.order_status, updates="push")
    pushing = MappingRules(
        attrs.evolve(rules.settings, order_status=screen), rules.reference, rules.statuses
    )
    order = make_order(status_id=11)
    sales_order, receipts = imported(order)
    shipped = attrs.evolve(sales_order, status="Shipped/Invoice")
    (one,) = reconcile([order], [shipped], receipts, pushing)
    assert [name for name, *_ in fields(one)] == ["status"]
    (one,) = reconcile([order], [shipped], receipts, pushing, not_due=[11])
    assert one.verdict == "same"
