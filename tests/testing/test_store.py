from __future__ import annotations

import json
from datetime import timedelta

import pytest

from avbc.testing import (
    FakeOrder,
    FakeStore,
    OrderFactory,
    Payment,
    Person,
    item,
    order_of_shape,
    orders_of_every_shape,
)
from avbc.testing.values import from_unix, rfc2822


def ids(answer: tuple[int, object]) -> list[int]:
    status, rows = answer
    assert status == 200
    return [row["id"] for row in rows]


@pytest.fixture
def filled(store: FakeStore) -> FakeStore:
    factory = OrderFactory(first_id=1)
    for _ in range(7):
        store.add_order(factory.plain())
    return store


def test_a_list_is_ordered_by_id_and_ends_with_204(filled, ask) -> None:
    assert ids(ask("GET", "/v2/orders")) == [1, 2, 3, 4, 5, 6, 7]
    assert ids(ask("GET", "/v2/orders?limit=3&page=2")) == [4, 5, 6]
    assert ids(ask("GET", "/v2/orders?limit=3&page=3")) == [7]
    assert ask("GET", "/v2/orders?limit=7&page=2") == (204, None)
    assert ask("GET", "/v2/orders?status_id=2") == (204, None)


def test_the_default_page_is_fifty(store, ask) -> None:
    factory = OrderFactory()
    for _ in range(51):
        store.add_order(factory.plain())
    assert len(ids(ask("GET", "/v2/orders"))) == 50


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("min_id=5", [5, 6, 7]),
        ("min_id=3&max_id=4", [3, 4]),
        ("status_id=9", [2]),
        ("sort=id:desc&limit=2", [7, 6]),
        ("sort=customer_id:desc&limit=1", [3]),
        ("customer_id=7", [3]),
        ("email=ANA@example.com", [4]),
        ("payment_method=PayPal", [5]),
        ("external_order_id=ext-1", [6]),
        ("min_total=1000", [7]),
        ("max_total=0.01", [1]),
        ("min_date_created=2026-03-02T15:14:00Z&max_date_created=2026-03-02T15:21:00Z", [3, 4]),
        ("min_date_created=Mon,%2002%20Mar%202026%2015:42:00%20%2B0000", [7]),
        ("sort=date_created:desc&limit=1", [7]),
        ("sort=date_modified:desc&limit=1", [2]),
        ("sort=status_id:asc&limit=1", [2]),
        ("channel_id=1&limit=1", [1]),
        ("sort=external_id:asc&limit=1", [1]),
    ],
)
def test_filters(filled, ask, clock, query, expected) -> None:
    clock.now += 7200
    filled.edit_order(2, status_id=9)
    factory = OrderFactory(first_id=3)
    filled.add_order(
        factory.order([item("MUG-BLUE")], buyer=Person("Mei", "Tanaka", customer_id=7))
    )
    fourth = filled.add_order(FakeOrder.from_json({**filled.order(4).to_json()}))
    fourth.header["billing_address"]["email"] = "ana@example.com"
    filled.order(5).header["payment_method"] = "PayPal"
    filled.order(6).header["external_order_id"] = "ext-1"
    filled.order(7).header["total_inc_tax"] = "1000.0000"
    filled.order(1).header["total_inc_tax"] = "0.0100"
    filled.order(3).header["date_created"] = "Mon, 02 Mar 2026 15:14:00 +0000"
    assert ids(ask("GET", f"/v2/orders?{query}")) == expected


@pytest.mark.parametrize(
    "query",
    [
        "status_id=Pending",
        "min_id=x",
        "page=0",
        "limit=-1",
        "min_total=ten",
        "sort=total",
        "sort=id:up",
        "min_date_created=yesterday",
        "min_date_created=2026-03-02T15:14:00",
        "min_date_created=2026-03-02T15:14:00+00:00",
    ],
    ids=lambda query: query[:24],
)
def test_nonsense_in_a_filter_is_a_400_in_v2_shape(filled, ask, query) -> None:
    status, body = ask("GET", f"/v2/orders?{query}")
    assert status == 400
    assert body[0]["status"] == 400
    assert query.split("=", maxsplit=1)[0] in body[0]["message"]


def test_too_high_a_limit_is_a_413_with_the_maximum(filled, ask) -> None:
    status, body = ask("GET", "/v2/orders?limit=251")
    assert (status, "250" in body[0]["message"]) == (413, True)
    status, body = ask("GET", "/v3/customers?limit=251")
    assert (status, "250" in body["title"]) == (413, True)


def test_paging_a_filtered_list_while_statuses_change_skips_orders(filled, ask) -> None:
    """The trap that the walk by min_id avoids: it must be here too."""
    seen = ids(ask("GET", "/v2/orders?status_id=11&limit=3"))
    for order_id in seen:
        assert ask("PUT", f"/v2/orders/{order_id}", {"status_id": 9})[0] == 200
    assert ids(ask("GET", "/v2/orders?status_id=11&limit=3&page=2")) == [7]
    assert ids(ask("GET", "/v2/orders?status_id=11&limit=3&min_id=4")) == [4, 5, 6]


def test_a_status_write_shows_in_lists_counts_and_dates(filled, ask, clock) -> None:
    clock.now += 3600
    status, order = ask("PUT", "/v2/orders/3", {"status_id": 12, "staff_notes": "see the log"})
    assert status == 200
    assert (order["status"], order["staff_notes"]) == (
        "Manual Verification Required",
        "see the log",
    )
    assert order["date_modified"] == rfc2822(from_unix(clock.now))
    assert ids(ask("GET", "/v2/orders?status_id=12")) == [3]
    assert 3 not in ids(ask("GET", "/v2/orders?status_id=11"))
    _, count = ask("GET", "/v2/orders/count")
    assert {row["id"]: row["count"] for row in count["statuses"] if row["count"]} == {11: 6, 12: 1}
    assert count["count"] == 7
    assert ask("GET", "/v2/orders/3")[1]["staff_notes"] == "see the log"


@pytest.mark.parametrize(
    ("target", "body", "expected"),
    [
        ("/v2/orders/0", {}, 404),
        ("/v2/orders/99", {"status_id": 9}, 404),
        ("/v2/orders", {"status_id": 9}, 405),
        ("/v2/orders/1", {"status_id": 99}, 400),
        ("/v2/orders/1", {"status_id": True}, 400),
        ("/v2/orders/1", {"staff_notes": 5}, 400),
        ("/v2/orders/1", [1], 400),
        ("/v2/orders/1", {"external_merchant_id": "x"}, 400),
        ("/v2/orders/1", {"products": []}, 400),
    ],
)
def test_writes_that_are_refused(filled, ask, target, body, expected) -> None:
    before = filled.order(1).to_json()
    status, answer = ask("PUT", target, body)
    assert (status, answer[0]["status"]) == (expected, expected)
    assert filled.order(1).to_json() == before


def test_archived_orders_leave_the_lists_but_can_be_read(filled, ask) -> None:
    assert ask("DELETE", "/v2/orders/4") == (204, None)
    assert 4 not in ids(ask("GET", "/v2/orders"))
    assert ask("GET", "/v2/orders/4")[1]["is_deleted"] is True
    assert ask("PUT", "/v2/orders/4", {"status_id": 9})[0] == 404
    filled.delete_order(4)
    assert ask("GET", "/v2/orders/4")[0] == 404


def test_parts_of_an_order_page_and_end_with_204(store, ask) -> None:
    order = store.add_order(order_of_shape("long"))
    lines = [ids(ask("GET", f"/v2/orders/{order.id}/products?page={page}")) for page in [1, 2]]
    assert [len(part) for part in lines] == [50, 12]
    assert ask("GET", f"/v2/orders/{order.id}/products?page=3") == (204, None)
    assert ask("GET", f"/v2/orders/{order.id}/coupons") == (204, None)
    assert ask("GET", f"/v2/orders/{order.id}/products/{lines[0][3]}")[1]["id"] == lines[0][3]
    assert ask("GET", f"/v2/orders/{order.id}/products/1")[0] == 404
    for part in ["products", "shipping_addresses", "coupons", "taxes", "fees", "consignments"]:
        assert ask("GET", f"/v2/orders/77/{part}")[0] == 404


def test_taxes_add_up_with_and_without_details(store, ask) -> None:
    order = store.add_order(order_of_shape("two_consignments"))
    _, detailed = ask("GET", f"/v2/orders/{order.id}/taxes?details=true")
    _, brief = ask("GET", f"/v2/orders/{order.id}/taxes")
    assert {row["line_item_type"] for row in detailed} == {"item", "shipping"}
    assert len(brief) == 2
    assert "order_product_id" not in brief[0]
    assert sum(float(row["line_amount"]) for row in brief) == pytest.approx(
        float(order.header["total_tax"])
    )


def test_embedded_and_separate_parts_agree(store, ask) -> None:
    order = store.add_order(order_of_shape("everything"))
    query = "include=consignments.line_items,fees&consignment_structure=object"
    _, (embedded,) = ask("GET", f"/v2/orders?{query}")
    assert embedded == ask("GET", f"/v2/orders/{order.id}?{query}")[1]
    consignments = embedded["consignments"]
    assert (
        consignments
        == ask("GET", f"/v2/orders/{order.id}/consignments?include=consignments.line_items")[1]
    )
    parts = [
        *consignments["shipping"],
        *consignments["pickups"],
        *consignments["downloads"],
        *consignments["email"]["gift_certificates"],
    ]
    lines = {line["id"] for part in parts for line in part["line_items"]}
    assert lines == set(ids(ask("GET", f"/v2/orders/{order.id}/products")))
    assert embedded["fees"] == ask("GET", f"/v2/orders/{order.id}/fees")[1]["fees"]
    assert [row["id"] for row in consignments["shipping"]] == ids(
        ask("GET", f"/v2/orders/{order.id}/shipping_addresses")
    )


def test_transactions_and_refunds(store, ask) -> None:
    paid, offline = (
        store.add_order(order_of_shape("captured")),
        store.place_order(payment=Payment("Cash on Delivery", state="offline")),
    )
    _, answer = ask("GET", f"/v3/orders/{paid.id}/transactions")
    first, second = answer["data"]
    assert first["order_id"] == str(paid.id)
    assert second["reference_transaction_id"] == first["id"]
    assert isinstance(first["amount"], float)
    assert ask("GET", f"/v3/orders/{offline.id}/transactions") == (204, None)
    status, error = ask("GET", "/v3/orders/5/transactions")
    assert (status, error["status"], error["errors"]) == (404, 404, {})
    store.add_refund({"id": 3, "order_id": paid.id, "total_amount": 5})
    store.add_refund({"id": 2, "order_id": offline.id, "total_amount": 1})
    assert [row["id"] for row in ask("GET", "/v3/orders/payment_actions/refunds")[1]["data"]] == [
        2,
        3,
    ]
    chosen = ask("GET", f"/v3/orders/payment_actions/refunds?order_id:in={paid.id}")[1]["data"]
    assert [row["id"] for row in chosen] == [3]
    assert ask("GET", f"/v3/orders/{offline.id}/payment_actions/refunds")[1]["data"][0]["id"] == 2


def test_customers_filter_and_cut_their_addresses(store, ask) -> None:
    addresses = [{"id": number, "customer_id": 1, "city": "Austin"} for number in range(1, 13)]
    store.add_customer({"email": "Ana@Example.com", "company": "Rivera", "addresses": addresses})
    store.add_customer(
        {
            "id": 5,
            "email": "b@example.com",
            "customer_group_id": 2,
            "date_created": "2026-03-01T00:00:00Z",
        }
    )
    everyone = ask("GET", "/v3/customers")[1]
    assert [row["id"] for row in everyone["data"]] == [1, 5]
    assert "addresses" not in everyone["data"][0]
    found = ask(
        "GET", "/v3/customers?email:in=ana@example.com&include=addresses,storecredit,attributes"
    )[1]["data"][0]
    assert len(found["addresses"]) == 10
    assert found["store_credit_amounts"] == [{"amount": 0}]
    rest = ask("GET", "/v3/customers/addresses?customer_id:in=1")[1]
    assert rest["meta"]["pagination"]["total"] == 12
    assert [row["id"] for row in ask("GET", "/v3/customers/addresses?id:in=7")[1]["data"]] == [7]
    for query in [
        "id:in=5,9",
        "customer_group_id:in=2",
        "date_created:min=2026-02-01",
        "date_modified:max=2026-01-06&id:in=5",
    ]:
        assert [row["id"] for row in ask("GET", f"/v3/customers?{query}")[1]["data"]] == [5]
    assert [row["id"] for row in ask("GET", "/v3/customers?company:in=rivera")[1]["data"]] == [1]
    assert ask("GET", "/v3/customers?id:in=x")[0] == 422
    assert ask("GET", "/v3/customers?date_created:min=x")[0] == 422


def test_v3_lists_page_by_number_and_by_cursor(store, ask) -> None:
    for _ in range(5):
        store.add_customer({"email": "x@example.com"})
    first = ask("GET", "/v3/customers?limit=2")[1]
    pagination = first["meta"]["pagination"]
    assert (
        pagination["total"],
        pagination["count"],
        pagination["total_pages"],
        pagination["current_page"],
    ) == (5, 2, 3, 1)
    assert pagination["links"]["next"] == "?page=2&limit=2"
    assert ask("GET", "/v3/customers?limit=2&page=4")[1]["data"] == []
    seen, cursor = [row["id"] for row in first["data"]], first["meta"]["cursor_pagination"]
    while "next" in cursor["links"]:
        page = ask("GET", f"/v3/customers?limit=2&page=1&after={cursor['end_cursor']}")[1]
        seen += [row["id"] for row in page["data"]]
        cursor = page["meta"]["cursor_pagination"]
    assert seen == [1, 2, 3, 4, 5]
    back = ask("GET", f"/v3/customers?limit=2&before={cursor['start_cursor']}")[1]
    assert [row["id"] for row in back["data"]] == [3, 4]
    assert ask("GET", "/v3/customers?after=!!")[0] == 422


def test_the_store_and_its_reference_data(store, ask, clock) -> None:
    assert ask("GET", "/v2/store")[1]["currency"] == "USD"
    assert ask("GET", "/v2/time") == (200, {"time": int(clock.now)})
    assert [row["currency_code"] for row in ask("GET", "/v2/currencies")[1]] == ["USD", "EUR"]
    assert ask("GET", "/v2/currencies/2")[1]["currency_code"] == "EUR"
    assert ask("GET", "/v2/currencies/9")[0] == 404
    assert ids(ask("GET", "/v2/shipping/zones")) == [1]
    assert ask("GET", "/v2/shipping/zones/1")[1]["name"] == "United States"
    assert [row["name"] for row in ask("GET", "/v2/shipping/zones/1/methods")[1]] == [
        "UPS Ground",
        "Flat Rate",
    ]
    assert ask("GET", "/v2/shipping/zones/2/methods")[0] == 404
    assert {row["name"] for row in ask("GET", "/v2/payments/methods")[1]} == {
        "Credit Card",
        "PayPal",
        "Cash on Delivery",
    }
    assert ask("GET", "/v3/payments/methods")[0] == 400
    order = store.place_order()
    assert ask("GET", f"/v3/payments/methods?order_id={order.id}")[1]["data"]
    assert ask("GET", "/v3/payments/methods?order_id=x")[0] == 404
    assert ask("GET", "/v3/payments/methods?checkout_id=c")[0] == 200
    assert ask("GET", "/v2/tax_classes")[1][0]["id"] == "1"
    assert ask("GET", "/v2/tax_classes/3")[1]["name"] == "Gift Wrapping"
    assert ask("GET", "/v2/tax_classes/9")[0] == 404
    store.state.tax_classes.clear()
    store.state.shipping_methods.clear()
    store.state.payment_methods.clear()
    store.state.currencies.clear()
    store.state.coupons.append({"id": 4, "code": "SAVE5"})
    for target in [
        "/v2/tax_classes",
        "/v2/shipping/zones/1/methods",
        "/v2/payments/methods",
        "/v2/currencies",
        "/v2/coupons?min_id=5",
        "/v2/coupons?code=X",
    ]:
        assert ask("GET", target) == (204, None)
    assert ids(ask("GET", "/v2/coupons?code=SAVE5")) == [4]


def test_renamed_statuses_keep_their_ids(clock) -> None:
    store = FakeStore(clock=clock, status_labels={11: "Ready to go"})
    store.place_order()
    assert store.request("GET", "/v2/order_statuses/11").body.decode().count("Ready to go") == 1
    assert store.request("GET", "/v2/order_statuses/99").status == 404
    assert (
        b'"custom_status":"Ready to go"'
        in store.request("PUT", "/v2/orders/1001", body=b'{"status_id":11}').body
    )


def test_products_are_found_by_sku_without_case(store, ask) -> None:
    store.add_product({"sku": "Mug", "name": "A mug", "price": 3})
    store.add_product({"sku": "Cup", "name": "A cup", "price": 3})
    found = ask("GET", "/v3/catalog/products?sku:in=MUG,nothing&include_fields=sku")[1]
    assert found["data"] == [{"id": 101, "sku": "Mug"}]
    (cup,) = ask("GET", "/v3/catalog/products?sku=cup&exclude_fields=price,sku")[1]["data"]
    assert (cup["id"], cup["name"], {"price", "sku"} & cup.keys()) == (102, "A cup", set())
    assert [row["id"] for row in ask("GET", "/v3/catalog/products?id:in=102")[1]["data"]] == [102]


def test_placed_orders_get_the_next_id_and_the_clocks_time(store, clock, ask) -> None:
    store.add_order(OrderFactory(first_id=500).plain())
    clock.now += timedelta(days=3).total_seconds()
    order = store.place_order(
        [item("MUG-BLUE", 2)], buyer=Person("Ana", "Rivera", email="a@example.com", customer_id=31)
    )
    assert order.id == 1001
    assert order.header["date_created"] == rfc2822(from_unix(clock.now))
    assert store.place_order().id == 1002
    assert [row["id"] for row in ask("GET", "/v3/customers")[1]["data"]] == [31]


def test_a_store_keeps_its_own_copy_of_an_order(store) -> None:
    order = order_of_shape("plain")
    store.add_order(order)
    store.edit_order(order.id, status_id=9)
    order.products.clear()
    assert order.header["status_id"] == 11
    assert store.order(order.id).products
    with pytest.raises(ValueError, match="99"):
        store.edit_order(order.id, status_id=99)


def test_an_edit_by_a_person_moves_the_date(store, clock, ask) -> None:
    order = store.place_order()
    clock.now += 60
    store.edit_order(order.id, total_inc_tax="1.0000")
    _, again = ask("GET", f"/v2/orders/{order.id}")
    assert again["total_inc_tax"] == "1.0000"
    assert again["date_modified"] != again["date_created"]


# Who may ask what


def test_a_wrong_token_is_a_401(store) -> None:
    assert store.request("GET", "/v2/orders", **{"x-auth-token": "another"}).status == 401
    assert store.request("GET", "/v2/orders", **{"x-auth-token": ""}).status == 401


@pytest.mark.parametrize(
    ("scope", "method", "path", "body", "granted"),
    [
        ("store_v2_orders_read_only", "GET", "/v2/orders", None, 204),
        ("store_v2_orders", "PUT", "/v2/orders/0", {}, 404),
        ("store_v2_transactions_read_only", "GET", "/v3/orders/0/transactions", None, 404),
        ("store_v2_transactions", "POST", "/v3/orders/0/payment_actions/capture", {}, 404),
        ("store_v2_products_read_only", "GET", "/v3/catalog/products", None, 200),
        ("store_v2_products", "PUT", "/v3/catalog/products", [], 422),
        ("store_inventory_read_only", "GET", "/v3/inventory/items", None, 200),
        ("store_inventory", "PUT", "/v3/inventory/adjustments/absolute", {"items": []}, 422),
        ("store_locations_read_only", "GET", "/v3/inventory/locations", None, 200),
        ("store_v2_customers_read_only", "GET", "/v3/customers", None, 200),
        ("store_v2_customers", "PUT", "/v3/customers", [], 422),
        ("store_v2_information_read_only", "GET", "/v2/time", None, 200),
        ("store_payments_methods_read", "GET", "/v2/payments/methods", None, 200),
    ],
)
def test_scopes_are_judged_before_the_body(
    *, store, ask, scope, method, path, body, granted
) -> None:
    store.scopes = {scope}
    assert ask(method, path, body)[0] == granted
    store.scopes = {"store_v2_marketing"}
    status, answer = ask(method, path, body)
    assert status == 403
    assert answer["title"] == "You don't have a required scope to access the endpoint"


def test_the_orders_scope_is_not_enough_for_transactions(store, ask) -> None:
    store.scopes = {"store_v2_orders"}
    assert ask("GET", "/v3/orders/1/transactions")[0] == 403


def test_addresses_outside_the_store_and_unknown_ones(store, ask) -> None:
    assert ask("GET", "/v2/nothing")[0] == 404
    assert ask("GET", "/v3/nothing")[1]["title"]
    assert ask("GET", "/stores/other/v2/orders")[0] == 403
    assert ask("DELETE", "/v3/customers")[0] == 405
    assert ask("GET", f"/v3/customers?id:in={'1,' * 5000}")[0] == 414


def test_bodies_must_be_json_and_say_so(store) -> None:
    store.add_order(order_of_shape("plain"))
    assert (
        store.request(
            "PUT", "/v2/orders/1001", body=b"{", **{"content-type": "application/json"}
        ).status
        == 400
    )
    assert (
        store.request("PUT", "/v2/orders/1001", body=b"{}", **{"content-type": "text/plain"}).status
        == 415
    )


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("PUT", "/v3/customers", [{}] * 11, 413),
        ("PUT", "/v3/catalog/products", [{}] * 11, 413),
    ],
)
def test_writes_that_it_does_not_do_are_not_pretended(
    *, store, ask, method, path, body, expected
) -> None:
    store.place_order()
    assert ask(method, path, body)[0] == expected


def test_requests_are_counted_by_call(store, ask) -> None:
    for order in orders_of_every_shape()[:3]:
        store.add_order(order)
    ask("GET", "/v2/orders?limit=2")
    ask("PUT", "/v2/orders/1001", {"status_id": 9})
    ask("PUT", "/v2/orders/1002", {"status_id": 9})
    assert store.counts() == {"GET /v2/orders": 1, "PUT /v2/orders/{id}": 2}
    last = store.log[-1]
    assert (last.number, last.path, last.status, last.body) == (
        3,
        "/v2/orders/1002",
        200,
        b'{"status_id": 9}',
    )
    store.clear_log()
    assert store.counts() == {}


def test_the_store_information_is_an_option(store, ask) -> None:
    store.set_options(information={"is_price_entered_with_tax": True, "weight_units": "KGS"})
    store.set_options(time_zone="Europe/Berlin")
    shown = ask("GET", "/v2/store")[1]
    assert (shown["is_price_entered_with_tax"], shown["weight_units"]) == (True, "KGS")
    zone = {key: shown["timezone"][key] for key in ["name", "raw_offset", "dst_offset"]}
    assert zone == {"name": "Europe/Berlin", "raw_offset": 3600, "dst_offset": 7200}
    store.set_options(time_zone="Asia/Kolkata")
    zone = ask("GET", "/v2/store")[1]["timezone"]
    assert (zone["raw_offset"], zone["dst_offset"], zone["dst_correction"]) == (19800, 19800, False)
    store.set_options(time_zone="Nowhere/At_All")  # offsets stay: a name that no database knows
    zone = ask("GET", "/v2/store")[1]["timezone"]
    assert (zone["name"], zone["raw_offset"]) == ("Nowhere/At_All", 19800)


def test_a_missing_scope_is_the_object_of_v3_on_every_path() -> None:
    store = FakeStore(scopes=())
    for path in ["/v2/orders/1", "/v3/orders/1/transactions"]:
        answer = store.request("GET", path)
        assert json.loads(answer.body) == {
            "status": 403,
            "title": "You don't have a required scope to access the endpoint",
            "type": "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes",
            "errors": {},
        }
