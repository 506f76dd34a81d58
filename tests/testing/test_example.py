from __future__ import annotations

import tomllib

import pytest

from avbc.testing import CATALOGUE, SHAPES, FakeStore, example
from avbc.testing.example import books_toml, example_orders, plain_orders, populate, settings_dict


def test_the_books_know_every_sku_that_an_importable_order_sells() -> None:
    books = tomllib.loads(books_toml)
    parts = {product["part_number"] for product in books["products"]}
    assert parts == set(CATALOGUE)
    for order in example_orders(len(SHAPES)):
        skus = {line["sku"] for line in order.products if line["sku"]}
        assert (skus <= parts) or order.shape == "unknown_sku"


def test_the_settings_name_what_the_books_have() -> None:
    books, settings = tomllib.loads(books_toml), settings_dict("http://127.0.0.1:9/stores/abc123/v3/")
    gl, shipping, status = settings["gl"], settings["shipping"], settings["order_status"]
    types = {row["receipt_type"] for row in gl["payment_methods"]}
    assert types <= {*books["receipt_types"], "Purchase Order"}
    assert {gl["default_discount_gl_code"], gl["gift_certificate_gl_code"]} <= set(books["gl_accounts"])
    assert gl["tax_area"] in {row["name"] for row in books["tax_areas"] if not row.get("avatax")}
    assert shipping["warehouse"] in {row["name"] for row in books["warehouses"]}
    assert shipping["default_ship_via"] in {row["name"] for row in books["ship_vias"]}
    assert shipping["default_shipment_product_class"] in books["warehouses"][0]["product_classes"]
    assert {row["acctvantage"] for row in status["mapping"]} <= set(books["order_statuses"])
    methods = {row["bigcommerce"] for row in gl["payment_methods"]}
    used = {order.header["payment_method"] for order in example_orders(len(SHAPES)) if order.importable}
    assert used - {""} <= methods


def test_populate_fills_up_with_plain_orders() -> None:
    store = FakeStore()
    orders = populate(store, 60, seed=5)
    assert [order.shape for order in orders[: len(SHAPES)]] == list(SHAPES)
    assert {order.shape for order in orders[len(SHAPES) :]} == {"plain"}
    assert store.state.count(11) == 60
    assert {product["sku"] for product in store.state.products.values()} == set(CATALOGUE)
    assert [order.shape for order in example_orders(5)] == list(SHAPES)[:5]
    assert [order.id for order in plain_orders(3, first_id=7)] == [7, 8, 9]
    assert example.__doc__


def test_every_name_of_the_package_is_there() -> None:
    import avbc.testing

    assert sorted(avbc.testing.__all__) == dir(avbc.testing)
    for name in avbc.testing.__all__:
        assert getattr(avbc.testing, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = avbc.testing.nothing
