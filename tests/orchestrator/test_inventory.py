"""Quantities: never more than there is, only what changed, and good rows despite bad ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import attrs
import httpx
import pytest
import sqlalchemy as sa

from avbc.acctvantage import BooksRefused, SqlGateway
from avbc.bigcommerce import RequestRefused
from avbc.bigcommerce.models import InventoryAdjustment
from avbc.clock import Clock
from avbc.orchestrator import NoSuchLocation, Orchestrator, PushReport
from avbc.orchestrator.engine.stock_location import StockLocation
from avbc.orchestrator.jobs.inventory import named_adjustments
from avbc.settings import Settings, SettingsError
from avbc.testing import FakeStore, OrderFactory, example, item

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]

INCOMPLETE, PENDING, CANCELLED, AWAITING_PAYMENT, AWAITING_SHIPMENT, NEW, ERROR = (
    0,
    1,
    5,
    7,
    9,
    11,
    12,
)
MUG = "MUG-BLUE"


@pytest.fixture
def stocked(store: FakeStore) -> FakeStore:
    """The example store: 100 of everything there and in the books."""
    example.populate(store, orders=0)
    return store


def codes(report: PushReport) -> dict[str, list[str]]:
    return {
        change.key: [problem.code for problem in change.problems]
        for _, change in report
        if change.problems
    }


def pushed(report: PushReport) -> dict[str, str]:
    return {change.key: change.after for change in report.sent}


def puts(store: FakeStore) -> list[list[dict[str, object]]]:
    """The items of each adjustment that was sent."""
    return [
        json.loads(entry.body)["items"]
        for entry in store.log
        if entry.name == "PUT /v3/inventory/adjustments/absolute"
    ]


def write_quantities(
    books: SqlGateway, folder: Path, quantities: dict[str, object], name: str = "Thing"
) -> None:
    """Write products and what is on hand of them."""
    products, counts = folder / "products.csv", folder / "quantities.csv"
    rows = [f"{sku},{name},Goods" for sku in quantities]
    products.write_text("\n".join(["part_number,name,product_class", *rows]), encoding="utf-8")
    counts.write_text(
        "\n".join(
            [
                "part_number,warehouse,quantity",
                *(f"{sku},Main,{n}" for sku, n in quantities.items()),
            ]
        ),
        encoding="utf-8",
    )
    books.load_products(products)
    books.load_quantities(counts)


@pytest.fixture
def only(new_books: Callable[..., SqlGateway], tmp_path: Path) -> Callable[..., SqlGateway]:
    """Books with no other products than these: `only({"MUG": 12})`."""

    def made(quantities: dict[str, object]) -> SqlGateway:
        books = new_books()
        with books.engine.begin() as connection:
            for table in ("quantities", "products"):
                connection.exec_driver_sql(f"DELETE FROM {table}")
        write_quantities(books, tmp_path, quantities)
        return books

    return made


# What is pushed


def test_the_warehouse_is_what_the_store_sells(
    stocked: FakeStore, web: Orchestrator, books: SqlGateway
) -> None:
    for sku, quantity in [
        (MUG, Decimal("7.9")),
        ("LAMP-01", Decimal(-3)),
        ("TOWEL-ST", Decimal(0)),
        ("APRON-S", Decimal(12)),
    ]:
        books.set_quantity(sku, "Main", quantity)
    report = web.push_inventory()
    stocked.settle()
    there = stocked.inventory()
    assert (
        there[MUG],
        there["LAMP-01"],
        there["TOWEL-ST"],
        there["APRON-S"],
        there["APRON-L"],
    ) == (7, 0, 0, 12, 100)
    # What has no stock of its own is not pushed: digital goods.
    assert "EBOOK-01" not in pushed(report)
    assert pushed(report)[MUG] == "7"
    assert stocked.inventory(2)[MUG] == 0


def test_what_an_earlier_version_remembered_is_pushed_again_and_nothing_is_there_twice(
    store: FakeStore, join: Join, only: Callable[..., SqlGateway]
) -> None:
    """Its keys were not in Unicode form NFC, and kept each space."""
    books = only({"CAFE\u0301": 3, "TEA  POT": 4})
    with books.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE products SET name = part_key, list_price = '5', weight = '1'"
        )
    web = join(books=books)
    first = web.push_products()
    assert len(first.sent) == 2, str(first)
    assert len(web.push_inventory().sent) == 2
    old = {"caf\u00e9": "cafe\u0301", "tea pot": "tea  pot"}
    with books.engine.begin() as connection:
        table = sa.table("avbc_fingerprints", sa.column("key"))
        for new, key in old.items():
            changed = table.update().values(key=key).where(table.c.key == new)
            assert connection.execute(changed).rowcount == 3  # details, identity and quantity
    store.clear_log()
    web.push_products()
    assert len(web.push_inventory().sent) == 2
    assert [entry for entry in store.log if entry.name == "POST /v3/catalog/products"] == []
    assert {sku: store.inventory()[sku] for sku in ("CAFE\u0301", "TEA  POT")} == {
        "CAFE\u0301": 3,
        "TEA  POT": 4,
    }
    store.clear_log()
    assert (list(web.push_products()), list(web.push_inventory()), store.log) == ([], [], [])


def test_only_what_changed_is_pushed(
    stocked: FakeStore, web: Orchestrator, books: SqlGateway
) -> None:
    web.push_inventory()
    stocked.clear_log()
    report = web.push_inventory()
    assert (list(report), report.unchanged, stocked.log) == ([], 12, [])
    books.set_quantity(MUG, "Main", 99)
    report = web.push_inventory()
    assert [(change.key, change.what, change.before, change.after) for change in report.sent] == [
        (MUG, "quantity", "100", "99")
    ]
    assert report.unchanged == 11
    assert puts(stocked) == [
        [{"location_id": 1, "quantity": 99, "product_id": stocked.state.catalog.by_sku.get(MUG)}]
    ]
    # A fraction more or less is nothing that the store can be told.
    books.set_quantity(MUG, "Main", Decimal("99.5"))
    assert not list(web.push_inventory())


def test_what_was_never_counted_is_not_sent_as_zero(
    stocked: FakeStore, web: Orchestrator, books: SqlGateway
) -> None:
    """No quantity is not 0: the store would show all of it as sold out."""
    with books.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM quantities WHERE part_key <> 'mug-blue'")
    books.set_quantity("APRON-S", "Main", 0)
    stocked.clear_log()
    for report in (web.push_inventory(preview=True), web.push_inventory(), web.push_inventory()):
        assert len(report.not_counted) == 10
        assert "The books have no quantity of 10 products (APRON-L, " in str(report)
        assert "Give the books what is on hand of each, 0 where there is nothing" in str(report)
        assert report.ok
    assert len(web.push_inventory(full=True).sent) == 2
    stocked.settle()
    there = stocked.inventory()
    assert (there[MUG], there["APRON-S"], there["APRON-L"], there["LAMP-01"]) == (100, 0, 100, 100)
    # An order that is picked counts nothing either.
    stocked.place_order([item("LAMP-01", 3)])
    web.import_orders()
    books.set_order_status(books.sales_orders()[0].import_id, "Picked")
    assert not list(web.push_inventory())
    books.set_quantity("LAMP-01", "Main", 40)
    assert pushed(web.push_inventory()) == {"LAMP-01": "40"}


def test_what_is_not_counted_any_more_is_sent_once_it_is_again(
    stocked: FakeStore, web: Orchestrator, books: SqlGateway
) -> None:
    web.push_inventory()
    with books.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM quantities WHERE part_key = 'mug-blue'")
    assert not list(web.push_inventory())
    books.set_quantity(MUG, "Main", 100)
    assert pushed(web.push_inventory()) == {MUG: "100"}


def test_a_check_warns_of_what_was_never_counted(
    stocked: FakeStore, web: Orchestrator, books: SqlGateway
) -> None:
    def found() -> list[tuple[str, str]]:
        checks = web.check_setup().checks
        return [(each.state, each.found) for each in checks if each.item == "shipping.warehouse"]

    assert [each for each in found() if each[0] == "warning"] == []
    with books.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM quantities WHERE part_key = 'mug-blue'")
    text = "The books have no quantity of 1 product (MUG-BLUE), so the store keeps the one it has."
    assert ("warning", text) in found()


def test_full_pushes_everything(stocked: FakeStore, web: Orchestrator) -> None:
    web.push_inventory()
    stocked.set_inventory(MUG, 3)
    assert not list(web.push_inventory())
    assert len(web.push_inventory(full=True).sent) == 12
    stocked.settle()
    assert stocked.inventory()[MUG] == 100


def test_a_preview_shows_what_the_store_has(
    stocked: FakeStore, web: Orchestrator, books: SqlGateway
) -> None:
    stocked.set_inventory(MUG, 7)
    stocked.set_inventory("APRON-S", 3)
    stocked.clear_log()
    report = web.push_inventory(preview=True)
    rows = {change.key: (change.before, change.after) for change in report.sent}
    assert rows[MUG] == ("7", "100")
    assert rows["APRON-S"] == ("3", "100")
    assert all(before for before, _ in rows.values())
    reads = [each for each in stocked.log if each.name == "GET /v3/inventory/items"]
    assert len(reads) == 1
    web.push_inventory()
    # A person counted since.
    stocked.settle()
    stocked.set_inventory(MUG, 77)
    (unchanged,) = [
        change for change in web.push_inventory(full=True, preview=True).sent if change.key == MUG
    ]
    assert (unchanged.before, unchanged.after) == ("77", "100")
    books.set_quantity(MUG, "Main", 90)
    (known,) = web.push_inventory(preview=True).sent
    assert (known.before, known.after) == ("77", "90")
    (sent,) = web.push_inventory().sent
    assert (sent.before, sent.after) == ("100", "90")


def test_a_preview_leaves_open_what_the_store_does_not_have(
    stocked: FakeStore, join: Join, only: Callable[..., SqlGateway]
) -> None:
    assert stocked
    books = only({MUG: 5, "NO-SUCH": 6, '"A,B"': 7})
    rows = {
        change.key: (change.before, change.after)
        for change in join(books=books).push_inventory(preview=True).sent
    }
    assert rows == {MUG: ("100", "5"), "NO-SUCH": ("", "6"), "A,B": ("", "7")}


def test_a_preview_sends_nothing(stocked: FakeStore, web: Orchestrator, books: SqlGateway) -> None:
    stocked.place_order([item(MUG, 2)])
    books.set_quantity(MUG, "Main", Decimal("7.5"))
    report = web.push_inventory(preview=True)
    assert {entry.method for entry in stocked.log} == {"GET"}
    mug = next(change for change in report.sent if change.key == MUG)
    assert mug.decisions[0].reason == (
        "Qty Available in 'Main' is 7.5, less 2 that wait in the store to be imported; whole "
        "units, never below 0"
    )
    assert [call.path for change in report.sent for call in change.calls] == [
        "/v3/inventory/adjustments/absolute"
    ]
    assert len(web.push_inventory().sent) == len(report.sent)


def test_the_check_box_is_respected(stocked: FakeStore, join: Join, change: Change) -> None:
    with pytest.raises(SettingsError, match=r"shipping\.sync_inventory_levels: is false"):
        join(settings=change(shipping={"sync_inventory_levels": False})).push_inventory()
    assert stocked.log == []


def test_a_warehouse_that_is_not_in_the_books(
    stocked: FakeStore, join: Join, change: Change
) -> None:
    with pytest.raises(BooksRefused, match="no warehouse 'Mian'"):
        join(settings=change(shipping={"warehouse": "Mian"})).push_inventory()
    assert stocked.log == []


def test_what_is_unticked_and_ticked_again_is_pushed_again(
    stocked: FakeStore, web: Orchestrator, books: SqlGateway
) -> None:
    web.push_inventory()
    for ticked in (False, True):
        with books.engine.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE products SET sync_to_webstore = ? WHERE part_number = ?", (ticked, MUG)
            )
        report = web.push_inventory()
        assert pushed(report) == ({MUG: "100"} if ticked else {})


def test_one_is_unticked_and_another_changed(
    stocked: FakeStore, web: Orchestrator, books: SqlGateway
) -> None:
    web.push_inventory()
    books.set_quantity("APRON-S", "Main", 9)
    for ticked, expected in [(False, {"APRON-S": "9"}), (True, {MUG: "100"})]:
        with books.engine.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE products SET sync_to_webstore = ? WHERE part_number = ?", (ticked, MUG)
            )
        assert pushed(web.push_inventory()) == expected


# Net of what waits


def test_sold_units_never_go_back_on_sale(
    stocked: FakeStore, web: Orchestrator, books: SqlGateway
) -> None:
    web.push_inventory()
    stocked.settle()
    stocked.place_order([item(MUG, 3)])
    assert stocked.inventory()[MUG] == 97
    # Not imported yet: the books still have 100. Something comes in meanwhile.
    books.set_quantity(MUG, "Main", 110)
    web.push_inventory()
    stocked.settle()
    assert stocked.inventory()[MUG] == 107
    # Once it is imported the books say the same by themselves.
    web.import_orders()
    web.push_inventory()
    stocked.settle()
    assert stocked.inventory()[MUG] == 107
    stocked.clear_log()
    assert not list(web.push_inventory())
    assert stocked.log == []


@pytest.mark.parametrize(
    ("status", "waits"),
    [
        (NEW, True),
        (ERROR, True),
        (AWAITING_PAYMENT, True),
        (INCOMPLETE, False),
        (PENDING, False),
        (CANCELLED, False),
        (AWAITING_SHIPMENT, False),
    ],
)
def test_which_orders_wait(stocked: FakeStore, web: Orchestrator, status: int, waits: bool) -> None:
    order = stocked.place_order([item(MUG, 3)])
    stocked.edit_order(order.id, status_id=status)
    assert pushed(web.push_inventory())[MUG] == ("97" if waits else "100")


def test_an_order_that_is_in_the_books_does_not_wait(stocked: FakeStore, web: Orchestrator) -> None:
    order = stocked.place_order([item(MUG, 3)])
    web.import_orders()
    # As if the run had died before the status was set.
    stocked.edit_order(order.id, status_id=NEW)
    assert pushed(web.push_inventory())[MUG] == "97"


def test_an_order_that_is_cancelled_gives_back_what_it_held(
    stocked: FakeStore, web: Orchestrator
) -> None:
    order = stocked.place_order([item(MUG, 3)])
    assert pushed(web.push_inventory())[MUG] == "97"
    assert not list(web.push_inventory())
    stocked.edit_order(order.id, status_id=CANCELLED)
    assert pushed(web.push_inventory()) == {MUG: "100"}


def test_orders_before_the_cut_over_do_not_wait(
    stocked: FakeStore, join: Join, change: Change
) -> None:
    stocked.place_order([item(MUG, 3)])
    web = join(settings=change(order_status={"import_orders_created_since": date(2990, 1, 1)}))
    assert pushed(web.push_inventory())[MUG] == "100"


def test_every_line_of_what_waits_is_counted(
    stocked: FakeStore, web: Orchestrator, factory: OrderFactory
) -> None:
    stocked.add_order(factory.order([item(MUG)] * 120))
    assert int(pushed(web.push_inventory(preview=True))[MUG]) == 0


def test_an_order_that_cannot_be_read_is_counted_by_its_lines(
    stocked: FakeStore, web: Orchestrator, factory: OrderFactory
) -> None:
    order = factory.order([item(MUG, 4)])
    order.header["total_inc_tax"] = None
    stocked.add_order(order)
    assert pushed(web.push_inventory())[MUG] == "96"


def test_lines_that_cannot_be_read_stop_nothing(
    stocked: FakeStore, web: Orchestrator, factory: OrderFactory, caplog: pytest.LogCaptureFixture
) -> None:
    order = stocked.add_order(factory.order([item("TOWEL-ST")] * 60))
    stocked.place_order([item(MUG, 3)])
    stocked.fail(f"GET /v2/orders/{order.id}/products", "500")
    report = pushed(web.push_inventory())
    assert (report[MUG], report["TOWEL-ST"]) == ("97", "50")
    assert f"the lines of order {order.id} could not be read" in caplog.text


@pytest.mark.parametrize("since", [None, datetime(2026, 1, 1, tzinfo=UTC)])
def test_orders_and_lines_are_not_taken_for_none(
    stocked: FakeStore,
    join: Join,
    settings: Settings,
    factory: OrderFactory,
    since: datetime | None,
) -> None:
    """A 204 in place of a list whose length is known would put what was sold back on sale."""
    stocked.add_order(factory.order([item("TOWEL-ST")] * 60))
    stocked.place_order([item(MUG, 3)])
    web = join(
        settings=attrs.evolve(
            settings,
            order_status=attrs.evolve(settings.order_status, import_orders_created_since=since),
        )
    )
    stocked.fail("GET /v2/orders", "204")
    stocked.fail("GET /v2/orders/*/products", "204")
    report = pushed(web.push_inventory())
    assert (report[MUG], report["TOWEL-ST"]) == ("97", "40")
    assert [fault.hits for fault in stocked.faults] == [1, 1]


def test_an_alias_counts_for_its_product(
    stocked: FakeStore, web: Orchestrator, books: SqlGateway, tmp_path: Path
) -> None:
    file = tmp_path / "aliases.toml"
    product = (
        'part_number = "BASIN", name = "Basin", product_class = "Goods", aliases = '
        '["mug-blue"], quantity = { Main = 10 }'
    )
    file.write_text(f"products = [{{ {product} }}]", encoding="utf-8")
    with books.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM quantities WHERE part_key = 'mug-blue'")
        connection.exec_driver_sql("DELETE FROM products WHERE part_key = 'mug-blue'")
    books.load(file)
    stocked.add_product({"sku": "BASIN", "name": "Basin", "inventory_tracking": "product"})
    stocked.place_order([item(MUG, 3)])
    assert pushed(web.push_inventory())["BASIN"] == "7"


def test_an_import_in_the_middle_takes_off_twice_rather_than_never(
    stocked: FakeStore, join: Join, books: SqlGateway
) -> None:
    class Busy:
        """Books into which an order comes after the waiting orders were looked at."""

        def __init__(self) -> None:
            self.reads = 0

        def __getattr__(self, name: str) -> object:
            return getattr(books, name)

        def quantities_available(
            self, warehouse: str, part_numbers: Collection[str] | None = None
        ) -> Iterator[tuple[str, Decimal]]:
            self.reads += 1
            if self.reads == 2:
                join().import_orders()
            return books.quantities_available(warehouse, part_numbers)

    stocked.place_order([item(MUG, 3)])
    web = join(books=Busy())
    assert pushed(web.push_inventory())[MUG] == "94"
    assert pushed(web.push_inventory()) == {MUG: "97"}


# How many requests


@pytest.mark.one_python
def test_requests_for_ten_thousand(
    store: FakeStore, join: Join, only: Callable[..., SqlGateway], tmp_path: Path
) -> None:
    store.add_products(10_000, tracking="variant")
    skus = [f"SKU-{number:06d}" for number in range(1, 10_001)]
    books = only(dict.fromkeys(skus, 5))
    web = join(books=books)
    web.push_inventory()
    write_quantities(books, tmp_path, dict.fromkeys(skus, 6))
    store.clear_log()
    assert len(web.push_inventory().sent) == 10_000
    assert store.counts() == {
        "GET /v2/orders/count": 1,
        "PUT /v3/inventory/adjustments/absolute": 5,
    }
    store.settle()
    assert set(store.inventory().values()) == {6}
    store.clear_log()
    assert web.push_inventory().unchanged == 10_000
    assert store.log == []


@pytest.mark.one_python
def test_products_tracked_by_product_are_looked_up_once(
    store: FakeStore, join: Join, only: Callable[..., SqlGateway], tmp_path: Path
) -> None:
    store.add_products(6000)
    skus = [f"SKU-{number:06d}" for number in range(1, 6001)]
    books = only(dict.fromkeys(skus, 5))
    web = join(books=books)
    report = web.push_inventory()
    assert (len(report.sent), codes(report)) == (6000, {})
    # The first batch is refused, and tells how the store keeps its stock; from then on ids are
    # looked up first.
    assert store.counts()["PUT /v3/inventory/adjustments/absolute"] == 4
    assert store.counts()["GET /v3/catalog/products"] == 24
    write_quantities(books, tmp_path, dict.fromkeys(skus, 6))
    store.clear_log()
    assert len(web.push_inventory().sent) == 6000
    assert store.counts() == {
        "GET /v2/orders/count": 1,
        "PUT /v3/inventory/adjustments/absolute": 3,
    }


# What is refused


def test_an_unknown_sku_is_refused_and_the_rest_goes_through(
    stocked: FakeStore, web: Orchestrator, books: SqlGateway, tmp_path: Path
) -> None:
    write_quantities(books, tmp_path, {"GHOST 1": 5, "GHOST": 6})
    report = web.push_inventory()
    assert codes(report) == {"GHOST": ["store_refused"], "GHOST 1": ["store_refused"]}
    assert [problem.message for change in report.refused for problem in change.problems] == [
        "The store refuses it: sku GHOST was not found.",
        "The store refuses it: sku GHOST 1 was not found.",
    ]
    assert len(report.sent) == 12
    # Looked at again each time, and pushed once the store has it.
    stocked.add_product({"sku": "GHOST", "name": "Ghost", "inventory_tracking": "variant"})
    report = web.push_inventory()
    assert (pushed(report), list(codes(report))) == ({"GHOST": "6"}, ["GHOST 1"])


def test_where_the_store_names_no_row_the_batch_is_halved(
    stocked: FakeStore, web: Orchestrator, books: SqlGateway, tmp_path: Path
) -> None:
    stocked.state.names_faulty_items = False
    web.push_products()
    write_quantities(books, tmp_path, {"GHOST": 5})
    report = web.push_inventory()
    assert codes(report) == {"GHOST": ["store_refused"]}
    assert len(report.sent) == 12


def test_very_many_rows_that_are_not_named_are_given_up(
    store: FakeStore, join: Join, only: Callable[..., SqlGateway]
) -> None:
    store.state.names_faulty_items = False
    store.add_product({"sku": "ZZZ", "name": "The last", "inventory_tracking": "variant"})
    report = join(
        books=only({**{f"GHOST-{number:03d}": 1 for number in range(500)}, "ZZZ": 1})
    ).push_inventory()
    assert len(report.refused) + len(report.postponed) + len(report.sent) == 501
    assert {problem.code for change in report.postponed for problem in change.problems} == {
        "store_refused",
        "batch_refused",
    }
    assert report.requests < 600


def test_a_product_that_is_not_tracked_says_so(stocked: FakeStore, web: Orchestrator) -> None:
    stocked.add_product({"id": 101, "sku": MUG, "name": "Mug", "inventory_tracking": "none"})
    report = web.push_inventory()
    assert "is not tracked" in report.refused[0].problems[0].message
    assert "track its inventory" in report.refused[0].problems[0].fix
    assert codes(report) == {MUG: ["store_refused"]}


def test_a_product_that_is_tracked_otherwise_by_now(
    stocked: FakeStore, web: Orchestrator, books: SqlGateway
) -> None:
    web.push_inventory()
    for sku, tracking in [(MUG, "variant"), ("LAMP-01", "product")]:
        product_id = stocked.state.catalog.by_sku.get(sku)
        stocked.request(
            "PUT",
            f"/v3/catalog/products/{product_id}",
            body=json.dumps({"inventory_tracking": tracking}).encode(),
        )
        books.set_quantity(sku, "Main", 42)
    report = web.push_inventory()
    assert (pushed(report), codes(report)) == ({MUG: "42", "LAMP-01": "42"}, {})
    stocked.settle()
    assert (stocked.inventory()[MUG], stocked.inventory()["LAMP-01"]) == (42, 42)


def test_a_product_that_was_deleted_and_made_anew(
    stocked: FakeStore, web: Orchestrator, books: SqlGateway
) -> None:
    web.push_inventory()
    stocked.request("DELETE", f"/v3/catalog/products/{stocked.state.catalog.by_sku.get(MUG)}")
    books.set_quantity(MUG, "Main", 42)
    assert codes(web.push_inventory()) == {MUG: ["store_refused"]}
    stocked.add_product({"sku": MUG, "name": "Mug", "inventory_tracking": "product"})
    assert pushed(web.push_inventory()) == {MUG: "42"}


def test_numbers_that_are_one_to_the_store(
    store: FakeStore, join: Join, only: Callable[..., SqlGateway]
) -> None:
    """The store ignores outer spaces and entities: what would be sent twice is sent apart."""
    store.add_product({"sku": "A&B", "name": "A and B", "inventory_tracking": "variant"})
    report = join(books=only({"A&B": 3, "A&amp;B": 3})).push_inventory()
    assert len(report.sent) == 2


# The location


def test_another_location_by_its_code(stocked: FakeStore, join: Join, change: Change) -> None:
    join(settings=change(shipping={"bigcommerce_location": "WEST"})).push_inventory()
    stocked.settle()
    assert stocked.inventory(2)[MUG] == 100


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("OLD", "the location 'Old' is disabled"),
        ("NORTH", "no location has the code 'NORTH'"),
        ("WESTT", "no location has the code 'WESTT' .*: Did you mean 'WEST'"),
    ],
)
def test_a_location_that_takes_nothing(
    stocked: FakeStore, join: Join, change: Change, code: str, said: str
) -> None:
    with pytest.raises(NoSuchLocation, match=said):
        join(settings=change(shipping={"bigcommerce_location": code})).push_inventory()
    assert puts(stocked) == []


def test_a_store_without_a_default_location(stocked: FakeStore, web: Orchestrator) -> None:
    stocked.state.locations[0]["is_default"] = False
    with pytest.raises(NoSuchLocation, match="no default location"):
        web.push_inventory()


def test_a_location_that_is_disabled_meanwhile(
    stocked: FakeStore, web: Orchestrator, books: SqlGateway
) -> None:
    web.push_inventory()
    stocked.state.locations[0]["enabled"] = False
    books.set_quantity(MUG, "Main", 42)
    with pytest.raises(NoSuchLocation, match="'Main' is disabled"):
        web.push_inventory()
    # Nothing is lost: it is pushed once the location is enabled.
    stocked.state.locations[0]["enabled"] = True
    assert pushed(web.push_inventory()) == {MUG: "42"}


def test_a_sku_that_reads_like_a_location(
    stocked: FakeStore, web: Orchestrator, books: SqlGateway, tmp_path: Path
) -> None:
    write_quantities(books, tmp_path, {"location-1": 5, "location-2": 5})
    report = web.push_inventory()
    assert list(codes(report)) == ["location-1", "location-2"]
    assert stocked.counts()["GET /v3/inventory/locations"] == 2


def test_the_location_is_asked_for_anew_from_time_to_time(
    stocked: FakeStore, web: Orchestrator
) -> None:
    now = 0.0
    location = StockLocation(web.store, "", Clock(monotonic=lambda: now))
    assert (location.id(), location.id()) == (1, 1)
    assert stocked.counts() == {"GET /v3/inventory/locations": 1}
    stocked.state.locations[0]["is_default"], stocked.state.locations[1]["is_default"] = False, True
    now = 3601.0
    assert location.id() == 2


def test_other_settings_mean_another_location(
    stocked: FakeStore, web: Orchestrator, change: Change
) -> None:
    web.push_inventory()
    web.use(change(shipping={"bigcommerce_location": "WEST"}))
    web.push_inventory(full=True)
    stocked.settle()
    assert stocked.inventory(2)[MUG] == 100


@pytest.fixture(params=["sqlite", "postgresql"])
def many(request: pytest.FixtureRequest, tmp_path: Path, books_toml: Path) -> Iterator[SqlGateway]:
    """Books of 140 products, in either database, with the journal."""
    is_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgresql_url") if is_postgresql else "sqlite://"
    with SqlGateway(url) as books:
        books.load(books_toml)
        with books.engine.begin() as connection:
            for table in ("quantities", "products"):
                connection.exec_driver_sql(f"DELETE FROM {table}")
        write_quantities(books, tmp_path, {f"SKU-{number:06}": number for number in range(1, 141)})
        yield books


def test_another_location_gets_every_quantity(
    store: FakeStore, join: Join, many: SqlGateway, change: Change
) -> None:
    """What was pushed to one location is not at the other."""
    store.add_location("WEST", "West")
    store.add_products(140)
    main = join(books=many)
    west = join(books=many, settings=change(shipping={"bigcommerce_location": "WEST"}))
    assert len(main.push_inventory().sent) == 140
    assert len(west.push_inventory(preview=True).sent) == 140
    assert len(west.push_inventory().sent) == 140
    store.settle()
    assert [sum(store.inventory(location).values()) for location in (1, 2)] == [9870, 9870]
    # Each location has what it has: nothing is sent to either again.
    store.clear_log()
    assert (list(west.push_inventory()), list(main.push_inventory()), store.log) == ([], [], [])
    many.set_quantity("SKU-000007", "Main", 70)
    assert pushed(west.push_inventory()) == {"SKU-000007": "70"}
    assert pushed(main.push_inventory()) == {"SKU-000007": "70"}


def test_another_default_location_gets_every_quantity_with_the_next_change(
    stocked: FakeStore, join: Join, books: SqlGateway
) -> None:
    assert len(join().push_inventory().sent) == 12
    stocked.state.locations[0]["is_default"], stocked.state.locations[1]["is_default"] = False, True
    books.set_quantity(MUG, "Main", 42)
    assert len(join().push_inventory().sent) == 12
    stocked.settle()
    assert stocked.inventory(2)[MUG] == 42
    stocked.clear_log()
    assert (list(join().push_inventory()), stocked.log) == ([], [])


# Deaths and failures


def test_a_failure_in_the_middle_keeps_what_was_done(
    store: FakeStore, join: Join, only: Callable[..., SqlGateway]
) -> None:
    store.add_products(5000, tracking="variant")
    web = join(books=only({f"SKU-{number:06d}": 5 for number in range(1, 5001)}))
    store.fail("PUT *", "503", at=2)
    report = web.push_inventory()
    assert (len(report.sent), len(report.postponed)) == (2000, 2000)
    assert report.stopped
    assert len(web.push_inventory().sent) == 3000
    store.settle()
    assert set(store.inventory().values()) == {5}


def test_a_failure_of_what_is_sent_again(stocked: FakeStore, web: Orchestrator) -> None:
    stocked.fail("PUT *", "503", at=3)
    report = web.push_inventory()
    assert {change.key for change in report.sent} == {"APRON-L", "APRON-S", "LAMP-01", "POSTER-A2"}
    assert len(report.postponed) == 8
    assert len(web.push_inventory().sent) == 8


def test_a_stop_after_a_refusal_loses_nothing(stocked: FakeStore, join: Join) -> None:
    class Stopping(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = stocked.handle(request)
            if response.status_code == 422:
                web.stop()
            return response

    web = join(transport=Stopping())
    with web.stop_request.listening():
        report = web.push_inventory()
    assert report.stopped == "a stop was asked for"
    assert len(report.postponed) == 12
    assert {problem.code for change in report.postponed for problem in change.problems} >= {
        "run_stopped"
    }
    assert len(web.push_inventory().sent) == 12


@pytest.mark.one_python
def test_a_death_anywhere_leaves_the_right_quantities(
    live_on: Callable[..., None], books: SqlGateway
) -> None:
    books.set_quantity(MUG, "Main", 42)

    def fill(store: FakeStore) -> None:
        example.populate(store, orders=0)
        store.add_order(OrderFactory(first_id=700).order([item(MUG, 2)]))

    def state(store: FakeStore, _: SqlGateway) -> object:
        store.settle()
        return store.inventory()

    live_on("push_inventory", state, fill=fill)


# Reading a refusal


def of(**name: str | int) -> InventoryAdjustment:
    return InventoryAdjustment(location_id=1, quantity=5, **name)  # type: ignore[arg-type]  # sku or product_id


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (
            '{"title": "[Item with sku MUG 1 was not found, Item with sku mug was not found]"}',
            {0: "was not found", 1: "was not found"},
        ),
        (
            (
                '{"title": "Item with sku: \\"MUG\\" is tracked by product, please update stock by '
                'product id"}'
            ),
            {0: "is tracked by product"},
        ),
        ('{"title": "Item with product_id 70 was not found"}', {}),
        ('{"title": "Item with product_id 7 was not found"}', {2: "was not found"}),
        ('{"title": "product id 7: no", "errors": {}}', {2: "no"}),
        ('{"title": "MUGS are not found"}', {}),
        ("Item with sku MUG was not found", {0: "was not found"}),
        ('["MUG"]', {}),
        ("", {}),
    ],
)
def test_whom_a_refusal_names(body: str, found: dict[int, str]) -> None:
    error = RequestRefused("refused")
    error.body = body
    drafts = [of(sku="MUG"), of(sku="MUG 1"), of(product_id=7)]
    named = named_adjustments(error, drafts)
    assert named.keys() == found.keys()
    assert all(reason in named[index] for index, reason in found.items())
