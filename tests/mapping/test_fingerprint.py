"""The fingerprint: of what the store's order says, and of nothing else."""

from datetime import UTC, datetime
from decimal import Decimal

import attrs
import pytest

from avbc.bigcommerce.models import (
    ConfigurableField,
    Consignments,
    FormField,
    PickupConsignment,
    ProductOption,
)
from avbc.mapping import fingerprint, is_fingerprint_of

D = Decimal
BEFORE_FORM_FIELDS = "9793cf7039a3f8083fbb2c4d444cc4e4fb87874ae25700e2fd8efddcac025252"


@pytest.fixture
def order(make_order):
    return make_order(
        [make_order.item("MUG", "9.95", 2), make_order.item("LAMP", wrapping="4.00")], fees=["1.50"]
    )


def test_it_is_a_sha256(order):
    assert len(fingerprint(order)) == 64
    assert fingerprint(order) == fingerprint(attrs.evolve(order))


def test_it_is_the_same_on_every_machine(order):
    """A stored fingerprint must mean the same after an update, or imported orders look edited."""
    assert fingerprint(order) == "796fb7d5d6c99daa0be8672ee8ee91fd4bbe4f981ace315b2ad629cbd961af0d"
    assert is_fingerprint_of(fingerprint(order), order)
    assert is_fingerprint_of(BEFORE_FORM_FIELDS, order)


def asked(order, *answers, shipping=()):
    """The order with form fields on its billing address, and on its first shipping address."""
    [consignment] = order.consignments.shipping
    return attrs.evolve(
        order,
        billing_address=attrs.evolve(order.billing_address, form_fields=fields(answers)),
        consignments=Consignments(
            shipping=(attrs.evolve(consignment, form_fields=fields(shipping)),)
        ),
    )


def fields(answers):
    return tuple(FormField(name=name, value=value) for name, value in answers)


def test_an_order_imported_before_form_fields_were_in_it_was_not_edited(order):
    assert is_fingerprint_of(BEFORE_FORM_FIELDS, asked(order, ("Dock", "4")))
    changed = attrs.evolve(asked(order, ("Dock", "4")), total_inc_tax=D("1.23"))
    assert not is_fingerprint_of(BEFORE_FORM_FIELDS, changed)


@pytest.mark.parametrize(
    ("before", "after", "is_edit"),
    [
        ((), (("Dock", "4"),), True),
        ((("Dock", "4"),), (), True),
        ((("Dock", "4"),), (("Dock", "5"),), True),
        ((("Dock", "4"),), (("Gate", "4"),), True),
        ((("Dock", "4"), ("Gate", "1")), (("Gate", "1"), ("Dock", "4")), False),
        ((("Dock", "4"),), (("Dock", "4"), ("Gate", " ")), False),
    ],
)
def test_an_edit_of_form_fields_is_an_edit(order, before, after, is_edit):
    kept = fingerprint(asked(order, *before))
    for edited in (asked(order, *after), asked(order, shipping=after)):
        assert is_fingerprint_of(kept, edited) is not is_edit


@pytest.mark.parametrize(
    "change",
    [
        {"status_id": 9, "status": "Awaiting Shipment", "custom_status": "x"},
        {
            "date_modified": datetime(2030, 1, 1, tzinfo=UTC),
            "date_created": datetime(2030, 1, 1, tzinfo=UTC),
        },
        {"staff_notes": "called", "customer_message": "hello"},
        {"payment_status": "refunded", "payment_provider_id": "other"},
        {"items_shipped": 3, "refunded_amount": D(1), "external_id": "x"},
        {"subtotal_ex_tax": D("31.4")},
    ],
)
def test_what_does_not_change_it(order, change):
    assert order.subtotal_ex_tax == D("31.40")
    assert fingerprint(attrs.evolve(order, **change)) == fingerprint(order)


def test_neither_the_order_of_lines_nor_how_they_were_read_changes_it(order):
    turned = attrs.evolve(order, products=order.products[::-1])
    embedded = attrs.evolve(order, products=None)
    assert fingerprint(turned) == fingerprint(embedded) == fingerprint(order)


@pytest.mark.parametrize(
    "change",
    [
        {"id": 1},
        {"customer_id": 5},
        {"payment_method": "Check"},
        {"default_currency_code": "EUR"},
        *(
            {field: D("1.23")}
            for field in (
                "subtotal_ex_tax",
                "total_inc_tax",
                "total_ex_tax",
                "discount_amount",
                "store_credit_amount",
            )
        ),
        {"fees": ()},
    ],
)
def test_what_changes_it(order, change):
    assert fingerprint(attrs.evolve(order, **change)) != fingerprint(order)


@pytest.mark.parametrize(
    "change",
    [
        {"sku": "X"},
        {"name": "X"},
        {"quantity": 3},
        {"total_ex_tax": D("1.23")},
        {"total_inc_tax": D("1.23")},
        {"order_address_id": 52},
        {"parent_order_product_id": 102},
        {"wrapping_message": "Hi"},
        {"product_options": (ProductOption(display_name="Size", display_value="S"),)},
        {"configurable_fields": (ConfigurableField(name="Size", value="S"),)},
    ],
)
def test_what_of_a_line_changes_it(order, change):
    changed = attrs.evolve(
        order, products=(attrs.evolve(order.products[0], **change), *order.products[1:])
    )
    assert fingerprint(changed) != fingerprint(order)


@pytest.mark.parametrize(
    "change", [{"city": "Dallas"}, {"shipping_method": "Drone"}, {"email": "x@example.com"}]
)
def test_what_of_an_address_changes_it(order, change):
    [consignment] = order.consignments.shipping
    shipping = Consignments(shipping=(attrs.evolve(consignment, **change),))
    assert fingerprint(attrs.evolve(order, consignments=shipping)) != fingerprint(order)


def test_pickups_are_in_it(order):
    with_pickup = attrs.evolve(order.consignments, pickups=(PickupConsignment(id=9),))
    assert fingerprint(attrs.evolve(order, consignments=with_pickup)) != fingerprint(order)
    assert fingerprint(attrs.evolve(order, consignments=None)) != fingerprint(order)


def test_text_of_any_kind(order):
    order.payment_method = "\ud800 ☕ \x00"
    assert len(fingerprint(order)) == 64
