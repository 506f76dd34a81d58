"""Shipments of orders."""

import json
import os
from importlib import import_module

import pytest

from avbc.bigcommerce import Conflict, StoreUnavailable, UnexpectedData
from avbc.bigcommerce.endpoints import orders
from avbc.bigcommerce.models import OrderShipment, ShipmentDraft, ShipmentItem, ShipmentItemDraft

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))  # httpx2 has the same API

ITEMS = (ShipmentItemDraft(order_product_id=15, quantity=2),)
DRAFT = ShipmentDraft(
    order_address_id=51, items=ITEMS, tracking_number="1Z999", tracking_carrier="ups"
)
ROW = {
    "id": 3,
    "order_id": 218,
    "customer_id": 11,
    "order_address_id": 51,
    "date_created": "Tue, 05 Mar 2019 21:40:11 +0000",
    "tracking_number": "1Z999",
    "merchant_shipping_cost": "5.0000",
    "shipping_provider": "",
    "tracking_carrier": "ups",
    "tracking_link": "",
    "generated_tracking_link": "https://example.com/track/1Z999",
    "comments": "",
    "items": [{"order_product_id": 15, "product_id": 7, "quantity": 2}],
    "billing_address": {"first_name": "Ana"},
}


def test_a_shipment_is_read():
    (shipment,) = orders.list_shipments(218).read([ROW])
    assert shipment.items == (ShipmentItem(order_product_id=15, product_id=7, quantity=2),)
    assert shipment.date_created is not None
    assert shipment.date_created.isoformat() == "2019-03-05T21:40:11+00:00"
    assert str(shipment.merchant_shipping_cost) == "5.0000"
    assert shipment.extra == {"billing_address": {"first_name": "Ana"}}
    assert orders.get_shipment(218, 3).read(ROW) == shipment


@pytest.mark.parametrize("key", ["id", "order_address_id"])
def test_a_shipment_without_its_identity_is_not_taken(key):
    with pytest.raises(
        UnexpectedData, match=rf"^orders/218/shipments\[0\]\.{key}: a value is required"
    ):
        orders.list_shipments(218).read([ROW | {key: None}])


@pytest.mark.parametrize("key", ["order_product_id", "quantity"])
def test_nor_one_with_an_unknown_quantity(key):
    with pytest.raises(UnexpectedData, match=rf"items\[0\]\.{key}: a value is required"):
        orders.list_shipments(218).read([ROW | {"items": [ROW["items"][0] | {key: ""}]}])


@pytest.mark.parametrize(
    ("body", "count"), [({"count": 2}, 2), ({"count": "2"}, 2), ({"count": 0}, 0)]
)
def test_the_count(body, count):
    assert orders.count_shipments(218).read(body) == count


@pytest.mark.parametrize("body", [{}, {"count": None}, {"count": 1.5}, [], None])
def test_a_count_that_is_none(body):
    with pytest.raises(UnexpectedData, match=r"^count: expected a whole number"):
        orders.count_shipments(218).read(body)


def test_what_is_sent(script, open_store):
    answers = script(httpx.Response(201, json=ROW))
    shipment = open_store(answers.transport).order_shipments.create(218, DRAFT)
    assert isinstance(shipment, OrderShipment)
    assert shipment.id == 3
    (request,) = answers.requests
    assert (request.method, request.url.path) == ("POST", "/stores/abc123/v2/orders/218/shipments")
    assert json.loads(request.content) == {
        "order_address_id": 51,
        "items": [{"order_product_id": 15, "quantity": 2}],
        "tracking_number": "1Z999",
        "shipping_provider": "",
        "tracking_carrier": "ups",
    }


def test_the_provider_is_sent_even_when_it_is_empty():
    # Left out, it becomes "custom" and no tracking link is made.
    assert orders.create_shipment(218, ShipmentDraft(order_address_id=51, items=ITEMS)).body == {
        "order_address_id": 51,
        "items": [{"order_product_id": 15, "quantity": 2}],
        "shipping_provider": "",
    }


def test_a_shipment_of_nothing_is_refused():
    with pytest.raises(ValueError, match="a shipment of nothing"):
        orders.create_shipment(218, ShipmentDraft(order_address_id=51, items=()))


def test_a_shipment_is_never_sent_twice(script, open_store):
    answers = script(httpx.Response(503), httpx.Response(201, json=ROW))
    with pytest.raises(StoreUnavailable, match="read the state before sending it again"):
        open_store(answers.transport).order_shipments.create(218, DRAFT)
    assert len(answers.requests) == 1


def test_the_store_s_refusal_is_told(script, open_store):
    answers = script(
        httpx.Response(
            409,
            json=[
                {
                    "status": 409,
                    "message": "The order has been shipped",
                    "details": {"items": "too many"},
                }
            ],
        )
    )
    with pytest.raises(Conflict, match="The order has been shipped") as caught:
        open_store(answers.transport).order_shipments.create(218, DRAFT)
    assert caught.value.errors == {"items": "too many"}


def test_no_shipments(script, open_store):
    store = open_store(script(httpx.Response(204)).transport)
    assert list(store.order_shipments.list(218)) == []
    assert store.order_shipments.count(218) == 0
