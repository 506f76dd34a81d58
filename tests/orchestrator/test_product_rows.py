"""Rows that say which product a line is, from the import to the last refund, in both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import Parcel, Shipment, ShippedItem
from avbc.orchestrator import Orchestrator
from avbc.settings import ProductMapping, ProductSettings, Settings
from avbc.testing import FakeOrder, FakeStore, OrderFactory, example, item

NEW = 11
ROWS = (
    ProductMapping(sku="AMZ-*", part_number="MUG-RED"),
    ProductMapping(name="*sign*", part_number="POSTER-A2"),
)

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    products = ProductSettings(mapping=ROWS, placeholder_product="PATTERN-1")
    gl = attrs.evolve(settings.gl, import_refunds=True)
    shipping = attrs.evolve(settings.shipping, push_shipments=True)
    return attrs.evolve(settings, products=products, gl=gl, shipping=shipping)


@pytest.fixture
def books(both: SqlGateway) -> SqlGateway:
    return both


def order() -> FakeOrder:
    """Two mugs under a marketplace's SKU, a towel, and custom items: a sign and a repair."""
    lines = [item("MUG-RED", 2), item("TOWEL-ST")]
    custom = [
        attrs.evolve(item("LAMP-01", 3), sku="", name="Hand-carved sign", product_id=0),
        attrs.evolve(item("CANDLE-3"), sku="REP-7", name="Repair", product_id=0),
    ]
    made = OrderFactory().order([*lines, *custom])
    made.products[0]["sku"] = "AMZ-1"
    return made


PARTS = ["MUG-RED", "TOWEL-ST", "POSTER-A2", "PATTERN-1"]


def test_lines_are_booked_under_the_part_numbers_of_the_rows(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    order_id = store.add_order(order()).id
    (foreseen,) = web.preview_orders().imported
    assert foreseen.problems == ()
    (imported,) = web.import_orders().imported
    assert imported.problems == ()
    (sales_order,) = books.sales_orders()
    assert [(line.kind, line.part_number, line.memo) for line in sales_order.lines] == [
        ("product", "MUG-RED", "SKU: AMZ-1"),
        ("product", "TOWEL-ST", ""),
        ("product", "POSTER-A2", ""),
        ("product", "PATTERN-1", "SKU: REP-7"),
    ]
    assert [line.description for line in sales_order.lines] == [
        "Red mug",
        "Striped towel",
        "Hand-carved sign",
        "Repair",
    ]
    decided = {each.field: each.setting for each in web.explain(order_id).decisions}
    assert [decided[f"lines[{number}]"] for number in range(4)] == [
        "products.mapping[0].part_number",
        "",
        "products.mapping[1].part_number",
        "products.placeholder_product",
    ]
    assert web.reconcile(datetime(2020, 1, 1, tzinfo=UTC)).ok


def test_all_part_numbers_of_a_page_are_read_at_once(
    web: Orchestrator, store: FakeStore, books: SqlGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        store.add_order(attrs.evolve(order()))
    asked: list[set[str]] = []
    find = books.find_products

    def finding(names: Any) -> Any:
        asked.append(set(names))
        return find(names)

    monkeypatch.setattr(books, "find_products", finding)
    assert web.import_orders().refused == []
    assert asked == [{part.lower() for part in PARTS}]


def test_what_waits_is_netted_under_the_part_numbers_of_the_rows(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    example.populate(store, orders=0)
    store.add_order(order())
    web.push_inventory()
    store.settle()
    assert [store.inventory()[sku] for sku in PARTS[:3]] == [98, 99, 97]
    # It is in the books now, which have not shipped it yet: they count it themselves.
    web.import_orders()
    web.push_inventory(full=True)
    store.settle()
    assert store.inventory()["MUG-RED"] == 98


def test_a_refund_is_of_the_part_number_that_was_booked(
    web: Orchestrator, store: FakeStore, books: SqlGateway, change: Change
) -> None:
    """Whatever the rows say by then."""
    order_id = store.add_order(order()).id
    web.import_orders()
    web.use(change(products={"mapping": (), "placeholder_product": ""}))
    ids = [int(str(line["id"])) for line in store.order(order_id).products]
    refund = store.refund(order_id, items={ids[0]: 1, ids[2]: 2, ids[3]: 1})
    assert web.import_refunds().refused == []
    (credit,) = books.credits()
    assert credit.total == Decimal(str(refund["total_amount"]))
    assert [(line.part_number, line.quantity) for line in credit.lines] == [
        ("MUG-RED", 1),
        ("POSTER-A2", 2),
        ("PATTERN-1", 1),
    ]


def test_a_shipment_of_mapped_lines_reaches_the_store(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    order_id = store.add_order(order()).id
    web.import_orders()
    (sales_order,) = books.sales_orders()
    lines = [line for line in sales_order.lines if line.kind == "product"]
    items = tuple(ShippedItem(line.store_line_id or 0, line.quantity) for line in lines)
    parcels = (Parcel("1Z999"),)
    books.add_shipment(Shipment(7, sales_order.import_id, items, parcels, "UPS Ground", "UPS"))
    assert len(web.push_shipments().sent) == 1
    order_now = store.order(order_id)
    assert [line["quantity_shipped"] for line in order_now.products] == [2, 1, 3, 1]


def test_what_was_shipped_and_refunded_before_the_import_is_not_to_ship(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    made = order()
    made.products[0]["quantity_shipped"] = 1
    made.products[2]["quantity_refunded"] = 2
    store.add_order(made)
    web.import_orders()
    (sales_order,) = books.sales_orders()
    assert [line.to_ship for line in sales_order.lines] == [1, 1, 1, 1]


def test_an_edited_order_is_mapped_by_the_rows(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    order_id = store.add_order(order()).id
    web.import_orders()
    store.order(order_id).products[1]["sku"] = "AMZ-2"
    store.edit_order(order_id, status_id=NEW)
    assert len(web.import_orders().updated) == 1
    (sales_order,) = books.sales_orders()
    assert sales_order.lines[1].part_number == "MUG-RED"


def test_other_rows_alone_are_no_edit(
    web: Orchestrator, store: FakeStore, books: SqlGateway, change: Change
) -> None:
    order_id = store.add_order(order()).id
    web.import_orders()
    web.use(change(products={"mapping": ()}))
    assert list(web.follow_orders()) == []
    store.edit_order(order_id, status_id=NEW)
    assert len(web.import_orders().relinked) == 1
    assert books.sales_orders()[0].lines[0].part_number == "MUG-RED"


def test_a_backtest_shows_what_other_rows_change(
    web: Orchestrator, store: FakeStore, books: SqlGateway, change: Change
) -> None:
    store.add_order(order())
    other = (ProductMapping(sku="AMZ-*", part_number="MUG-BLUE"), ROWS[1])
    report = web.backtest(change(products={"mapping": other}), datetime(2020, 1, 1, tzinfo=UTC))
    (found,) = report.changed
    assert [str(effect) for effect in found.effects] == [
        "lines[0].part_number: MUG-RED -> MUG-BLUE (products.mapping[0].part_number)"
    ]
