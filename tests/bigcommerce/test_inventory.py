"""Stock: what is asked for, what is set, one batch at a time."""

import json
import os
from importlib import import_module

import pytest

from avbc.bigcommerce import RequestRefused, StoreUnavailable, UnexpectedData
from avbc.bigcommerce.endpoints import inventory
from avbc.bigcommerce.models import (
    InventoryAdjustment,
    InventoryIdentity,
    InventoryItem,
    InventorySettings,
    ItemLocation,
    Location,
)

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))  # httpx2 has the same API

ROW = {
    "identity": {"sku": "MUG-1", "variant_id": 70, "product_id": 7, "sku_id": None},
    "locations": [
        {
            "location_id": 1,
            "location_code": "MAIN",
            "location_name": "Main",
            "available_to_sell": 10,
            "total_inventory_onhand": 12,
            "location_enabled": True,
            "settings": {
                "safety_stock": 2,
                "is_in_stock": True,
                "warning_level": 3,
                "bin_picking_number": "B-7",
            },
        },
        {"location_id": 2, "available_to_sell": None, "location_enabled": False},
    ],
}


def adjustment(sku: str = "MUG-1", quantity: int = 12, location_id: int = 1) -> InventoryAdjustment:
    return InventoryAdjustment(location_id=location_id, sku=sku, quantity=quantity)


# --- reading ---


def test_items_are_asked_for_a_thousand_at_a_time():
    call = inventory.list_inventory_items(
        sku_in=["MUG-1", "MUG-2"],
        variant_id_in=[70],
        product_id_in=[7],
        location_id_in=[1, 2],
        location_code_in=["MAIN"],
    )
    assert call.limit == 1000
    assert dict(call.params) == {
        "sku:in": "MUG-1,MUG-2",
        "variant_id:in": "70",
        "product_id:in": "7",
        "location_id:in": "1,2",
        "location_code:in": "MAIN",
    }


def test_an_item_is_read():
    (item,) = inventory.list_inventory_items().read({"data": [ROW], "meta": {}})
    assert isinstance(item, InventoryItem)
    assert item.identity == InventoryIdentity(sku="MUG-1", variant_id=70, product_id=7)
    main = item.at(1)
    assert main is not None
    assert (main.available_to_sell, main.total_inventory_onhand) == (10, 12)
    assert main.settings is not None
    assert main.settings.safety_stock == 2
    assert item.at(2) == ItemLocation(location_id=2, location_enabled=False), (
        "what is unknown is not 0"
    )
    assert item.at(3) is None


@pytest.mark.parametrize(
    "identity", [None, {}, {"sku": "MUG-1"}, {"variant_id": 70, "sku": "MUG-1"}]
)
def test_an_item_without_an_identity_is_not_taken(identity):
    page = inventory.list_inventory_items().page({"data": [ROW | {"identity": identity}, ROW]})
    assert len(page.items) == 1
    assert page.unreadable[0].error.path.startswith("inventory/items[0].identity")


def test_locations():
    call = inventory.list_locations(
        location_id_in=[1], location_code_in=["MAIN"], is_default=True, is_active=False
    )
    assert dict(call.params) == {
        "location_id:in": "1",
        "location_code:in": "MAIN",
        "is_default": "true",
        "is_active": "false",
    }
    assert call.limit == 1000
    assert call.cap is not None
    assert call.cap.limit == 50
    rows = [
        {
            "id": 1,
            "code": "MAIN",
            "label": "Main",
            "type_id": "PHYSICAL",
            "enabled": False,
            "operating_hours": {},
        }
    ]
    (location,) = call.read({"data": rows})
    assert location == Location(id=1, code="MAIN", label="Main", type_id="PHYSICAL", enabled=False)


def test_settings():
    call = inventory.get_inventory_settings(channel_id=1)
    assert dict(call.params) == {"channel_id": "1"}
    settings = call.read(
        {
            "data": {"update_stock_behavior": "order_placed", "edit_order_stock_adjustment": True},
            "meta": {},
        }
    )
    assert settings == InventorySettings(
        update_stock_behavior="order_placed", edit_order_stock_adjustment=True
    )
    assert settings.refund_order_stock_adjustment is None


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": []}, [], None])
def test_settings_that_are_none(body):
    with pytest.raises(UnexpectedData, match="expected an object in data"):
        inventory.get_inventory_settings().read(body)


# --- setting quantities ---


def test_quantities_are_set(script, open_store):
    answers = script(httpx.Response(503), httpx.Response(200, json={"transaction_id": "9f"}))
    items = [
        adjustment(),
        InventoryAdjustment(location_id=1, variant_id=71, quantity=0),
        InventoryAdjustment(location_id=1, product_id=8, quantity=inventory.LARGEST_QUANTITY),
    ]
    assert (
        open_store(answers.transport).inventory.adjust_absolute(items, reason="AcctVantage") == "9f"
    )
    assert len(answers.requests) == 2, "a quantity is the same when it is set again"
    assert answers.requests[0].method == "PUT"
    assert json.loads(answers.requests[0].content) == {
        "reason": "AcctVantage",
        "items": [
            {"location_id": 1, "quantity": 12, "sku": "MUG-1"},
            {"location_id": 1, "quantity": 0, "variant_id": 71},
            {"location_id": 1, "quantity": 2147483647, "product_id": 8},
        ],
    }


@pytest.mark.parametrize("body", [{}, {"transaction_id": None}, [], None])
def test_an_answer_without_a_transaction_is_no_failure(body):
    assert inventory.adjust_absolute([adjustment()]).read(body) == ""


def test_two_thousand_at_once_and_no_more():
    items = [adjustment(f"SKU-{number}") for number in range(2001)]
    assert (
        len(inventory.adjust_absolute(items[:2000]).body["items"])
        == inventory.ADJUSTMENTS_AT_ONCE
        == 2000
    )
    with pytest.raises(
        ValueError,
        match=r"^items: 2001 at once, but BigCommerce takes at most 2000: write them in several "
        r"calls$",
    ):
        inventory.adjust_absolute(items)


def test_nothing_to_set_is_refused():
    with pytest.raises(ValueError, match="items: there is nothing to write"):
        inventory.adjust_absolute([])


def test_every_fault_is_listed():
    with pytest.raises(ValueError, match="items") as caught:
        inventory.adjust_absolute(
            [
                adjustment("MUG-1", -1),
                InventoryAdjustment(location_id=1, quantity=1),
                InventoryAdjustment(location_id=1, quantity=2147483648, sku="A", variant_id=5),
                adjustment("mug-1"),
                adjustment("mug-1", location_id=2),
                InventoryAdjustment(location_id=1, quantity=1, variant_id=5),
                InventoryAdjustment(location_id=1, quantity=1, product_id=5),
                InventoryAdjustment(location_id=1, quantity=2, product_id=5),
            ]
        )
    assert str(caught.value).split("; ") == [
        "items[0].quantity: -1 is not from 0 to 2147483647",
        "items[1]: exactly one of sku, variant_id, product_id is required",
        "items[2].quantity: 2147483648 is not from 0 to 2147483647",
        "items[2]: exactly one of sku, variant_id, product_id is required",
        "items[3]: sku 'mug-1' is in items[0] too",
        "items[7]: product_id 5 is in items[6] too",
    ]


def test_one_batch_at_a_time(open_store):
    free: list[bool] = []

    def answer(request: httpx.Request) -> httpx.Response:
        free.append(store._caps["inventory adjustments"].acquire(blocking=False))
        return httpx.Response(200, json={"transaction_id": "9f"})

    store = open_store(httpx.MockTransport(answer))
    calls = [
        store.inventory.adjust_absolute.call([adjustment(f"SKU-{number}")]) for number in range(12)
    ]
    assert store.map(calls, limit=6) == ["9f"] * 12
    assert free == [False] * 12


def test_a_product_tracked_at_the_other_level(script, open_store):
    body = {
        "status": 422,
        "title": "SKU MUG-1 is tracked by product, please update stock by product id",
        "type": "x",
    }
    response = httpx.Response(
        422, content=json.dumps(body).encode(), headers={"Content-Type": "application/problem+json"}
    )
    with pytest.raises(RequestRefused, match="MUG-1 is tracked by product"):
        open_store(script(response).transport).inventory.adjust_absolute([adjustment()])


def test_what_persists_is_raised(script, open_store):
    with pytest.raises(StoreUnavailable):
        open_store(script(httpx.Response(500)).transport).inventory.adjust_absolute([adjustment()])
