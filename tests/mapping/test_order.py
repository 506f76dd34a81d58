"""Whole orders: what comes out, and that all problems come together."""

from decimal import Decimal

import attrs
import pytest

from avbc.acctvantage.records import Client, SalesOrder
from avbc.bigcommerce.models import (
    Consignments,
    EmailConsignments,
    EmailedConsignment,
    PickupConsignment,
    PickupLocation,
)
from avbc.mapping import Mapper, OrderInputs, map_order

D = Decimal


def codes(mapped):
    return [problem.code for problem in mapped.problems]


def foots(bundle):
    order = bundle.order
    assert (
        order.total == order.subtotal + order.freight + order.tax - order.discount + order.rounding
    )
    assert abs(order.rounding) < D("0.005")
    return True


def test_a_plain_order_becomes_a_balanced_bundle(make_order, map_it):
    order = make_order(
        [make_order.item("MUG", "9.95", 2), make_order.item("TOWEL", "27.50")], customer_id=20
    )
    mapped = map_it(order)
    assert mapped.problems == ()
    assert mapped.import_id == "WEB1042"
    bundle = mapped.bundle
    assert foots(bundle)
    assert bundle.order.total == mapped.total == order.total_inc_tax
    assert [
        (line.part_number, line.quantity, line.amount, line.ship_to, line.ship_via)
        for line in bundle.order.lines
    ] == [
        ("MUG", D(2), D("19.90"), 0, "UPS Ground"),
        ("TOWEL", D(1), D("27.50"), 0, "UPS Ground"),
    ]
    assert bundle.order.tax == order.total_tax
    assert bundle.order.tax_override
    assert bundle.order.freight == D("8.00")
    assert (bundle.order.status, bundle.order.warehouse, bundle.order.ship_via) == (
        "Open",
        "Main",
        "UPS Ground",
    )
    assert bundle.order.bill_to.name == "Ana Rivera"
    assert bundle.order.ship_tos[0].state == "Texas"
    assert bundle.order.ship_tos[0].country == "United States"
    assert bundle.order.ordered_at == order.date_created
    [receipt] = bundle.receipts
    assert (receipt.receipt_type, receipt.state, receipt.amount, receipt.import_id) == (
        "Visa/MC",
        "captured",
        order.total_inc_tax,
        "WEB1042-1",
    )
    assert bundle.new_client.import_id == "WEB20"
    assert bundle.client_email == order.billing_address.email != ""


def test_all_problems_come_together(make_order, map_it):
    order = make_order(
        [make_order.item("GONE"), make_order.item("")],
        shipping=[("Drone", "8.00")],
        payment_method="Beads",
        default_currency_code="EUR",
        total_inc_tax=D("35.29"),
    )
    mapped = map_it(
        order,
        gl={"tax_area": "Nowhere"},
        shipping={"warehouse": "Attic"},
        order_status={"new_sales_order_status": "Odd"},
    )
    assert mapped.bundle is None
    assert set(codes(mapped)) == {
        "currency_differs",
        "ship_via_unknown",
        "sku_unknown",
        "sku_missing",
        "total_does_not_foot",
        "tax_does_not_foot",
        "payment_method_unmapped",
        "order_status_unknown",
        "tax_area_unknown",
        "warehouse_unknown",
    }
    assert all(problem.fix and problem.message and problem.field for problem in mapped.problems)


def test_every_field_of_the_sales_order_is_explained(make_order, map_it):
    mapped = map_it(make_order())
    explained = {decision.field.split("[")[0].split(".")[0] for decision in mapped.decisions}
    by_the_books = {"id", "client_id", "contact_id", "status_changed_at", "store_hash"}
    fields = {field.name for field in attrs.fields(SalesOrder)} - by_the_books
    assert fields - explained == {"po_number"}  # only where it is set
    assert "receipts" in explained
    assert {"gl.tax_area", "shipping.warehouse", "gl.payment_methods"} <= {
        decision.setting for decision in mapped.decisions
    }


def test_it_shows_itself_as_a_table(make_order, map_it):
    mapped = map_it(
        make_order(
            [make_order.item("MUG", more={"name": "<b>Mug</b>"})], customer_message="<script>"
        )
    )
    text = str(mapped)
    assert text.startswith("Order 1042 as WEB1042 would be imported: 19.80.\n\nfield")
    assert "the store's tax, never computed again" in " ".join(text.split())
    assert "<script>" not in mapped._repr_html_()
    assert "&lt;script&gt;" in mapped._repr_html_()
    assert {"field": "warehouse", "value": "Main", "setting": "shipping.warehouse"}.items() <= next(
        row for row in mapped.to_dicts() if row["field"] == "warehouse"
    ).items()


def test_a_refused_order_shows_its_problems(make_order, map_it):
    one = map_it(make_order([make_order.item("GONE")]))
    assert str(one).startswith("Order 1042 as WEB1042 would be refused: 1 problem.\n")
    assert "[sku_unknown]" in str(one)
    assert one.errors == one.problems
    two = map_it(make_order([make_order.item("GONE"), make_order.item("AWAY")]))
    assert str(two).startswith("Order 1042 as WEB1042 would be refused: 2 problems.\n")


def test_map_order_is_the_mapper_for_one_order(make_order, settings, reference, products):
    inputs = OrderInputs(make_order(), products=products)
    mapper = Mapper(settings, reference)
    assert map_order(inputs, settings, reference) == mapper.map(inputs)
    assert repr(mapper) == f"<Mapper {settings.order_status.import_source_code}>"


def test_the_context_of_the_program_around_it_does_not_matter(make_order, map_it):
    import decimal

    order = make_order([make_order.item("MUG", "1234567.89", 3)])
    with decimal.localcontext(decimal.Context(prec=3)):
        narrow = map_it(order)
    assert narrow == map_it(order)
    assert narrow.bundle.order.total == order.total_inc_tax


def test_incomplete_lines_are_refused_and_the_rest_is_still_checked(make_order, map_it):
    mapped = map_it(make_order(items_total=3, payment_method="Beads"))
    assert codes(mapped) == ["lines_incomplete", "payment_method_unmapped"]
    assert mapped.bundle is None


def test_an_order_without_lines_is_refused(make_order, map_it):
    assert "order_empty" in codes(map_it(make_order([], shipping=[])))


def test_an_order_over_nothing_is_imported(make_order, map_it):
    order = make_order(
        [make_order.item("MUG", "0.00")],
        shipping=[("UPS Ground", "0.00")],
        payment_method="",
        payment_status="",
    )
    mapped = map_it(order)
    assert mapped.problems == ()
    assert mapped.bundle.receipts == ()
    assert mapped.bundle.order.total == 0


def test_a_discount_of_everything_leaves_nothing_to_pay(make_order, map_it):
    order = make_order(
        shipping=[("UPS Ground", "0.00")], discounts=[make_order.taken("11.00")], payment_method=""
    )
    mapped = map_it(order)
    assert mapped.problems == ()
    assert foots(mapped.bundle)
    assert (mapped.bundle.order.total, mapped.bundle.order.discount) == (D(0), D("10.00"))


@pytest.mark.parametrize("currency", ["EUR", ""])
def test_another_currency_than_the_books_is_a_problem(make_order, map_it, currency):
    mapped = map_it(make_order(default_currency_code=currency))
    assert codes(mapped) == ["currency_differs"]
    assert "USD" in mapped.problems[0].message


def test_the_display_currency_does_not_matter(make_order, map_it):
    assert map_it(make_order(currency_code="EUR", default_currency_code="usd ")).problems == ()


def test_more_than_fifty_lines(make_order, map_it):
    order = make_order([make_order.item("MUG", f"{number}.37") for number in range(1, 121)])
    mapped = map_it(order)
    assert foots(mapped.bundle)
    assert len(mapped.bundle.order.lines) == 120


def test_a_tax_inclusive_store(make_order, map_it):
    # 8.25 % in 45.00, ex tax derived: what BigCommerce's own examples look like.
    line = {"price_ex_tax": D("41.5704"), "price_inc_tax": D("45.00"), "price_tax": D("3.4296")}
    line |= {"total_ex_tax": D("124.7113"), "total_inc_tax": D("135.00"), "total_tax": D("10.2887")}
    order = make_order(
        [make_order.item("MUG", "41.5704", 3, more=line)],
        shipping=[("UPS Ground", "0")],
        subtotal_ex_tax=D("124.7113"),
        subtotal_inc_tax=D("135.0000"),
        subtotal_tax=D("10.2887"),
        total_ex_tax=D("124.7113"),
        total_inc_tax=D("135.0000"),
        total_tax=D("10.2887"),
        is_tax_inclusive_pricing=True,
    )
    mapped = map_it(order)
    assert mapped.problems == ()
    assert foots(mapped.bundle)
    assert mapped.bundle.order.lines[0].unit_price == D("41.5704")
    assert mapped.bundle.order.tax == D("10.2887")


def test_fractions_of_a_cent_go_to_the_rounding(make_order, map_it):
    order = make_order(total_inc_tax=D("19.8040"), total_ex_tax=D("18.0040"))
    mapped = map_it(order)
    assert foots(mapped.bundle)
    assert mapped.bundle.order.total == D("19.80")
    assert mapped.bundle.order.rounding == 0
    moved = map_it(make_order(total_ex_tax=D("18.0040"), total_tax=D("1.7960")))
    assert foots(moved.bundle)
    assert moved.bundle.order.rounding == D("0.0040")


def test_fractions_that_add_up_to_a_cent_are_refused(make_order, map_it):
    # Each identity is off by less than half a cent; together they are not.
    order = make_order(
        [make_order.item("MUG", "10.0000")],
        subtotal_ex_tax=D("10.0040"),
        total_ex_tax=D("18.0080"),
        total_tax=D("1.7920"),
    )
    mapped = map_it(order)
    assert codes(mapped) == ["tax_parts_differ", "rounding_too_large"]
    assert "0.008" in mapped.errors[0].message


def test_text_is_read_for_plain_fields_and_keeps_its_script(make_order, map_it):
    order = make_order(
        [make_order.item("MUG", more={"name": "Tasse &quot;Łódź&quot; 茶碗 🍵"})],
        customer_message=" Bitte &amp; danke\x00 ",
    )
    mapped = map_it(order)
    assert mapped.bundle.order.lines[0].description == 'Tasse "Łódź" 茶碗 🍵'
    assert mapped.bundle.order.memo == "Bitte & danke"


def test_purchase_order_needs_a_client_on_open_ar(make_order, map_it):
    order = make_order(
        customer_id=20, payment_method="invoice", payment_status="", payment_provider_id="PO-77"
    )
    on = Client("Rivera", import_id="WEB20", open_ar=True, id=7)
    mapped = map_it(order, clients=(on,))
    assert mapped.problems == ()
    assert (mapped.bundle.order.po_number, mapped.bundle.receipts) == ("PO-77", ())
    assert mapped.bundle.client_id == mapped.bundle.order.client_id == 7
    assert "po_number" in {decision.field for decision in mapped.decisions}
    assert codes(map_it(order, clients=(attrs.evolve(on, open_ar=False),))) == [
        "client_not_on_open_ar"
    ]
    assert codes(map_it(order)) == ["client_not_on_open_ar"]


def test_an_unreadable_order_total_does_not_hide_other_problems(make_order, map_it):
    mapped = map_it(
        make_order([make_order.item("GONE")], total_inc_tax=D("NaN"), payment_method="Beads")
    )
    assert set(codes(mapped)) == {"sku_unknown", "amount_unreadable", "payment_method_unmapped"}
    assert mapped.proof is None
    assert mapped.total.is_nan()


def test_a_client_without_any_name_refuses_the_order(make_order, map_it):
    from avbc.bigcommerce.models import Address

    assert codes(map_it(make_order(billing_address=Address()))) == ["client_name_missing"]


def test_a_whole_mixed_order(make_order, map_it):
    """Two consignments, a pickup and a download; a bundle, a certificate and a custom item;
    wrapping, handling and a fee; split tender and a coupon.
    """
    item = make_order.item
    order = make_order(
        [
            item("SET", "45.00"),
            item(
                "MUG", "0.00", 2, more={"parent_order_product_id": 101, "is_bundled_product": True}
            ),
            item(
                "LAMP",
                "49.00",
                address=52,
                wrapping="4.00",
                more={"wrapping_name": "Gift wrap", "wrapping_message": "For &amp; from"},
            ),
            item("TOWEL", "27.50", address=0, more={"order_pickup_method_id": 9}),
            item("EBOOK", "12.00", address=0, more={"type": "digital"}),
            item(
                "",
                "25.00",
                address=0,
                taxable=False,
                more={"type": "giftcertificate", "product_id": 0},
            ),
            item("ODD-1", "5.00", more={"product_id": 0, "name": "Engraving"}),
        ],
        shipping=[("UPS Ground", "8.00"), ("Store pickup", "3.00")],
        handling="2.00",
        fees=["1.50"],
        discounts=[make_order.taken("5.00", code="save5", id="total-coupon", name="Five off")],
        store_credit="10.00",
        gift_certificate="20.00",
    )
    order.consignments = Consignments(
        shipping=order.consignments.shipping,
        pickups=(
            PickupConsignment(
                id=9, pickup_method_display_name="Pick up", location=PickupLocation(name="Depot")
            ),
        ),
        email=EmailConsignments(
            gift_certificates=(
                EmailedConsignment(
                    recipient_email="mei@example.com", line_items=(order.products[5],)
                ),
            )
        ),
    )
    mapped = map_it(order)
    assert mapped.problems == ()
    assert foots(mapped.bundle)
    lines = mapped.bundle.order.lines
    assert [line.kind for line in lines] == [
        "product",
        "product",
        "product",
        "product",
        "product",
        "gift_certificate",
        "custom",
        "wrapping",
        "handling",
        "fee",
    ]
    assert (lines[1].component_of, lines[1].amount, lines[1].quantity) == (101, D(0), D(2))
    assert (lines[2].ship_to, lines[2].ship_via) == (1, "Store pickup")
    assert (lines[3].ship_to, lines[3].memo) == (None, "Pickup: Depot")
    assert (lines[5].gl_code, lines[5].memo) == ("25500-000-000", "Sent to: mei@example.com")
    assert (lines[6].part_number, lines[6].memo) == (None, "SKU: ODD-1")
    assert (lines[7].memo, lines[7].ship_to) == ("For & from", 1)
    assert mapped.bundle.order.ship_via == "UPS Ground"
    assert [(receipt.receipt_type, receipt.amount) for receipt in mapped.bundle.receipts] == [
        ("Visa/MC", order.total_inc_tax - 30),
        ("StoreCredit", D("10.00")),
        ("GiftCard", D("20.00")),
    ]
    [discount] = mapped.bundle.order.discounts
    assert (discount.code, discount.gl_code, discount.amount_in_store) == (
        "SAVE5",
        "40300-000-000",
        D("5.00"),
    )
    assert (
        mapped.proof.convention
        == "tenders: in the total; fees: in the subtotal; discounts: with tax"
    )


def test_a_purchase_order_of_a_guest_without_email_is_entered_by_hand(make_order, map_it):
    from avbc.bigcommerce.models import Address

    nameless = Address(first_name="Ana", last_name="Rivera", street_1="1 Example Street")
    order = make_order(
        customer_id=0, billing_address=nameless, payment_method="Invoice", payment_status=""
    )
    (problem,) = map_it(order).errors
    assert problem.code == "client_not_on_open_ar"
    assert problem.fix.startswith("Enter the order by hand.")
