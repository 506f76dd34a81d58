"""The fake store's answers have every field of bodies that live stores sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from avbc.testing import FakeStore
from avbc.testing.example import populate

CASES = Path(__file__).parents[2] / "../shared/cases"
pytestmark = pytest.mark.skipif(not CASES.exists(), reason="the bodies are not beside the tests")

Body = dict[str, object]
REFUSED = {"fulfillment_source"}
"""Fields that BigCommerce's own OpenAPI files allow nowhere."""
ORDERS = ["order-api-created-kes-complete", "order-tax-inclusive-manual-discount-cod-pending"]


@pytest.fixture(scope="module")
def store() -> FakeStore:
    store = FakeStore()
    populate(store, 8)
    order = store.order(1003)
    shipment = {
        "order_address_id": order.shipping[0]["id"],
        "items": [{"order_product_id": order.products[0]["id"], "quantity": 1}],
        "shipping_provider": "",
    }
    body = json.dumps(shipment).encode()
    assert store.request("POST", "/v2/orders/1003/shipments", body=body).status == 201
    return store


def live(name: str, part: str = "body") -> Body:
    """The first row of a live body."""
    found = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    for key in part.split("."):
        found = found[key]
    found = found.get("data", found) if isinstance(found, dict) else found
    return found[0] if isinstance(found, list) else found


def answered(store: FakeStore, target: str) -> Body:
    """The first row of the fake store's answer."""
    path, _, query = target.partition("?")
    found = json.loads(store.request("GET", path, query).body)
    found = found.get("data", found) if isinstance(found, dict) else found
    return found[0] if isinstance(found, list) else found


@pytest.mark.parametrize(
    ("name", "part", "target"),
    [
        *[
            (name, part, target)
            for name in ORDERS
            for part, target in [
                ("body", "/v2/orders/1001"),
                ("body.billing_address", "/v2/orders/1001"),
                ("extra.products", "/v2/orders/1001/products"),
                ("extra.shipping_addresses", "/v2/orders/1001/shipping_addresses"),
            ]
        ],
        ("order-statuses-nango", "body", "/v2/order_statuses"),
        ("shipment-flat-rate-pkr", "body", "/v2/orders/1003/shipments"),
        ("transactions-square-empty-objects", "body", "/v3/orders/1001/transactions"),
        ("customers-v3-page-nango", "body", "/v3/customers"),
        ("customers-v3-with-addresses", "body", "/v3/customers?include=addresses,storecredit"),
        ("customer-addresses-v3-nango", "body", "/v3/customers/addresses"),
        ("products-v3-get-nango", "body", "/v3/catalog/products/101"),
        ("variants-v3-page-nango", "body", "/v3/catalog/variants"),
        ("inventory-items-flat-settings", "body", "/v3/inventory/items"),
    ],
)
def test_every_field_is_there(store: FakeStore, name: str, part: str, target: str) -> None:
    shown = answered(store, target)
    if part == "body.billing_address":
        shown = shown["billing_address"]
    sent = live(name, part)
    assert not sent.keys() - shown.keys() - REFUSED
    for address in sent.get("addresses", []):
        assert not address.keys() - shown["addresses"][0].keys()


def test_levels_may_be_flat_as_a_live_store_sent_them() -> None:
    store = FakeStore()
    populate(store, 0)
    store.set_options(flat_inventory_settings=True)
    shown, sent = answered(store, "/v3/inventory/items"), live("inventory-items-flat-settings")
    assert shown["identity"].keys() == sent["identity"].keys()
    level, sent_level = shown["locations"][0], sent["locations"][0]
    assert level.keys() - sent_level.keys() == {"location_name"}
    assert not sent_level.keys() - level.keys()
