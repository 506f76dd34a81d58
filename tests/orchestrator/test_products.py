"""Product details reach the store once if they changed; what the merchant added stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import Product
from avbc.bigcommerce import RequestRefused, ScopeMissing, TokenRefused
from avbc.bigcommerce.body import Json
from avbc.bigcommerce.models import ProductDraft
from avbc.mapping import PRODUCT_FIELDS, FieldRule, with_fields
from avbc.orchestrator import Orchestrator, PushReport
from avbc.orchestrator.engine.batches import named_drafts
from avbc.settings import Settings, SettingsError
from avbc.testing import FakeStore, example

Join = Callable[..., Orchestrator]
Write = Callable[..., None]
Change = Callable[..., Settings]

UPC = with_fields(
    PRODUCT_FIELDS, FieldRule[Product]("upc", "Description", lambda product: product.description)
)
"""A field map that fills the UPC, of which the store takes 14 characters."""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write products to books: `write(books, "MUG,A mug,9.95", "LAMP,A lamp,49.00")`."""

    def written(
        books: SqlGateway, *rows: str, columns: str = "part_number,name,list_price"
    ) -> None:
        file = tmp_path / "products.csv"
        file.write_text(
            "\n".join([f"{columns},product_class,weight", *(f"{row},Goods,1" for row in rows)]),
            encoding="utf-8",
        )
        books.load_products(file)

    return written


@pytest.fixture
def plain_books(new_books: Callable[..., SqlGateway]) -> SqlGateway:
    """Books without products."""
    books = new_books()
    forget_products(books)
    return books


def forget_products(books: SqlGateway) -> None:
    with books.engine.begin() as connection:
        for table in ("quantities", "products"):
            connection.exec_driver_sql(f"DELETE FROM {table}")


@pytest.fixture
def plain(join: Join, plain_books: SqlGateway) -> Orchestrator:
    return join(books=plain_books)


def untick(books: SqlGateway, part_number: str, *, ticked: bool = False) -> None:
    with books.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE products SET sync_to_webstore = ? WHERE part_number = ?", (ticked, part_number)
        )


def product(store: FakeStore, sku: str) -> dict[str, object]:
    """A product of the store as the API shows it."""
    product_id = store.state.catalog.by_sku.get(sku)
    assert product_id is not None, f"the store has no {sku}"
    return json.loads(store.request("GET", f"/v3/catalog/products/{product_id}").body)["data"]


def writes(store: FakeStore) -> list[tuple[str, object]]:
    """What was sent since the log was cleared, reads left out."""
    return [(entry.name, json.loads(entry.body)) for entry in store.log if entry.method != "GET"]


def codes(report: PushReport) -> dict[str, list[str]]:
    return {
        change.key: [problem.code for problem in change.problems]
        for _, change in report
        if change.problems
    }


# What is sent


def test_new_products_are_created_and_known_ones_updated(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    store.add_product(
        {
            "id": 107,
            "sku": "lamp",
            "name": "Lamp, old",
            "price": 40,
            "images": [{"id": 1}],
            "categories": [4, 5],
        }
    )
    write(plain_books, "MUG,A mug,9.95", "LAMP,A lamp,49.00")
    report = plain.push_products()
    assert {change.key: change.after for change in report.sent} == {
        "LAMP": "name, sku, weight, price",
        "MUG": "new",
    }
    mug = product(store, "MUG")
    assert (mug["name"], mug["price"], mug["type"], mug["inventory_tracking"]) == (
        "A mug",
        9.95,
        "physical",
        "product",
    )
    lamp = product(store, "LAMP")
    assert (lamp["id"], lamp["name"], lamp["price"], lamp["categories"]) == (
        107,
        "A lamp",
        49,
        [4, 5],
    )
    assert store.state.products[107]["images"] == [{"id": 1}]
    assert len(store.state.products) == 2


def test_only_what_changed_is_sent(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    write(plain_books, "MUG,A mug,9.95", "LAMP,A lamp,49.00")
    plain.push_products()
    store.clear_log()
    report = plain.push_products()
    assert (report.unchanged, list(report), report.requests, store.log) == (2, [], 0, [])
    write(plain_books, "MUG,A mug,8.95")
    report = plain.push_products()
    assert (report.unchanged, [(change.key, change.after) for change in report.sent]) == (
        1,
        [("MUG", "price")],
    )
    mug = product(store, "MUG")
    # The SKU goes along, so that nothing is written to another product.
    assert writes(store) == [
        ("PUT /v3/catalog/products", [{"id": mug["id"], "sku": "MUG", "price": 8.95}])
    ]


def test_full_tells_everything_again_to_ids_looked_up_anew(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    write(plain_books, "MUG,A mug,9.95")
    plain.push_products()
    mug = product(store, "MUG")
    store.request(
        "PUT", f"/v3/catalog/products/{mug['id']}", body=b'{"price": 1, "name": "Changed by hand"}'
    )
    store.clear_log()
    report = plain.push_products(full=True)
    assert store.counts() == {"GET /v3/catalog/products": 1, "PUT /v3/catalog/products": 1}
    assert len(report.sent) == 1
    assert product(store, "MUG")["name"] == "A mug"


def test_a_preview_sends_nothing(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    store.add_product({"id": 107, "sku": "LAMP", "name": "Lamp"})
    write(plain_books, "MUG,A mug,9.95", "LAMP,A lamp,49.00", "BAD,No price,")
    report = plain.push_products(preview=True)
    assert {entry.method for entry in store.log} == {"GET"}
    calls = [call for change in report.sent for call in change.calls]
    assert [(call.method, call.path) for call in calls] == [
        ("PUT", "/v3/catalog/products"),
        ("POST", "/v3/catalog/products"),
    ]
    assert codes(report) == {"BAD": ["product_field_missing"]}
    lamp = next(change for change in report.sent if change.key == "LAMP")
    assert ("price", "49.00", "its List Price") in [
        (decision.field, decision.value, decision.reason) for decision in lamp.decisions
    ]
    assert str(report).startswith("push_products (preview): would send 2, would refuse 1.")
    # Nothing is remembered either: the real push does it all.
    assert len(plain.push_products().sent) == 2


def test_a_sku_that_is_a_variant_gets_the_fields_of_a_variant(
    store: FakeStore, web: Orchestrator
) -> None:
    example.populate(store, orders=0)
    web.push_products()
    parent, small = store.state.products[113], store.state.catalog.variants[651]
    assert (parent["name"], parent["price"]) == ("Apron", 22)
    assert (small["price"], small["weight"], small["sale_price"]) == (22.0, 1, None)
    assert [name for name, _ in writes(store)].count("PUT /v3/catalog/variants") == 1


def test_a_field_map_of_your_own(
    store: FakeStore, join: Join, plain_books: SqlGateway, write: Write
) -> None:
    web = join(books=plain_books, product_fields=UPC)
    write(
        plain_books,
        "MUG,A mug,9.95,4006381333931",
        columns="part_number,name,list_price,description",
    )
    web.push_products()
    assert product(store, "MUG")["upc"] == "4006381333931"


def test_a_map_that_lacks_what_the_store_needs(
    store: FakeStore, join: Join, plain_books: SqlGateway, write: Write
) -> None:
    web = join(
        books=plain_books, product_fields=[rule for rule in PRODUCT_FIELDS if rule.name != "type"]
    )
    write(plain_books, "MUG,A mug,9.95")
    report = web.push_products()
    assert codes(report) == {"MUG": ["not_sendable"]}
    assert "products[0].type: a value is required" in report.refused[0].problems[0].message


def test_a_text_that_cannot_be_sent_holds_up_no_other_product(
    store: FakeStore, join: Join, plain_books: SqlGateway, write: Write
) -> None:
    rule = FieldRule[Product](
        "upc", "UPC", lambda product: "4006\ud83d" if product.part_number == "MUG" else "4006"
    )
    web = join(books=plain_books, product_fields=with_fields(PRODUCT_FIELDS, rule))
    write(plain_books, "LAMP,A lamp,49.00", "MUG,A mug,9.95", "TRAY,A tray,4.00")
    join(books=plain_books).push_products()
    assert "cannot be sent: " in str(web.push_products(preview=True))
    report = web.push_products()
    assert sorted(change.key for change in report.sent) == ["LAMP", "TRAY"]
    assert codes(report) == {"MUG": ["not_sendable"]}
    message = report.refused[0].problems[0].message
    assert message.startswith("It cannot be sent: ")
    assert "holds half a character" in message


def test_what_is_not_ticked_is_not_pushed(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    write(plain_books, "MUG,A mug,9.95", "LAMP,A lamp,49.00")
    untick(plain_books, "LAMP")
    assert [change.key for change in plain.push_products().sent] == ["MUG"]
    untick(plain_books, "MUG")
    assert not list(plain.push_products())
    # Ticked again, it is told again: who knows what became of it in the store meanwhile.
    untick(plain_books, "MUG", ticked=True)
    assert [change.key for change in plain.push_products().sent] == ["MUG"]
    assert len(store.state.products) == 1


def test_the_check_box_is_respected(store: FakeStore, join: Join, change: Change) -> None:
    web = join(settings=change(shipping={"sync_product_details": False}))
    with pytest.raises(SettingsError, match=r"shipping\.sync_product_details: is false"):
        web.push_products()
    assert store.log == []


def test_what_is_emptied_in_the_books_stays_in_the_store(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    columns = "part_number,name,list_price,sales_memo"
    write(plain_books, "MUG,A mug,9.95,Holds tea", columns=columns)
    plain.push_products()
    write(plain_books, "MUG,A mug,9.95,", columns=columns)
    store.clear_log()
    report = plain.push_products()
    assert (list(report), report.unchanged, store.log) == ([], 1, [])
    assert product(store, "MUG")["description"] == "Holds tea"
    write(plain_books, "MUG,A mug,9.95,Holds tea", columns=columns)
    assert [change.after for change in plain.push_products().sent] == ["description"]


# How many requests


@pytest.mark.no_cover
def test_requests_for_a_thousand_products(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    store.add_products(1000)
    write(plain_books, *(f"SKU-{number:06d},Product {number},9.95" for number in range(1, 1001)))
    report = plain.push_products()
    assert (len(report.sent), report.requests) == (1000, 104)
    write(plain_books, *(f"SKU-{number:06d},Thing {number},8.95" for number in range(1, 1001)))
    report = plain.push_products()
    assert (len(report.sent), report.requests) == (1000, 100)
    assert (product(store, "SKU-000777")["name"], product(store, "SKU-000777")["price"]) == (
        "Thing 777",
        8.95,
    )


def test_variants_go_in_fifties(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    variants = [
        {"sku": f"SHIRT-{number}", "option_values": [{"label": str(number)}]}
        for number in range(120)
    ]
    store.add_product({"sku": "SHIRT", "name": "Shirt", "price": 20, "variants": variants})
    write(plain_books, *(f"SHIRT-{number},Shirt {number},25" for number in range(120)))
    plain.push_products()
    assert store.counts() == {
        "GET /v3/catalog/products": 1,
        "GET /v3/inventory/items": 1,
        "PUT /v3/catalog/variants": 3,
    }
    assert all(variant["price"] == 25 for variant in store.state.catalog.variants.values())
    assert store.state.products[101]["price"] == 20


def test_long_skus_are_asked_for_in_shorter_lists(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    write(plain_books, *(f"{'ü' * 15}{number:03d},Product {number},9.95" for number in range(200)))
    assert len(plain.push_products().sent) == 200
    assert store.counts()["GET /v3/catalog/products"] > 1


def test_a_sku_with_a_comma_is_asked_for_alone(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    store.add_product({"id": 107, "sku": "MUG,RED", "name": "Mug"})
    variant = {"id": 701, "sku": "TEE,XL", "option_values": [{"label": "XL"}]}
    store.add_product({"id": 108, "sku": "", "name": "Tee", "variants": [variant]})
    write(plain_books, '"MUG,RED",A mug,9.95', '"TEE,XL",A tee,19.95', "LAMP,A lamp,49")
    report = plain.push_products()
    assert {change.key: change.what for change in report.sent} == {
        "MUG,RED": "product",
        "TEE,XL": "variant",
        "LAMP": "product",
    }
    assert len(store.state.products) == 3


def test_without_the_inventory_scope_variants_are_found_one_by_one(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    store.scopes -= {"store_inventory", "store_inventory_read_only"}
    store.add_product(
        {
            "sku": "",
            "name": "Tee",
            "variants": [{"id": 701, "sku": "TEE-XL", "option_values": [{"label": "XL"}]}],
        }
    )
    write(plain_books, "TEE-XL,A tee,19.95", "MUG,A mug,9.95")
    assert {change.key: change.after for change in plain.push_products().sent} == {
        "TEE-XL": "sku, price, weight",
        "MUG": "new",
    }
    assert store.counts()["GET /v3/catalog/variants"] == 2


# What is refused


def test_a_bad_row_is_refused_and_the_rest_of_its_batch_is_sent(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    store.add_products(10)
    store.add_product({"sku": "OTHER", "name": "Taken"})
    rows = [f"SKU-{number:06d},Product no {number},9.95" for number in range(1, 11)]
    write(plain_books, *rows[:3], "SKU-000004,Taken,9.95", *rows[4:])
    report = plain.push_products()
    assert len(report.sent) == 9
    assert codes(report) == {"SKU-000004": ["store_refused"]}
    assert "name: the name Taken is already in use" in report.refused[0].problems[0].message
    assert product(store, "SKU-000010")["price"] == 9.95
    assert store.counts()["PUT /v3/catalog/products"] == 2
    # It is tried again each time, and goes through once a person mended it.
    assert codes(plain.push_products()) == {"SKU-000004": ["store_refused"]}
    write(plain_books, rows[3])
    assert [change.key for change in plain.push_products().sent] == ["SKU-000004"]


def test_refused_variants_are_read_row_by_row(
    store: FakeStore, join: Join, plain_books: SqlGateway, write: Write
) -> None:
    web = join(books=plain_books, product_fields=UPC)
    variants = [
        {"sku": f"SHIRT-{number}", "option_values": [{"label": str(number)}]} for number in range(4)
    ]
    store.add_product({"sku": "", "name": "Shirt", "price": 20, "variants": variants})
    upcs = ["1", "2" * 15, "3", "4" * 15]
    write(
        plain_books,
        *(f"SHIRT-{n},Shirt,25,{upc}" for n, upc in enumerate(upcs)),
        columns="part_number,name,list_price,description",
    )
    report = web.push_products()
    assert codes(report) == {"SHIRT-1": ["store_refused"], "SHIRT-3": ["store_refused"]}
    assert "upc: must be at most 14 characters" in report.refused[0].problems[0].message
    assert [variant.get("price") for variant in store.state.catalog.variants.values()] == [
        25,
        None,
        25,
        None,
    ]
    assert store.counts()["PUT /v3/catalog/variants"] == 2


def test_a_new_product_that_is_refused_does_not_stop_the_others(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    store.add_product({"sku": "OTHER", "name": "Taken"})
    write(plain_books, "A,Taken,9.95", "B,Free,9.95")
    report = plain.push_products()
    assert [change.key for change in report.sent] == ["B"]
    assert codes(report) == {"A": ["store_refused"]}


@pytest.mark.parametrize("tells_which", [True, False])
def test_what_was_saved_in_part_is_no_success(
    store: FakeStore, join: Join, plain_books: SqlGateway, write: Write, tells_which: bool
) -> None:
    class Vague(httpx.BaseTransport):
        """Does not say which product of several a failure belongs to."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = store.handle(request)
            if response.status_code != 207 or tells_which:
                return response
            body = response.json()
            return httpx.Response(
                207,
                json={
                    **body,
                    "errors": {
                        **body["errors"],
                        "errors": {"inventory_level": "could not be saved"},
                    },
                },
            )

    web = join(books=plain_books, transport=Vague())
    store.add_products(3)
    write(plain_books, *(f"SKU-{number:06d},Product no {number},9.95" for number in range(1, 4)))
    # Where the answer is vague each of the three is sent alone, and the second of them fails again.
    store.fail("PUT /v3/catalog/products", "207")
    if not tells_which:
        store.fail("PUT /v3/catalog/products", "207", at=2)
    report = web.push_products()
    (refused,) = report.refused
    assert [problem.code for problem in refused.problems] == ["partly_saved"]
    assert len(report.sent) == 2
    assert product(store, refused.key)["price"] == 9.95
    # Told again, since it is not known to be whole.
    assert [change.key for change in web.push_products().sent] == [refused.key]


def test_a_product_that_was_deleted_in_the_store_is_created_again(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    write(plain_books, *(f"SKU-{number},Product {number},9.95" for number in range(12)))
    plain.push_products()
    store.request("DELETE", f"/v3/catalog/products/{product(store, 'SKU-5')['id']}")
    write(plain_books, *(f"SKU-{number},Product {number},8.95" for number in range(12)))
    report = plain.push_products()
    assert (len(report.sent), codes(report)) == (12, {})
    assert {product(store, f"SKU-{number}")["price"] for number in range(12)} == {8.95}
    assert product(store, "SKU-5")["name"] == "Product 5"
    assert len(store.state.products) == 12


def test_a_variant_that_was_deleted_in_the_store_is_looked_up_again(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    tee = {"id": 108, "sku": "", "name": "Tee", "price": 20}
    store.add_product(
        {**tee, "variants": [{"id": 701, "sku": "TEE-XL", "option_values": [{"label": "XL"}]}]}
    )
    write(plain_books, "TEE-XL,A tee,19.95")
    plain.push_products()
    store.add_product(
        {**tee, "variants": [{"id": 702, "sku": "TEE-XL", "option_values": [{"label": "XL"}]}]}
    )
    write(plain_books, "TEE-XL,A tee,18.95")
    assert len(plain.push_products().sent) == 1
    assert store.state.catalog.variants[702]["price"] == 18.95


def test_an_id_that_became_another_product_is_not_written_to(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    write(plain_books, "MUG,A mug,9.95", "LAMP,A lamp,49.00")
    plain.push_products()
    mug, lamp = product(store, "MUG")["id"], product(store, "LAMP")["id"]
    for product_id, sku in [(mug, "X"), (lamp, "MUG"), (mug, "LAMP")]:
        store.request(
            "PUT", f"/v3/catalog/products/{product_id}", body=json.dumps({"sku": sku}).encode()
        )
    write(plain_books, "MUG,A mug,8.95")
    assert codes(plain.push_products()) == {"MUG": ["store_refused"]}
    assert store.state.products[int(str(mug))]["price"] == 9.95
    # The next pushes look up which product it is by now, and end where both names are free.
    write(plain_books, "LAMP,Another lamp,49.00")
    for _ in range(4):
        plain.push_products()
    assert (product(store, "MUG")["id"], product(store, "MUG")["price"]) == (lamp, 8.95)
    assert (product(store, "LAMP")["id"], product(store, "LAMP")["name"]) == (mug, "Another lamp")


def test_a_product_that_is_deleted_again_and_again_waits(
    store: FakeStore, join: Join, plain_books: SqlGateway, write: Write
) -> None:
    class Deleting(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return (
                httpx.Response(404, json={"status": 404})
                if request.method == "PUT"
                else store.handle(request)
            )

    store.add_product({"sku": "MUG", "name": "Mug"})
    write(plain_books, "MUG,A mug,9.95")
    report = join(books=plain_books, transport=Deleting()).push_products()
    assert [
        (change.key, [problem.code for problem in change.problems]) for change in report.postponed
    ] == [("MUG", ["not_in_store"])]
    assert len(join(books=plain_books).push_products().sent) == 1


@pytest.mark.parametrize(
    ("errors", "rows", "found"),
    [
        ({"1.price": "no", "1.name": "no"}, [], {1: "price: no; name: no"}),
        ({"data[0].price": "no", "[1].name": "no"}, [], {0: "price: no", 1: "name: no"}),
        ({"": "the name Big mug is taken"}, [], {1: "the name Big mug is taken"}),
        ({"": "the SKU mug-1 is taken"}, [], {0: "the SKU mug-1 is taken"}),
        ({"": "the name  Cafe\u0301 is taken"}, [], {2: "the name  Cafe\u0301 is taken"}),
        ({"9.price": "no"}, [], {}),
        ({"": "no"}, [], {}),
        (
            {},
            [
                {
                    "status": 422,
                    "title": "Product with id 102 is invalid.",
                    "errors": {"price": "no"},
                }
            ],
            {1: "Product with id 102 is invalid.; price: no"},
        ),
        ({}, [{"status": 422, "title": "A product is invalid."}], {}),
    ],
)
def test_whom_a_refusal_names(
    errors: dict[str, str], rows: list[dict[str, Json]], found: dict[int, str]
) -> None:
    error = RequestRefused("refused")
    error.errors, error.rows = errors, rows
    drafts = [
        ProductDraft(id=101, sku="MUG-1", name="Mug"),
        ProductDraft(id=102, sku="MUG-10", name="Big mug"),
        ProductDraft(id=103, sku="CUP-1", name="CAF\u00c9"),
    ]
    assert named_drafts(error, drafts) == found


# Deaths and failures


def test_without_its_journal_nothing_is_created_twice(
    store: FakeStore, join: Join, plain_books: SqlGateway, write: Write
) -> None:
    write(plain_books, "MUG,A mug,9.95", "LAMP,A lamp,49.00")
    join(books=plain_books, journal="sqlite://").push_products()
    report = join(books=plain_books, journal="sqlite://").push_products()
    assert len(report.sent) == 2
    assert len(store.state.products) == 2


def test_an_answer_that_was_lost_creates_nothing_twice(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    write(plain_books, "LAMP,A lamp,49.00", "MUG,A mug,9.95")
    store.fail("POST /v3/catalog/products", "reset_after")
    report = plain.push_products()
    assert [problem.code for change in report.postponed for problem in change.problems] == [
        "store_failed"
    ]
    assert len(plain.push_products().sent) == 1
    assert len(store.state.products) == 2


@pytest.mark.one_python
def test_a_death_anywhere_creates_nothing_twice(
    live_on: Callable[..., None], books: SqlGateway, write: Write
) -> None:
    def fill(store: FakeStore) -> None:
        variant = {"id": 701, "sku": "TEE-XL", "option_values": [{"label": "XL"}]}
        store.add_product({"id": 108, "sku": "", "name": "Tee", "price": 20, "variants": [variant]})
        store.add_product({"id": 107, "sku": "LAMP", "name": "Lamp"})

    def state(store: FakeStore, _: SqlGateway) -> object:
        rows = store.state.products.values()
        products = sorted(
            (str(row["sku"]), str(row["name"]), str(row.get("price"))) for row in rows
        )
        return products, store.state.catalog.variants[701]["price"]

    forget_products(books)
    write(books, "MUG,A mug,9.95", "LAMP,A lamp,49.00", "TEE-XL,A tee,18.00")
    live_on("push_products", state, fill=fill)


def test_the_store_is_away(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    store.add_products(500)
    write(plain_books, *(f"SKU-{number:06d},Product no {number},9.95" for number in range(1, 501)))
    store.fail("PUT *", "503", times=100)
    report = plain.push_products()
    assert report.stopped
    assert not report.sent
    assert store.counts()["PUT /v3/catalog/products"] == 32
    store.mend()
    assert len(plain.push_products().sent) == 500


def test_a_token_that_may_not_write(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    store.scopes -= {"store_v2_products"}
    store.scopes |= {"store_v2_products_read_only"}
    write(plain_books, "MUG,A mug,9.95")
    with pytest.raises(ScopeMissing, match="Products: modify"):
        plain.push_products()
    store.access_token = "another-token"
    with pytest.raises(TokenRefused):
        plain.push_products()


def test_a_stop_ends_between_two_chunks(
    store: FakeStore, join: Join, plain_books: SqlGateway, write: Write
) -> None:
    web = join(books=plain_books, on_progress=lambda *_: web.stop())
    write(plain_books, *(f"SKU-{number:06d},Product {number},9.95" for number in range(1, 101)))
    with web.stop_request.listening():
        report = web.push_products()
    assert report.stopped == "a stop was asked for"
    assert len(report.sent) == len(store.state.products) == 32
    web.push_products()
    assert len(store.state.products) == 100


def test_the_journal_tells_what_was_done(
    plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    write(plain_books, "MUG,A mug,9.95")
    plain.push_products()
    with plain_books.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT action, outcome, detail FROM avbc_journal ORDER BY id"
        ).all()
    assert [tuple(row) for row in rows] == [
        ("push_products", "begun", "MUG: product new"),
        ("push_products", "sent", "MUG: product new"),
    ]


# What the store has, and a push would replace


@pytest.fixture
def keeping(join: Join, change: Change, plain_books: SqlGateway) -> Callable[..., Orchestrator]:
    """An orchestrator whose pushes leave fields alone: `keeping("price")`."""

    def kept(*names: str) -> Orchestrator:
        settings = change(products={"keep_store_fields": names})
        return join(books=plain_books, settings=settings)

    return kept


def replaced(report: PushReport) -> dict[str, list[str]]:
    return {change.key: [str(each) for each in change.replaced] for change in report.sent}


def test_a_preview_marks_the_values_that_no_push_wrote(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    there = {"name": "Lamp, old", "price": 40, "weight": 2, "description": "<p>By hand</p>"}
    store.add_product({"id": 107, "sku": "lamp", "sale_price": 30, **there})
    columns = "part_number,name,list_price,sales_memo"
    write(plain_books, "LAMP,A lamp,49,Bright", "MUG,A mug,9.95,", columns=columns)
    report = plain.push_products(preview=True)
    assert replaced(report) == {
        "LAMP": [
            "name Lamp, old -> A lamp",
            "description <p>By hand</p> -> Bright",
            "weight 2.00 -> 1.00",
            "price 40.00 -> 49.00",
        ],
        "MUG": [],
    }
    assert "It would replace 4 values of the store that no push wrote" in report.summary()
    assert "price 40.00 -> 49.00" in str(report.shown()[0]["note"])
    (lamp,) = [change for change in report.sent if change.key == "LAMP"]
    assert lamp.to_dict("sent")["replaced"] == [
        {"field": each.field, "before": each.before, "after": each.after} for each in lamp.replaced
    ]
    assert {entry.method for entry in store.log} == {"GET"}
    # The push itself does what is ticked, and reads nothing more.
    store.clear_log()
    report = plain.push_products()
    assert not any(change.replaced for change in report.sent)
    assert product(store, "LAMP")["price"] == 49
    assert store.counts()["GET /v3/catalog/products"] == 1


def test_what_was_pushed_before_is_no_replacement_unless_a_person_changed_it(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    write(plain_books, "MUG,A mug,9.95", "LAMP,A lamp,49.00")
    plain.push_products()
    lamp = store.state.products[int(str(product(store, "LAMP")["id"]))]
    lamp["price"], lamp["name"] = 45, "Lamp by hand"
    write(plain_books, "MUG,A mug,8.95", "LAMP,A lamp,51.00")
    # The name is not sent again, so it stays.
    report = plain.push_products(preview=True)
    assert replaced(report) == {"MUG": [], "LAMP": ["price 45.00 -> 51.00"]}
    report = plain.push_products(preview=True, full=True)
    assert replaced(report) == {
        "MUG": [],
        "LAMP": ["name Lamp by hand -> A lamp", "price 45.00 -> 51.00"],
    }


def test_variants_are_marked_too(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    options = {"option_values": [{"label": "S"}]}
    variants = [
        {"id": 701, "sku": "TEE-S", "price": 18, **options},
        {"id": 702, "sku": "TEE-M", **options},
        {"id": 703, "sku": "TEE-L", "price": 19.95, "weight": 1, **options},
    ]
    store.add_product({"id": 108, "sku": "", "name": "Tee", "price": 20, "variants": variants})
    write(plain_books, *(f"TEE-{size},Tee,19.95" for size in "SML"))
    assert replaced(plain.push_products(preview=True)) == {
        "TEE-S": ["price 18.00 -> 19.95"],
        "TEE-M": ["price 20.00 -> 19.95"],
        "TEE-L": [],
    }


@pytest.mark.no_cover
def test_requests_of_a_preview(
    store: FakeStore, plain: Orchestrator, plain_books: SqlGateway, write: Write
) -> None:
    store.add_products(1000)
    write(plain_books, *(f"SKU-{number:06d},Thing {number},9.95" for number in range(1, 1001)))
    report = plain.push_products(preview=True)
    # Four to look up, four to read.
    assert (len(report.sent), report.requests) == (1000, 8)
    assert all(change.replaced for change in report.sent)
    # Every marked row is printed.
    assert str(report).count("\nwould be sent ") == 1000


def test_fields_that_are_kept_are_sent_with_new_products_only(
    store: FakeStore,
    keeping: Callable[..., Orchestrator],
    plain: Orchestrator,
    plain_books: SqlGateway,
    write: Write,
) -> None:
    store.add_product({"id": 107, "sku": "LAMP", "name": "Lamp", "price": 40, "weight": 2})
    write(plain_books, "MUG,A mug,9.95", "LAMP,A lamp,49.00")
    web = keeping("Price", "name")
    report = web.push_products(preview=True)
    assert replaced(report)["LAMP"] == ["weight 2.00 -> 1.00"]
    settings = {
        change.key: [each.field for each in change.decisions if each.setting]
        for change in report.sent
    }
    assert settings == {"LAMP": ["Price", "name"], "MUG": []}
    web.push_products()
    lamp = product(store, "LAMP")
    assert (lamp["name"], lamp["price"], lamp["weight"]) == ("Lamp", 40, 1)
    assert (product(store, "MUG")["name"], product(store, "MUG")["price"]) == ("A mug", 9.95)
    # A change of them in the books is no change for the store.
    store.clear_log()
    write(plain_books, "MUG,Another mug,8.95", "LAMP,A lamp,51.00")
    assert (web.push_products().unchanged, store.log) == (2, [])
    # Once they are not kept, the books' values are sent.
    plain.push_products()
    assert (product(store, "LAMP")["price"], product(store, "MUG")["price"]) == (51, 8.95)


def test_names_of_fields_that_no_push_sends_are_refused_together(
    store: FakeStore, keeping: Callable[..., Orchestrator]
) -> None:
    for preview in (True, False):
        with pytest.raises(SettingsError) as refused:
            keeping("descripton", "price", "sku").push_products(preview=preview)
        faults = {fault.key: fault.message for fault in refused.value.faults}
        assert set(faults) == {
            "products.keep_store_fields[0]",
            "products.keep_store_fields[2]",
        }
        assert "Did you mean 'description'?" in faults["products.keep_store_fields[0]"]
        assert "It sends name, type, description, price, sale_price, weight" in str(refused.value)
    assert store.log == []
