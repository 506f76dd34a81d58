from __future__ import annotations

import pytest

from avbc.testing import FakeStore

PRODUCTS = "/v3/catalog/products"
VARIANTS = "/v3/catalog/variants"
CUP: dict[str, object] = {
    "name": "A cup",
    "type": "physical",
    "weight": 1,
    "price": 4.5,
    "sku": "Cup",
}


def variant(sku: str, label: str, **changes: object) -> dict[str, object]:
    return {
        "sku": sku,
        "option_values": [{"option_display_name": "Size", "label": label}],
        **changes,
    }


@pytest.fixture
def filled(store: FakeStore) -> FakeStore:
    """Two simple products, and one with two variants; ids 101 to 103, variants 601 to 604."""
    merchants = {
        "description": "<p>By hand</p>",
        "categories": [4, 9],
        "images": [{"id": 1}],
        "custom_fields": [{"id": 2, "name": "Glaze"}],
    }
    store.add_product(
        {"sku": "Mug", "name": "Mug", "price": 3, "inventory_tracking": "product", **merchants},
        {1: 12},
    )
    store.add_product(
        {
            "sku": "LAMP",
            "name": "Lamp",
            "price": 49.5,
            "inventory_tracking": "variant",
            "upc": "0001",
        },
        {1: 7},
    )
    sizes = [variant("APRON-S", "S"), variant("APRON-L", "L", price=24)]
    store.add_product(
        {
            "sku": "APRON",
            "name": "Apron",
            "price": 22,
            "inventory_tracking": "variant",
            "variants": sizes,
        },
        {1: 2},
    )
    return store


def ids(answer: tuple[int, object]) -> list[int]:
    assert answer[0] == 200
    return [row["id"] for row in answer[1]["data"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [101, 102, 103]),
        ("id=102", [102]),
        ("id:in=103,101,7", [101, 103]),
        ("id:not_in=101", [102, 103]),
        ("id:min=102&id:max=102", [102]),
        ("id:greater=101&id:less=103", [102]),
        ("sku=mug", [101]),
        ("sku:in=MUG,lamp,nothing", [101, 102]),
        ("sku:in=APRON-S,APRON-L", []),
        ("sku:in=APRON", [103]),
        ("name=lamp", [102]),
        ("name=nothing", []),
        ("keyword=apr", [103]),
        ("upc=0001", [102]),
        ("mpn=x", []),
        ("type=digital", []),
        ("availability=available&limit=1", [101]),
        ("is_visible=false", []),
        ("inventory_tracking=product", [101]),
        ("categories:in=9,50", [101]),
        ("limit=2&page=2", [103]),
        ("date_modified:min=2026-03-02T15:00:00%2B00:00", [101, 102, 103]),
        ("date_modified:min=2026-03-02T15:00:01%2B00:00", []),
        ("id:in=101,102&sku:in=lamp,apron", [102]),
    ],
)
def test_products_are_filtered_and_their_skus_are_not_those_of_variants(
    filled, ask, query, expected
) -> None:
    assert ids(ask("GET", f"{PRODUCTS}?{query}")) == expected


@pytest.mark.parametrize("query", ["id=x", "id:min=-1", "id:in=a"])
def test_nonsense_in_a_filter_is_a_422(ask, query) -> None:
    assert ask("GET", f"{PRODUCTS}?{query}")[0] == 422


def test_pages_hold_250_and_ten_with_options(store, ask) -> None:
    store.add_products(260)
    assert len(ask("GET", f"{PRODUCTS}?limit=250&page=2")[1]["data"]) == 10
    assert ask("GET", f"{PRODUCTS}?limit=251")[0] == 413
    for part in ["options", "modifiers"]:
        page = ask("GET", f"{PRODUCTS}?limit=250&include={part}")[1]
        assert len(page["data"]) == page["meta"]["pagination"]["per_page"] == 10
        assert page["meta"]["pagination"]["total_pages"] == 26


def test_parts_are_shown_where_they_are_included(filled, ask) -> None:
    plain = ask("GET", f"{PRODUCTS}/101")[1]["data"]
    assert (
        plain["inventory_level"],
        plain["base_variant_id"],
        plain["calculated_price"],
        plain["is_visible"],
    ) == (12, 601, 3, True)
    assert not {"images", "custom_fields", "variants"} & plain.keys()
    full = ask(
        "GET", f"{PRODUCTS}/101?include=images,custom_fields,variants,primary_image,nothing"
    )[1]["data"]
    assert full["images"] == [{"id": 1}]
    assert full["primary_image"] == {}
    assert [(row["id"], row["sku"], row["inventory_level"]) for row in full["variants"]] == [
        (601, "Mug", 12)
    ]
    apron = ask("GET", f"{PRODUCTS}?id:in=103&include=variants&include_fields=sku")[1]["data"][0]
    assert apron.keys() == {"id", "sku", "variants"}
    assert [(row["sku"], row["price"], row["calculated_price"]) for row in apron["variants"]] == [
        ("APRON-S", None, 22),
        ("APRON-L", 24, 24),
    ]
    assert ask("GET", f"{PRODUCTS}/103")[1]["data"]["base_variant_id"] is None
    assert ask("GET", f"{PRODUCTS}/103")[1]["data"]["inventory_level"] == 4
    assert ask("GET", f"{PRODUCTS}/7")[0] == 404


def test_one_product_is_created_with_its_base_variant(store, ask, clock) -> None:
    status, answer = ask(
        "POST",
        PRODUCTS,
        {**CUP, "inventory_tracking": "product", "inventory_level": 6, "brand_name": "Example"},
    )
    made = answer["data"]
    assert status == 200
    assert (made["id"], made["sku"], made["price"], made["inventory_level"], made["brand_id"]) == (
        101,
        "Cup",
        4.5,
        6,
        1,
    )
    assert made["date_created"] == "2026-03-02T15:00:00+00:00"
    assert [row["sku"] for row in made["variants"]] == ["Cup"]
    assert [event.scope for event in store.events] == ["store/product/created"]
    assert store.inventory() == {"Cup": 6}


def test_a_product_is_created_with_its_variants(store, ask) -> None:
    body = {
        **CUP,
        "inventory_tracking": "variant",
        "variants": [variant("CUP-S", "S", inventory_level=3), variant("CUP-L", "L")],
    }
    status, answer = ask("POST", PRODUCTS, body)
    assert status == 200
    assert [(row["sku"], row["inventory_level"]) for row in answer["data"]["variants"]] == [
        ("CUP-S", 3),
        ("CUP-L", 0),
    ]
    assert ids(ask("GET", f"{VARIANTS}?sku=cup-l")) == [602]
    assert ids(ask("GET", f"{VARIANTS}?sku=cup")) == []


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"name": None}, 422, "name"),
        ({"name": ""}, 422, "name"),
        ({"name": "x" * 251}, 422, "name"),
        ({"name": "mug"}, 409, "name"),
        ({"sku": "MUG"}, 409, "sku"),
        ({"sku": "apron-s"}, 409, "sku"),
        ({"sku": "x" * 256}, 422, "sku"),
        ({"price": "4.50"}, 422, "price"),
        ({"price": -1}, 422, "price"),
        ({"price": None}, 422, "price"),
        ({"weight": None}, 422, "weight"),
        ({"weight": True}, 422, "weight"),
        ({"type": "thing"}, 422, "type"),
        ({"upc": "123456789012345"}, 422, "upc"),
        ({"inventory_level": 1.5}, 422, "inventory_level"),
        ({"is_visible": "yes"}, 422, "is_visible"),
        ({"custom_url": "/x"}, 422, "custom_url"),
        ({"categories": 4}, 422, "categories"),
        ({"tax_class_id": 77}, 409, "tax_class_id"),
        ({"variants": [variant("CUP-S", "S"), variant("cup-s", "M")]}, 409, "variants.1.sku"),
        ({"variants": [variant("CUP", "S")]}, 409, "variants.0.sku"),
        ({"variants": [variant("Mug", "S")]}, 422, "variants.0.sku"),
        ({"variants": [{"sku": "CUP-S"}]}, 422, "variants.0.option_values"),
        ({"variants": "two"}, 422, "variants"),
        ({"variants": ["one"]}, 422, "variants"),
    ],
)
def test_products_that_are_refused(*, filled, ask, changes, status, field) -> None:
    before = len(filled.state.products)
    answer = ask("POST", PRODUCTS, {**CUP, **changes})
    assert (answer[0], answer[1]["status"]) == (status, status)
    assert field in answer[1]["errors"]
    assert len(filled.state.products) == before


def test_600_variants_are_the_most(store, ask) -> None:
    sizes = [variant(f"CUP-{number}", str(number)) for number in range(601)]
    assert ask("POST", PRODUCTS, {**CUP, "variants": sizes})[0] == 422
    assert ask("POST", PRODUCTS, {**CUP, "variants": sizes[:600]})[0] == 200
    assert ask("POST", PRODUCTS, [CUP])[0] == 422


def test_an_update_keeps_what_is_not_sent(filled, ask, clock) -> None:
    clock.now += 60
    before = ask("GET", f"{PRODUCTS}/101?include=images,custom_fields")[1]["data"]
    status, answer = ask(
        "PUT",
        PRODUCTS,
        [{"id": 101, "price": 3.25, "unheard_of": 1}, {"id": 102, "name": "Reading lamp"}],
    )
    assert status == 200
    assert [row["id"] for row in answer["data"]] == [101, 102]
    after = ask("GET", f"{PRODUCTS}/101?include=images,custom_fields")[1]["data"]
    assert after == {
        **before,
        "price": 3.25,
        "calculated_price": 3.25,
        "date_modified": "2026-03-02T15:01:00+00:00",
    }
    assert ids(ask("GET", f"{PRODUCTS}?name=Reading%20lamp")) == [102]
    assert ids(ask("GET", f"{PRODUCTS}?name=Lamp")) == []
    assert [event.data for event in filled.events] == [
        {"type": "product", "id": 101},
        {"type": "product", "id": 102},
    ]
    assert ask("PUT", f"{PRODUCTS}/102", {"mpn": "L-1"})[1]["data"]["name"] == "Reading lamp"
    assert ask("PUT", PRODUCTS, [{"id": 101, "categories": [7]}])[1]["data"][0]["categories"] == [7]


@pytest.mark.parametrize(
    ("rows", "status", "field"),
    [
        ([{"id": 101, "name": "LAMP"}], 409, "0.name"),
        ([{"id": 101}, {"id": 102, "sku": "mug"}], 409, "1.sku"),
        ([{"id": 101, "sku": "APRON-L"}], 409, "0.sku"),
        ([{"id": 101, "name": "Same"}, {"id": 102, "name": "same"}], 409, "1.name"),
        ([{"id": 101, "price": 5}, {"id": 102, "price": "x"}], 422, "1.price"),
        ([{"sku": "Mug"}], 422, "0.id"),
        ([5], 422, "0.id"),
        ([{"id": 101, "price": 5}, {"id": 999}], 404, None),
    ],
)
def test_one_faulty_row_refuses_the_batch(*, filled, ask, rows, status, field) -> None:
    before = ask("GET", PRODUCTS)
    answer = ask("PUT", PRODUCTS, rows)
    assert answer[0] == status
    assert list(answer[1]["errors"]) == ([] if field is None else [field])
    assert ask("GET", PRODUCTS) == before


def test_a_batch_holds_ten_products_and_fifty_variants(filled, ask) -> None:
    status, answer = ask("PUT", PRODUCTS, [{"id": 101}] * 11)
    assert (status, "10" in answer["title"]) == (413, True)
    status, answer = ask("PUT", VARIANTS, [{"id": 601}] * 51)
    assert (status, "50" in answer["title"]) == (413, True)
    for path in [PRODUCTS, VARIANTS]:
        assert ask("PUT", path, [])[0] == 422
        assert ask("PUT", path, {"id": 101})[0] == 422
    assert ask("PUT", f"{PRODUCTS}/101", [1])[0] == 422
    assert ask("PUT", f"{PRODUCTS}/9", {})[0] == 404


def test_a_products_sku_and_its_base_variants_are_one(filled, ask) -> None:
    ask("PUT", PRODUCTS, [{"id": 101, "sku": "MUG-1"}])
    assert ids(ask("GET", f"{VARIANTS}?sku=mug-1")) == [601]
    ask("PUT", VARIANTS, [{"id": 601, "sku": "MUG-2"}])
    assert ids(ask("GET", f"{PRODUCTS}?sku=mug-2")) == [101]
    assert ids(ask("GET", f"{PRODUCTS}?sku:in=mug,mug-1")) == []
    assert ask("PUT", PRODUCTS, [{"id": 102, "sku": "Mug"}])[0] == 200


def test_stock_in_an_update_fails_at_the_wrong_level_and_the_rest_is_saved(filled, ask) -> None:
    status, answer = ask(
        "PUT",
        PRODUCTS,
        [{"id": 101, "inventory_level": 5}, {"id": 103, "name": "Bib", "inventory_level": 5}],
    )
    assert status == 207
    assert answer["errors"]["errors"] == {
        "103.inventory_level": "the product is not tracked by product"
    }
    assert [row["name"] for row in answer["data"]] == ["Mug", "Bib"]
    assert filled.inventory() == {"Mug": 5, "LAMP": 7, "APRON-S": 2, "APRON-L": 2}
    ask("PUT", VARIANTS, [{"id": 603, "inventory_level": 9}, {"id": 601, "inventory_level": 9}])
    assert filled.inventory() == {"Mug": 5, "LAMP": 7, "APRON-S": 9, "APRON-L": 2}


def test_a_partial_failure_on_request(filled, ask) -> None:
    fault = filled.fail("* /v3/catalog/products*", "207", times=2)
    rows = [
        {"id": 101, "name": "Cup", "inventory_level": 5, "custom_url": {"url": "/cup/"}},
        {"id": 102, "custom_url": {"url": "/l/"}},
    ]
    status, answer = ask("PUT", PRODUCTS, rows)
    assert (status, list(answer["errors"]["errors"])) == (207, ["101.inventory_level"])
    assert [
        (row["name"], row["inventory_level"], row["custom_url"]["url"]) for row in answer["data"]
    ] == [
        ("Cup", 12, "/101/"),
        ("Lamp", 7, "/l/"),
    ]
    made = {
        **CUP,
        "inventory_tracking": "variant",
        "inventory_level": 3,
        "variants": [variant("CUP-S", "S", inventory_level=3)],
    }
    status, answer = ask("POST", PRODUCTS, made)
    assert (status, answer["errors"]["errors"].keys(), answer["data"]["inventory_level"]) == (
        207,
        {"inventory_level"},
        0,
    )
    assert fault.hits == 2
    assert ask("PUT", PRODUCTS, rows[:1])[0] == 200


def test_variants_are_listed_with_base_variants(filled, ask) -> None:
    assert ids(ask("GET", VARIANTS)) == [601, 602, 603, 604]
    assert ids(ask("GET", f"{VARIANTS}?product_id:in=101,103")) == [601, 603, 604]
    assert ids(ask("GET", f"{VARIANTS}?id=604&include_fields=sku")) == [604]
    assert ids(ask("GET", f"{VARIANTS}?id=999")) == []
    assert ids(ask("GET", f"{VARIANTS}?upc=x")) == []
    assert ids(ask("GET", f"{VARIANTS}?limit=3&page=2")) == [604]
    assert ids(ask("GET", f"{PRODUCTS}/103/variants")) == [603, 604]
    assert ask("GET", f"{PRODUCTS}/9/variants")[0] == 404
    assert ask("GET", f"{PRODUCTS}/103/variants/604?include_fields=sku")[1]["data"] == {
        "id": 604,
        "sku": "APRON-L",
    }
    assert ask("GET", f"{PRODUCTS}/101/variants/604")[0] == 404


def test_variants_are_changed_and_created_together(filled, ask) -> None:
    new = variant("MUG-XL", "XL", product_id=101, price=5)
    status, answer = ask(
        "PUT", VARIANTS, [{"id": 604, "price": None, "weight": 2, "upc": "0009"}, new]
    )
    assert status == 200
    changed, made = answer["data"]
    assert (changed["price"], changed["calculated_price"], changed["weight"], changed["sku"]) == (
        None,
        22,
        2,
        "APRON-L",
    )
    assert (made["id"], made["product_id"], made["sku"]) == (605, 101, "MUG-XL")
    # The first real variant takes the place of the base variant.
    assert ids(ask("GET", f"{PRODUCTS}/101/variants")) == [605]
    assert ids(ask("GET", f"{PRODUCTS}?sku=mug")) == [101]
    assert [event.scope for event in filled.events] == ["store/sku/updated", "store/sku/created"]


@pytest.mark.parametrize(
    ("row", "status", "named", "field"),
    [
        ({"id": 999}, 404, "999", "id"),
        ({"id": "603"}, 404, "603", "id"),
        ({"id": 603, "sku": "apron-l"}, 409, "603", "sku"),
        ({"id": 603, "sku": "mug"}, 409, "603", "sku"),
        ({"id": 603, "price": "9"}, 422, "603", "price"),
        ({"id": 603, "upc": "123456789012345"}, 422, "603", "upc"),
        (variant("NEW", "N", product_id=999), 404, "999", "product_id"),
        ({"product_id": 103, "sku": "NEW"}, 422, "NEW", "option_values"),
        ({"product_id": 103, "option_values": []}, 422, "", "sku"),
        ("APRON-S", 422, "", ""),
    ],
)
def test_a_refused_batch_of_variants_names_its_rows(
    *, filled, ask, row, status, named, field
) -> None:
    before = ask("GET", VARIANTS)
    answer = ask("PUT", VARIANTS, [{"id": 604, "price": 1}, row])
    assert answer[0] == 422
    (error,) = answer[1]["batch_errors"]
    assert (error["status"], field in error["errors"]) == (status, True)
    assert named in error["title"]
    assert ask("GET", VARIANTS) == before


def test_the_same_sku_twice_in_one_batch(filled, ask) -> None:
    status, answer = ask("PUT", VARIANTS, [{"id": 603, "sku": "NEW"}, {"id": 604, "sku": "new"}])
    assert (status, [error["status"] for error in answer["batch_errors"]]) == (422, [409])


def test_a_deleted_product_is_gone_with_its_skus(filled, ask) -> None:
    assert ask("DELETE", f"{PRODUCTS}/103") == (204, None)
    assert ask("DELETE", f"{PRODUCTS}/103")[0] == 404
    assert ids(ask("GET", f"{VARIANTS}?sku=APRON-S")) == []
    assert ask("POST", PRODUCTS, {**CUP, "sku": "APRON-S"})[1]["data"]["id"] == 104
    assert filled.events[0].scope == "store/product/deleted"


def test_adding_a_product_again_replaces_it(filled, ask) -> None:
    filled.add_product({"id": 103, "sku": "BIB", "name": "Bib", "price": 4, "base_variant_id": 900})
    assert ids(ask("GET", f"{VARIANTS}?product_id:in=103")) == [900]
    assert ids(ask("GET", f"{PRODUCTS}?sku:in=apron,bib")) == [103]
    filled.add_product({"id": 104, "sku": "BOX", "name": "Box", "price": 4, "base_variant_id": 605})
    assert filled.add_product({"sku": "BAG", "name": "Bag", "price": 4}) == 105
    assert ids(ask("GET", f"{VARIANTS}?sku=bag")) == [606]
