"""Requests and answers against BigCommerce's own OpenAPI files, which lie beside the repository and are not part of it."""

import copy
import json
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest

from avbc.bigcommerce.call import Call
from avbc.bigcommerce.decoding import read_object, read_rows
from avbc.bigcommerce.endpoints import customers, orders, payments, scopes, shipping, store
from avbc.bigcommerce.models import Order, Refund, Transaction

SPECS = Path(__file__).parents[2] / "../shared/bigcommerce/specs"
pytestmark = pytest.mark.skipif(not SPECS.is_dir(), reason="BigCommerce's OpenAPI files are not beside the repository")

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
ORDERS_2, ORDERS_3, CUSTOMERS_3 = "orders.v2", "orders.v3", "customers.v3"
STORE, CURRENCIES, SHIPPING = "store_information.v2", "currencies.v2", "shipping.v2"
METHODS_2, METHODS_3 = "methods_payments.v2", "accepted-methods_payments.v3"


@cache
def spec(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SPECS / f"{name}.json").read_text(encoding="utf-8"))
    if name == ORDERS_2:
        # Its own description says "add `:asc` or `:desc`", which its enum leaves out.
        sort = document["components"]["parameters"]["sort"]["schema"]
        sort["enum"] = [f"{field}{direction}" for field in sort["enum"] for direction in ("", ":asc", ":desc")]
    return document


@cache
def openapi(name: str) -> OpenAPI:
    return OpenAPI.from_dict(spec(name))


# --- requests ---

REQUESTS = [
    (ORDERS_2, orders.list_orders()),
    (
        ORDERS_2,
        orders.list_orders(
            status_id=11,
            min_id=5,
            max_id=900,
            min_date_created=NOON,
            max_date_created=NOON,
            min_date_modified=NOON,
            max_date_modified=NOON,
            min_total=Decimal("0.10"),
            max_total=Decimal(1000),
            customer_id=0,
            email="ana+shop@example.com",
            payment_method="Credit Card",
            channel_id=1,
            cart_id="c-1",
            external_order_id="PO 7",
            sort="date_modified:desc",
            include=["consignments", "consignments.line_items", "fees"],
        ),
    ),
    (ORDERS_2, orders.waiting_orders(11, min_id=100, min_date_created=NOON)),
    (ORDERS_2, orders.get_order(218, include=orders.EVERYTHING)),
    (ORDERS_2, orders.count_orders()),
    (ORDERS_2, orders.update_order(218, status_id=9, staff_notes="note", external_order_id="WEB218")),
    (ORDERS_2, orders.list_order_products(218)),
    (ORDERS_2, orders.list_order_shipping_addresses(218)),
    (ORDERS_2, orders.get_order_consignments(218, line_items=True)),
    (ORDERS_2, orders.list_order_coupons(218)),
    (ORDERS_2, orders.list_order_taxes(218, details=True)),
    (ORDERS_2, orders.list_order_fees(218)),
    (ORDERS_2, orders.list_order_statuses()),
    (ORDERS_3, payments.list_transactions(218)),
    (
        ORDERS_3,
        payments.list_refunds(order_id_in=[218, 247], id_in=[1], created_min=NOON, created_max=NOON, transaction_id="17"),
    ),
    (METHODS_2, payments.list_payment_methods()),
    (METHODS_3, payments.list_accepted_payment_methods(218)),
    (
        CUSTOMERS_3,
        customers.list_customers(
            id_in=[11, 20],
            email_in=["ana@example.com"],
            company_in=["Acme"],
            customer_group_id_in=[3],
            name_in=["Ana Rivera"],
            name_like=["Riv"],
            phone_in=["555-0100"],
            date_created=NOON,
            date_created_min=NOON,
            date_created_max=NOON,
            date_modified=NOON,
            date_modified_min=NOON,
            date_modified_max=NOON,
            sort="last_name:asc",
            include=["addresses", "storecredit", "attributes", "formfields"],
        ),
    ),
    (CUSTOMERS_3, customers.list_customer_addresses(customer_id_in=[11], id_in=[7], company_in=["Acme"], name_in=["Ana Rivera"])),
    (STORE, store.get_store()),
    (STORE, store.get_time()),
    (CURRENCIES, store.list_currencies()),
    (SHIPPING, shipping.list_zones()),
    (SHIPPING, shipping.list_shipping_methods(3)),
]
PROBES = [
    (ORDERS_2, scopes.ORDERS),
    (ORDERS_2, scopes.ORDERS_MODIFY),
    (ORDERS_3, scopes.TRANSACTIONS),
    ("products_catalog.v3", scopes.PRODUCTS),
    ("products_catalog.v3", scopes.PRODUCTS_MODIFY),
    ("inventory.v3", scopes.INVENTORY),
    ("locations.v3", scopes.LOCATIONS),
    (CUSTOMERS_3, scopes.CUSTOMERS),
    (CUSTOMERS_3, scopes.CUSTOMERS_MODIFY),
    (STORE, scopes.INFORMATION),
    (METHODS_2, scopes.PAYMENT_METHODS),
]


def faults(name: str, call: Call[Any]) -> list[Exception]:
    """What openapi-core holds against a request, and parameters that the file does not know (which openapi-core lets pass)."""
    request = MockRequest(
        "https://api.bigcommerce.com",
        call.method.lower(),
        f"/stores/abc123{call.path}",
        args=dict(call.params),
        headers={"X-Auth-Token": "example-token", "Accept": "application/json", "Content-Type": "application/json"},
        data=b"" if call.body is None else json.dumps(call.body).encode(),
    )
    result = openapi(name).unmarshal_request(request)
    unknown = [KeyError(param) for param in call.params if param not in result.parameters.query]
    return [*result.errors, *unknown]


@pytest.mark.parametrize(("name", "call"), REQUESTS, ids=lambda value: getattr(value, "name", value))
def test_requests_are_valid(name, call):
    assert faults(name, call) == []


@pytest.mark.parametrize(("name", "scope"), PROBES)
def test_probes_are_valid(name, scope):
    assert faults(name, scopes.probe_scope(scope)) == []


def test_the_check_finds_faults():
    bad = Call("GET", "/v2/orders", lambda body: body, params={"status_id": "eleven"})
    unknown = Call("GET", "/v2/orders", lambda body: body, params={"id:in": "1,2"})
    nowhere = Call("GET", "/v2/orders/218/nothing", lambda body: body)
    body = Call("PUT", "/v2/orders/218", lambda body: body, body={"status_id": "nine"})
    assert all(faults(ORDERS_2, call) for call in (bad, unknown, nowhere, body))


# --- answers ---


def resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def examples(name: str, path: str) -> list[Any]:
    """All examples of the successful answers to a GET."""
    document = spec(name)
    found: list[Any] = []
    for status, response in document["paths"][path]["get"]["responses"].items():
        for media in resolved(document, response).get("content", {}).values() if status.startswith("2") else ():
            found += [media["example"]] if "example" in media else []
            found += [resolved(document, example)["value"] for example in media.get("examples", {}).values()]
    return copy.deepcopy(found)


@pytest.mark.parametrize(
    ("name", "path", "call"),
    [
        (ORDERS_2, "/orders", orders.list_orders()),
        (ORDERS_2, "/orders/{order_id}", orders.get_order(218)),
        (ORDERS_2, "/orders/count", orders.count_orders()),
        (ORDERS_2, "/orders/{order_id}/products", orders.list_order_products(149)),
        (ORDERS_2, "/orders/{order_id}/shipping_addresses", orders.list_order_shipping_addresses(229)),
        (ORDERS_2, "/orders/{order_id}/consignments", orders.get_order_consignments(129)),
        (ORDERS_2, "/orders/{order_id}/coupons", orders.list_order_coupons(120)),
        (ORDERS_2, "/orders/{order_id}/taxes", orders.list_order_taxes(138)),
        (ORDERS_2, "/orders/{order_id}/fees", orders.list_order_fees(218)),
        (ORDERS_2, "/order_statuses", orders.list_order_statuses()),
        (METHODS_3, "/payments/methods", payments.list_accepted_payment_methods(218)),
        (CUSTOMERS_3, "/customers/addresses", customers.list_customer_addresses()),
        (STORE, "/store", store.get_store()),
        (STORE, "/time", store.get_time()),
        (SHIPPING, "/shipping/zones", shipping.list_zones()),
        (SHIPPING, "/shipping/zones/{zone_id}/methods", shipping.list_shipping_methods(1)),
    ],
)
def test_example_answers_decode(name, path, call):
    answers = examples(name, path)
    assert answers
    for answer in answers:
        assert call.read(answer)


def test_all_example_orders_load():
    every = [*examples(ORDERS_2, "/orders")[0], *examples(ORDERS_2, "/orders/{order_id}")]
    read = {order.id: order for order in read_rows(every, Order, "orders")}
    assert sorted(read) == [100, 218, 247]
    assert read[218].total_inc_tax == Decimal("69.84")
    assert [str(fee.cost_ex_tax) for fee in read[218].fees or ()] == ["12.3000", "4.0000"]
    assert read[247].subtotal_inc_tax == Decimal("1000.74")
    assert read[247].currency_code == "", "the example misspells its key"
    assert read[247].extra['currency_code"'] == "USD"
    for order in read.values():
        assert order.total_tax == order.total_inc_tax - order.total_ex_tax
        assert order.products is None
        assert order.coupons is None
        assert not order.lines_complete


def test_all_example_lines_load():
    lines = orders.list_order_products(149).read(examples(ORDERS_2, "/orders/{order_id}/products")[0])
    assert {line.id: line.is_component for line in lines} == {65: False, 66: True}
    for example in examples(ORDERS_2, "/orders/{order_id}/products/{product_id}"):
        line = orders.list_order_products(1).read([example])[0]
        assert line.total_ex_tax == line.price_ex_tax * line.quantity


def test_the_example_customer_has_no_id_of_its_own_so_it_is_not_taken():
    (body,) = examples(CUSTOMERS_3, "/customers")
    page = customers.list_customers().page(body)
    assert [row.error.path for row in page.unreadable] == ["customers[0].id"]
    body["data"][0]["id"] = 5
    (customer,) = customers.list_customers().read(body)
    assert customer.addresses is not None
    assert customer.addresses[0].country == "US"
    assert "shopper_profile_id" in customer.extra


# --- answers without examples: built from the declared properties ---


def sample(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    """A value that a schema allows, from its examples where it has them."""
    schema = resolved(document, schema)
    if "example" in schema:
        return schema["example"]
    for part in ("oneOf", "anyOf"):
        if part in schema:
            return sample(document, schema[part][0])
    if "allOf" in schema:
        parts = [sample(document, part) for part in schema["allOf"]]
        return {key: value for part in parts if isinstance(part, dict) for key, value in part.items()}
    if "properties" in schema:
        return {key: sample(document, value) for key, value in schema["properties"].items()}
    if schema.get("type") == "array":
        return [sample(document, schema["items"])]
    if "enum" in schema:
        return schema["enum"][0]
    formats = {"date-time": "2024-05-01T12:00:00Z"}
    return {"integer": 1, "number": 1.25, "boolean": True, "string": formats.get(schema.get("format", ""), "7")}.get(schema.get("type", ""))


def answer_by_schema(name: str, path: str) -> Any:
    document = spec(name)
    response = resolved(document, document["paths"][path]["get"]["responses"]["200"])
    return sample(document, response["content"]["application/json"]["schema"])


@pytest.mark.parametrize(
    ("name", "path", "call"),
    [
        (ORDERS_3, "/orders/{order_id}/transactions", payments.list_transactions(218)),
        (ORDERS_3, "/orders/payment_actions/refunds", payments.list_refunds()),
        (METHODS_2, "/payments/methods", payments.list_payment_methods()),
        (CURRENCIES, "/currencies", store.list_currencies()),
        (CUSTOMERS_3, "/customers/addresses", customers.list_customer_addresses()),
    ],
)
def test_answers_built_from_the_schema_decode(name, path, call):
    assert call.read(answer_by_schema(name, path))


def test_declared_types_of_payments():
    (transaction,) = payments.list_transactions(7).read(answer_by_schema(ORDERS_3, "/orders/{order_id}/transactions"))
    assert isinstance(transaction, Transaction)
    assert transaction.order_id == 7
    assert transaction.amount == Decimal("1.25")
    assert transaction.date_created == NOON
    assert transaction.gift_certificate is not None
    assert transaction.gift_certificate.remaining_balance == Decimal("35.42")
    (refund,) = payments.list_refunds().read(answer_by_schema(ORDERS_3, "/orders/payment_actions/refunds"))
    assert isinstance(refund, Refund)
    assert refund.items[0].requested_amount == Decimal("1.99")
    assert refund.payments[0].transaction_id == "1234"


def test_the_declared_order_with_everything_embedded():
    document = spec(ORDERS_2)
    lines = [{**sample(document, {"$ref": line_schema(document)}), "parent_order_product_id": None}]
    line = read_object(lines[0], orders.OrderProduct, "line")
    assert line.sku
    consignment = {"id": 51, "cost_ex_tax": 5.1, "cost_inc_tax": 6.2, "cost_tax": 1.1, "line_items": lines}
    order = {**examples(ORDERS_2, "/orders")[0][0], "consignments": {"shipping": [consignment]}, "items_total": line.quantity}
    read = read_object(order, Order, "order")
    assert read.lines == (line,)
    assert read.lines_complete


def line_schema(document: dict[str, Any]) -> str:
    response = resolved(document, document["paths"]["/orders/{order_id}/products/{product_id}"]["get"]["responses"]["200"])
    return response["content"]["application/json"]["schema"]["$ref"]
