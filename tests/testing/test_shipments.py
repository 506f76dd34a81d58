from __future__ import annotations

import pytest

from avbc.testing import FakeOrder, FakeStore, order_of_shape


@pytest.fixture
def order(store: FakeStore) -> FakeOrder:
    """Two addresses: line 100100 goes to 10010, lines 100101 and 100102 to 10011."""
    return store.add_order(order_of_shape("two_consignments"))


def shipment(**changes: object) -> dict[str, object]:
    return {
        "order_address_id": 10011,
        "items": [{"order_product_id": 100102, "quantity": 2}],
        **changes,
    }


def test_a_shipment_counts_up_what_is_shipped_and_leaves_the_status(
    store, ask, order, clock
) -> None:
    clock.now += 60
    status, made = ask(
        "POST",
        "/v2/orders/1001/shipments",
        shipment(tracking_number="1Z-EXAMPLE", shipping_provider="ups"),
    )
    assert status == 201
    assert made["items"] == [{"order_product_id": 100102, "product_id": 107, "quantity": 2}]
    assert (made["order_id"], made["order_address_id"], made["customer_id"]) == (1001, 10011, 8)
    assert (made["shipping_address"]["first_name"], made["billing_address"]["first_name"]) == (
        "Rosa",
        "Mei",
    )
    assert (made["merchant_shipping_cost"], made["tracking_link"], made["shipping_method"]) == (
        "0.0000",
        "",
        "UPS Ground",
    )
    query = "?include=consignments.line_items&consignment_structure=object"
    _, shown = ask("GET", f"/v2/orders/1001{query}")
    assert (shown["status_id"], shown["items_shipped"], shown["date_shipped"]) == (11, 2, "")
    assert shown["date_modified"] != shown["date_created"]
    first, second = shown["consignments"]["shipping"]
    assert (first["items_shipped"], second["items_shipped"]) == (0, 2)
    assert [line["quantity_shipped"] for line in second["line_items"]] == [0, 2]
    assert [row["quantity_shipped"] for row in ask("GET", "/v2/orders/1001/products")[1]] == [
        0,
        0,
        2,
    ]


def test_a_store_may_move_the_status_with_each_shipment(store, ask, order) -> None:
    store.set_options(shipments_move_status=True)
    store.edit_order(order.id, status_id=5)
    lines = [
        (line["order_address_id"], line["id"], line["quantity"])
        for line in store.order(order.id).products
    ]
    statuses = []
    for address_id, line_id, quantity in lines:
        items = [{"order_product_id": line_id, "quantity": quantity}]
        made = shipment(order_address_id=address_id, items=items)
        assert ask("POST", "/v2/orders/1001/shipments", made)[0] == 201
        header = store.order(order.id).header
        statuses.append((header["status_id"], header["status"]))
    assert statuses == [(3, "Partially Shipped"), (3, "Partially Shipped"), (2, "Shipped")]
    assert FakeStore(shipments_move_status=True).state.shipments_move_status


def test_the_list_is_204_until_something_is_shipped(ask, order) -> None:
    assert ask("GET", "/v2/orders/1001/shipments") == (204, None)
    assert ask("GET", "/v2/orders/1001/shipments/count") == (200, {"count": 0})
    first = ask("POST", "/v2/orders/1001/shipments", shipment())[1]
    second = ask(
        "POST",
        "/v2/orders/1001/shipments",
        shipment(items=[{"order_product_id": 100101, "quantity": 1}]),
    )[1]
    assert [row["id"] for row in ask("GET", "/v2/orders/1001/shipments")[1]] == [
        first["id"],
        second["id"],
    ]
    assert ask("GET", "/v2/orders/1001/shipments?page=2&limit=1")[1] == [second]
    assert ask("GET", "/v2/orders/1001/shipments?page=3&limit=1") == (204, None)
    assert ask("GET", "/v2/orders/1001/shipments/count") == (200, {"count": 2})
    assert ask("GET", f"/v2/orders/1001/shipments/{second['id']}") == (200, second)
    for path in [
        "/v2/orders/1001/shipments/99",
        "/v2/orders/7/shipments",
        "/v2/orders/7/shipments/count",
    ]:
        assert ask("GET", path)[0] == 404


def test_no_more_can_be_shipped_than_remains(ask, order) -> None:
    item = {"order_product_id": 100102, "quantity": 1}
    assert ask("POST", "/v2/orders/1001/shipments", shipment())[0] == 201
    status, (error,) = ask("POST", "/v2/orders/1001/shipments", shipment())
    assert (status, error["status"]) == (400, 400)
    assert "1 of line 100102 remain" in error["message"]
    assert ask("POST", "/v2/orders/1001/shipments", shipment(items=[item, item]))[0] == 400
    assert ask("POST", "/v2/orders/1001/shipments", shipment(items=[item]))[0] == 201
    assert ask("POST", "/v2/orders/1001/shipments", shipment(items=[item]))[0] == 400
    assert ask("GET", "/v2/orders/1001/shipments/count")[1]["count"] == 2


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"order_address_id": 10012}, "order_address_id"),
        ({"order_address_id": True}, "order_address_id"),
        ({"order_address_id": None}, "order_address_id"),
        ({"order_address_id": 10010}, "order_product_id"),
        ({"items": []}, "items"),
        ({"items": None}, "items"),
        ({"items": [{"order_product_id": 5, "quantity": 1}]}, "order_product_id"),
        ({"items": ["lamp"]}, "order_product_id"),
        ({"items": [{"order_product_id": 100101, "quantity": 0}]}, "quantity"),
        ({"items": [{"order_product_id": 100101, "quantity": 0.5}]}, "quantity"),
        ({"items": [{"order_product_id": 100101, "quantity": True}]}, "quantity"),
        ({"tracking_number": "9" * 51}, "tracking_number"),
        ({"tracking_link": "x" * 501}, "tracking_link"),
        ({"comments": "x" * 65_536}, "comments"),
        ({"shipping_provider": "pigeon"}, "shipping_provider"),
        ({"tracking_carrier": "Royal Mail"}, "tracking_carrier"),
        ({"merchant_shipping_cost": "much"}, "merchant_shipping_cost"),
        ({"merchant_shipping_cost": "NaN"}, "merchant_shipping_cost"),
    ],
)
def test_shipments_that_are_refused(*, store, ask, order, changes, named) -> None:
    before = store.order(1001).to_json()
    status, answer = ask("POST", "/v2/orders/1001/shipments", shipment(**changes))
    assert status == 400
    assert f"'{named}'" in answer[0]["message"]
    assert store.order(1001).to_json() == before
    assert store.events == []


def test_a_shipment_of_nothing_known(ask, order, store) -> None:
    assert ask("POST", "/v2/orders/7/shipments", shipment())[0] == 404
    assert ask("POST", "/v2/orders/1001/shipments", [1])[0] == 400
    ask("DELETE", "/v2/orders/1001")
    assert ask("POST", "/v2/orders/1001/shipments", shipment())[0] == 404


def test_a_tracking_number_may_have_fifty_characters(ask, order) -> None:
    assert ask("POST", "/v2/orders/1001/shipments", shipment(tracking_number="9" * 50))[0] == 201


@pytest.mark.parametrize(
    ("changes", "provider", "link", "own"),
    [
        ({}, "custom", "", ""),
        ({"shipping_provider": ""}, "", "", ""),
        ({"shipping_provider": "usps"}, "usps", "https://tracking.example.com/usps/N1", ""),
        (
            {"shipping_provider": "carrier_7"},
            "carrier_7",
            "https://tracking.example.com/carrier_7/N1",
            "",
        ),
        (
            {"shipping_provider": "", "tracking_carrier": "dpd-uk"},
            "",
            "https://tracking.example.com/dpd-uk/N1",
            "",
        ),
        (
            {"shipping_provider": "", "tracking_link": "https://example.com/t"},
            "",
            "",
            "https://example.com/t",
        ),
    ],
)
def test_the_ways_to_a_tracking_link(*, ask, order, changes, provider, link, own) -> None:
    _, made = ask("POST", "/v2/orders/1001/shipments", shipment(tracking_number="N1", **changes))
    assert (made["shipping_provider"], made["generated_tracking_link"], made["tracking_link"]) == (
        provider,
        link,
        own,
    )


def test_a_change_keeps_what_is_not_sent_and_cannot_touch_items(ask, order) -> None:
    _, made = ask(
        "POST",
        "/v2/orders/1001/shipments",
        shipment(tracking_number="N1", shipping_provider="usps", comments="left"),
    )
    change = {"tracking_number": "N2", "items": [{"order_product_id": 100102, "quantity": 1}]}
    status, changed = ask("PUT", f"/v2/orders/1001/shipments/{made['id']}", change)
    assert status == 200
    assert changed == {
        **made,
        "tracking_number": "N2",
        "generated_tracking_link": "https://tracking.example.com/usps/N2",
    }
    assert ask("PUT", f"/v2/orders/1001/shipments/{made['id']}", {"order_address_id": 4})[0] == 400
    assert ask("PUT", "/v2/orders/1001/shipments/99", change)[0] == 404


def test_deleting_gives_the_units_back_and_leaves_the_status(store, ask, order) -> None:
    _, first = ask("POST", "/v2/orders/1001/shipments", shipment())
    ask(
        "POST",
        "/v2/orders/1001/shipments",
        shipment(items=[{"order_product_id": 100101, "quantity": 1}]),
    )
    ask("PUT", "/v2/orders/1001", {"status_id": 2})
    assert ask("DELETE", f"/v2/orders/1001/shipments/{first['id']}") == (204, None)
    assert ask("GET", "/v2/orders/1001")[1]["items_shipped"] == 1
    assert ask("DELETE", "/v2/orders/1001/shipments") == (204, None)
    shown = ask("GET", "/v2/orders/1001")[1]
    assert (shown["items_shipped"], shown["status_id"]) == (0, 2)
    assert ask("POST", "/v2/orders/1001/shipments", shipment())[0] == 201


def test_goods_that_are_picked_up_or_downloaded_are_not_shipped(store, ask) -> None:
    order = store.add_order(order_of_shape("pickup"))
    items = [{"order_product_id": order.products[0]["id"], "quantity": 1}]
    assert (
        ask("POST", f"/v2/orders/{order.id}/shipments", {"order_address_id": 0, "items": items})[0]
        == 400
    )


def test_components_of_a_bundle_do_not_count_as_items_shipped(store, ask) -> None:
    order = store.add_order(order_of_shape("bundle"))
    items = [
        {"order_product_id": line["id"], "quantity": line["quantity"]} for line in order.products
    ]
    address = order.shipping[0]["id"]
    assert (
        ask(
            "POST",
            f"/v2/orders/{order.id}/shipments",
            {"order_address_id": address, "items": items},
        )[0]
        == 201
    )
    shown = store.order(order.id).header
    assert shown["items_shipped"] == shown["items_total"]


def test_shipments_are_told_as_events(store, ask, order) -> None:
    made = ask("POST", "/v2/orders/1001/shipments", shipment())[1]
    ask("PUT", f"/v2/orders/1001/shipments/{made['id']}", {"comments": "x"})
    ask("DELETE", f"/v2/orders/1001/shipments/{made['id']}")
    told = [
        (event.scope, event.data)
        for event in store.events
        if event.scope.startswith("store/shipment/")
    ]
    data = {"type": "shipment", "id": made["id"], "orderId": 1001}
    assert told == [(f"store/shipment/{what}", data) for what in ["created", "updated", "deleted"]]
    assert [event.scope for event in store.events].count("store/order/updated") == 3


def test_a_lost_answer_to_a_shipment_leaves_the_shipment(store, ask, order) -> None:
    store.fail("POST /v2/orders/1001/shipments", "reset_after")
    ask("POST", "/v2/orders/1001/shipments", shipment())
    assert ask("GET", "/v2/orders/1001/shipments/count")[1]["count"] == 1


def test_an_order_keeps_its_shipments_as_json(store, ask, order) -> None:
    ask("POST", "/v2/orders/1001/shipments", shipment())
    copy = store.order(1001).copy()
    copy.shipments[0]["comments"] = "changed on the copy"
    assert store.order(1001).shipments[0]["comments"] == ""
    again = FakeOrder.from_json({**store.order(1001).to_json(), "shipments": copy.shipments})
    assert again.shipments == copy.shipments
