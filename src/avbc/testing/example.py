"""A store, its books and the settings that join them: what the quickstart and the tests run on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from avbc.testing.factories import CATALOGUE, Item, OrderFactory
from avbc.testing.fakestore.abilities import Abilities
from avbc.testing.orders import FakeOrder
from avbc.testing.shapes import PURCHASER, SHAPES, order_of_shape
from avbc.testing.values import require_number

_BOOKS_HEAD = """\
currency = "USD"
order_statuses = ["Quote", "Open", "Committed", "Picked", "Packed", "Shipped/Invoice", "Posted"]
receipt_types = ["Visa/MC", "PayPal", "Check", "StoreCredit", "GiftCard"]
gl_accounts = ["40200-000-000", "25500-000-000", "11000-000-000"]
tax_areas = [{ name = "BigCommerce" }, { name = "AvaTax", avatax = true }]
warehouses = [{ name = "Main", product_classes = ["Goods", "Freight"] }]
ship_vias = [{ name = "UPS Ground", product_class = "Freight" }]
promotions = [
    { code = "SAVE5", kind = "$", value = "5.00", gl_code = "40200-000-000" },
    { code = "TEN", kind = "%", value = "10", gl_code = "40200-000-000" },
]
"""


QUANTITY = 100
"""The quantity of every stocked product, in the books and at the store's default location."""

APRON: Mapping[str, object] = {
    "id": 113,
    "sku": "APRON",
    "name": "Apron",
    "type": "physical",
    "price": 22,
    "weight": 1,
    "inventory_tracking": "variant",
    "variants": [
        {
            "id": 651,
            "sku": "APRON-S",
            "option_values": [
                {"id": 1, "option_id": 1, "option_display_name": "Size", "label": "S"}
            ],
        },
        {
            "id": 652,
            "sku": "APRON-L",
            "option_values": [
                {"id": 2, "option_id": 1, "option_display_name": "Size", "label": "L"}
            ],
        },
    ],
}
"""A product with variants, each of them a product of the books; no example order sells it."""


def _books() -> str:
    parts = [(item.sku, item.name, item.price, item.type) for item in CATALOGUE.values()]
    parts += [
        (sku, f"Apron, {size}", Decimal("22.00"), "physical")
        for sku, size in [("APRON-S", "small"), ("APRON-L", "large")]
    ]
    products = [
        (
            f'    {{ part_number = "{sku}", name = "{name}", product_class = "Goods", list_price = '
            f'"{price}", sell_price = "{price}", '
        )
        + (
            'kind = "non_inventory" },'
            if kind == "digital"
            else f"weight = 1, quantity = {{ Main = {QUANTITY} }} }},"
        )
        for sku, name, price, kind in parts
    ]
    client = f'    {{ name = "{PURCHASER.company}", email = "{PURCHASER.email}", open_ar = true }},'
    return "\n".join([_BOOKS_HEAD + "products = [", *products, "]", "clients = [", client, "]", ""])


books_toml: str = _books()
"""Books that fit the example store: what `SqlGateway.load` reads."""


def settings_dict(
    api_url: str,
    token: str = "example-token",  # noqa: S107  # the fake store's own token
) -> dict[str, Mapping[str, object]]:
    """Return settings that join the example store and the example books: `Settings.from_dict`."""
    methods = {
        "Credit Card": "Visa/MC",
        "PayPal": "PayPal",
        "Cash on Delivery": "Check",
        "Purchase Order": "Purchase Order",
        "Store Credit": "StoreCredit",
        "Gift Certificate": "GiftCard",
    }
    return {
        "store": {
            "description": "Example store",
            "api_url": api_url,
            "client_id": "example-client",
            "client_secret": "example-secret",
            "access_token": token,
            "license_key": "example-license",
            "enabled": True,
        },
        "order_status": {
            "import_source_code": "WEB",
            "check_interval_minutes": 5,
            "new_order_status": "Awaiting Fulfillment",
            "match_clients_by_email": True,
            "downloaded_order_status": "Awaiting Shipment",
            "import_error_status": "Manual Verification Required",
            "updates": "push",
            "mapping": [{"acctvantage": "Shipped/Invoice", "bigcommerce": "Shipped"}],
        },
        "gl": {
            "default_discount_gl_code": "40200-000-000",
            "tax_area": "BigCommerce",
            "credit_card_transactions_are_preauthorizations": False,
            "gift_certificate_gl_code": "25500-000-000",
            "payment_methods": [
                {"bigcommerce": name, "receipt_type": receipt_type}
                for name, receipt_type in methods.items()
            ],
        },
        "shipping": {
            "warehouse": "Main",
            "sync_product_details": True,
            "sync_inventory_levels": True,
            "default_ship_via": "UPS Ground",
            "auto_create_missing_shipping_methods": True,
            "default_shipment_product_class": "Freight",
            "push_shipments": True,
        },
    }


def example_orders(orders: int = 40, seed: int = 1, first_id: int = 1001) -> list[FakeOrder]:
    """Build orders: one of each shape first, then plain ones up to the number `orders`."""
    require_number(orders, "orders", 0)
    factory = OrderFactory(seed, first_id)
    shaped = [order_of_shape(name, factory) for name in list(SHAPES)[:orders]]
    return [*shaped, *(factory.plain() for _ in range(orders - len(shaped)))]


def populate(
    store: Abilities, orders: int = 40, seed: int = 1, first_id: int = 1001
) -> list[FakeOrder]:
    """Fill a store with the catalog, stock, locations and new orders; returns the orders.

    The store is a `FakeStore` or a `StoreProcess`. The orders wait in Awaiting Fulfillment.
    """
    stock(store)
    return store.add_orders(example_orders(orders, seed, first_id))


def stock(store: Abilities) -> None:
    """Fill a store with the catalog, its quantities and locations; what it already has stays.

    The default location has 100 of everything, as the books do; there is a second location, `WEST`,
    and a disabled one, `OLD`. Most products are tracked by product, lamps and posters by variant,
    digital goods not at all; `APRON` has variants.
    """
    there = {product["id"] for product in store.products()}
    for product in example_products():
        if product["id"] not in there:
            store.add_product(
                product, {1: 0 if product["inventory_tracking"] == "none" else QUANTITY}
            )
    codes = {location["code"] for location in store.locations()}
    for code, label, enabled in [("WEST", "West", True), ("OLD", "Old", False)]:
        if code not in codes:
            store.add_location(code, label, enabled=enabled)


_TRACKED_BY_VARIANT = {"LAMP-01", "POSTER-A2"}


def example_products() -> list[Mapping[str, object]]:
    """Return the example store's products as the catalog API shows them, with orders' ids."""
    return [*(_product(item) for item in CATALOGUE.values()), APRON]


def _product(item: Item) -> Mapping[str, object]:
    by = (
        "none"
        if item.type == "digital"
        else "variant"
        if item.sku in _TRACKED_BY_VARIANT
        else "product"
    )
    return {
        "id": item.product_id,
        "base_variant_id": item.product_id + 500,
        "sku": item.sku,
        "name": item.name,
        "price": float(item.price),
        "type": item.type,
        "weight": 0 if item.type == "digital" else 1,
        "inventory_tracking": by,
    }


def plain_orders(orders: int, seed: int = 1, first_id: int = 1001) -> Iterator[FakeOrder]:
    """Build plain orders only, one at a time: for benchmarks."""
    factory = OrderFactory(seed, first_id)
    return (factory.plain() for _ in range(orders))
