"""What a row of the settings names in the store is what pushes of its part number go to."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from avbc.acctvantage import SqlGateway
from avbc.orchestrator import Orchestrator, PushReport
from avbc.settings import ProductMapping, Settings
from avbc.testing import FakeStore

Join = Callable[..., Orchestrator]
Rows = Callable[..., Orchestrator]


@pytest.fixture
def few_books(new_books: Callable[..., SqlGateway]) -> SqlGateway:
    """Books that sync two products: MUG-RED, of which 100 are there, and TOWEL-ST."""
    books = new_books()
    with books.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE products SET sync_to_webstore = false "
            "WHERE part_number NOT IN ('MUG-RED', 'TOWEL-ST')"
        )
    return books


@pytest.fixture
def rows(join: Join, few_books: SqlGateway, change: Callable[..., Settings]) -> Rows:
    """Join with these rows: `rows({"sku": "OLD", "part_number": "MUG-RED"})`."""

    def joined(*given: dict[str, object]) -> Orchestrator:
        mapping = tuple(ProductMapping(**row) for row in given)  # type: ignore[arg-type]  # as in TOML
        return join(books=few_books, settings=change(products={"mapping": mapping}))

    return joined


@pytest.fixture
def towel(store: FakeStore) -> int:
    """What the store has under the SKU of the books."""
    row = {"sku": "TOWEL-ST", "name": "Towel", "price": 1, "inventory_tracking": "product"}
    return store.add_product(row, {1: 0})


@pytest.fixture
def mug(store: FakeStore, towel: int) -> int:
    """What the store sells under a SKU of its own."""
    row = {"id": 77, "sku": "OLD-1", "name": "Mug", "price": 1, "inventory_tracking": "product"}
    return store.add_product(row, {1: 0})


@pytest.fixture
def mugs(store: FakeStore, towel: int) -> list[int]:
    """Two variants of a product that have SKUs of their own."""
    variants = [
        {
            "id": number,
            "sku": sku,
            "option_values": [{"label": sku, "option_display_name": "Color"}],
        }
        for number, sku in [(582, "M-RED"), (583, "M-BLUE")]
    ]
    product = {"id": 78, "sku": "M", "name": "Mug", "price": 1, "variants": variants}
    store.add_product(product | {"inventory_tracking": "variant"}, {1: 0})
    return [582, 583]


def codes(report: PushReport) -> dict[str, list[str]]:
    return {
        change.key: [problem.code for problem in change.problems]
        for _, change in report
        if change.problems
    }


def sent(store: FakeStore, path: str) -> list[dict[str, object]]:
    return [json.loads(entry.body) for entry in store.log if entry.name.startswith(path)]


BY_SKU = {"sku": "old-1", "part_number": "MUG-RED"}
BY_ID = {"product_id": 77, "part_number": "mug-red"}


@pytest.mark.parametrize("row", [BY_SKU, BY_ID])
def test_details_go_to_what_the_row_names_and_its_sku_stays(
    rows: Rows, store: FakeStore, mug: int, row: dict[str, object]
) -> None:
    web = rows(row)
    report = web.push_products()
    assert codes(report) == {}
    assert {change.key: change.after != "new" for change in report.sent} == {
        "MUG-RED": True,
        "TOWEL-ST": True,
    }
    now = store.state.catalog.rows[mug]
    assert (now["sku"], now["name"], float(str(now["price"]))) == ("OLD-1", "Red mug", 9.95)
    assert len(store.state.catalog.rows) == 2


def test_it_is_remembered(rows: Rows, store: FakeStore, few_books: SqlGateway, mug: int) -> None:
    web = rows(BY_SKU)
    web.push_products()
    with few_books.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE products SET list_price = 12 WHERE name = 'Red mug'")
    store.clear_log()
    assert len(web.push_products().sent) == 1
    assert [entry.method for entry in store.log] == ["PUT"]
    now = store.state.catalog.rows[mug]
    assert (now["sku"], float(str(now["price"]))) == ("OLD-1", 12)


def test_it_is_forgotten_with_the_row(
    rows: Rows, store: FakeStore, few_books: SqlGateway, mug: int
) -> None:
    """Then the part number is a product of its own again."""
    rows(BY_SKU).push_products()
    with few_books.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE products SET list_price = 12, name = 'Ruby mug' WHERE name = 'Red mug'"
        )
    (change,) = rows().push_products().sent
    assert (change.key, change.after) == ("MUG-RED", "new")
    assert store.state.catalog.rows[mug]["sku"] == "OLD-1"


def test_a_product_with_the_part_number_as_its_sku_comes_first(
    rows: Rows, store: FakeStore, mug: int
) -> None:
    own = store.add_product({"sku": "MUG-RED", "name": "Own", "price": 1}, {1: 0})
    rows(BY_ID).push_products()
    assert store.state.catalog.rows[own]["name"] == "Red mug"
    assert store.state.catalog.rows[mug]["name"] == "Mug"


@pytest.mark.parametrize(
    "given",
    [
        [{"sku": "M-*", "part_number": "MUG-RED"}],
        [{"name": "Mug", "part_number": "MUG-RED"}],
        [
            {"variant_id": 582, "part_number": "MUG-RED"},
            {"variant_id": 583, "part_number": "MUG-RED"},
        ],
        [{"product_id": 999, "part_number": "MUG-RED"}],
    ],
)
def test_no_product_is_created_for_what_rows_book_otherwise(
    rows: Rows, store: FakeStore, mugs: list[int], given: list[dict[str, object]]
) -> None:
    report = rows(*given).push_products()
    assert codes(report) == {"MUG-RED": ["product_mapped"]}
    assert len(store.state.catalog.rows) == 2
    # The fix, followed: one product of the store is named.
    web = rows({"variant_id": 582, "part_number": "MUG-RED"})
    assert [change.key for change in web.push_products().sent] == ["MUG-RED"]
    assert len(store.state.catalog.rows) == 2
    assert store.state.catalog.variants[582]["sku"] == "M-RED"
    assert float(str(store.state.catalog.variants[582]["price"])) == 9.95


def test_the_other_fix_of_no_product_is_followed(
    rows: Rows, few_books: SqlGateway, mugs: list[int]
) -> None:
    web = rows({"sku": "M-*", "part_number": "MUG-RED"})
    web.push_products()
    with few_books.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE products SET sync_to_webstore = false WHERE part_number = 'MUG-RED'"
        )
    assert codes(web.push_products()) == {}


@pytest.mark.parametrize("row", [BY_SKU, BY_ID])
def test_quantities_go_to_what_the_row_names(
    rows: Rows, store: FakeStore, mug: int, few_books: SqlGateway, row: dict[str, object]
) -> None:
    web = rows(row)
    report = web.push_inventory()
    assert codes(report) == {}
    store.settle()
    assert store.inventory()["OLD-1"] == 100
    few_books.set_quantity("MUG-RED", "Main", 60)
    store.clear_log()
    assert len(web.push_inventory().sent) == 1
    store.settle()
    assert store.inventory()["OLD-1"] == 60
    assert len(sent(store, "PUT")) == 1


@pytest.mark.parametrize("row", [{"variant_id": 582}, {"sku": "M-RED"}])
def test_quantities_go_to_the_variant_that_the_row_names(
    rows: Rows, store: FakeStore, mugs: list[int], row: dict[str, object]
) -> None:
    report = rows({**row, "part_number": "MUG-RED"}).push_inventory()
    assert codes(report) == {}
    store.settle()
    assert (store.inventory()["M-RED"], store.inventory()["M-BLUE"]) == (100, 0)


def test_a_sku_with_every_sign_is_remembered(rows: Rows, store: FakeStore, towel: int) -> None:
    sku = 'A/B "C" [1], é\\n'
    store.add_product({"sku": sku, "name": "Mug", "inventory_tracking": "product"}, {1: 0})
    web = rows({"sku": sku, "part_number": "MUG-RED"})
    assert codes(web.push_products()) == {}
    assert codes(web.push_inventory()) == {}
    store.settle()
    assert store.inventory()[sku] == 100
