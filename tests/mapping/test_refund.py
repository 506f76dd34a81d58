"""Refunds of the store as credits of the books."""

import json
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbc.acctvantage.records import Address, CreditTender, SalesOrder, SalesOrderLine
from avbc.bigcommerce.endpoints.orders import get_order, list_order_products
from avbc.bigcommerce.endpoints.payments import list_refunds
from avbc.bigcommerce.models import (
    AppliedDiscount,
    Consignments,
    Fee,
    Order,
    OrderProduct,
    Refund,
    RefundAdjustment,
    RefundItem,
    RefundPayment,
    ShippingConsignment,
)
from avbc.mapping import MappingRules, credit_import_id, map_refund
from avbc.settings import PaymentMethodMapping
from avbc.testing import FakeStore, order_of_shape, orders_of_every_shape

D = Decimal

LINE = OrderProduct(
    id=15,
    product_id=7,
    sku="MUG",
    name="Mug &amp; saucer",
    quantity=3,
    total_ex_tax=D("10.0000"),
    total_inc_tax=D("11.0000"),
    total_tax=D("1.0000"),
    order_address_id=51,
    wrapping_name="Red paper",
    wrapping_cost_ex_tax=D("2.0000"),
    wrapping_cost_inc_tax=D("2.2000"),
    wrapping_cost_tax=D("0.2000"),
)
TOWEL = OrderProduct(
    id=16,
    product_id=8,
    sku="TOWEL",
    name="Towel",
    total_ex_tax=D("20"),
    total_inc_tax=D("22"),
    total_tax=D("2"),
)
ORDER = Order(
    id=1042,
    payment_method="Credit Card",
    payment_status="captured",
    products=(LINE, TOWEL),
    wrapping_cost_inc_tax=D("2.2000"),
    fees=(
        Fee(
            id=3,
            display_name_merchant="Eco fee",
            cost_ex_tax=D("1.00"),
            cost_inc_tax=D("1.10"),
            cost_tax=D("0.10"),
        ),
    ),
    consignments=Consignments(
        shipping=(
            ShippingConsignment(
                id=51,
                shipping_method="UPS Ground",
                cost_ex_tax=D("8"),
                cost_inc_tax=D("8.8"),
                cost_tax=D("0.8"),
                handling_cost_ex_tax=D("1"),
                handling_cost_inc_tax=D("1.1"),
                handling_cost_tax=D("0.1"),
            ),
        )
    ),
)


def booked(order, currency="USD", import_id="WEB1042"):
    lines = tuple(
        SalesOrderLine(
            "product",
            line.name,
            D(line.quantity),
            D(0),
            D(0),
            part_number=line.sku or None,
            store_line_id=line.id,
        )
        for line in order.lines
    )
    return SalesOrder(
        import_id=import_id,
        store_order_id=order.id,
        client="Rivera",
        lines=lines,
        total=order.total_inc_tax,
        tax=order.total_tax,
        tax_area="BigCommerce",
        currency=currency,
        warehouse="Main",
        ship_via="UPS Ground",
        bill_to=Address(),
    )


def item(kind="PRODUCT", id_=15, quantity=0, amount=None, *held_back, **more):
    adjustments = tuple(
        RefundAdjustment(amount=D(value), description=text) for value, text in held_back
    )
    requested = None if amount is None else D(amount)
    return RefundItem(
        item_type=kind,
        item_id=id_,
        quantity=quantity,
        requested_amount=requested,
        adjustments=adjustments,
        **more,
    )


def refund(total, tax, *items, payments=None, **more):
    paid = tuple(
        RefundPayment(provider_id=name, amount=D(amount))
        for name, amount in payments or [("authorizenet", total)]
    )
    return Refund(
        id=7,
        order_id=1042,
        total_amount=D(total),
        total_tax=D(tax),
        items=items,
        **{"payments": paid, **more},
    )


@pytest.fixture
def credit(rules):
    def run(asked, order=ORDER, sales_order=None, rules=rules):
        return map_refund(asked, order, sales_order or booked(order), rules)

    return run


def codes(ruling):
    return [problem.code for problem in ruling.problems]


def lines(ruling):
    return [(line.kind, line.amount, line.tax) for line in ruling.value.lines]


def test_a_product_gives_back_what_was_paid_for_it(credit):
    ruling = credit(refund("11.00", "1.00", item(quantity=3), reason="Broken &amp; late"))
    made = ruling.value
    assert ruling.problems == ()
    assert (made.import_id, made.order_import_id, made.store_refund_id, made.reason) == (
        "WEB1042-CM7",
        "WEB1042",
        7,
        "Broken & late",
    )
    assert (made.total, made.tax, made.currency) == (D("11.00"), D("1.00"), "USD")
    (line,) = made.lines
    assert (line.kind, line.amount, line.tax, line.quantity) == (
        "product",
        D("10.00"),
        D("1.00"),
        D(3),
    )
    assert (line.store_line_id, line.part_number, line.description) == (15, "MUG", "Mug & saucer")
    assert made.tenders == (CreditTender("Visa/MC", D("11.00"), "authorizenet"),)


@pytest.mark.parametrize(("total", "tax"), [("3.67", "0.33"), ("3.66", "0.33"), ("3.66", "0.34")])
def test_a_third_of_a_line_rounds_as_the_store_rounded_it(credit, total, tax):
    ruling = credit(refund(total, tax, item(quantity=1)))
    assert lines(ruling) == [("product", D(total) - D(tax), D(tax))]


def test_discounts_come_off(credit):
    discounts = (AppliedDiscount(id="manual-discount", amount=D("2.20")),)
    for discounted in (D("8.80"), None, D(0)):
        line = attrs.evolve(LINE, applied_discounts=discounts, discounted_total_inc_tax=discounted)
        order = attrs.evolve(ORDER, products=(line, TOWEL))
        assert lines(credit(refund("8.80", "0.80", item(quantity=3)), order)) == [
            ("product", D("8.00"), D("0.80"))
        ]


def test_what_cost_nothing_gives_nothing_back(credit):
    free = attrs.evolve(LINE, total_ex_tax=D(0), total_inc_tax=D(0))
    ruling = credit(
        refund("0.00", "0.00", item(quantity=3)), attrs.evolve(ORDER, products=(free, TOWEL))
    )
    assert lines(ruling) == [("product", D(0), D(0))]


@pytest.mark.parametrize(
    ("of", "total", "tax", "kind"),
    [
        (item("GIFT_WRAPPING", 15, 3), "2.20", "0.20", "wrapping"),
        (item("GIFT_WRAPPING", 15, 0), "2.20", "0.20", "wrapping"),
        (item("SHIPPING", 51, 0, "8.80"), "8.80", "0.80", "shipping"),
        (item("SHIPPING", 51, 0, "4.40"), "4.40", "0.40", "shipping"),
        (item("handling", 51, 0, "1.10"), "1.10", "0.10", "handling"),
        (item("FEE", 3, 0, "1.10"), "1.10", "0.10", "fee"),
        (item("ORDER", 1042, 0, "5.00"), "5.00", "0.00", "order"),
        (item("TAX", 1042, 0, "1.50"), "1.50", "1.50", "tax"),
        # An amount without tax, which the tax comes on top of.
        (item("SHIPPING", 51, 0, "8.00"), "8.80", "0.80", "shipping"),
        (item("FEE", 3, 0, "1.00"), "1.10", "0.10", "fee"),
        # A product may be refunded by amount, too.
        (item("PRODUCT", 15, 1, "5.50"), "5.50", "0.50", "product"),
    ],
)
def test_everything_that_can_be_refunded(credit, of, *, total, tax, kind):
    ruling = credit(refund(total, tax, of))
    assert ruling.problems == ()
    assert lines(ruling) == [(kind, D(total) - D(tax), D(tax))]


def test_a_refund_of_many_things(credit):
    asked = refund(
        "21.10", "1.46", item(quantity=1), item("GIFT_WRAPPING", 15, 3),
        item("SHIPPING", 51, 0, "8.80"), item("ORDER", 1042, 0, "5.00"),
        item("HANDLING", 51, 0, "1.10"), item("FEE", 3, 0, "0.33"),
    )  # fmt: skip
    ruling = credit(asked)
    assert [line.kind for line in ruling.value.lines] == [
        "product",
        "wrapping",
        "shipping",
        "order",
        "handling",
        "fee",
    ]
    assert sum(line.amount + line.tax for line in ruling.value.lines) == D("21.10")
    assert sum(line.tax for line in ruling.value.lines) == D("1.46")


def test_wrapping_for_each_piece(credit):
    order = attrs.evolve(ORDER, wrapping_cost_inc_tax=D("6.6000"))
    assert lines(credit(refund("4.40", "0.40", item("GIFT_WRAPPING", 15, 2)), order)) == [
        ("wrapping", D("4.00"), D("0.40"))
    ]


def test_only_tax(credit):
    assert lines(credit(refund("1.50", "1.50"))) == [("tax", D(0), D("1.50"))]
    assert lines(credit(refund("0.00", "0.00"))) == []


def test_less_money_for_more_tax(credit):
    """BigCommerce: the tax of a refund is negative where it collects tax by refunding less."""
    ruling = credit(
        refund("4.00", "-1.00", item("ORDER", 1042, 0, "5.00"), item("TAX", 1042, 0, "-1.00"))
    )
    assert lines(ruling) == [("order", D("5.00"), D(0)), ("tax", D(0), D("-1.00"))]


@pytest.mark.parametrize(
    ("total", "tax", "held_back"),
    [("9.90", "1.00", ("-1.10", "0")), ("9.90", "0.90", ("-1.00", "-0.10"))],
)
def test_what_was_held_back_is_a_line_of_its_own(credit, total, tax, held_back):
    ruling = credit(
        refund(total, tax, item("PRODUCT", 15, 3, None, ("-1.10", "Restocking &amp; fee")))
    )
    assert lines(ruling)[1] == ("order", D(held_back[0]), D(held_back[1]))
    assert (ruling.value.lines[1].description, ruling.value.lines[1].part_number) == (
        "Restocking & fee",
        "MUG",
    )


def test_held_back_without_a_word(credit):
    ruling = credit(refund("9.90", "1.00", item("PRODUCT", 15, 3, None, ("-1.10", ""))))
    assert ruling.value.lines[1].description == "Held back from Mug & saucer"


# --- what does not add up ---


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        (refund("10.99", "1.00", item(quantity=3)), "refund_does_not_foot", "off by 0.01"),
        (refund("3.69", "0.33", item(quantity=1)), "refund_does_not_foot", "off by 0.02"),
        (refund("11.00", "0.98", item(quantity=3)), "refund_tax_does_not_foot", "off by 0.02"),
        (
            refund("5.00", "0.01", item("ORDER", 1042, 0, "5.00")),
            "refund_tax_does_not_foot",
            "off by 0.01",
        ),
        (refund("2.00", "1.50"), "refund_does_not_foot", "off by 0.50"),
        (
            refund("11.00", "1.00", item(quantity=3), payments=[("authorizenet", "10.00")]),
            "refund_tenders_do_not_foot",
            "off by 1.00",
        ),
        (
            refund("11.00", "1.00", item(quantity=3), payments=[("a", "10.00"), ("b", "2.00")]),
            "refund_tenders_do_not_foot",
            "off by 1.00",
        ),
        (refund("11.00", "1.00", item(quantity=4)), "quantity_invalid", "4 of 'Mug & saucer'"),
        (refund("11.00", "1.00", item(quantity=0)), "quantity_invalid", "0 of"),
        (refund("8.80", "0.80", item("SHIPPING", 51)), "quantity_invalid", "0 of"),
        (refund("11.00", "1.00", item("PRODUCT", 99, 1)), "refund_line_unknown", "PRODUCT of 99"),
        (
            refund("11.00", "1.00", item("SHIPPING", 99, 0, "1")),
            "refund_line_unknown",
            "SHIPPING of 99",
        ),
        (refund("11.00", "1.00", item("FEE", 99, 0, "1")), "refund_line_unknown", "FEE of 99"),
        (refund("11.00", "1.00", item("MAGIC", 1, 0, "1")), "refund_item_unknown", "MAGIC"),
        (refund("11.00", "1.00", item("ORDER", 1, 0, "NaN")), "amount_unreadable", "items[0]"),
        (
            refund("11.00", "1.00", item("PRODUCT", 15, 3, None, ("sNaN", ""))),
            "amount_unreadable",
            "items[0]",
        ),
        (refund("11.005", "1.00", item(quantity=3)), "amount_unreadable", "total_amount"),
        (
            refund("1e20", "1.00", item(quantity=3), payments=[("a", "11.00")]),
            "amount_unreadable",
            "total_amount",
        ),
        (refund("11.00", "NaN", item(quantity=3)), "amount_unreadable", "total_tax"),
        (
            refund("11.00", "1.00", item(quantity=3), payments=[("a", "NaN")]),
            "amount_unreadable",
            "payments[0].amount",
        ),
        (
            refund("-11.00", "-1.00", item(quantity=3), payments=[("a", "11.00")]),
            "amount_negative",
            "total_amount",
        ),
        (
            refund("11.00", "1.00", item(quantity=3), payments=[("a", "-11.00")]),
            "amount_negative",
            "payments[0].amount",
        ),
    ],
)
def test_what_does_not_add_up_is_a_problem_that_says_by_how_much(credit, asked, code, words):
    ruling = credit(asked)
    assert (ruling.value, codes(ruling)) == (None, [code])
    assert words in ruling.problems[0].message


def test_both_sums_may_be_wrong(credit):
    assert codes(credit(refund("12.00", "3.00", item(quantity=3)))) == [
        "refund_does_not_foot",
        "refund_tax_does_not_foot",
    ]


@pytest.mark.parametrize(
    ("of", "changes"),
    [
        (item(quantity=1), {"products": (attrs.evolve(LINE, total_inc_tax=D("sNaN")),)}),
        (item(quantity=1), {"products": (attrs.evolve(LINE, discounted_total_inc_tax=D("NaN")),)}),
        (
            item("GIFT_WRAPPING", 15, 1),
            {"products": (attrs.evolve(LINE, wrapping_cost_tax=D("NaN")),)},
        ),
        (item("GIFT_WRAPPING", 15, 1), {"wrapping_cost_inc_tax": D("sNaN")}),
        (item("FEE", 3, 0, "1"), {"fees": (Fee(id=3, cost_inc_tax=D("Infinity")),)}),
    ],
)
def test_an_order_that_cannot_be_read_is_a_problem(credit, of, changes):
    ruling = credit(refund("1.00", "0.00", of), attrs.evolve(ORDER, **changes))
    assert (ruling.value, codes(ruling)) == (None, ["amount_unreadable"])


def test_a_line_that_the_books_lack_is_a_problem(credit):
    without = attrs.evolve(booked(ORDER), lines=())
    assert codes(credit(refund("11.00", "1.00", item(quantity=3)), sales_order=without)) == [
        "refund_line_unknown"
    ]


def test_an_order_without_consignments_and_fees(credit):
    bare = attrs.evolve(ORDER, consignments=None, fees=None)
    assert (
        codes(
            credit(
                refund("1.00", "0.00", item("SHIPPING", 51, 0, "1"), item("FEE", 3, 0, "1")), bare
            )
        )
        == ["refund_line_unknown"] * 2
    )


@pytest.mark.parametrize("currency", ["CAD", ""])
def test_another_currency_is_a_problem(credit, currency):
    ruling = credit(
        refund("11.00", "1.00", item(quantity=3)),
        attrs.evolve(ORDER, default_currency_code=currency),
    )
    assert codes(ruling) == ["currency_differs"]


def test_a_currency_without_cents(credit):
    yen = attrs.evolve(
        ORDER,
        default_currency_code="JPY",
        products=(attrs.evolve(LINE, total_ex_tax=D(1000), total_inc_tax=D(1100)),),
    )
    ruling = credit(refund("367", "33", item(quantity=1)), yen, booked(yen, "JPY"))
    assert lines(ruling) == [("product", D(334), D(33))]
    assert codes(credit(refund("366.50", "33", item(quantity=1)), yen, booked(yen, "JPY"))) == [
        "amount_unreadable"
    ]


def test_amounts_that_a_merchant_typed_in_are_told_apart(credit):
    asked = refund("6.00", "0.40", item(quantity=3), uses_merchant_override_values=True)
    ruling = credit(asked)
    assert codes(ruling) == ["refund_overridden"]
    assert lines(ruling) == [("product", D("10.00"), D("1.00")), ("order", D("-4.40"), D("-0.60"))]
    assert "differ from its items by -5.00, -0.60 of it tax" in ruling.problems[0].message
    # Where they are what the items come to, there is nothing to tell apart.
    assert (
        credit(
            refund("11.00", "1.00", item(quantity=3), uses_merchant_override_values=True)
        ).problems
        == ()
    )


# --- tenders ---


@pytest.mark.parametrize(
    ("provider", "receipt_type"),
    [
        ("storecredit", "StoreCredit"),
        ("StoreCredit", "StoreCredit"),
        ("giftcertificate", "GiftCard"),
        ("custom", "Visa/MC"),
        ("Manual", "Check"),
    ],
)
def test_each_tender_has_its_receipt_type(credit, provider, receipt_type):
    ruling = credit(
        refund("5.00", "0.00", item("ORDER", 1042, 0, "5.00"), payments=[(provider, "5.00")])
    )
    assert ruling.value.tenders == (CreditTender(receipt_type, D("5.00"), provider),)


def test_a_split_refund_has_a_tender_for_each(credit):
    asked = refund(
        "5.00",
        "0.00",
        item("ORDER", 1042, 0, "5.00"),
        payments=[("authorizenet", "3.00"), ("storecredit", "2.00")],
    )
    assert [(tender.receipt_type, tender.amount) for tender in credit(asked).value.tenders] == [
        ("Visa/MC", D(3)),
        ("StoreCredit", D(2)),
    ]


def test_a_purchase_order_is_credited_on_open_ar(credit):
    invoiced = attrs.evolve(ORDER, payment_method="Invoice")
    ruling = credit(
        refund("5.00", "0.00", item("ORDER", 1042, 0, "5.00"), payments=[("custom", "5.00")]),
        invoiced,
    )
    assert ruling.value.tenders[0].receipt_type == "Purchase Order"


def test_an_unmapped_method_is_a_problem(credit, settings, reference):
    asked = refund("5.00", "0.00", item("ORDER", 1042, 0, "5.00"))
    assert codes(credit(asked, attrs.evolve(ORDER, payment_method="Barter"))) == [
        "payment_method_unmapped"
    ]
    assert codes(credit(asked, attrs.evolve(ORDER, payment_method=""))) == [
        "payment_method_missing"
    ]
    bare = MappingRules(settings, attrs.evolve(reference, receipt_types=("Visa/MC",)))
    asked = refund(
        "5.00", "0.00", item("ORDER", 1042, 0, "5.00"), payments=[("storecredit", "5.00")]
    )
    assert codes(credit(asked, rules=bare)) == ["tender_unmapped"]


def test_a_provider_may_have_a_row_of_its_own(credit, settings, reference):
    rows = (
        *settings.gl.payment_methods,
        PaymentMethodMapping(bigcommerce="authorizenet", receipt_type="PayPal"),
    )
    own = MappingRules(
        attrs.evolve(settings, gl=attrs.evolve(settings.gl, payment_methods=rows)), reference
    )
    ruling = credit(refund("5.00", "0.00", item("ORDER", 1042, 0, "5.00")), rules=own)
    assert ruling.value.tenders[0].receipt_type == "PayPal"


@pytest.mark.parametrize("message", ["Card expired", ""])
def test_a_declined_refund_is_for_a_person(credit, message):
    payments = (
        RefundPayment(
            provider_id="authorizenet", amount=D("5.00"), is_declined=True, declined_message=message
        ),
    )
    ruling = credit(
        attrs.evolve(refund("5.00", "0.00", item("ORDER", 1042, 0, "5.00")), payments=payments)
    )
    assert codes(ruling) == ["refund_declined"]
    assert (message or "no reason") in ruling.problems[0].message


def test_a_credit_s_import_id_is_its_own():
    assert credit_import_id("WEB1042", 7) != credit_import_id("WEB1042", 8)


# --- against the fake store ---


def read(store, order_id):
    query = "include=consignments.line_items,fees&consignment_structure=object"
    order = get_order(order_id).read(
        json.loads(store.request("GET", f"/v2/orders/{order_id}", query).body)
    )
    if not order.lines_complete:
        pages = [
            json.loads(
                store.request(
                    "GET", f"/v2/orders/{order_id}/products", f"limit=50&page={page}"
                ).body
            )
            for page in (1, 2)
        ]
        order.products = tuple(
            list_order_products(order_id).read([row for page in pages for row in page])
        )
    rows = json.loads(
        store.request("GET", "/v3/orders/payment_actions/refunds", f"order_id:in={order_id}").body
    )
    return order, list_refunds(order_id_in=[order_id]).read(rows)


@pytest.fixture(scope="module")
def any_method(settings, reference):
    """Rules under which every payment method of the example store is mapped."""
    methods = {order.header["payment_method"] for order in orders_of_every_shape()}
    rows = tuple(
        PaymentMethodMapping(bigcommerce=str(name), receipt_type="Check")
        for name in methods
        if name
    )
    return MappingRules(
        attrs.evolve(settings, gl=attrs.evolve(settings.gl, payment_methods=rows)), reference
    )


REFUNDABLE = [
    order
    for order in orders_of_every_shape()
    if order.importable and order.header["total_inc_tax"] != "0.0000"
]


@pytest.mark.parametrize("shape", [order.shape for order in REFUNDABLE])
def test_an_order_of_any_shape_is_credited_whole(any_method, shape):
    store = FakeStore()
    store.add_order(order_of_shape(shape))
    order_id = next(iter(store.state.orders))
    store.refund(order_id)
    order, (made,) = read(store, order_id)
    ruling = map_refund(made, order, booked(order, order.default_currency_code), any_method)
    assert ruling.errors == ()
    foots(ruling.value, made)


def test_piece_by_piece(any_method):
    store = FakeStore()
    store.add_order(order_of_shape("everything"))
    order_id = next(iter(store.state.orders))
    for line in store.order(order_id).products:
        for _ in range(line["quantity"]):
            store.refund(order_id, items={line["id"]: 1})
    store.refund(order_id)
    order, made = read(store, order_id)
    made_of_them = [map_refund(one, order, booked(order), any_method) for one in made]
    for ruling, one in zip(made_of_them, made, strict=True):
        assert ruling.errors == ()
        foots(ruling.value, one)
    assert sum(ruling.value.total for ruling in made_of_them) == order.total_inc_tax


def foots(credit, refund):
    assert (
        credit.total
        == refund.total_amount
        == sum(line.amount for line in credit.lines) + credit.tax
    )
    assert credit.tax == refund.total_tax == sum(line.tax for line in credit.lines)
    assert credit.total == sum(tender.amount for tender in credit.tenders)


# --- for all refunds ---

amounts = st.decimals() | st.decimals(D("-5"), D(30), places=2)
some_items = st.builds(
    RefundItem,
    item_type=st.sampled_from(
        ["PRODUCT", "GIFT_WRAPPING", "SHIPPING", "HANDLING", "FEE", "TAX", "ORDER", ""]
    ),
    item_id=st.sampled_from([15, 16, 51, 3, 1042]),
    quantity=st.integers(-1, 4),
    requested_amount=st.none() | amounts,
    adjustments=st.lists(st.builds(RefundAdjustment, amount=amounts), max_size=1).map(tuple),
)
some_payments = st.builds(
    RefundPayment,
    provider_id=st.sampled_from(["storecredit", "custom", ""]),
    amount=amounts,
    is_declined=st.booleans(),
)
some_refunds = st.builds(
    Refund,
    total_amount=amounts,
    total_tax=amounts,
    items=st.lists(some_items, max_size=3).map(tuple),
    payments=st.lists(some_payments, max_size=2).map(tuple),
    uses_merchant_override_values=st.booleans(),
)


@given(some_refunds, st.booleans())
def test_whatever_the_refund_a_credit_adds_up(rules, asked, pays):
    if pays:
        asked = attrs.evolve(
            asked, payments=(RefundPayment(provider_id="storecredit", amount=asked.total_amount),)
        )
    ruling = map_refund(asked, ORDER, booked(ORDER), rules)
    assert (ruling.value is None) == bool(ruling.errors)
    if ruling.value is not None:
        foots(ruling.value, asked)


def test_a_refund_of_a_method_whose_name_is_translated_goes_by_the_gateway(
    credit, settings, reference
):
    def codes_of(*ids):
        rows = tuple(
            PaymentMethodMapping(
                bigcommerce=f"Card {number}", receipt_type=name, payment_method_id=id_
            )
            for number, (id_, name) in enumerate(ids)
        )
        rules = MappingRules(
            attrs.evolve(settings, gl=attrs.evolve(settings.gl, payment_methods=rows)), reference
        )
        order = attrs.evolve(ORDER, payment_method="Kreditkarte")
        asked = refund("5.00", "0.00", item("ORDER", 1042, 0, "5.00"))
        ruling = credit(asked, order, rules=rules)
        return ruling.value.tenders[0].receipt_type if ruling.value else None

    assert codes_of(("authorizenet.credit_card", "Visa/MC")) == "Visa/MC"
    assert codes_of(("authorizenet.a", "Visa/MC"), ("authorizenet.b", "Check")) is None
    assert codes_of(("stripe.card", "Visa/MC")) is None
