"""Lines of every kind, where they go, and the costs beside them."""

from decimal import Decimal

import attrs
import pytest

from avbc.bigcommerce.models import (
    ConfigurableField,
    Consignments,
    EmailConsignments,
    EmailedConsignment,
    PickupConsignment,
    PickupLocation,
    ProductOption,
    ShippingConsignment,
)

D = Decimal


def errors(mapped):
    return [problem.code for problem in mapped.errors]


def test_options_fields_events_and_wrapping_are_in_the_memo(make_order, map_it):
    more = {
        "product_options": (
            ProductOption(display_name="Size", display_value="S"),
            ProductOption(display_name="Ink", display_value="R&amp;B"),
        ),
        "configurable_fields": (ConfigurableField(name="Engraving", value="Für Mei"),),
        "event_name": "Delivery date",
        "event_date": "2026-04-01",
        "wrapping_name": "Gift wrap",
        "wrapping_message": "Happy birthday",
    }
    mapped = map_it(make_order([make_order.item("MUG", more=more)]))
    assert mapped.bundle.order.lines[0].memo.split("\n") == [
        "Size: S",
        "Ink: R&B",
        "Engraving: Für Mei",
        "Delivery date: 2026-04-01",
        "Gift wrapping: Gift wrap",
        "Message: Happy birthday",
    ]


def test_an_event_and_a_wrapping_without_names(make_order, map_it):
    mapped = map_it(
        make_order(
            [make_order.item("MUG", more={"event_date": "2026-04-01", "wrapping_message": "Hi"})]
        )
    )
    assert mapped.bundle.order.lines[0].memo.split("\n") == [
        "Event: 2026-04-01",
        "Gift wrapping",
        "Message: Hi",
    ]


def test_lines_keep_what_shipments_and_refunds_name(make_order, map_it):
    order = make_order(
        [make_order.item("MUG", address=51), make_order.item("LAMP", address=52)],
        shipping=[("UPS Ground", "8"), ("", "2")],
    )
    lines = map_it(order).bundle.order.lines
    assert [(line.store_line_id, line.store_address_id, line.ship_to) for line in lines] == [
        (101, 51, 0),
        (102, 52, 1),
    ]


def test_several_consignments_have_their_own_ship_tos_and_ship_vias(make_order, map_it):
    order = make_order(
        [
            make_order.item("MUG", address=51),
            make_order.item("LAMP", address=52),
            make_order.item("TOWEL", address=53),
        ],
        shipping=[("Drone", "8"), ("UPS Ground", "2"), ("drone", "1")],
    )
    create = {
        "auto_create_missing_shipping_methods": True,
        "default_shipment_product_class": "Freight",
    }
    mapped = map_it(order, shipping=create)
    assert mapped.problems == ()
    sales_order = mapped.bundle.order
    assert sales_order.ship_via == "Drone"
    assert [line.ship_via for line in sales_order.lines] == ["Drone", "UPS Ground", "Drone"]
    assert [place.address_1 for place in sales_order.ship_tos] == [
        "14 Harbor Road",
        "15 Harbor Road",
        "16 Harbor Road",
    ]
    assert [one.name for one in mapped.bundle.new_ship_vias] == ["Drone"]
    assert sales_order.freight == D(11)


def test_components_are_not_counted_twice(make_order, map_it):
    component = {"parent_order_product_id": 101, "is_bundled_product": True}
    order = make_order(
        [make_order.item("SET", "45.00"), make_order.item("MUG", "9.95", 2, more=component)]
    )
    mapped = map_it(order)
    assert mapped.problems == ()
    assert [
        (line.amount, line.unit_price, line.component_of) for line in mapped.bundle.order.lines
    ] == [
        (D(45), D(45), None),
        (D(0), D(0), 101),
    ]


def test_a_component_without_its_bundle(make_order, map_it):
    order = make_order(
        [make_order.item("SET"), make_order.item("MUG", more={"parent_order_product_id": 999})]
    )
    assert errors(map_it(order)) == ["bundle_missing"]


def test_components_need_a_product_too(make_order, map_it):
    order = make_order(
        [make_order.item("SET"), make_order.item("GONE", more={"parent_order_product_id": 101})]
    )
    assert errors(map_it(order)) == ["sku_unknown"]


def test_a_custom_item_is_no_product_even_with_a_known_sku(make_order, map_it):
    line = map_it(make_order([make_order.item("MUG", more={"product_id": 0})])).bundle.order.lines[
        0
    ]
    assert (line.kind, line.part_number, line.memo) == ("custom", None, "SKU: MUG")


def test_a_line_without_a_name_is_called_by_its_sku(make_order, map_it):
    assert (
        map_it(make_order([make_order.item("MUG", more={"name": ""})]))
        .bundle.order.lines[0]
        .description
        == "MUG"
    )


@pytest.fixture
def certificate(make_order):
    return make_order(
        [make_order.item("", "25.00", address=0, taxable=False, more={"type": "giftcertificate"})],
        shipping=[],
    )


def test_a_gift_certificate_sold_is_a_liability(certificate, map_it):
    certificate.consignments = Consignments(
        email=EmailConsignments(
            gift_certificates=(
                EmailedConsignment(
                    recipient_email="m@example.com", line_items=certificate.products
                ),
            )
        )
    )
    mapped = map_it(certificate)
    assert mapped.problems == ()
    [line] = mapped.bundle.order.lines
    assert (line.kind, line.gl_code, line.part_number, line.memo) == (
        "gift_certificate",
        "25500-000-000",
        None,
        "Sent to: m@example.com",
    )
    assert mapped.bundle.order.ship_tos == ()


@pytest.mark.parametrize(
    ("gl_code", "code", "severity"),
    [("", "gift_certificate_gl_code_missing", "warning"), ("9", "gl_code_unknown", "error")],
)
def test_the_account_of_gift_certificates(certificate, map_it, gl_code, code, severity):
    [problem] = map_it(certificate, gl={"gift_certificate_gl_code": gl_code}).problems
    assert (problem.code, problem.severity) == (code, severity)


@pytest.mark.parametrize(("default", "ship_via"), [("UPS Ground", "UPS Ground"), ("", "")])
def test_where_nothing_is_shipped_the_default_may_be_missing(make_order, map_it, default, ship_via):
    order = make_order([make_order.item("EBOOK", address=0, more={"type": "digital"})], shipping=[])
    mapped = map_it(order, shipping={"default_ship_via": default})
    assert mapped.problems == ()
    assert (mapped.bundle.order.ship_via, mapped.bundle.order.lines[0].ship_to) == (ship_via, None)


def test_goods_that_are_handed_over_have_the_default(make_order, map_it):
    """An order of a point of sale: physical goods and no address."""
    order = make_order([make_order.item("MUG", address=0)], shipping=[])
    assert map_it(order).bundle.order.ship_via == "UPS Ground"
    assert errors(map_it(order, shipping={"default_ship_via": ""})) == ["ship_via_missing"]


@pytest.mark.parametrize("named_by", ["embedded", "consignment", "method"])
@pytest.mark.parametrize(
    ("method", "ship_via"), [("Pick up", "UPS Ground"), ("store PICKUP", "Store pickup")]
)
def test_what_is_collected(make_order, map_it, named_by, method, ship_via):
    more = {"order_pickup_method_id": {"embedded": 0, "consignment": 9, "method": 4}[named_by]}
    order = make_order(
        [
            make_order.item("MUG", address=0, more=more),
            make_order.item("EBOOK", address=0, more={"type": "digital"}),
        ],
        shipping=[],
    )
    pickup = PickupConsignment(
        id=9,
        pickup_method_id=4,
        pickup_method_display_name=method,
        location=PickupLocation(name="Depot &amp; Co"),
        line_items=order.products[:1] if named_by == "embedded" else (),
    )
    order.consignments = Consignments(pickups=(pickup,))
    mapped = map_it(order)
    assert mapped.problems == ()
    assert [line.memo for line in mapped.bundle.order.lines] == ["Pickup: Depot & Co", ""]
    assert mapped.bundle.order.ship_via == ship_via


def test_a_pickup_of_an_unnamed_place(make_order, map_it):
    order = make_order(
        [make_order.item("MUG", address=0, more={"order_pickup_method_id": 9})], shipping=[]
    )
    order.consignments = Consignments(pickups=(PickupConsignment(id=9),))
    assert map_it(order, shipping={"default_ship_via": ""}).bundle.order.lines[0].memo == "Pickup"


def test_a_line_to_an_address_that_the_order_lacks(make_order, map_it):
    assert errors(map_it(make_order([make_order.item("MUG", address=99)]))) == ["ship_to_unknown"]
    digital = make_order(
        [make_order.item("MUG"), make_order.item("EBOOK", address=99, more={"type": "digital"})]
    )
    assert map_it(digital).problems == ()


def test_an_order_read_without_its_consignments(make_order, map_it):
    order = make_order()
    order.consignments = None
    assert errors(map_it(order)) == ["consignments_missing"]
    order.shipping_address_count = 0
    assert errors(map_it(order)) == ["consignments_missing"]
    digital = make_order(
        [make_order.item("EBOOK", address=0, more={"type": "digital"})], shipping=[]
    )
    digital.consignments = None
    assert map_it(digital).problems == ()


def test_handling_of_an_order_read_without_its_consignments_is_one_line(make_order, map_it):
    order = make_order(
        [make_order.item("EBOOK", address=0, more={"type": "digital"})],
        shipping=[],
        handling="2.00",
    )
    order.consignments = None
    assert [(line.kind, line.amount) for line in map_it(order).bundle.order.lines] == [
        ("product", D(10)),
        ("handling", D(2)),
    ]


def test_handling_is_a_line_for_each_consignment(make_order, map_it):
    order = make_order(
        [make_order.item("MUG", address=51), make_order.item("LAMP", address=52)],
        shipping=[("UPS Ground", "8"), ("", "2")],
        handling="2.00",
    )
    first, second = order.consignments.shipping
    first.handling_cost_ex_tax, first.handling_cost_inc_tax, first.handling_cost_tax = (
        D("1.5"),
        D("1.65"),
        D("0.15"),
    )
    second.handling_cost_ex_tax, second.handling_cost_inc_tax, second.handling_cost_tax = (
        D("0.5"),
        D("0.55"),
        D("0.05"),
    )
    mapped = map_it(order)
    assert mapped.problems == ()
    handling = [line for line in mapped.bundle.order.lines if line.kind == "handling"]
    assert [(line.amount, line.tax, line.ship_to, line.store_address_id) for line in handling] == [
        (D("1.5"), D("0.15"), 0, 51),
        (D("0.5"), D("0.05"), 1, 52),
    ]


def test_costs_of_the_whole_order_are_one_line_each(make_order, map_it):
    """Where an API client set them on the order and no line or consignment has a part of them."""
    extra = {
        "wrapping_cost_ex_tax": D(4),
        "wrapping_cost_inc_tax": D("4.40"),
        "wrapping_cost_tax": D("0.40"),
    }
    order = make_order(
        handling="2.00", **extra, total_ex_tax=D(24), total_inc_tax=D("26.40"), total_tax=D("2.40")
    )
    for consignment in order.consignments.shipping:
        consignment.handling_cost_ex_tax = consignment.handling_cost_inc_tax = (
            consignment.handling_cost_tax
        ) = D(0)
    mapped = map_it(order)
    assert mapped.problems == ()
    assert [(line.kind, line.amount, line.tax) for line in mapped.bundle.order.lines[1:]] == [
        ("wrapping", D(4), D("0.40")),
        ("handling", D(2), D("0.20")),
    ]


def test_wrapping_may_be_for_each_piece(make_order, map_it):
    order = make_order(
        [make_order.item("MUG", "10.00", 3, wrapping="2.00")],
        wrapping_cost_ex_tax=D(6),
        wrapping_cost_inc_tax=D("6.60"),
        wrapping_cost_tax=D("0.60"),
        total_ex_tax=D(44),
        total_inc_tax=D("48.40"),
        total_tax=D("4.40"),
    )
    mapped = map_it(order)
    assert mapped.problems == ()
    wrapping = mapped.bundle.order.lines[1]
    assert (wrapping.quantity, wrapping.unit_price, wrapping.amount, wrapping.tax) == (
        D(3),
        D(2),
        D(6),
        D("0.60"),
    )


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity"])
def test_costs_that_are_no_amounts(make_order, map_it, amount):
    order = make_order([make_order.item("MUG", wrapping="2.00")], handling="1.00")
    order.products[0].wrapping_cost_tax = D(amount)
    assert errors(map_it(order)) == ["amount_unreadable"]
    for field in ("handling_cost_tax", "cost_ex_tax", "cost_inc_tax"):
        order = make_order(handling="1.00")
        setattr(order.consignments.shipping[0], field, D(amount))
        assert errors(map_it(order)) == ["amount_unreadable"]


def test_consignment_costs_are_json_numbers(make_order, map_it):
    order = make_order(shipping=[("UPS Ground", "0.1"), ("UPS Ground", "0.2")])
    order.consignments.shipping[0].cost_ex_tax = D("0.30000000000000004") - D("0.2")
    assert map_it(order).problems == ()


def test_fees_have_the_merchants_name(make_order, map_it):
    order = make_order(fees=["1.00", "2.00", "3.00"])
    one, two, three = order.fees
    order.fees = (
        attrs.evolve(one, display_name_merchant="Rush &amp; go", display_name_customer="x"),
        attrs.evolve(two, display_name_merchant="", display_name_customer="Packing"),
        attrs.evolve(three, display_name_merchant=""),
    )
    fees = [line for line in map_it(order).bundle.order.lines if line.kind == "fee"]
    assert [(line.description, line.amount, line.tax) for line in fees] == [
        ("Rush & go", D(1), D("0.10")),
        ("Packing", D(2), D("0.20")),
        ("Fee", D(3), D("0.30")),
    ]


def test_a_consignment_may_have_no_lines(make_order, map_it):
    order = make_order()
    order.consignments = Consignments(
        shipping=(*order.consignments.shipping, ShippingConsignment(id=77, shipping_method="None"))
    )
    mapped = map_it(order)
    assert mapped.problems == ()
    assert len(mapped.bundle.order.ship_tos) == 2
