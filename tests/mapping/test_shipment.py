"""Shipments of the books as shipments of the store."""

from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbc.acctvantage.records import (
    Address,
    Parcel,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShippedItem,
)
from avbc.bigcommerce.models import OrderShipment, ShipmentItem
from avbc.mapping import map_shipments, shipment_mark
from avbc.unset import UNSET

D = Decimal


def line(id_, quantity="3", address=51, **more):
    fields = {
        "kind": "product",
        "description": f"Line {id_}",
        "quantity": D(quantity),
        "unit_price": D(1),
        "amount": D(1),
    }
    return SalesOrderLine(
        **fields, store_line_id=id_, store_address_id=address, part_number=f"SKU-{id_}", **more
    )


def order(*lines):
    return SalesOrder(
        import_id="WEB1042",
        store_order_id=1042,
        client="Rivera",
        lines=lines or (line(1), line(2, "2"), line(3, "1", address=52)),
        total=D(10),
        tax=D(0),
        tax_area="BigCommerce",
        currency="USD",
        warehouse="Main",
        ship_via="UPS Ground",
        bill_to=Address(),
    )


def items(**units):
    return tuple(ShippedItem(int(name[1:]), D(str(count))) for name, count in units.items())


def shipment(number=17, *, parcels=(), **more):
    return Shipment(number, "WEB1042", parcels=parcels, **{"carrier": "UPS", **more})


def stored(id_=5, *, address=51, units=None, number="", comments="AcctVantage shipment 17"):
    rows = tuple(
        ShipmentItem(order_product_id=line_id, quantity=count)
        for line_id, count in (units or {1: 2}).items()
    )
    return OrderShipment(
        id=id_,
        order_id=1042,
        order_address_id=address,
        items=rows,
        tracking_number=number,
        comments=comments,
    )


def as_stored(draft, id_=5):
    rows = tuple(
        ShipmentItem(order_product_id=item.order_product_id, quantity=item.quantity)
        for item in draft.items
    )
    return OrderShipment(
        id=id_,
        order_address_id=draft.order_address_id,
        items=rows,
        tracking_number=draft.tracking_number or "",
        comments=draft.comments or "",
    )


def one(shipment, in_store=(), *, of=None, **more):
    (ruling,) = map_shipments([shipment], of or order(), in_store, **more)
    return ruling


def codes(ruling):
    return [problem.code for problem in ruling.problems]


def sent(ruling):
    return [
        (
            draft.order_address_id,
            {item.order_product_id: item.quantity for item in draft.items},
            draft.tracking_number or "",
        )
        for draft in ruling.value.drafts
    ]


def test_a_shipment_of_one_address_is_one_shipment():
    ruling = one(
        shipment(
            items=items(l1=2, l2=1),
            parcels=(Parcel(" 1Z9 "),),
            ship_via="UPS Ground",
            comments="Handle &amp; care",
        )
    )
    (draft,) = ruling.value.drafts
    assert sent(ruling) == [(51, {1: 2, 2: 1}, "1Z9")]
    assert draft.comments == "Handle & care\nAcctVantage shipment 17"
    assert (
        draft.shipping_method,
        draft.shipping_provider,
        draft.tracking_carrier,
        draft.tracking_link,
    ) == (
        "UPS Ground",
        "ups",
        UNSET,
        UNSET,
    )
    assert ruling.problems == ()
    assert ("shipping_provider", "ups") in [
        (decision.field, decision.value) for decision in ruling.decisions
    ]


def test_each_address_has_a_shipment_of_its_own():
    ruling = one(shipment(items=items(l1=1, l3=1)))
    assert sent(ruling) == [(51, {1: 1}, ""), (52, {3: 1}, "")]
    assert all(draft.tracking_number is UNSET for draft in ruling.value.drafts)


def test_parcels_with_contents_are_shipments_of_their_own():
    parcels = (Parcel("A", items(l1=2)), Parcel("B", items(l1=1, l3=1)), Parcel("", items(l2=1)))
    ruling = one(shipment(parcels=parcels))
    assert sent(ruling) == [
        (51, {1: 2}, "A"),
        (51, {1: 1}, "B"),
        (52, {3: 1}, "B"),
        (51, {2: 1}, ""),
    ]


def test_without_contents_the_first_number_stands_on_it_and_the_rest_in_the_comments():
    ruling = one(
        shipment(items=items(l1=1), parcels=(Parcel(""), Parcel("A"), Parcel("B"), Parcel("A")))
    )
    assert sent(ruling) == [(51, {1: 1}, "A")]
    assert ruling.value.drafts[0].comments == "Tracking numbers: A, B\nAcctVantage shipment 17"


def test_one_parcel_without_contents_leaves_all_contents_open():
    ruling = one(shipment(parcels=(Parcel("A", items(l1=1)), Parcel("B"))))
    assert sent(ruling) == [(51, {1: 1}, "A")]


def test_which_parcel_goes_where_is_not_guessed():
    ruling = one(shipment(items=items(l1=1, l3=1), parcels=(Parcel("A"), Parcel("B"))))
    assert sent(ruling) == [(51, {1: 1}, ""), (52, {3: 1}, "")]
    assert codes(ruling) == ["parcels_not_told_apart"]
    assert {draft.comments for draft in ruling.value.drafts} == {
        "Tracking numbers: A, B\nAcctVantage shipment 17"
    }


def test_downloads_and_pickups_are_left_out():
    of = order(line(1), line(2, address=None))
    assert sent(one(shipment(items=items(l1=1, l2=1)), of=of)) == [(51, {1: 1}, "")]
    nothing = one(shipment(items=items(l2=1)), of=of)
    assert (nothing.value.drafts, nothing.value.standing, nothing.problems) == ((), (), ())
    assert any("no shipping address" in decision.reason for decision in nothing.decisions)


def test_a_quantity_of_zero_is_nothing():
    assert sent(one(shipment(items=items(l1=1, l2=0)))) == [(51, {1: 1}, "")]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({}, "shipment_empty", "items"),
        ({"items": items(l9=1)}, "shipped_line_unknown", "items"),
        ({"items": items(l1="0.5")}, "shipped_quantity_invalid", "items"),
        ({"items": items(l1=-1)}, "shipped_quantity_invalid", "items"),
        ({"items": items(l1="NaN")}, "shipped_quantity_invalid", "items"),
        ({"items": items(l1="1e12")}, "shipped_quantity_invalid", "items"),
        ({"items": items(l1=4)}, "shipped_more_than_remains", "items"),
        (
            {"items": items(l1=2), "parcels": (Parcel("A", items(l1=1)),)},
            "parcels_differ",
            "parcels",
        ),
        (
            {"items": items(l1=1), "parcels": (Parcel("A", items(l1=1, l2=1)),)},
            "parcels_differ",
            "parcels",
        ),
        (
            {"items": items(l1=1), "parcels": (Parcel("9" * 51),)},
            "text_too_long",
            "tracking_number",
        ),
        (
            {"items": items(l1=1), "tracking_link": "https://example.com/" + "9" * 500},
            "text_too_long",
            "tracking_link",
        ),
        ({"items": items(l1=1), "comments": "x" * 65_535}, "text_too_long", "comments"),
        (
            {"items": items(l1=1), "tracking_link": "javascript:alert(1)"},
            "tracking_link_invalid",
            "tracking_link",
        ),
    ],
)
def test_what_the_store_cannot_ship_is_a_problem(changes, code, field):
    ruling = one(shipment(**changes))
    assert ruling.value is None
    assert [(problem.code, problem.field) for problem in ruling.problems] == [(code, field)]


def test_all_problems_of_a_shipment_come_together():
    assert codes(one(shipment(items=items(l8=1, l9=1, l1="0.5")))) == [
        "shipped_line_unknown",
        "shipped_line_unknown",
        "shipped_quantity_invalid",
    ]


def test_more_than_remains_says_by_how_much():
    problem = one(shipment(items=items(l1=2)), [stored(units={1: 2}, comments="")]).problems[0]
    assert (
        problem.message
        == "2 of 'SKU-1' were shipped, and 1 of 3 are left to ship in the store: 1 too many."
    )


def test_a_line_of_the_store_that_is_shipped_beyond_its_quantity_has_nothing_left():
    problem = one(shipment(items=items(l1=1)), [stored(units={1: 5}, comments="")]).problems[0]
    assert "0 of 3 are left" in problem.message


@pytest.mark.parametrize(
    ("carrier", "ship_via", "link", "provider", "slug", "warned"),
    [
        ("UPS", "", "https://example.com/track/1", "", UNSET, []),
        ("UPS", "", "", "ups", UNSET, []),
        ("", "FedEx Ground", "", "fedex", UNSET, []),
        ("Our van", "USPS Priority", "", "usps", UNSET, []),
        ("OnTrac", "", "", "", "ontrac", []),
        ("Our van", "", "", "", UNSET, ["carrier_unknown"]),
        ("", "", "", "", UNSET, ["carrier_unknown"]),
    ],
)
def test_one_rule_makes_the_link(carrier, ship_via, link, *, provider, slug, warned):
    ruling = one(
        shipment(
            items=items(l1=1),
            parcels=(Parcel("1Z9"),),
            carrier=carrier,
            ship_via=ship_via,
            tracking_link=link,
        )
    )
    (draft,) = ruling.value.drafts
    assert (draft.shipping_provider, draft.tracking_carrier, draft.tracking_link or "") == (
        provider,
        slug,
        link,
    )
    assert "shipping_provider" in draft.given()
    assert codes(ruling) == warned


def test_without_a_number_no_carrier_is_named():
    ruling = one(shipment(items=items(l1=1), carrier="Our van"))
    assert (ruling.problems, ruling.value.drafts[0].shipping_provider) == ((), "")


# --- never twice ---


def test_what_the_store_has_is_not_sent_again():
    asked = shipment(parcels=(Parcel("A", items(l1=2)), Parcel("B", items(l3=1))))
    first = one(asked)
    again = one(asked, [as_stored(draft, id_) for id_, draft in enumerate(first.value.drafts, 5)])
    assert again.value.drafts == ()
    assert [row.id for row in again.value.standing] == [5, 6]


def test_after_a_death_in_between_only_the_rest_is_sent():
    asked = shipment(
        parcels=(Parcel("A", items(l1=1)), Parcel("B", items(l1=1)), Parcel("C", items(l3=1)))
    )
    drafts = one(asked).value.drafts
    again = one(asked, [as_stored(drafts[1])])
    assert sent(again) == [(51, {1: 1}, "A"), (52, {3: 1}, "C")]


def test_another_shipment_with_the_same_contents_is_another_one():
    in_store = [stored(units={1: 1}, number="A", comments=shipment_mark(17))]
    assert sent(one(shipment(18, items=items(l1=1), parcels=(Parcel("A"),)), in_store)) == [
        (51, {1: 1}, "A")
    ]
    # Nor is 17 the beginning of 170.
    assert one(shipment(170, items=items(l1=1)), in_store).value.standing == ()


@pytest.mark.parametrize(
    "comments", ["", "Leave at the door", "AcctVantage shipment 99999999999999999999"]
)
def test_where_the_comments_name_no_shipment_the_tracking_number_tells(comments):
    asked = shipment(items=items(l1=2), parcels=(Parcel("1z9"),))
    assert one(asked, [stored(number=" 1Z9", comments=comments)]).value.drafts == ()


def test_without_number_and_tracking_number_nothing_is_recognised():
    asked = shipment(items=items(l1=1))
    assert sent(one(asked, [stored(units={1: 1}, comments="")])) == [(51, {1: 1}, "")]


def test_each_shipment_of_the_store_is_claimed_once():
    asked = [
        shipment(17, items=items(l1=1), parcels=(Parcel("A"),)),
        shipment(18, items=items(l1=1), parcels=(Parcel("A"),)),
    ]
    first, second = map_shipments(asked, order(), [stored(units={1: 1}, number="A", comments="")])
    assert [row.id for row in first.value.standing] == [5]
    assert sent(second) == [(51, {1: 1}, "A")]


def test_shipments_of_one_push_share_what_remains():
    first, second, third = map_shipments(
        [
            shipment(17, items=items(l1=2)),
            shipment(18, items=items(l1=2)),
            shipment(19, items=items(l1=1)),
        ],
        order(),
    )
    assert sent(first) == [(51, {1: 2}, "")]
    assert codes(second) == ["shipped_more_than_remains"]
    assert sent(third) == [(51, {1: 1}, "")]


def test_other_contents_under_the_same_number_are_for_a_person():
    for row in (stored(units={1: 1}), stored(address=52, units={1: 2})):
        ruling = one(shipment(items=items(l1=2)), [row])
        assert (ruling.value, codes(ruling)) == (None, ["shipment_differs"])


def test_a_tracking_number_that_came_later_is_reported():
    ruling = one(shipment(items=items(l1=2), parcels=(Parcel("1Z9"),)), [stored()])
    assert (ruling.value.drafts, codes(ruling)) == ((), ["tracking_number_differs"])


def test_the_store_s_own_number_is_kept_where_the_books_have_none():
    ruling = one(shipment(items=items(l1=2)), [stored(number="1Z9")])
    assert (ruling.value.drafts, codes(ruling)) == ((), [])


def test_the_parcel_with_the_same_number_is_matched_first():
    asked = shipment(parcels=(Parcel("A", items(l1=1)), Parcel("B", items(l1=1))))
    again = one(asked, [stored(units={1: 1}, number="B")])
    assert (sent(again), codes(again)) == ([(51, {1: 1}, "A")], [])


def test_a_line_of_the_store_that_the_books_lack_does_not_matter():
    assert sent(one(shipment(items=items(l1=1)), [stored(units={77: 1}, comments="")])) == [
        (51, {1: 1}, "")
    ]


def test_an_unreadable_quantity_on_the_order_leaves_nothing_to_ship():
    assert codes(one(shipment(items=items(l1=1)), of=order(line(1, "NaN")))) == [
        "shipped_more_than_remains"
    ]


# --- for all shipments ---

quantities = st.one_of(st.integers(-1, 6).map(D), st.decimals(allow_nan=True, allow_infinity=True))
some_items = st.lists(st.builds(ShippedItem, st.integers(0, 4), quantities), max_size=4).map(tuple)
some_shipments = st.builds(
    Shipment,
    st.integers(1, 4),
    st.just("WEB1042"),
    items=some_items,
    parcels=st.lists(
        st.builds(Parcel, st.sampled_from(["", "A", "B", "x" * 51]), some_items), max_size=3
    ).map(tuple),
    carrier=st.sampled_from(["UPS", "OnTrac", "", "Our van"]),
    tracking_link=st.sampled_from(["", "https://example.com/1", "nowhere"]),
    comments=st.text(max_size=30),
)


@given(st.lists(some_shipments, max_size=4))
@pytest.mark.no_cover
def test_whatever_is_shipped_nothing_is_sent_twice_or_beyond_the_order(asked):
    asked = [attrs.evolve(one, number=number) for number, one in enumerate(asked, 1)]
    of = order(line(1), line(2, "2"), line(3, "1", address=52), line(4, address=None))
    rulings = map_shipments(asked, of)
    drafts = [draft for ruling in rulings if ruling.value for draft in ruling.value.drafts]
    shipped = {}
    for draft in drafts:
        assert draft.items
        for item in draft.items:
            assert item.quantity > 0
            shipped[item.order_product_id] = shipped.get(item.order_product_id, 0) + item.quantity
    assert all(count <= {1: 3, 2: 2, 3: 1}[id_] for id_, count in shipped.items())
    assert all((ruling.value is None) == bool(ruling.errors) for ruling in rulings)
    again = map_shipments(asked, of, [as_stored(draft, id_) for id_, draft in enumerate(drafts)])
    for before, after in zip(rulings, again, strict=True):
        if before.value is not None:
            assert after.value is not None
            assert after.value.drafts == ()
            assert len(after.value.standing) == len(before.value.drafts)
