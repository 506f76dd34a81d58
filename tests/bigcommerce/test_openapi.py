"""Requests and answers against BigCommerce's OpenAPI files, which are not in the repository."""

import copy
import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest

from avbc.bigcommerce.body import dump
from avbc.bigcommerce.call import Call
from avbc.bigcommerce.decoding import read_object, read_rows
from avbc.bigcommerce.endpoints import (
    catalog,
    customers,
    inventory,
    orders,
    payments,
    scopes,
    store,
)
from avbc.bigcommerce.models import (
    CustomerAddressDraft,
    CustomerDraft,
    CustomFieldDraft,
    CustomUrlDraft,
    Draft,
    HookDraft,
    InventoryAdjustment,
    OptionValueDraft,
    Order,
    ProductDraft,
    Refund,
    ShipmentDraft,
    ShipmentItemDraft,
    Transaction,
    VariantDraft,
)
from avbc.unset import UNSET

SPECS = Path(__file__).parents[2] / "../shared/bigcommerce/specs"
pytestmark = [
    pytest.mark.one_python,
    pytest.mark.skipif(
        not SPECS.is_dir(), reason="BigCommerce's OpenAPI files are not beside the repository"
    ),
]

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
ORDERS_2, ORDERS_3, CUSTOMERS_3 = "orders.v2", "orders.v3", "customers.v3"
STORE, CURRENCIES, SHIPPING = "store_information.v2", "currencies.v2", "shipping.v2"
METHODS_2, METHODS_3 = "methods_payments.v2", "accepted-methods_payments.v3"
PRODUCTS_3, VARIANTS_3 = "products_catalog.v3", "product-variants_catalog.v3"
INVENTORY_3, LOCATIONS_3, SETTINGS_3, TAX_2, HOOKS_3 = (
    "inventory.v3",
    "locations.v3",
    "settings.v3",
    "tax_classes.v2",
    "webhooks.v3",
)

# The files ask for these of variants of a product that does not exist yet.
OF_STORED_VARIANTS = {"id", "product_id"}


@cache
def spec(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SPECS / f"{name}.json").read_text(encoding="utf-8"))
    if name == ORDERS_2:
        # Its own description says "add `:asc` or `:desc`", which its enum leaves out.
        sort = document["components"]["parameters"]["sort"]["schema"]
        sort["enum"] = [
            f"{field}{direction}" for field in sort["enum"] for direction in ("", ":asc", ":desc")
        ]
    if name in (INVENTORY_3, LOCATIONS_3):
        # "List of ... separated by comma", says the description of what is typed as one value.
        parameters = [
            parameter
            for path in document["paths"].values()
            for parameter in path.get("get", {}).get("parameters", [])
        ]
        for parameter in (resolved(document, parameter) for parameter in parameters):
            if parameter["name"].endswith(":in") and parameter["schema"]["type"] != "array":
                parameter |= {
                    "style": "form",
                    "explode": False,
                    "schema": {"type": "array", "items": parameter["schema"]},
                }
    if name == PRODUCTS_3:
        variants = resolved(document, request_schema(document, "post", "/catalog/products"))[
            "properties"
        ]["variants"]
        variant = resolved(document, variants["items"])
        variant["required"] = [
            field for field in variant["required"] if field not in OF_STORED_VARIANTS
        ]
        # An update must have an id, which is called read-only.
        for part in parts(
            document,
            resolved(document, request_schema(document, "put", "/catalog/products"))["items"],
        ):
            part.get("properties", {}).get("id", {}).pop("readOnly", None)
    if name == VARIANTS_3:
        # What one variant takes, fifty take too; and descriptions say what null means where the
        # type forbids it.
        alone = parts(
            document,
            request_schema(document, "put", "/catalog/products/{product_id}/variants/{variant_id}"),
        )
        together = parts(
            document,
            resolved(document, request_schema(document, "put", "/catalog/variants"))["items"],
        )
        known = {key: value for part in alone for key, value in part.get("properties", {}).items()}
        together[-1]["properties"] |= {key: known[key] for key in ("sku", "mpn", "gtin")}
        for schema in (
            schema for part in together for schema in part.get("properties", {}).values()
        ):
            schema["nullable"] = schema.get("nullable", False) or "null" in schema.get(
                "description", ""
            )
    return document


def request_schema(document: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    body = resolved(document, document["paths"][path][method]["requestBody"])
    schema: dict[str, Any] = body["content"]["application/json"]["schema"]
    return schema


@cache
def openapi(name: str) -> OpenAPI:
    return OpenAPI.from_dict(spec(name))


# --- requests ---

# Drafts with every field in use, so that all that can be sent is held against the files.
SHIPMENT = ShipmentDraft(
    order_address_id=51,
    items=(ShipmentItemDraft(order_product_id=15, quantity=2),),
    tracking_number="1Z999",
    shipping_provider="ups",
    tracking_carrier="ups",
    tracking_link="https://example.com/track/1Z999",
    shipping_method="Ground",
    comments="Handle with care",
)
AMOUNT = Decimal("8.9500")
VARIANT = VariantDraft(
    id=70,
    sku="MUG-1-RED",
    option_values=(OptionValueDraft(option_display_name="Colour", label="red"),),
    price=AMOUNT,
    cost_price=AMOUNT,
    sale_price=AMOUNT,
    retail_price=AMOUNT,
    weight=AMOUNT,
    width=AMOUNT,
    height=AMOUNT,
    depth=AMOUNT,
    is_free_shipping=False,
    fixed_cost_shipping_price=AMOUNT,
    purchasing_disabled=True,
    purchasing_disabled_message="Not yet",
    upc="012345678905",
    mpn="M-1",
    gtin="00012345678905",
    bin_picking_number="B-7",
    inventory_level=3,
    inventory_warning_level=1,
)
PRODUCT = ProductDraft(
    id=7,
    name="Mug",
    type="physical",
    sku="MUG-1",
    description="<p>A mug</p>",
    weight=AMOUNT,
    width=AMOUNT,
    depth=AMOUNT,
    height=AMOUNT,
    price=AMOUNT,
    cost_price=AMOUNT,
    retail_price=AMOUNT,
    sale_price=AMOUNT,
    map_price=AMOUNT,
    tax_class_id=1,
    product_tax_code="P0000000",
    categories=(4, 5),
    brand_id=3,
    brand_name="Acme",
    inventory_level=3,
    inventory_warning_level=1,
    inventory_tracking="product",
    fixed_cost_shipping_price=AMOUNT,
    is_free_shipping=False,
    is_visible=True,
    is_featured=False,
    warranty="A year",
    bin_picking_number="B-7",
    upc="012345678905",
    mpn="M-1",
    gtin="00012345678905",
    search_keywords="mug,cup",
    availability="available",
    availability_description="Ships at once",
    sort_order=-1,
    condition="New",
    order_quantity_minimum=1,
    order_quantity_maximum=10,
    page_title="Mug",
    meta_description="A mug",
    custom_url=CustomUrlDraft(url="/mug/", is_customized=True, create_redirect=True),
    custom_fields=(
        CustomFieldDraft(name="Material", value="clay"),
        CustomFieldDraft(id=1, name="Size", value="L"),
    ),
)
ADDRESS = CustomerAddressDraft(
    id=5,
    customer_id=11,
    first_name="Ana",
    last_name="Rivera",
    company="Acme",
    address1="1 Main Street",
    address2="Floor 2",
    city="Austin",
    state_or_province="Texas",
    postal_code="78701",
    country_code="US",
    phone="555-0100",
    address_type="commercial",
)
CUSTOMER = CustomerDraft(
    id=11,
    email="ana@example.com",
    first_name="Ana",
    last_name="Rivera",
    company="Acme",
    phone="555-0100",
    notes="",
    tax_exempt_category="",
    customer_group_id=3,
    addresses=(attrs.evolve(ADDRESS, id=UNSET, customer_id=UNSET),),
)
HOOK = HookDraft(
    scope="store/order/created",
    destination="https://example.com/hook",
    is_active=True,
    headers={"X-Check": "example-secret"},
)

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
    (
        ORDERS_2,
        orders.update_order(218, status_id=9, staff_notes="note", external_order_id="WEB218"),
    ),
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
        payments.list_refunds(
            order_id_in=[218, 247],
            id_in=[1],
            created_min=NOON,
            created_max=NOON,
            transaction_id="17",
        ),
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
    (
        CUSTOMERS_3,
        customers.list_customer_addresses(
            customer_id_in=[11], id_in=[7], company_in=["Acme"], name_in=["Ana Rivera"]
        ),
    ),
    (STORE, store.get_store()),
    (STORE, store.get_time()),
    (CURRENCIES, store.list_currencies()),
    (SHIPPING, store.list_zones()),
    (SHIPPING, store.list_shipping_methods(3)),
    (ORDERS_2, orders.list_shipments(218)),
    (ORDERS_2, orders.get_shipment(218, 3)),
    (ORDERS_2, orders.count_shipments(218)),
    (ORDERS_2, orders.create_shipment(218, SHIPMENT)),
    (
        ORDERS_2,
        orders.create_shipment(218, ShipmentDraft(order_address_id=51, items=SHIPMENT.items)),
    ),
    (ORDERS_3, payments.capture_payment(218)),
    (ORDERS_3, payments.void_payment(218)),
    (
        PRODUCTS_3,
        catalog.list_products(
            id=7,
            id_in=[7, 8],
            id_not_in=[9],
            id_min=1,
            id_max=99,
            sku="MUG-1",
            sku_in=["MUG-1", "MUG-2"],
            name="Mug",
            keyword="blue",
            upc="0123",
            mpn="M-1",
            price=Decimal("8.95"),
            brand_id=3,
            categories_in=[4],
            channel_id_in=[1],
            date_modified_min=NOON,
            date_modified_max=NOON,
            inventory_level=5,
            inventory_level_in=[5, 6],
            inventory_level_not_in=[7],
            inventory_level_min=0,
            inventory_level_max=10,
            is_visible=False,
            availability="preorder",
            type="digital",
            sort="date_modified",
            direction="desc",
            include=get_args(catalog.ProductInclude),
            include_fields=["sku", "price"],
            exclude_fields=["description"],
        ),
    ),
    (PRODUCTS_3, catalog.list_products(is_visible=True)),
    (
        PRODUCTS_3,
        catalog.get_product(
            7, include=["variants"], include_fields=["sku"], exclude_fields=["name"]
        ),
    ),
    (
        PRODUCTS_3,
        catalog.create_product(
            attrs.evolve(
                PRODUCT, id=UNSET, variants=(attrs.evolve(VARIANT, id=UNSET), VariantDraft(sku="B"))
            )
        ),
    ),
    (
        PRODUCTS_3,
        catalog.create_product(
            ProductDraft(name="Mug", type="digital", weight=Decimal(0), price=Decimal("0.0000"))
        ),
    ),
    (
        PRODUCTS_3,
        catalog.update_products(
            [PRODUCT, ProductDraft(id=8, categories=())], include_fields=["sku"]
        ),
    ),
    (
        VARIANTS_3,
        catalog.list_variants(
            id=70,
            sku="MUG-1",
            upc="0123",
            product_id_in=[7, 8],
            include_fields=["sku"],
            exclude_fields=["price"],
        ),
    ),
    (
        VARIANTS_3,
        catalog.update_variants(
            [
                attrs.evolve(VARIANT, option_values=UNSET),
                VariantDraft(id=71, price=None, cost_price=None, weight=None),
            ]
        ),
    ),
    (
        INVENTORY_3,
        inventory.list_inventory_items(
            sku_in=["MUG-1", "MUG-2"],
            variant_id_in=[70, 71],
            product_id_in=[7, 8],
            location_id_in=[1, 2],
            location_code_in=["MAIN", "B"],
        ),
    ),
    (
        INVENTORY_3,
        inventory.adjust_absolute(
            [
                InventoryAdjustment(location_id=1, quantity=12, sku="MUG-1"),
                InventoryAdjustment(location_id=1, quantity=0, variant_id=70),
                InventoryAdjustment(
                    location_id=2, quantity=inventory.LARGEST_QUANTITY, product_id=7
                ),
            ],
            reason="AcctVantage",
        ),
    ),
    (
        LOCATIONS_3,
        inventory.list_locations(
            location_id_in=[1, 2], location_code_in=["MAIN", "B"], is_default=True, is_active=False
        ),
    ),
    (SETTINGS_3, inventory.get_inventory_settings()),
    (SETTINGS_3, inventory.get_inventory_settings(channel_id=1)),
    (TAX_2, store.list_tax_classes()),
    (
        CUSTOMERS_3,
        customers.create_customers(
            [
                attrs.evolve(CUSTOMER, id=UNSET),
                CustomerDraft(email="a@b", first_name="A", last_name="B"),
            ]
        ),
    ),
    (
        CUSTOMERS_3,
        customers.update_customers([attrs.evolve(CUSTOMER, addresses=UNSET), CustomerDraft(id=12)]),
    ),
    (CUSTOMERS_3, customers.create_customer_addresses([attrs.evolve(ADDRESS, id=UNSET)])),
    (
        CUSTOMERS_3,
        customers.update_customer_addresses(
            [attrs.evolve(ADDRESS, customer_id=UNSET), CustomerAddressDraft(id=6)]
        ),
    ),
    (
        HOOKS_3,
        store.list_hooks(
            scope="store/order/created", destination="https://example.com/hook", is_active=True
        ),
    ),
    (HOOKS_3, store.create_hook(HOOK)),
    (HOOKS_3, store.update_hook(22561593, HookDraft(is_active=False, headers=None))),
    (HOOKS_3, store.delete_hook(22561593)),
]
PROBES = [
    (ORDERS_2, scopes.ORDERS),
    (ORDERS_2, scopes.ORDERS_MODIFY),
    (ORDERS_3, scopes.TRANSACTIONS),
    (PRODUCTS_3, scopes.PRODUCTS),
    (PRODUCTS_3, scopes.PRODUCTS_MODIFY),
    (INVENTORY_3, scopes.INVENTORY),
    (INVENTORY_3, scopes.INVENTORY_MODIFY),
    (LOCATIONS_3, scopes.LOCATIONS),
    (CUSTOMERS_3, scopes.CUSTOMERS),
    (CUSTOMERS_3, scopes.CUSTOMERS_MODIFY),
    (STORE, scopes.INFORMATION),
    (METHODS_2, scopes.PAYMENT_METHODS),
]


def faults(name: str, call: Call[Any]) -> list[Exception]:
    """What openapi-core refuses in a request, and parameters that are not in the file."""
    request = MockRequest(
        "https://api.bigcommerce.com",
        call.method.lower(),
        f"/stores/abc123{call.path}",
        args=dict(call.params),
        headers={
            "X-Auth-Token": "example-token",
            "Accept": "application/json",
            "Content-Type": "application/json",
        },
        data=b"" if call.body is None else dump(call.body),
    )
    result = openapi(name).unmarshal_request(request)
    unknown = [KeyError(param) for param in call.params if param not in result.parameters.query]
    return [*result.errors, *unknown, *map(KeyError, undeclared(name, call))]


def undeclared(name: str, call: Call[Any]) -> set[str]:
    """The fields of a body that the file does not declare, which openapi-core lets pass too."""
    if call.body is None:
        return set()
    document = spec(name)
    path = next(
        path
        for path in document["paths"]
        if re.fullmatch(re.sub(r"\{\w+\}", r"\\d+", path), call.path[3:])
    )
    return unknown_fields(
        document,
        request_schema(document, call.method.lower(), path),
        json.loads(dump(call.body)),
        "",
    )


def unknown_fields(
    document: dict[str, Any], schema: dict[str, Any], value: Any, place: str
) -> set[str]:
    schemas = parts(document, schema)
    if isinstance(value, list):
        items = [part["items"] for part in schemas if "items" in part]
        return {
            fault
            for item in value
            for part in items
            for fault in unknown_fields(document, part, item, place)
        }
    if not isinstance(value, dict) or any(part.get("additionalProperties") for part in schemas):
        return set()
    declared = {key: inner for part in schemas for key, inner in part.get("properties", {}).items()}
    faults = {f"{place}.{key}" for key in value if key not in declared}
    return faults.union(
        *(
            unknown_fields(document, declared[key], item, f"{place}.{key}")
            for key, item in value.items()
            if key in declared
        )
    )


def parts(document: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    """A schema and all that it is combined of."""
    schema = resolved(document, schema)
    inner = [part for kind in ("allOf", "oneOf", "anyOf") for part in schema.get(kind, ())]
    return [schema, *(found for part in inner for found in parts(document, part))]


@pytest.mark.parametrize(
    ("name", "call"), REQUESTS, ids=lambda value: getattr(value, "name", value)
)
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
    nothing = Call("POST", "/v3/customers", lambda body: body)
    without_email = Call(
        "POST",
        "/v3/customers",
        lambda body: body,
        body=[{"first_name": "Ana", "last_name": "Rivera"}],
    )
    inside = [
        {
            "email": "a@b",
            "first_name": "A",
            "last_name": "B",
            "addresses": [{**ADDRESS.body(), "state": "Texas"}],
        }
    ]
    undeclared = Call("POST", "/v3/customers", lambda body: body, body=inside)
    assert all(faults(CUSTOMERS_3, call) for call in (nothing, without_email, undeclared))


@pytest.mark.parametrize(
    "draft",
    [SHIPMENT, VARIANT, PRODUCT, ADDRESS, CUSTOMER, HOOK],
    ids=lambda draft: type(draft).__name__,
)
def test_the_drafts_above_use_every_field(draft: Draft):
    assert [
        field.name for field in attrs.fields(type(draft)) if field.name not in draft.given()
    ] == (["variants"] if draft is PRODUCT else [])


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
        for media in (
            resolved(document, response).get("content", {}).values()
            if status.startswith("2")
            else ()
        ):
            found += [media["example"]] if "example" in media else []
            found += [
                resolved(document, example)["value"]
                for example in media.get("examples", {}).values()
            ]
    return copy.deepcopy(found)


@pytest.mark.parametrize(
    ("name", "path", "call"),
    [
        (ORDERS_2, "/orders", orders.list_orders()),
        (ORDERS_2, "/orders/{order_id}", orders.get_order(218)),
        (ORDERS_2, "/orders/count", orders.count_orders()),
        (ORDERS_2, "/orders/{order_id}/products", orders.list_order_products(149)),
        (
            ORDERS_2,
            "/orders/{order_id}/shipping_addresses",
            orders.list_order_shipping_addresses(229),
        ),
        (ORDERS_2, "/orders/{order_id}/consignments", orders.get_order_consignments(129)),
        (ORDERS_2, "/orders/{order_id}/coupons", orders.list_order_coupons(120)),
        (ORDERS_2, "/orders/{order_id}/taxes", orders.list_order_taxes(138)),
        (ORDERS_2, "/orders/{order_id}/fees", orders.list_order_fees(218)),
        (ORDERS_2, "/order_statuses", orders.list_order_statuses()),
        (METHODS_3, "/payments/methods", payments.list_accepted_payment_methods(218)),
        (CUSTOMERS_3, "/customers/addresses", customers.list_customer_addresses()),
        (STORE, "/store", store.get_store()),
        (STORE, "/time", store.get_time()),
        (SHIPPING, "/shipping/zones", store.list_zones()),
        (SHIPPING, "/shipping/zones/{zone_id}/methods", store.list_shipping_methods(1)),
        (ORDERS_2, "/orders/{order_id}/shipments", orders.list_shipments(115)),
        (ORDERS_2, "/orders/{order_id}/shipments/{shipment_id}", orders.get_shipment(115, 1)),
        (ORDERS_2, "/orders/{order_id}/shipments/count", orders.count_shipments(115)),
        (PRODUCTS_3, "/catalog/products/{product_id}", catalog.get_product(1)),
        (TAX_2, "/tax_classes", store.list_tax_classes()),
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
    lines = orders.list_order_products(149).read(
        examples(ORDERS_2, "/orders/{order_id}/products")[0]
    )
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
        return {
            key: value for part in parts if isinstance(part, dict) for key, value in part.items()
        }
    if "properties" in schema:
        return {key: sample(document, value) for key, value in schema["properties"].items()}
    if schema.get("type") == "array":
        return [sample(document, schema["items"])]
    if "enum" in schema:
        return schema["enum"][0]
    formats = {"date-time": "2024-05-01T12:00:00Z"}
    return {
        "integer": 1,
        "number": 1.25,
        "boolean": True,
        "string": formats.get(schema.get("format", ""), "7"),
    }.get(schema.get("type", ""))


def answer_by_schema(name: str, path: str, method: str = "get", status: str = "200") -> Any:
    document = spec(name)
    response = resolved(document, document["paths"][path][method]["responses"][status])
    return sample(document, response["content"]["application/json"]["schema"])


@pytest.mark.parametrize(
    ("name", "path", "call"),
    [
        (ORDERS_3, "/orders/{order_id}/transactions", payments.list_transactions(218)),
        (ORDERS_3, "/orders/payment_actions/refunds", payments.list_refunds()),
        (METHODS_2, "/payments/methods", payments.list_payment_methods()),
        (CURRENCIES, "/currencies", store.list_currencies()),
        (CUSTOMERS_3, "/customers/addresses", customers.list_customer_addresses()),
        (VARIANTS_3, "/catalog/variants", catalog.list_variants()),
        (INVENTORY_3, "/inventory/items", inventory.list_inventory_items()),
        (LOCATIONS_3, "/inventory/locations", inventory.list_locations()),
        (SETTINGS_3, "/settings/inventory", inventory.get_inventory_settings()),
        (HOOKS_3, "/hooks", store.list_hooks()),
    ],
)
def test_answers_built_from_the_schema_decode(name, path, call):
    assert call.read(answer_by_schema(name, path))


@pytest.mark.parametrize(
    ("name", "path", "method", "call"),
    [
        (VARIANTS_3, "/catalog/variants", "put", catalog.update_variants([VariantDraft(id=1)])),
        (CUSTOMERS_3, "/customers", "put", customers.update_customers([CustomerDraft(id=1)])),
        (
            CUSTOMERS_3,
            "/customers/addresses",
            "put",
            customers.update_customer_addresses([CustomerAddressDraft(id=1)]),
        ),
    ],
)
def test_answers_to_writes_decode(name, path, method, call):
    result = call.read(answer_by_schema(name, path, method))
    assert len(result.saved) == 1
    assert result.complete


@pytest.mark.parametrize("method", ["post", "put"])
def test_a_declared_207_tells_what_failed(method):
    call = catalog.update_products([ProductDraft(id=1)])
    body = answer_by_schema(PRODUCTS_3, "/catalog/products", method, "207")
    body["data"] = [{"id": 1}]
    body["errors"] |= {"title": "The URL failed", "errors": {"custom_url": "is taken"}}
    result = call.read(body)
    assert [product.id for product in result.saved] == [1]
    assert [(failure.row, failure.field, failure.message) for failure in result.failures] == [
        (0, "custom_url", "is taken")
    ]


def test_the_declared_transaction_id_of_an_adjustment():
    call = inventory.adjust_absolute([InventoryAdjustment(location_id=1, quantity=1, sku="MUG-1")])
    assert call.read(answer_by_schema(INVENTORY_3, "/inventory/adjustments/absolute", "put"))


def test_declared_types_of_payments():
    (transaction,) = payments.list_transactions(7).read(
        answer_by_schema(ORDERS_3, "/orders/{order_id}/transactions")
    )
    assert isinstance(transaction, Transaction)
    assert transaction.order_id == 7
    assert transaction.amount == Decimal("1.25")
    assert transaction.date_created == NOON
    assert transaction.gift_certificate is not None
    assert transaction.gift_certificate.remaining_balance == Decimal("35.42")
    (refund,) = payments.list_refunds().read(
        answer_by_schema(ORDERS_3, "/orders/payment_actions/refunds")
    )
    assert isinstance(refund, Refund)
    assert refund.items[0].requested_amount == Decimal("1.99")
    assert refund.payments[0].transaction_id == "1234"


def test_the_declared_order_with_everything_embedded():
    document = spec(ORDERS_2)
    lines = [{**sample(document, {"$ref": line_schema(document)}), "parent_order_product_id": None}]
    line = read_object(lines[0], orders.OrderProduct, "line")
    assert line.sku
    consignment = {
        "id": 51,
        "cost_ex_tax": 5.1,
        "cost_inc_tax": 6.2,
        "cost_tax": 1.1,
        "line_items": lines,
    }
    order = {
        **examples(ORDERS_2, "/orders")[0][0],
        "consignments": {"shipping": [consignment]},
        "items_total": line.quantity,
    }
    read = read_object(order, Order, "order")
    assert read.lines == (line,)
    assert read.lines_complete


def line_schema(document: dict[str, Any]) -> str:
    response = resolved(
        document,
        document["paths"]["/orders/{order_id}/products/{product_id}"]["get"]["responses"]["200"],
    )
    return response["content"]["application/json"]["schema"]["$ref"]
