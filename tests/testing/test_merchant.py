"""What a test does as the merchant: one line for each act."""

from __future__ import annotations

import pytest

from avbc.testing import FakeStore, Payment, item, order_of_shape


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
    with pytest.raises(ValueError, match=r"left to ship: {}"):
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
