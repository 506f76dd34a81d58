"""The setup check of product pushes: taxes in prices, units, and what a push would replace."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import Product
from avbc.mapping import PRODUCT_FIELDS, FieldRule, with_fields
from avbc.orchestrator import Check, Orchestrator, SetupReport
from avbc.settings import Settings
from avbc.testing import FakeStore

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]
Write = Callable[..., SqlGateway]

COLUMNS = "part_number,name,list_price,weight,length,sales_memo,product_class"


@pytest.fixture
def write(new_books: Callable[..., SqlGateway], tmp_path: Path) -> Write:
    """Books with these products alone: `write("MUG,Mug,9.95,1,,Holds tea")`."""

    def written(*rows: str) -> SqlGateway:
        books = new_books()
        with books.engine.begin() as connection:
            for table in ("quantities", "products"):
                connection.exec_driver_sql(f"DELETE FROM {table}")
        file = tmp_path / "products.csv"
        file.write_text("\n".join([COLUMNS, *(f"{row},Goods" for row in rows)]), encoding="utf-8")
        books.load_products(file)
        return books

    return written


def of_products(report: SetupReport) -> dict[str, Check]:
    return {check.item: check for check in report.checks if check.area == "product"}


def of_units(report: SetupReport) -> dict[str, Check]:
    return {check.item: check for check in report.checks if check.area == "units"}


def states(report: SetupReport) -> dict[str, str]:
    return {item: check.state for item, check in of_products(report).items()}


def keeping(settings: Settings, *names: str, **others: object) -> Settings:
    products = attrs.evolve(settings.products, keep_store_fields=names)
    return attrs.evolve(settings, products=products, **others)


def measured(store: FakeStore, numbers: Iterable[int], **fields: float) -> None:
    for number in numbers:
        store.add_product({"sku": f"P{number}", "name": f"P{number}", "price": 5, **fields})


# Prices with tax


def test_prices_that_are_entered_with_tax(
    join: Join, write: Write, store: FakeStore, settings: Settings
) -> None:
    books = write("MUG,Mug,9.95,1,,")
    assert states(join(books=books).check_setup())["prices"] == "ok"
    store.state.information["is_price_entered_with_tax"] = True
    check = of_products(join(books=books).check_setup())["prices"]
    assert check.state == "warning"
    assert "sends the List Price and Sell Price of AcctVantage" in check.found
    assert check.fix.startswith("Add price and sale_price to products.keep_store_fields")
    # Each way that it names ends it.
    kept = keeping(settings, "price", "sale_price")
    assert "prices" not in states(join(books=books, settings=kept).check_setup())
    own = with_fields(
        PRODUCT_FIELDS,
        FieldRule[Product]("price", "List Price with tax", lambda _product: Decimal(12)),
        FieldRule[Product]("sale_price", "Sell Price with tax", lambda _product: Decimal(0)),
    )
    assert "prices" not in states(join(books=books, product_fields=own).check_setup())
    # One of the two is not enough.
    half = of_products(join(books=books, settings=keeping(settings, "price")).check_setup())
    assert "sends the Sell Price of" in half["prices"].found


def test_nothing_is_checked_where_no_details_are_pushed(
    join: Join, write: Write, store: FakeStore, change: Change
) -> None:
    store.state.information["is_price_entered_with_tax"] = True
    books = write("MUG,Mug,9.95,1,,")
    off = change(shipping={"sync_product_details": False})
    assert states(join(books=books, settings=off).check_setup()) == {}
    assert "GET /v3/catalog/products" not in store.counts()


# Units


@pytest.mark.parametrize(
    ("unit", "here", "there", "name"),
    [
        ("KGS", "2.2", 1, "pounds"),
        ("LBS", "1", 2.2, "kilograms"),
        ("Ounces", "1", 16, "pounds"),
        ("Grams", "0.4", 400, "kilograms"),
    ],
)
def test_weights_in_another_unit(
    join: Join,
    write: Write,
    store: FakeStore,
    settings: Settings,
    *,
    unit: str,
    here: str,
    there: float,
    name: str,
) -> None:
    store.state.information["weight_units"] = unit
    measured(store, range(3), weight=there)
    books = write(*(f"P{number},P{number},5,{here},," for number in range(3)))
    check = of_units(join(books=books).check_setup())["weight"]
    assert check.state == "warning"
    assert f"The store's unit is {unit}, and the books seem to have {name}." in check.found
    assert check.seen.startswith("Of 'P0' the books have")
    # Each way that it names ends it.
    kept = keeping(settings, "weight")
    assert "weight" not in of_units(join(books=books, settings=kept).check_setup())
    weight = FieldRule[Product]("weight", "Weight", lambda _: Decimal(str(there)))
    own = with_fields(PRODUCT_FIELDS, weight)
    assert of_units(join(books=books, product_fields=own).check_setup())["weight"].state == "ok"
    books = write(*(f"P{number},P{number},5,{there},," for number in range(3)))
    assert of_units(join(books=books).check_setup())["weight"].state == "ok"


def test_lengths_in_another_unit(join: Join, write: Write, store: FakeStore) -> None:
    measured(store, range(2), depth=4, weight=1)
    books = write(*(f"P{number},P{number},5,1,10.16," for number in range(2)))
    check = of_units(join(books=books).check_setup())["dimensions"]
    assert "The store's unit is Inches, and the books seem to have centimeters." in check.found


@pytest.mark.parametrize("there", [(16.0, 1.0, 1.0), (16.0, 0, 0), (1.5, 3, 0.2)])
def test_weights_that_differ_otherwise_are_no_matter_of_units(
    join: Join, write: Write, store: FakeStore, there: tuple[float, ...]
) -> None:
    for number, weight in enumerate(there):
        measured(store, [number], weight=weight)
    books = write(*(f"P{number},P{number},5,1,," for number in range(3)))
    assert of_units(join(books=books).check_setup())["weight"].state == "ok"


# What the first push replaces


def test_texts_and_prices_that_the_first_push_would_replace(
    join: Join, write: Write, store: FakeStore, settings: Settings
) -> None:
    there = {"price": 40, "weight": 1, "description": "<p>Written by hand</p>"}
    store.add_product({"sku": "lamp", "name": "Lamp", **there})
    store.add_product({"sku": "MUG", "name": "Mug", "price": 9.95, "weight": 1})
    books = write("LAMP,Lamp,49,1,,From the books", "MUG,Mug,9.95,1,,Holds tea", "NEW,New,1,1,,")
    report = join(books=books).check_setup()
    found = {item: check for item, check in of_products(report).items() if check.state == "warning"}
    assert set(found) == {"description", "price"}
    assert found["price"].found == "The next product push replaces the store's price."
    assert found["price"].seen == (
        "It differs in 1 of 2 products, such as LAMP: price 40.00 -> 49.00."
    )
    assert "<p>Written by hand</p> -> From the books" in found["description"].seen
    assert report.ok
    # Fields that are kept are not replaced.
    kept = keeping(settings, "description", "price")
    report = join(books=books, settings=kept).check_setup()
    assert states(report)["values of the store"] == "ok"
    assert of_products(report)["products.keep_store_fields"].found == ("description, price")
    join(books=books, settings=kept).push_products()
    assert store.state.products[101]["price"] == 40
    assert store.state.products[101]["description"] == "<p>Written by hand</p>"
    # No longer kept, they are replaced, and the preview says the same.
    report = join(books=books).check_setup()
    found = {item: check for item, check in of_products(report).items() if check.state == "warning"}
    preview = join(books=books).push_products(preview=True)
    replaced = {each.field: str(each) for change in preview.sent for each in change.replaced}
    assert found.keys() == replaced.keys() == {"description", "price"}
    for item, check in found.items():
        assert replaced[item] in check.seen
    # Once they were pushed, nothing is left to warn of.
    join(books=books).push_products()
    assert states(join(books=books).check_setup())["values of the store"] == "ok"
    store.state.products[101]["price"] = 45
    assert states(join(books=books).check_setup())["values of the store"] == "ok"


def test_one_request_is_read_whatever_there_is(join: Join, write: Write, store: FakeStore) -> None:
    store.add_products(600)
    books = write(*(f"SKU-{number:06d},Thing {number},9,1,," for number in range(1, 601)))
    report = join(books=books).check_setup()
    assert store.counts()["GET /v3/catalog/products"] == 1
    assert store.counts()["GET /v2/store"] == 1
    assert "250 of 250 products" in of_products(report)["name"].seen
    assert {entry.method for entry in store.log} == {"GET"}


def test_the_store_does_not_show_its_products(join: Join, write: Write, store: FakeStore) -> None:
    store.scopes -= {"store_v2_products", "store_v2_products_read_only"}
    report = join(books=write("MUG,Mug,9.95,1,,")).check_setup()
    assert states(report)["values of the store"] == "unknown"


# Names of fields


def test_names_of_fields_to_keep_are_checked(join: Join, write: Write, settings: Settings) -> None:
    wrong = keeping(settings, "descripton", "price", "sku")
    checks = of_products(join(books=write("A,A,1,1,,"), settings=wrong).check_setup())
    first = checks["products.keep_store_fields[0]"]
    assert first.state == "error"
    assert "no field 'descripton'" in first.found
    assert first.fix.startswith("Did you mean 'description'? It sends name, type, description,")
    assert "found by it" in checks["products.keep_store_fields[2]"].found
    repaired = keeping(settings, "Description", "price")
    report = join(books=write("A,A,1,1,,"), settings=repaired).check_setup()
    assert states(report)["products.keep_store_fields"] == "ok"
