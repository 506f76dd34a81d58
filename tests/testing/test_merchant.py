"""What a test does as the merchant: one line for each act."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from avbc.testing import FakeStore, FeeLine, Payment, Shipping, item, order_of_shape


def status_of(store: FakeStore, order_id: int) -> object:
    return store.order(order_id).header["status"]


def test_an_order_is_canceled_and_reset(store: FakeStore) -> None:
    order = store.place_order()
    store.cancel_order(order.id)
    assert status_of(store, order.id) == "Cancelled"
    store.reset_order(order.id)
    assert status_of(store, order.id) == "Awaiting Fulfillment"
    store.reset_order(order.id, 7)
    assert status_of(store, order.id) == "Awaiting Payment"
    assert [event.scope for event in store.events[-2:]] == [
        "store/order/updated",
        "store/order/statusUpdated",
    ]


def test_a_field_that_orders_do_not_have_is_refused(store: FakeStore) -> None:
    order = store.place_order()
    before = dict(order.header)
    for name, says in {
        "statusid": "Order has no field 'statusid'. Did you mean 'status_id'?",
        "mood": "Order has no field 'mood'. There are ",
    }.items():
        with pytest.raises(TypeError, match=re.escape(says)):
            store.edit_order(order.id, **{name: 9})
    with pytest.raises(KeyError, match="the store has no order 7"):
        store.edit_order(7, status_id=9)
    assert order.header == before
    # What BigCommerce documents, and an order lacks, may come.
    store.edit_order(order.id, ebay_order_id="7")
    assert store.order(order.id).header["ebay_order_id"] == "7"


@pytest.mark.parametrize(
    ("event", "fields", "says"),
    [
        ("captured", {}, "no event 'captured': there are purchase, authorization, capture"),
        ("capture", {"payment_status": "capturd"}, "no payment_status 'capturd'"),
        ("capture", {"tets": True}, "Transaction has no field 'tets'. Did you mean 'test'?"),
    ],
)
def test_a_transaction_that_no_gateway_makes_is_refused(
    store: FakeStore, event: str, fields: dict[str, object], says: str
) -> None:
    order = store.place_order(payment=Payment(state="authorized"))
    with pytest.raises((TypeError, ValueError), match=re.escape(says)):
        store.add_transaction(order.id, event, Decimal(5), **fields)  # type: ignore[arg-type]
    assert [row["event"] for row in store.order(order.id).transactions] == ["authorization"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"payment": "PayPal"}, "payment: 'PayPal' is no Payment: write payment=Payment('PayPal')"),
        ({"payment": None}, "payment: None is no Payment: write payment=Payment()"),
        ({"buyer": "Ana"}, "buyer: 'Ana' is no Person: write buyer=Person("),
        ({"shipping": "FedEx"}, "is no list of Shipping: write shipping=[Shipping('FedEx')]"),
        ({"shipping": ["FedEx"]}, "write shipping=[Shipping('FedEx')], with avbc.testing.Shipping"),
        ({"shipping": Shipping()}, "is no list of Shipping: write shipping=[Shipping()]"),
        ({"discounts": [5]}, "discounts: [5] is no list of Discount: write discounts=[Discount("),
        ({"fees": FeeLine("Rush", Decimal(5))}, "is no list of FeeLine: write fees=[FeeLine("),
    ],
)
def test_an_option_of_another_type_says_what_to_write(
    store: FakeStore, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(TypeError, match=re.escape(says)):
        store.place_order(**options)
    assert store.events == []


def test_a_location_or_a_hook_that_is_not_there_is_refused(store: FakeStore) -> None:
    store.add_product({"sku": "MUG", "inventory_tracking": "product"})
    asks: list[Callable[[], object]] = [
        lambda: store.set_inventory("MUG", 4, location_id=9),
        lambda: store.set_backorders("MUG", 4, location_id=9),
        lambda: store.add_product({"sku": "CUP"}, inventory={9: 5}),
        lambda: store.inventory(9),
    ]
    for ask in asks:
        with pytest.raises(KeyError, match=r"the store has no location 9: there are \[1\]"):
            ask()
    assert [row["sku"] for row in store.products()] == ["MUG"]
    with pytest.raises(KeyError, match="the store has no hook 3: there are none"):
        store.deactivate_hook(3)


@pytest.mark.parametrize(("act", "status"), [("capture", "captured"), ("void", "void")])
def test_a_payment_is_captured_or_voided_at_once(store: FakeStore, act: str, status: str) -> None:
    order = store.place_order(payment=Payment(state="authorized"))
    getattr(store, f"{act}_payment")(order.id)
    assert store.order(order.id).header["payment_status"] == status
    assert [row["event"] for row in store.order(order.id).transactions] == ["authorization", act]
    says = f"an authorized payment is needed to {act}; payment_status is '{status}'"
    with pytest.raises(ValueError, match=says):
        getattr(store, f"{act}_payment")(order.id)


def test_the_gateway_may_decline(store: FakeStore) -> None:
    order = store.place_order(payment=Payment(state="authorized"))
    store.set_payment_result(order.id, "declined")
    store.capture_payment(order.id)
    assert store.order(order.id).header["payment_status"] == "declined"


def test_an_order_is_shipped_in_parts_and_to_each_address(store: FakeStore) -> None:
    order = store.add_order(order_of_shape("two_consignments"))
    line = order.products[0]
    (part,) = store.ship_order(order.id, items={line["id"]: 1}, tracking_number="1Z")
    assert (part["tracking_number"], part["items"][0]["quantity"]) == ("1Z", 1)
    rest = store.ship_order(order.id)
    shipped = store.order(order.id)
    assert {row["order_address_id"] for row in [part, *rest]} == {
        address["id"] for address in shipped.shipping
    }
    assert [row["quantity_shipped"] for row in shipped.products] == [
        row["quantity"] for row in shipped.products
    ]
    assert status_of(store, order.id) == "Awaiting Fulfillment"


def test_what_is_not_left_cannot_be_shipped(store: FakeStore) -> None:
    store.set_options(shipments_move_status=True)
    order = store.place_order([item("MUG-BLUE", 2)])
    (line,) = order.products
    for items in ({line["id"]: 3}, {line["id"]: 0}, {7: 1}, {}):
        with pytest.raises(ValueError, match=rf"left to ship: {{{line['id']}: 2}}"):
            store.ship_order(order.id, items=items)
    assert store.shipments() == []
    store.ship_order(order.id)
    assert status_of(store, order.id) == "Shipped"
    with pytest.raises(ValueError, match="has nothing left to ship"):
        store.ship_order(order.id)


def test_an_unknown_order_is_a_key_error(store: FakeStore) -> None:
    for act in (
        store.cancel_order,
        store.reset_order,
        store.ship_order,
        store.capture_payment,
        store.void_payment,
    ):
        with pytest.raises(KeyError):
            act(7)


def test_time_passes(store: FakeStore, ask) -> None:
    store.set_options(quota=1)
    assert [ask("GET", "/v2/store")[0] for _ in range(2)] == [200, 429]
    store.pass_time(30)
    assert ask("GET", "/v2/store")[0] == 200
    assert store.log[-1].at - store.log[0].at == 30


def test_an_outage_lasts_until_it_is_over(store: FakeStore, ask) -> None:
    store.fail(kind="503", times=None, at=2)
    assert [ask("GET", "/v2/store")[0] for _ in range(5)] == [200, 503, 503, 503, 503]
    store.clear_faults()
    assert ask("GET", "/v2/store")[0] == 200


def test_a_token_is_refused(store: FakeStore, ask) -> None:
    fault = store.fail("GET /v2/orders*", "401")
    assert [ask("GET", "/v2/orders")[0] for _ in range(2)] == [401, 204]
    assert fault.hits == 1
