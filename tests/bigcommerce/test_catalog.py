"""Products and variants: what is read, what is written, and what an answer says of each record."""

import json
import os
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module

import pytest

from avbc.bigcommerce import (
    Conflict,
    PartFailure,
    RequestRefused,
    StoreUnavailable,
    TooManyItems,
    WriteResult,
)
from avbc.bigcommerce.endpoints import catalog
from avbc.bigcommerce.models import (
    CustomFieldDraft,
    CustomUrl,
    OptionValue,
    OptionValueDraft,
    Product,
    ProductDraft,
    Variant,
    VariantDraft,
)

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))  # httpx2 has the same API

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
NEW = ProductDraft(
    name="Mug", type="physical", sku="MUG-1", weight=Decimal("0.40"), price=Decimal("8.95")
)


# --- reading ---


def test_every_filter():
    call = catalog.list_products(
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
        availability="available",
        type="physical",
        sort="id",
        direction="asc",
        include=["variants"],
        include_fields=["sku"],
        exclude_fields=["description"],
    )
    assert dict(call.params) == {
        "id": "7",
        "id:in": "7,8",
        "id:not_in": "9",
        "id:min": "1",
        "id:max": "99",
        "sku": "MUG-1",
        "sku:in": "MUG-1,MUG-2",
        "name": "Mug",
        "keyword": "blue",
        "upc": "0123",
        "mpn": "M-1",
        "price": "8.95",
        "brand_id": "3",
        "categories:in": "4",
        "channel_id:in": "1",
        # A date alone would get the present time of day.
        "date_modified:min": "2024-05-01T12:00:00+00:00",
        "date_modified:max": "2024-05-01T12:00:00+00:00",
        "inventory_level": "5",
        "inventory_level:in": "5,6",
        "inventory_level:not_in": "7",
        "inventory_level:min": "0",
        "inventory_level:max": "10",
        "is_visible": "false",
        "availability": "available",
        "type": "physical",
        "sort": "id",
        "direction": "asc",
        "include": "variants",
        "include_fields": "sku",
        "exclude_fields": "description",
    }


@pytest.mark.parametrize(
    ("include", "limit"),
    [((), 250), (["variants"], 250), (["options"], 10), (["variants", "modifiers"], 10)],
)
def test_options_and_modifiers_come_ten_a_page(include, limit):
    assert catalog.list_products(include=include).limit == limit


@pytest.mark.parametrize(
    "name", ["id_in", "id_not_in", "sku_in", "categories_in", "channel_id_in", "inventory_level_in"]
)
def test_an_empty_list_never_asks_for_everything(name):
    with pytest.raises(ValueError, match="empty list"):
        catalog.list_products(**{name: []})


def test_a_product_is_read():
    row = {
        "id": 7,
        "name": "Mug",
        "sku": "MUG-1",
        "weight": 0.4,
        "price": 8.95,
        "sale_price": 0,
        "categories": [4, 5],
        "inventory_level": 12,
        "base_variant_id": None,
        "date_modified": "2024-05-01T12:00:00+00:00",
        "custom_url": {"url": "/mug/", "is_customized": False},
        "variants": [
            {
                "id": 70,
                "product_id": 7,
                "sku": "MUG-1-RED",
                "price": None,
                "option_values": [
                    {"id": 1, "option_id": 2, "option_display_name": "Colour", "label": "red"}
                ],
            }
        ],
        "tax_provider": "x",
    }
    product = catalog.get_product(7).read({"data": row, "meta": {}})
    assert isinstance(product, Product)
    assert product.price == Decimal("8.95")
    assert product.sale_price == 0
    assert product.cost_price is None
    assert product.categories == (4, 5)
    assert product.date_modified == NOON
    assert product.custom_url == CustomUrl(url="/mug/")
    assert product.custom_fields is None
    (variant,) = product.variants or ()
    assert variant.price is None
    assert variant.option_values == (
        OptionValue(id=1, option_id=2, option_display_name="Colour", label="red"),
    )
    assert product.extra == {"tax_provider": "x"}


@pytest.mark.parametrize(
    "row", [{"id": 7}, {"id": 7, "categories": None}, {"id": 7, "categories": []}]
)
def test_a_product_of_few_fields(row):
    assert catalog.list_products(include_fields=["sku"]).read({"data": [row]}) == [Product(id=7)]


def test_a_category_that_is_none_has_its_place():
    page = catalog.list_products().page({"data": [{"id": 7, "categories": [4, "x"]}]})
    assert [row.error.path for row in page.unreadable] == ["catalog/products[0].categories[1]"]


def test_products_are_walked_to_the_last_page(script, open_store):
    pages = [
        httpx.Response(
            200,
            json={
                "data": [{"id": number}],
                "meta": {"pagination": {"total_pages": 2, "current_page": number}},
            },
        )
        for number in (1, 2)
    ]
    answers = script(*pages)
    store = open_store(answers.transport)
    assert [product.id for product in store.products.list(sku_in=["A", "B"])] == [1, 2]
    assert [request.url.params.get("page") for request in answers.requests] == [None, "2"]
    assert {request.url.params["limit"] for request in answers.requests} == {"250"}


def test_variants_are_listed():
    call = catalog.list_variants(
        id=70,
        sku="MUG-1",
        upc="0123",
        product_id_in=[7],
        include_fields=["sku"],
        exclude_fields=["price"],
    )
    assert dict(call.params) == {
        "id": "70",
        "sku": "MUG-1",
        "upc": "0123",
        "product_id:in": "7",
        "include_fields": "sku",
        "exclude_fields": "price",
    }
    assert call.read({"data": [{"id": 70, "sku": "MUG-1", "sku_id": None}]}) == [
        Variant(id=70, sku="MUG-1")
    ]


# --- creating ---


def test_a_product_is_created_with_its_variants(script, open_store):
    answers = script(httpx.Response(200, json={"data": {"id": 7, "name": "Mug"}, "meta": {}}))
    values = (OptionValueDraft(option_display_name="Colour", label="red"),)
    draft = ProductDraft(
        name="Mug",
        type="physical",
        weight=Decimal("0.40"),
        price=Decimal("8.95"),
        custom_fields=(CustomFieldDraft(name="Material", value="clay"),),
        variants=(VariantDraft(sku="MUG-1-RED", option_values=values, price=Decimal("9.10")),),
    )
    result = open_store(answers.transport).products.create(draft)
    assert result == WriteResult((Product(id=7, name="Mug"),))
    assert result.complete
    (request,) = answers.requests
    assert request.method == "POST"
    assert request.content == (
        b'{"name":"Mug","type":"physical","weight":0.40,"price":8.95,"custom_fields":[{"name":"Material","value":"clay"}],'
        b'"variants":[{"sku":"MUG-1-RED","option_values":[{"option_display_name":"Colour","label":"red"}],"price":9.10}]}'
    )


def test_what_a_new_product_lacks_is_listed():
    with pytest.raises(ValueError, match="value is required") as caught:
        catalog.create_product(ProductDraft(id=7, name="Mug"))
    assert str(caught.value).split("; ") == [
        "products[0].type: a value is required",
        "products[0].weight: a value is required",
        "products[0].price: a value is required",
        "products[0].id: a new product has none yet",
    ]


def test_what_a_new_variant_lacks_is_listed():
    draft = ProductDraft(
        name="Mug",
        type="physical",
        weight=Decimal(0),
        price=Decimal(0),
        variants=(VariantDraft(sku="A"), VariantDraft(id=5)),
    )
    with pytest.raises(
        ValueError,
        match=r"^variants\[1\]\.sku: a value is required; variants\[1\]\.id: a new variant has "
        r"none yet$",
    ):
        catalog.create_product(draft)


def test_a_product_may_say_that_it_has_no_variants():
    draft = ProductDraft(
        name="Mug", type="physical", weight=Decimal(0), price=Decimal(0), variants=()
    )
    assert catalog.create_product(draft).body["variants"] == []


def test_a_product_is_never_created_twice(script, open_store):
    answers = script(httpx.Response(504), httpx.Response(200, json={"data": {"id": 7}}))
    with pytest.raises(StoreUnavailable, match="read the state before sending it again"):
        open_store(answers.transport).products.create(NEW)
    assert len(answers.requests) == 1


def test_a_name_that_is_taken(script, open_store):
    errors = {"name": "The product name is a duplicate"}
    body = {
        "status": 409,
        "title": "The product name is a duplicate",
        "type": "/api-docs",
        "errors": errors,
    }
    answers = script(httpx.Response(409, json=body))
    with pytest.raises(Conflict) as caught:
        open_store(answers.transport).products.create(NEW)
    assert caught.value.errors == errors


# --- updating ---


def products(count: int, **changes: object) -> list[ProductDraft]:
    return [ProductDraft(id=70 + index, **changes) for index in range(count)]


def test_products_are_updated(script, open_store):
    rows = [{"id": 70, "price": 8.95}, {"id": 71, "price": 8.95}]
    answers = script(httpx.Response(503), httpx.Response(200, json={"data": rows, "meta": {}}))
    store = open_store(answers.transport)
    result = store.products.update_many(
        products(2, price=Decimal("8.95")), include_fields=["price"]
    )
    assert [product.price for product in result.saved] == [Decimal("8.95")] * 2
    assert result.complete
    assert len(answers.requests) == 2, "an update is the same when it is sent again"
    assert answers.requests[0].url.params["include_fields"] == "price"
    assert answers.requests[0].content == b'[{"id":70,"price":8.95},{"id":71,"price":8.95}]'


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: catalog.update_products([]), "products: there is nothing to write"),
        (lambda: catalog.update_variants([]), "variants: there is nothing to write"),
        (
            lambda: catalog.update_products(products(11)),
            "products: 11 at once, but BigCommerce takes at most 10: write them in several calls",
        ),
        (
            lambda: catalog.update_variants([VariantDraft(id=number) for number in range(51)]),
            "variants: 51 at once, but BigCommerce takes at most 50: write them in several calls",
        ),
        (
            lambda: catalog.update_products(
                [ProductDraft(id=7), ProductDraft(), ProductDraft(variants=())]
            ),
            (
                "products[1].id: a value is required; products[2].id: a value is required; "
                "products[2].variants: variants.update_many writes them"
            ),
        ),
        (
            lambda: catalog.update_variants([VariantDraft(sku="A", option_values=())]),
            (
                "variants[0].id: a value is required; variants[0].option_values: a variant "
                "keeps its options"
            ),
        ),
    ],
)
def test_batches_that_bigcommerce_does_not_take(make, message):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value) == message


def test_the_largest_batches():
    assert len(catalog.update_products(products(10)).body) == catalog.PRODUCTS_AT_ONCE == 10
    assert (
        len(catalog.update_variants([VariantDraft(id=number) for number in range(50)]).body)
        == catalog.VARIANTS_AT_ONCE
        == 50
    )


# --- 207: saved, but not all of it ---


def multi_status(errors: object, ids: tuple[int, ...] = (70, 71, 72)) -> httpx.Response:
    return httpx.Response(
        207, json={"data": [{"id": number} for number in ids], "errors": errors, "meta": {}}
    )


def report(errors: object) -> dict[str, object]:
    return {"status": 207, "title": "Some parts failed", "type": "/api-docs", "errors": errors}


@pytest.mark.parametrize(
    ("errors", "failures"),
    [
        (
            report({"inventory_level": "is below zero"}),
            [(None, "inventory_level", "is below zero")],
        ),
        (report({"1.custom_url": "is taken"}), [(1, "custom_url", "is taken")]),
        (
            report({"[2].custom_url.url": "is taken", "0": "has failed"}),
            [(2, "custom_url.url", "is taken"), (0, "", "has failed")],
        ),
        (report({"71.custom_url": "is taken"}), [(1, "custom_url", "is taken")]),
        (
            report({"data[0].inventory_level": "failed", "data.2.sku": "x"}),
            [(0, "inventory_level", "failed"), (2, "sku", "x")],
        ),
        (
            report({"70": {"inventory_level": ["is below zero", "is odd"]}}),
            [(0, "inventory_level", "is below zero; is odd")],
        ),
        (report([{"custom_url": "is taken"}, {}]), [(0, "custom_url", "is taken")]),
        (report({"9.custom_url": "of nobody"}), [(None, "9.custom_url", "of nobody")]),
        (
            report({"images[1].url": "a picture, not a product"}),
            [(None, "images[1].url", "a picture, not a product")],
        ),
        (report({"address1": "x"}), [(None, "address1", "x")]),
        (report({}), [(None, "", "Some parts failed")]),
        ({"status": 207, "title": "Some parts failed"}, [(None, "", "Some parts failed")]),
        ({"status": 207, "inventory_level": "bad"}, [(None, "inventory_level", "bad")]),
        ({"status": 207}, [(None, "", "a part was not saved")]),
        ([report({"0.sku": "a"}), report({"1.sku": "b"})], [(0, "sku", "a"), (1, "sku", "b")]),
        (["the URL failed"], [(None, "", "the URL failed")]),
    ],
)
def test_what_failed_of_saved_products(script, open_store, errors, failures):
    answers = script(multi_status(errors))
    result = open_store(answers.transport).products.update_many(products(3, inventory_level=1))
    assert [product.id for product in result.saved] == [70, 71, 72]
    assert result.failures == tuple(PartFailure(*failure) for failure in failures)
    assert not result.complete
    assert result.absent == ()
    assert len(answers.requests) == 1


def test_position_and_id_that_name_two_products_name_none(script, open_store):
    drafts = [ProductDraft(id=1), ProductDraft(id=2)]
    result = open_store(
        script(multi_status(report({"1.sku": "x", "0.sku": "y"}), (1, 2))).transport
    ).products.update_many(drafts)
    assert [failure.row for failure in result.failures] == [None, 0]


def test_one_product_alone_is_the_one_that_failed(script, open_store):
    result = open_store(
        script(multi_status(report({"custom_url": "is taken"}), (7,))).transport
    ).products.create(NEW)
    assert result.saved == (Product(id=7),)
    assert result.failures == (PartFailure(0, "custom_url", "is taken"),)


def test_a_207_whose_rows_are_fewer(script, open_store):
    answers = script(multi_status(report({"inventory_level": "is below zero"}), (72, 70)))
    result = open_store(answers.transport).products.update_many(products(3))
    assert result.absent == (1,)


def test_the_answer_keeps_its_status(script, open_store):
    store = open_store(script(multi_status(report({"sku": "x"}))).transport)
    answer = store.answer(store.products.update_many.call(products(3)))
    assert answer.status == 207
    assert answer.value.failures


def test_a_saved_product_that_cannot_be_read_is_not_lost(script, open_store):
    rows = [{"id": 70, "price": "cheap"}, {"id": 71}]
    result = open_store(
        script(httpx.Response(200, json={"data": rows})).transport
    ).products.update_many(products(2))
    assert result.saved == (Product(id=71),)
    assert [(row.id, row.error.path) for row in result.unreadable] == [(70, "products[0].price")]
    assert result.complete


def test_rows_without_sensible_ids_are_nobodys(script, open_store):
    rows = [{"id": {}}, 5]
    result = open_store(
        script(httpx.Response(200, json={"data": rows})).transport
    ).products.update_many(products(3))
    assert result.absent == (0, 1, 2)
    assert len(result.unreadable) == 2


def test_an_answer_of_nothing_confirms_nothing(script, open_store):
    result = open_store(script(httpx.Response(200)).transport).products.update_many(products(2))
    assert (result.saved, result.absent) == ((), (0, 1))


# --- 413 and 422 ---


def test_variants_that_are_refused_say_why_row_by_row(script, open_store):
    rows = [
        {
            "status": 422,
            "title": "Bad SKU",
            "type": "/api-docs",
            "errors": {"sku": "is a duplicate"},
        },
        {"status": 404, "title": "No such variant", "type": "/api-docs", "errors": {}},
    ]
    answers = script(httpx.Response(422, json={"batch_errors": rows}))
    with pytest.raises(
        RequestRefused, match="Bad SKU; sku: is a duplicate; No such variant"
    ) as caught:
        open_store(answers.transport).variants.update_many(
            [VariantDraft(id=1, price=Decimal(1)), VariantDraft(id=2)]
        )
    assert list(caught.value.rows) == rows


def test_variants_are_updated(script, open_store):
    answers = script(
        httpx.Response(200, json={"data": [{"id": 2}, {"id": 1, "price": 1.10}], "meta": {}})
    )
    result = open_store(answers.transport).variants.update_many(
        [VariantDraft(id=1, price=Decimal("1.10")), VariantDraft(id=2)]
    )
    assert [(variant.id, variant.price) for variant in result.saved] == [
        (2, None),
        (1, Decimal("1.1")),
    ]
    assert result.complete
    assert json.loads(answers.requests[0].content) == [{"id": 1, "price": 1.1}, {"id": 2}]


def test_a_limit_that_bigcommerce_lowers(script, open_store):
    answers = script(
        httpx.Response(
            413, json={"status": 413, "title": "The maximum number of items is 20", "errors": {}}
        )
    )
    with pytest.raises(TooManyItems, match="is 20"):
        open_store(answers.transport).variants.update_many(
            [VariantDraft(id=number) for number in range(50)]
        )
