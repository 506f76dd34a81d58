from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator

import httpx
import pytest

from avbc.testing import FakeStore, OrderFactory, order_of_shape
from avbc.testing.serve import main


@pytest.fixture
def control(store) -> Iterator[Callable[..., tuple[int, object]]]:
    with (
        store.serve() as server,
        httpx.Client(base_url=f"{server.url}/_fake/", trust_env=False) as client,
    ):

        def ask(method: str, path: str, body: object = None) -> tuple[int, object]:
            answer = client.request(method, path, json=body)
            return answer.status_code, answer.json() if answer.content else None

        yield ask


def test_orders_and_their_state(store: FakeStore, control) -> None:
    order = order_of_shape("fees")
    assert control("POST", "orders", [order.to_json()]) == (204, None)
    assert store.order(order.id).to_json() == order.to_json()
    assert control("POST", "orders", {"example": {"orders": 2, "first_id": 5001}}) == (204, None)
    assert control("PUT", f"orders/{order.id}", {"status_id": 9, "staff_notes": "seen"})[0] == 204
    assert control("DELETE", "orders/5002")[0] == 204
    status, state = control("GET", "state")
    assert status == 200
    assert [(row["id"], row["status_id"], row["staff_notes"]) for row in state["orders"]] == [
        (1001, 9, "seen"),
        (5001, 11, ""),
    ]
    assert (state["requests"], state["refused"]) == (0, 0)


def test_the_log_and_the_counts(store: FakeStore, control) -> None:
    store.request("GET", "/v2/time")
    assert control("GET", "counts") == (200, {"GET /v2/time": 1})
    ((_, (entry,)),) = [control("GET", "log")]
    assert (entry["number"], entry["name"], entry["status"]) == (1, "GET /v2/time", 200)
    assert control("DELETE", "log")[0] == 204
    assert control("GET", "counts") == (200, {})


def test_faults(store: FakeStore, control) -> None:
    assert control("POST", "faults", {"kind": "429", "reset_ms": 70, "seconds": 2})[0] == 204
    assert (
        control("POST", "faults", {"match": "PUT *", "kind": "500", "times": 2, "at": 3})[0] == 204
    )
    first, second = store.faults
    assert (first.match, first.kind, first.reset_ms, first.seconds) == ("*", "429", 70, 2)
    assert (second.match, second.kind, second.times, second.at) == ("PUT *", "500", 2, 3)
    assert [row["kind"] for row in control("GET", "faults")[1]] == ["429", "500"]
    assert control("DELETE", "faults")[0] == 204
    assert store.faults == []


def test_options(store: FakeStore, control) -> None:
    wish = {"latency": 0.5, "quota": 150, "other_apps": 50, "scopes": ["store_v2_orders"]}
    assert control("PUT", "options", wish)[0] == 204
    assert (store.latency, store.quota.limit, store.quota.others, store.scopes) == (
        0.5,
        150,
        50,
        {"store_v2_orders"},
    )


def test_products_stock_and_locations(store: FakeStore, control) -> None:
    apron = {
        "id": 113,
        "sku": "",
        "name": "Apron",
        "price": 2,
        "inventory_tracking": "variant",
        "variants": [{"sku": "A-S"}, {"sku": "A-L"}],
    }
    assert control("POST", "locations", {"code": "WEST"})[0] == 204
    assert (
        control("POST", "locations", {"code": "OLD", "label": "Old one", "enabled": False})[0]
        == 204
    )
    assert [(row["label"], row["enabled"]) for row in store.state.locations] == [
        ("Main", True),
        ("WEST", True),
        ("Old one", False),
    ]
    assert (
        control(
            "POST",
            "products",
            [{**apron, "inventory": {"1": 4, "2": 6}}, {"sku": "MUG", "name": "Mug"}],
        )[0]
        == 204
    )
    assert (
        control(
            "POST", "products", {"count": 2, "quantity": 3, "first_sku": 8, "tracking": "variant"}
        )[0]
        == 204
    )
    rows = control("GET", "products")[1]
    assert [(row["id"], [variant["sku"] for variant in row["variants"]]) for row in rows] == [
        (101, ["MUG"]),
        (102, ["SKU-000008"]),
        (103, ["SKU-000009"]),
        (113, ["A-S", "A-L"]),
    ]
    assert control("PUT", "inventory", {"2": {"mug": 9}, "1": {"A-S": 1}})[0] == 204
    here = {"A-S": 1, "A-L": 4, "MUG": 0, "SKU-000008": 3, "SKU-000009": 3}
    there = {"A-S": 6, "A-L": 6, "MUG": 9, "SKU-000008": 0, "SKU-000009": 0}
    assert control("GET", "inventory") == (
        200,
        {"1": here, "2": there, "3": dict.fromkeys(here, 0)},
    )


def test_payments_and_settling(store: FakeStore, control) -> None:
    order = store.add_order(order_of_shape("authorized"))
    assert control("PUT", f"payments/{order.id}", {"result": "declined"})[0] == 204
    store.request("POST", f"/v3/orders/{order.id}/payment_actions/capture")
    assert control("POST", "settle") == (200, {"settled": 1})
    (payment,) = control("GET", "payments")[1]
    assert (payment["id"], payment["payment_status"]) == (order.id, "declined")
    assert [row["event"] for row in payment["transactions"]] == ["authorization", "capture"]


def test_shipments_and_refunds(store: FakeStore, control, ask) -> None:
    order = store.add_order(order_of_shape("two_consignments"))
    items = [{"order_product_id": order.products[0]["id"], "quantity": 1}]
    made = ask(
        "POST",
        f"/v2/orders/{order.id}/shipments",
        {"order_address_id": order.shipping[0]["id"], "items": items},
    )[1]
    assert control("GET", "shipments") == (200, [made])
    wish = {
        "items": {str(order.products[0]["id"]): 1},
        "shipping": {str(order.shipping[1]["id"]): "2.00"},
        "amount": "1.50",
        "payments": [["authorizenet", "10.77"], ["storecredit", "3.50"]],
        "reason": "Broken",
    }
    status, row = control("POST", f"refunds/{order.id}", wish)
    assert (status, row["total_amount"], row["reason"], len(row["items"])) == (
        200,
        14.27,
        "Broken",
        3,
    )
    assert [payment["provider_id"] for payment in row["payments"]] == [
        "authorizenet",
        "storecredit",
    ]
    second = store.add_order(order_of_shape("fees", OrderFactory(first_id=2001)))
    assert (
        control("POST", f"refunds/{second.id}", {"fees": [second.fees[0]["id"]]})[1]["items"][0][
            "item_type"
        ]
        == "FEE"
    )
    assert control("POST", f"refunds/{second.id}")[1]["order_id"] == second.id
    assert [refund["order_id"] for refund in control("GET", "refunds")[1]] == [1001, 2001, 2001]
    assert store.order(second.id).header["status_id"] == 4


def test_customers(store: FakeStore, control) -> None:
    assert control("POST", "customers", [{"id": 4, "email": "a@example.com"}])[0] == 204
    assert [
        (row["id"], row["email"], row["addresses"]) for row in control("GET", "customers")[1]
    ] == [(4, "a@example.com", [])]


def test_hooks_events_and_webhooks(store: FakeStore, control, ask) -> None:
    ask(
        "POST",
        "/v3/hooks",
        {"scope": "store/order/created", "destination": "https://example.com/h"},
    )
    order = store.place_order()
    assert [row["scope"] for row in control("GET", "hooks")[1]] == ["store/order/created"]
    assert control("GET", "events")[1][0] == {
        "number": 1,
        "scope": "store/order/created",
        "data": {"type": "order", "id": order.id},
    }
    first, second = control("GET", "webhooks?copies=2")[1]
    (call,) = store.webhook_calls()
    assert (
        first
        == second
        == {
            "scope": call.scope,
            "destination": call.destination,
            "headers": call.headers,
            "body": call.body.decode(),
        }
    )
    assert control("GET", "webhooks?since=1") == (200, [])


def test_options_of_what_settles_later(store: FakeStore, control) -> None:
    assert control("PUT", "options", {"settle_after": None, "names_faulty_items": False})[0] == 204
    assert (store.state.settle_after, store.state.names_faulty_items) == (None, False)
    assert control("PUT", "options", {"settle_after": 3})[0] == 204
    assert store.state.settle_after == 3


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
        ("POST", "refunds/1001", {"lines": []}, 400, "no 'lines'"),
        ("POST", "refunds/1001", None, 400, "1001"),
        ("PUT", "payments/1001", {"result": "fine"}, 400, "no payment_status 'fine'"),
        ("PUT", "inventory", {"1": {"NO-SUCH": 1}}, 400, "NO-SUCH"),
        ("GET", "nothing", None, 404, "no control address GET nothing"),
        ("POST", "faults", {"kind": "earthquake"}, 400, "no fault 'earthquake'"),
        ("PUT", "orders/77", {"staff_notes": ""}, 400, "77"),
        ("PUT", "options", {"colour": "red"}, 400, "no option 'colour'"),
        ("POST", "orders", {"exmaple": {}}, 400, "example"),
    ],
)
def test_it_says_what_is_wrong(*, control, method, path, body, status, reason) -> None:
    answer = control(method, path, body)
    assert answer[0] == status
    assert reason in answer[1]["error"]


@pytest.mark.parametrize(
    "arguments", [["--orders", "3"], ["--orders", "3", "--plain", "--latency-ms", "5"]]
)
def test_the_command_prints_the_url_and_stops_with_stdin(arguments, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    main([*arguments, "--exit-with-stdin"])
    assert capsys.readouterr().out.startswith("http://127.0.0.1:")
