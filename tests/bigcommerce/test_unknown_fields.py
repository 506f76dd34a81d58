"""Fields that neither a model nor BigCommerce's documentation names are noticed, and no others."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast, get_args, get_type_hints

import attrs
import pytest

from avbc.bigcommerce import models
from avbc.bigcommerce.documented import NAMES, collecting, unknown_fields
from avbc.bigcommerce.models import Draft, Model, Order, OrderProduct, OrderStatus
from avbc.bigcommerce.models.base import json_key

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))

SHARED = Path(__file__).parents[2] / "../shared"
SPECS, CASES = SHARED / "bigcommerce/specs", SHARED / "cases"
needs_shared = pytest.mark.skipif(
    not (SPECS.is_dir() and CASES.is_dir()), reason="BigCommerce's files are not beside the source"
)

# By OpenAPI file: its paths, and what a row of their answers becomes.
ANSWERS: dict[str, dict[str, type[Model]]] = {
    "orders.v2": {
        "/orders": models.Order,
        "/orders/{order_id}": models.Order,
        "/orders/count": models.OrderCount,
        "/orders/{order_id}/products": models.OrderProduct,
        "/orders/{order_id}/products/{product_id}": models.OrderProduct,
        "/orders/{order_id}/shipping_addresses": models.ShippingAddress,
        "/orders/{order_id}/shipping_addresses/{id}": models.ShippingAddress,
        "/orders/{order_id}/consignments": models.Consignments,
        "/orders/{order_id}/coupons": models.OrderCoupon,
        "/orders/{order_id}/taxes": models.OrderTax,
        "/orders/{order_id}/fees": models.Fee,
        "/orders/{order_id}/shipments": models.OrderShipment,
        "/orders/{order_id}/shipments/{shipment_id}": models.OrderShipment,
        "/order_statuses": models.OrderStatus,
        "/order_statuses/{status_id}": models.OrderStatus,
    },
    "orders.v3": {
        "/orders/{order_id}/transactions": models.Transaction,
        "/orders/payment_actions/refunds": models.Refund,
        "/orders/{order_id}/payment_actions/refunds": models.Refund,
    },
    "methods_payments.v2": {"/payments/methods": models.PaymentMethod},
    "accepted-methods_payments.v3": {"/payments/methods": models.AcceptedPaymentMethod},
    "products_catalog.v3": {
        "/catalog/products": models.Product,
        "/catalog/products/{product_id}": models.Product,
    },
    "product-variants_catalog.v3": {
        "/catalog/variants": models.Variant,
        "/catalog/products/{product_id}/variants": models.Variant,
    },
    "customers.v3": {
        "/customers": models.Customer,
        "/customers/addresses": models.CustomerAddress,
    },
    "inventory.v3": {
        "/inventory/items": models.InventoryItem,
        "/inventory/locations/{location_id}/items": models.ItemLocation,
    },
    "locations.v3": {"/inventory/locations": models.Location},
    "settings.v3": {"/settings/inventory": models.InventorySettings},
    "store_information.v2": {"/store": models.StoreInformation},
    "currencies.v2": {"/currencies": models.Currency},
    "tax_classes.v2": {"/tax_classes": models.TaxClass},
    "shipping.v2": {
        "/shipping/zones": models.Zone,
        "/shipping/zones/{zone_id}/methods": models.ShippingMethod,
    },
    "webhooks.v3": {"/hooks": models.Hook, "/hooks/{webhook_id}": models.Hook},
}
NO_FIELDS = {"option id"}
"""A slip of an example: `option_id` is documented."""


@cache
def spec(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SPECS / f"{name}.json").read_text(encoding="utf-8"))
    return document


def resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = document
        for step in node["$ref"][2:].split("/"):
            found = found[step.replace("~1", "/")]
        node = found
    return node


def properties(
    document: dict[str, Any], node: dict[str, Any], depth: int = 0
) -> dict[str, list[dict[str, Any]]]:
    """All properties that a schema, a part of it, or its items have."""
    node, found = resolved(document, node), cast("dict[str, list[dict[str, Any]]]", {})
    if depth > 12:
        return found
    for name, schema in node.get("properties", {}).items():
        found.setdefault(name, []).append(schema)
    parts = [part for key in ("allOf", "oneOf", "anyOf") for part in node.get(key, ())]
    for part in [*parts, node.get("items", {})]:
        for name, schemas in properties(document, part, depth + 1).items():
            found.setdefault(name, []).extend(schemas)
    return found


def row_kind(hint: object) -> type[Model] | None:
    if isinstance(hint, type) and issubclass(hint, Model):
        return hint
    return next(filter(None, map(row_kind, get_args(hint))), None)


def inner(model: type[Model]) -> Iterator[tuple[str, type[Model]]]:
    hints = get_type_hints(model)
    for field in attrs.fields(model):
        if kind := row_kind(hints[field.name]):
            yield json_key(field), kind


def rows_by_schema(
    document: dict[str, Any], schemas: list[dict[str, Any]], model: type[Model], depth: int = 0
) -> Iterator[Model]:
    """Yield a row for each model within: it has every property that is documented for it."""
    names: dict[str, list[dict[str, Any]]] = {}
    for schema in schemas:
        for name, found in properties(document, schema).items():
            names.setdefault(name, []).extend(found)
    yield model(raw=dict.fromkeys(names))
    for key, kind in inner(model) if depth < 8 else ():
        if key in names:
            yield from rows_by_schema(document, names[key], kind, depth + 1)


def rows_by_example(value: object, model: type[Model]) -> Iterator[Model]:
    if isinstance(value, list):
        for each in cast("list[object]", value):
            yield from rows_by_example(each, model)
    elif isinstance(value, dict):
        row = cast("dict[str, object]", value)
        yield model(raw={key: row[key] for key in row if key not in NO_FIELDS})
        for key, kind in inner(model):
            yield from rows_by_example(row.get(key), kind)


def answers(name: str, path: str) -> Iterator[dict[str, Any]]:
    """The content of each success of a path."""
    document = spec(name)
    for method in ("get", "post", "put"):
        for status, answer in document["paths"][path].get(method, {}).get("responses", {}).items():
            if status.startswith("2"):
                yield from resolved(document, answer).get("content", {}).values()


@needs_shared
@pytest.mark.parametrize(
    ("name", "path"), [(name, path) for name, paths in ANSWERS.items() for path in paths]
)
def test_documented_fields_are_known(name: str, path: str) -> None:
    document, model = spec(name), ANSWERS[name][path]
    seen = 0
    for content in answers(name, path):
        schema, wrap = content.get("schema", {}), "data" if name.endswith(".v3") else ""
        wrap = "fees" if path.endswith("/fees") else wrap
        rows = list(rows_by_schema(document, properties(document, schema).get(wrap, []), model))
        if not wrap or wrap == "fees":
            rows += rows_by_schema(document, [schema], model)
        examples = [
            resolved(document, each).get("value") for each in content.get("examples", {}).values()
        ]
        for example in [content.get("example"), *examples]:
            is_wrapped = wrap and isinstance(example, dict)
            rows += rows_by_example(example.get(wrap) if is_wrapped else example, model)
        for row in rows:
            assert unknown_fields(row) == []
            seen += bool(row.raw)
    assert seen


@needs_shared
def test_every_field_of_the_cases_is_known() -> None:
    kinds: dict[str, type[Model]] = {
        "order-statuses": models.OrderStatus,
        "order": models.Order,
        "refund": models.Order,
        "customer-addresses": models.CustomerAddress,
        "customers": models.Customer,
        "inventory": models.InventoryItem,
        "products": models.Product,
        "variants": models.Variant,
        "shipment": models.OrderShipment,
        "transactions": models.Transaction,
    }
    parts: dict[str, type[Model]] = {
        "products": models.OrderProduct,
        "shipping_addresses": models.ShippingAddress,
        "coupons": models.OrderCoupon,
        "refund": models.Refund,
    }
    read = 0
    for file in sorted(CASES.glob("*.json")):
        case = json.loads(file.read_text(encoding="utf-8"))
        if case["kind"] in ("error", "webhook"):
            continue
        model = next(kind for start, kind in kinds.items() if file.name.startswith(start))
        body = case["body"]
        rows = [*rows_by_example(body.get("data") if "data" in body else body, model)]
        for name, value in (case.get("extra") or {}).items():
            rows += rows_by_example(value, parts[name])
        assert [unknown_fields(row) for row in rows] == [[]] * len(rows), file.name
        read += 1
    assert read >= 14


def test_every_model_has_a_name() -> None:
    kinds = [getattr(models, name) for name in models.__all__]
    rows = [kind for kind in kinds if kind is not Model and not issubclass(kind, Draft)]
    assert not set(rows) - set(NAMES)
    names = [name for name, _ in NAMES.values()]
    assert len(set(names)) == len(names)


def test_a_list_of_names_has_no_doubles() -> None:
    for name, documented in NAMES.values():
        words = documented.split()
        assert len(set(words)) == len(words), name


def status(**fields: object) -> dict[str, object]:
    return {"id": 11, "name": "Awaiting Fulfillment", **fields}


def test_only_who_asks_is_told(script: Any, open_store: Any) -> None:
    made = script(httpx.Response(200, json=[status(mood="good"), status(order=3)]))
    store = open_store(made.transport)
    found: set[str] = set()
    store.order_statuses.list()
    with collecting(found):
        store.order_statuses.list()
        store.order_statuses.list()
    store.order_statuses.list()
    assert found == {"order_statuses.mood"}


def test_pages_single_rows_writes_and_threads(script: Any, open_store: Any) -> None:
    def answer(request: Any) -> Any:
        path = request.url.path.rsplit("/", 1)[-1]
        if path == "customers":
            return httpx.Response(200, json={"data": [{"id": 1, "email": "a@b.c", "new": 1}]})
        if path == "store":
            return httpx.Response(200, json={"id": "abc", "timezone": {"name": "UTC", "moon": 1}})
        return httpx.Response(200, json=[{"id": 1, path: 1}])

    store = open_store(script(answer).transport)
    found: set[str] = set()
    with collecting(found):
        store.information()
        store.customers.update_many([models.CustomerDraft(id=1)])
        store.map(
            [store.order_fees.list.call(7), store.order_statuses.list.call()],
            limit=2,
            return_errors=True,
        )
    assert found == {"store.timezone.moon", "customers.new", "order_statuses.order_statuses"}


def test_the_async_client_too(script: Any, open_async_store: Any) -> None:
    made = script(httpx.Response(200, json=[status(mood="good")]))
    found: set[str] = set()

    async def main() -> None:
        async with open_async_store(made.transport) as store:
            with collecting(found):
                await store.map([store.order_statuses.list.call()] * 3)

    asyncio.run(main())
    assert found == {"order_statuses.mood"}


def test_names_of_others_are_short_and_harmless() -> None:
    names = {"\x1b[31mred\n": 1, "x" * 5000: 1}
    assert unknown_fields(OrderStatus(raw=names)) == [
        "order_statuses.\\x1b[31mred\\n",
        f"order_statuses.{'x' * 60}...",
    ]


def test_keys_that_are_data_do_not_fill_a_report(script: Any, open_store: Any) -> None:
    rows = [status(**{f"key{number}": 1}) for number in range(1000)]
    store = open_store(script(httpx.Response(200, json=rows)).transport)
    found: set[str] = set()
    with collecting(found):
        store.order_statuses.list()
    assert len(found) == 50


def test_a_field_is_named_once_wherever_its_row_came_from() -> None:
    lines = tuple(OrderProduct(id=number, raw={"id": number, "new": 1}) for number in (1, 2))
    assert unknown_fields(Order(id=7, products=lines, raw={"id": 7})) == ["orders.products.new"]
