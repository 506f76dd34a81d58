"""What an edited order would change."""

from decimal import Decimal

import attrs
import pytest

from avbc.acctvantage.records import Receipt
from avbc.mapping import difference
from avbc.mapping.edits import address_differences

D = Decimal


@pytest.fixture
def before(make_order, map_it):
    return map_it(make_order([make_order.item("MUG", "9.95", 2)], fees=["1.00"])).bundle


def texts(before, after):
    return [str(one) for one in difference(before.order, before.receipts, after)]


def test_the_same_order_has_no_differences(before):
    assert texts(before, before) == []


def test_what_people_change_in_acctvantage_is_left_out(before):
    changed = attrs.evolve(
        before.order,
        id=7,
        status="Picked",
        status_changed_at=before.order.ordered_at,
        client="Merged client",
        client_id=9,
        contact_id=3,
        warehouse="Attic",
        tax_area="Other",
        memo="Call first",
        reference="R-1",
        fingerprint="old",
    )
    posted = [attrs.evolve(one, id=1, posted=True, capture_wanted=True) for one in before.receipts]
    assert difference(changed, posted, before) == ()


def test_a_capture_meanwhile_is_no_difference(before):
    held = [
        attrs.evolve(one, state="pre_authorized", amount=D(0), pre_auth_amount=one.amount)
        for one in before.receipts
    ]
    assert difference(before.order, held, before) == ()


def test_addresses_differ_by_themselves(make_order, map_it):
    """An order that was listed without its consignments has no Ship To to compare."""
    order = make_order([make_order.item("MUG", "9.95", 2)])
    sales_order = map_it(order).bundle.order
    assert list(address_differences(sales_order, order)) == []
    order.billing_address.city, order.consignments = "Dallas", None
    (found,) = address_differences(sales_order, order)
    assert (found.field, found.in_store) == ("bill_to.city", "Dallas")


def test_an_edit_is_told_field_by_field(before, make_order, map_it):
    edited = make_order(
        [make_order.item("MUG", "9.95", 3), make_order.item("LAMP", "5.00")],
        discounts=[make_order.taken("2.00", name="Sale")],
        shipping=[("Store pickup", "8.00"), ("Store pickup", "0.00")],
    )
    edited.billing_address.city = "Dallas"
    edited.consignments.shipping[0].zip = ""
    after = map_it(edited).bundle
    assert texts(before, after) == [
        "total: 31.80 in AcctVantage, 45.15 in the store",
        "tax: 2.90 in AcctVantage, 4.12 in the store",
        "ship_via: UPS Ground in AcctVantage, Store pickup in the store",
        "bill_to.city: Austin in AcctVantage, Dallas in the store",
        "ship_tos[0].zip: 78751 in AcctVantage, nothing in the store",
        (
            "ship_tos[1]: nothing in AcctVantage, Ana Rivera, 15 Harbor Road, Austin, Texas, "
            "78751, United States in the store"
        ),
        "line 101.quantity: 2 in AcctVantage, 3 in the store",
        "line 101.amount: 19.90 in AcctVantage, 29.85 in the store",
        "line 101.ship_via: UPS Ground in AcctVantage, Store pickup in the store",
        "line fee 1: 1 x Fee 1 = 1.00 in AcctVantage, nothing in the store",
        "line 102: nothing in AcctVantage, 1 x LAMP = 5.00 in the store",
        "discounts Sale: nothing in AcctVantage, 1.82 in the store",
        "receipts Visa/MC: 31.80 in AcctVantage, 45.15 in the store",
    ]
    back = [
        (one.field, one.in_books, one.in_store)
        for one in difference(after.order, after.receipts, before)
    ]
    assert ("line 102", "1 x LAMP = 5.00", "") in back
    assert (
        "ship_tos[1]",
        "Ana Rivera, 15 Harbor Road, Austin, Texas, 78751, United States",
        "",
    ) in back


def test_receipts_of_a_type_are_added_up(before):
    halves = [
        Receipt("WEB1042", "Visa/MC", D("31.80") / 2),
        Receipt("WEB1042", "Visa/MC", D("31.80") / 2),
    ]
    assert difference(before.order, halves, before) == ()
    assert texts(attrs.evolve(before, receipts=()), before) == [
        "receipts Visa/MC: nothing in AcctVantage, 31.80 in the store"
    ]
