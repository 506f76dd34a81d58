from __future__ import annotations

import tomllib

import attrs
import pytest

import avbc.testing
from avbc.acctvantage import Product, SqlGateway
from avbc.bigcommerce import BigCommerce, UnexpectedData
from avbc.mapping import OrderInputs, map_order
from avbc.settings import Settings
from avbc.testing import CATALOGUE, SHAPES, FakeStore, example
from avbc.testing.example import books_toml, example_orders, plain_orders, populate, settings_dict


def test_the_books_know_every_sku_that_an_importable_order_sells() -> None:
    books = tomllib.loads(books_toml)
    parts = {product["part_number"] for product in books["products"]}
    assert parts == {*CATALOGUE, "APRON-S", "APRON-L"}
    for order in example_orders(len(SHAPES)):
        skus = {line["sku"] for line in order.products if line["sku"]}
        assert (skus <= parts) or order.shape == "unknown_sku"


def test_the_settings_name_what_the_books_have() -> None:
    books, settings = (
        tomllib.loads(books_toml),
        settings_dict("http://127.0.0.1:9/stores/abc123/v3/"),
    )
    gl, shipping, status = settings["gl"], settings["shipping"], settings["order_status"]
    types = {row["receipt_type"] for row in gl["payment_methods"]}
    assert types <= {*books["receipt_types"], "Purchase Order"}
    assert {gl["default_discount_gl_code"], gl["gift_certificate_gl_code"]} <= set(
        books["gl_accounts"]
    )
    assert gl["tax_area"] in {row["name"] for row in books["tax_areas"] if not row.get("avatax")}
    assert shipping["warehouse"] in {row["name"] for row in books["warehouses"]}
    assert shipping["default_ship_via"] in {row["name"] for row in books["ship_vias"]}
    assert shipping["default_shipment_product_class"] in books["warehouses"][0]["product_classes"]
    assert {row["acctvantage"] for row in status["mapping"]} <= set(books["order_statuses"])
    methods = {row["bigcommerce"] for row in gl["payment_methods"]}
    used = {
        order.header["payment_method"] for order in example_orders(len(SHAPES)) if order.importable
    }
    assert used - {""} <= methods


def test_populate_fills_up_with_plain_orders() -> None:
    store = FakeStore()
    orders = populate(store, 60, seed=5)
    assert [order.shape for order in orders[: len(SHAPES)]] == list(SHAPES)
    assert {order.shape for order in orders[len(SHAPES) :]} == {"plain"}
    assert store.state.count(11) == 60
    assert {product["sku"] for product in store.state.products.values()} == {*CATALOGUE, "APRON"}
    assert [order.shape for order in example_orders(5)] == list(SHAPES)[:5]
    assert [order.id for order in plain_orders(3, first_id=7)] == [7, 8, 9]
    assert example.__doc__


def test_every_name_of_the_package_is_there() -> None:
    assert sorted(avbc.testing.__all__) == dir(avbc.testing)
    for name in avbc.testing.__all__:
        assert getattr(avbc.testing, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = avbc.testing.nothing


def test_importable_is_what_the_mapping_engine_says() -> None:
    store = FakeStore()
    populate(store, len(SHAPES))
    settings = Settings.from_dict(settings_dict(store.api_url))
    with (
        BigCommerce(
            api_url=store.api_url, access_token=store.access_token, transport=store.transport()
        ) as client,
        SqlGateway("sqlite://") as books,
    ):
        books.load(books_toml)
        for order_id, built in sorted(store.state.orders.items()):
            assert (import_errors(client, books, settings, order_id) == []) == built.importable, (
                built.shape
            )


def import_errors(
    client: BigCommerce, books: SqlGateway, settings: Settings, order_id: int
) -> list[str]:
    """Why an order cannot be imported; nothing where it can."""
    try:
        order = client.orders.get(order_id, include=["consignments.line_items", "fees"])
    except UnexpectedData as error:
        return [str(error)]
    if not order.lines_complete:
        order = attrs.evolve(order, products=tuple(client.order_products.list(order_id)))
    products: dict[str, tuple[Product, ...]] = {}
    for product in books.find_products([line.sku for line in order.lines if line.sku]):
        products[product.part_number.casefold()] = (product,)
    inputs = OrderInputs(
        order=order,
        transactions=tuple(client.transactions.list(order_id)),
        products=products,
        clients=tuple(books.find_clients([], [order.billing_address.email])),
        coupons=tuple(client.order_coupons.list(order_id)),
    )
    return [problem.code for problem in map_order(inputs, settings, books.reference_data()).errors]
