from __future__ import annotations

import time

import pytest

from avbc.testing import FakeStore, item
from avbc.testing.example import populate

ITEMS = "/v3/inventory/items"
ABSOLUTE = "/v3/inventory/adjustments/absolute"
RELATIVE = "/v3/inventory/adjustments/relative"


@pytest.fixture
def filled(store: FakeStore) -> FakeStore:
    """The example's products, tracked by product, by variant and not; location 3 is disabled."""
    populate(store, 0)
    return store


def onhand(ask, sku: str, location: int = 1) -> int:
    (row,) = ask("GET", f"{ITEMS}?sku:in={sku}&location_id:in={location}")[1]["data"]
    (place,) = row["locations"]
    return place["total_inventory_onhand"]


def put(ask, *items: dict[str, object]) -> tuple[int, dict[str, object]]:
    return ask(
        "PUT",
        ABSOLUTE,
        {"reason": "test", "items": [{"location_id": 1, "quantity": 5, **row} for row in items]},
    )


def test_items_tell_sku_and_ids_together(filled, ask) -> None:
    _, answer = ask("GET", f"{ITEMS}?sku:in=mug-blue,NOTHING,apron-l")
    assert [row["identity"] for row in answer["data"]] == [
        {"sku": "MUG-BLUE", "variant_id": 601, "product_id": 101, "sku_id": 601},
        {"sku": "APRON-L", "variant_id": 652, "product_id": 113, "sku_id": 652},
    ]
    places = answer["data"][0]["locations"]
    assert [
        (row["location_id"], row["location_code"], row["location_enabled"]) for row in places
    ] == [
        (1, "MAIN", True),
        (2, "WEST", True),
        (3, "OLD", False),
    ]
    assert [row["total_inventory_onhand"] for row in places] == [100, 0, 0]
    assert places[0]["settings"] == {
        "safety_stock": 0,
        "is_in_stock": True,
        "warning_level": 0,
        "bin_picking_number": "",
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("variant_id:in=601,999", [601]),
        ("product_id:in=113,999", [651, 652]),
        ("product_id:in=113&sku:in=APRON-S,MUG-RED", [651]),
        ("variant_id:in=651,601&sku:in=APRON-S", [651]),
        ("limit=2&page=2", [603, 604]),
        ("sku:in=", []),
    ],
)
def test_items_are_filtered(filled, ask, query, expected) -> None:
    assert [
        row["identity"]["variant_id"] for row in ask("GET", f"{ITEMS}?{query}")[1]["data"]
    ] == expected


def test_locations_choose_what_is_shown_of_an_item(filled, ask) -> None:
    (row,) = ask("GET", f"{ITEMS}?sku:in=MUG-BLUE&location_code:in=west")[1]["data"]
    assert [place["location_id"] for place in row["locations"]] == [2]
    (here,) = ask("GET", "/v3/inventory/locations/1/items?sku:in=MUG-BLUE")[1]["data"]
    assert (here["identity"]["sku"], here["total_inventory_onhand"]) == ("MUG-BLUE", 100)
    assert ask("GET", "/v3/inventory/locations/9/items")[0] == 404


def test_available_to_sell_leaves_out_the_safety_stock(filled, ask) -> None:
    filled.state.stock.put_settings(("product", 101), 1, {"safety_stock": 30})
    (row,) = ask("GET", f"{ITEMS}?sku:in=MUG-BLUE&location_id:in=1")[1]["data"]
    assert (
        row["locations"][0]["available_to_sell"],
        row["locations"][0]["total_inventory_onhand"],
    ) == (70, 100)


def test_pages_hold_a_thousand(store, ask) -> None:
    store.add_products(1200, quantity=3)
    page = ask("GET", f"{ITEMS}?limit=1000&page=2")[1]
    assert (len(page["data"]), page["meta"]["pagination"]["total"]) == (200, 1200)
    assert ask("GET", f"{ITEMS}?limit=1001")[0] == 413


def test_a_read_right_after_shows_the_old_level(filled, ask) -> None:
    status, answer = put(ask, {"product_id": 101})
    assert (status, answer.keys()) == (200, {"transaction_id"})
    assert [onhand(ask, "MUG-BLUE") for _ in range(3)] == [100, 5, 5]
    assert put(ask, {"product_id": 101})[1]["transaction_id"] != answer["transaction_id"]


def test_adjustments_settle_on_request(filled, ask) -> None:
    filled.state.settle_after = None
    put(ask, {"product_id": 101}, {"sku": "apron-s", "quantity": 0, "location_id": 2})
    put(ask, {"product_id": 101, "quantity": 6})
    assert [onhand(ask, "MUG-BLUE") for _ in range(4)] == [100] * 4
    assert filled.settle() == 2
    assert (onhand(ask, "MUG-BLUE"), onhand(ask, "APRON-S", 2), onhand(ask, "APRON-S")) == (
        6,
        0,
        100,
    )
    assert filled.inventory()["MUG-BLUE"] == 6
    assert (
        ask("GET", "/v3/catalog/products?id:in=101,113&include=variants")[1]["data"][0][
            "inventory_level"
        ]
        == 6
    )


def test_each_key_finds_its_item(filled, ask) -> None:
    assert (
        put(
            ask,
            {"sku": "lamp-01", "quantity": 1},
            {"variant_id": 651, "quantity": 2},
            {"product_id": 102, "quantity": 3},
        )[0]
        == 200
    )
    filled.settle()
    levels = filled.inventory()
    assert (levels["LAMP-01"], levels["APRON-S"], levels["MUG-RED"]) == (1, 2, 3)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            {"variant_id": 601},
            "Item with variant_id 601 is tracked by product, please update stock by product id",
        ),
        (
            {"sku": "MUG-BLUE"},
            "Item with sku MUG-BLUE is tracked by product, please update stock by product id",
        ),
        (
            {"product_id": 104},
            (
                "Item with product_id 104 is tracked by variant, please update stock by "
                "variant id or sku"
            ),
        ),
        ({"product_id": 111}, "Item with product_id 111 is not tracked"),
        ({"sku": "EBOOK-01"}, "Item with sku EBOOK-01 is not tracked"),
        ({"sku": "NO-SUCH"}, "Item with sku NO-SUCH was not found"),
        ({"sku": 5}, "Item with sku 5 was not found"),
        ({"variant_id": 999}, "Item with variant_id 999 was not found"),
        ({"product_id": 999}, "Item with product_id 999 was not found"),
        (
            {"product_id": 101, "location_id": 3},
            "Item with product_id 101: location with id 3 is disabled",
        ),
        (
            {"product_id": 101, "location_id": 9},
            "Item with product_id 101: location with id 9 was not found",
        ),
        (
            {"product_id": 101, "quantity": -1},
            "Item with product_id 101 needs a whole quantity from 0 to 2147483647",
        ),
        (
            {"product_id": 101, "quantity": 2_147_483_648},
            "Item with product_id 101 needs a whole quantity from 0 to 2147483647",
        ),
        (
            {"product_id": 101, "quantity": 1.5},
            "Item with product_id 101 needs a whole quantity from 0 to 2147483647",
        ),
        (
            {"product_id": 101, "quantity": True},
            "Item with product_id 101 needs a whole quantity from 0 to 2147483647",
        ),
        (
            {"product_id": 101, "sku": "MUG-BLUE"},
            "An item needs exactly one of sku, variant_id and product_id",
        ),
        ({}, "An item needs exactly one of sku, variant_id and product_id"),
    ],
)
def test_one_bad_item_refuses_the_batch_and_is_named(*, filled, ask, row, reason) -> None:
    status, answer = put(ask, {"product_id": 102}, row)
    assert (status, answer["status"], answer["title"]) == (422, 422, f"[{reason}]")
    assert filled.settle() == 0
    assert filled.inventory()["MUG-RED"] == 100


def test_all_bad_items_are_named_unless_the_store_is_terse(filled, ask) -> None:
    bad = [{"sku": "NO-SUCH"}, {"product_id": 104}]
    title = put(ask, *bad)[1]["title"]
    assert "NO-SUCH" in title
    assert "104" in title
    filled.state.names_faulty_items = False
    assert put(ask, *bad)[1]["title"] == "JSON data is missing or invalid"


def test_errors_have_the_content_type_of_the_inventory_api(filled) -> None:
    answer = filled.request(
        "PUT", ABSOLUTE, body=b'{"items":[{"location_id":1,"sku":"NO","quantity":1}]}'
    )
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("body", [{}, {"items": []}, {"items": 5}, [1]])
def test_a_body_without_items(ask, body) -> None:
    assert ask("PUT", ABSOLUTE, body)[0] == 422


def test_two_thousand_items_are_the_most(store, ask) -> None:
    first = store.add_products(2001)[0]
    rows = [
        {"location_id": 1, "product_id": first + place, "quantity": place} for place in range(2001)
    ]
    status, answer = ask("PUT", ABSOLUTE, {"items": rows})
    assert (status, "2000" in answer["title"]) == (413, True)
    assert ask("PUT", ABSOLUTE, {"items": rows[:2000]})[0] == 200
    assert ask("PUT", ABSOLUTE, {"items": ["x"]})[0] == 422


def test_relative_adjustments_need_an_absolute_one_first(filled, ask) -> None:
    row = {"location_id": 2, "product_id": 101, "quantity": -3}
    status, answer = ask("POST", RELATIVE, {"items": [row]})
    assert (status, answer["title"]) == (
        422,
        "[Item with product_id 101 requires absolute adjustment before relative]",
    )
    put(ask, {"product_id": 101, "location_id": 2, "quantity": 4})
    filled.settle()
    assert ask("POST", RELATIVE, {"items": [row]})[0] == 200
    filled.settle()
    assert onhand(ask, "MUG-BLUE", 2) == 1
    assert ask("POST", RELATIVE, {"items": [row]})[0] == 422
    assert put(ask, {"product_id": 101, "location_id": 2, "quantity": 0})[0] == 200


def test_an_order_takes_its_stock_when_it_is_placed_unless_the_settings_say_otherwise(
    filled, ask
) -> None:
    filled.place_order([item("MUG-BLUE", 3), item("LAMP-01", 1), item("EBOOK-01")])
    levels = filled.inventory()
    assert (levels["MUG-BLUE"], levels["LAMP-01"]) == (97, 99)
    assert (
        ask("GET", "/v3/settings/inventory")[1]["data"]["update_stock_behavior"] == "order_placed"
    )
    assert (
        ask(
            "PUT", "/v3/settings/inventory", {"update_stock_behavior": "order_completed_or_shipped"}
        )[0]
        == 200
    )
    filled.place_order([item("MUG-BLUE", 3)])
    assert filled.inventory()["MUG-BLUE"] == 97
    assert (
        ask("GET", "/v3/settings/inventory")[1]["data"]["update_stock_behavior"]
        == "order_completed_or_shipped"
    )
    assert ask("PUT", "/v3/settings/inventory", {"update_stock_behavior": "never"})[0] == 422
    assert ask("PUT", "/v3/settings/inventory", [1])[0] == 422


def test_locations(filled, ask) -> None:
    path = "/v3/inventory/locations"
    rows = ask("GET", path)[1]["data"]
    assert [(row["id"], row["code"], row["enabled"], row["is_default"]) for row in rows] == [
        (1, "MAIN", True, True),
        (2, "WEST", True, False),
        (3, "OLD", False, False),
    ]
    for query, expected in [
        ("is_default=true", [1]),
        ("is_active=false", [3]),
        ("location_code:in=west,old", [2, 3]),
        ("location_id:in=2", [2]),
        ("limit=1000", [1, 2, 3]),
    ]:
        assert [row["id"] for row in ask("GET", f"{path}?{query}")[1]["data"]] == expected
    assert ask("GET", f"{path}?limit=1001")[0] == 413


def test_stock_is_set_by_a_person_at_once(filled) -> None:
    filled.set_inventory("mug-blue", 4, location_id=2)
    assert filled.inventory(2)["MUG-BLUE"] == 4
    with pytest.raises(KeyError, match="NO-SUCH"):
        filled.set_inventory("NO-SUCH", 4)


def test_changed_levels_are_told_where_a_hook_waits(filled, ask) -> None:
    put(ask, {"product_id": 101})
    filled.settle()
    assert filled.events == []
    for scope in ["store/product/inventory/updated", "store/sku/*"]:
        assert (
            ask("POST", "/v3/hooks", {"scope": scope, "destination": "https://example.com/hook"})[0]
            == 200
        )
    put(ask, {"product_id": 101}, {"sku": "APRON-S"})
    filled.settle()
    first, second = filled.events
    assert first.data == {
        "type": "product",
        "id": 101,
        "inventory": {"product_id": 101, "method": "absolute", "value": 5},
    }
    assert second.data == {
        "type": "sku",
        "id": 651,
        "inventory": {"product_id": 113, "method": "absolute", "value": 5, "variant_id": 651},
    }


def test_a_product_that_goes_before_its_adjustment_settles(filled, ask) -> None:
    ask("POST", "/v3/hooks", {"scope": "store/sku/*", "destination": "https://example.com/hook"})
    put(ask, {"sku": "APRON-S"})
    ask("DELETE", "/v3/catalog/products/113")
    filled.settle()
    assert filled.events[-1].scope == "store/product/deleted"


@pytest.mark.no_cover
def test_a_hundred_thousand_products_are_read_and_written_fast(store, ask) -> None:
    """Generous bounds: what would fail them is a scan of all products for each row."""
    begun = time.perf_counter()
    product_ids = store.add_products(100_000, quantity=1)
    rows = [
        {"location_id": 1, "product_id": product_id, "quantity": 2}
        for product_id in product_ids[:2000]
    ]
    for _ in range(5):
        assert ask("PUT", ABSOLUTE, {"items": rows})[0] == 200
    store.settle()
    skus = ",".join(f"SKU-{number:06d}" for number in range(1, 400))
    found = ask("GET", f"{ITEMS}?limit=1000&sku:in={skus}")[1]["data"]
    assert {row["locations"][0]["total_inventory_onhand"] for row in found} == {2}
    assert len(ask("GET", f"{ITEMS}?limit=1000&page=100")[1]["data"]) == 1000
    assert (
        len(ask("GET", "/v3/catalog/products?limit=250&page=400&include_fields=sku")[1]["data"])
        == 250
    )
    assert time.perf_counter() - begun < 30


def test_levels_with_backorders_say_what_can_be_sold_beyond_what_there_is(filled, ask) -> None:
    store = filled
    store.set_inventory("MUG-BLUE", 2)
    (level,) = ask("GET", "/v3/inventory/items?sku:in=MUG-BLUE")[1]["data"][0]["locations"][:1]
    assert "available_on_hand" not in level
    for most, to_sell, unlimited in [(20, 22, False), (None, 0, True)]:
        store.set_backorders("mug-blue", most)
        (row,) = ask("GET", "/v3/inventory/items?sku:in=MUG-BLUE")[1]["data"]
        level = row["locations"][0]
        assert level["available_to_sell"] == to_sell
        assert level["total_inventory_onhand"] == level["available_on_hand"] == 2
        assert (level["available_for_backorder"], level["unlimited_backorder"]) == (most, unlimited)
    with pytest.raises(KeyError, match="no product of the store has the SKU 'NONE'"):
        store.set_backorders("NONE")


def test_settings_of_levels_may_be_flat(filled, ask) -> None:
    filled.set_options(flat_inventory_settings=True)
    (row,) = ask("GET", "/v3/inventory/items?sku:in=MUG-BLUE")[1]["data"]
    assert "sku_id" not in row["identity"]
    level = row["locations"][0]
    assert "settings" not in level
    assert (level["safety_stock"], level["warning_level"], level["bin_picking_number"]) == (
        0,
        0,
        "",
    )
