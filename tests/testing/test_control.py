from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from avbc.testing import FakeStore, OrderFactory, order_of_shape
from avbc.testing.__main__ import main


@pytest.fixture
def control(store) -> Iterator[Callable[..., tuple[int, object]]]:
    with (
        store.serve() as server,
        httpx.Client(base_url=f"{server.url}/_fake/", trust_env=False) as client,
    ):

        def ask(ability: str, **arguments: object) -> tuple[int, object]:
            answer = client.post(ability, json=arguments)
            return answer.status_code, answer.json()

        yield ask


def test_a_record_that_is_none_says_which_fields_it_has(
    control: Callable[..., tuple[int, Any]],
) -> None:
    for given in ("PayPal", None, 7):
        status, said = control("place_order", payment=given)
        assert (status, said["type"]) == (400, "TypeError")
        assert said["message"].startswith(f"{given!r} is no Payment: give an object with fields: ")
    assert control("place_order", payment={"method": "PayPal"})[0] == 200


def test_orders_and_their_summary(store: FakeStore, control) -> None:
    order = order_of_shape("fees")
    assert control("add_orders", orders=[order.to_json()])[0] == 200
    assert store.order(order.id).to_json() == order.to_json()
    assert control("place_order")[0] == 200
    assert control("edit_order", order_id=order.id, status_id=9, staff_notes="seen") == (200, None)
    assert control("delete_order", order_id=1002) == (200, None)
    second = order_of_shape("guest", OrderFactory(first_id=5001))
    assert control("add_order", order=second.to_json())[1]["header"]["id"] == 5001
    status, summary = control("summary")
    assert status == 200
    assert [(row["id"], row["status_id"], row["staff_notes"]) for row in summary["orders"]] == [
        (1001, 9, "seen"),
        (5001, 11, ""),
    ]
    assert (summary["requests"], summary["refused"]) == (0, 0)


def test_the_log_and_the_counts(store: FakeStore, control) -> None:
    store.request("GET", "/v2/time")
    assert control("counts") == (200, {"GET /v2/time": 1})
    ((_, (entry,)),) = [control("log")]
    assert (entry["number"], entry["name"], entry["status"]) == (1, "GET /v2/time", 200)
    assert control("clear_log") == (200, None)
    assert control("counts") == (200, {})


def test_faults(store: FakeStore, control) -> None:
    assert control("fail", kind="429", reset_ms=70, seconds=2)[0] == 200
    assert control("fail", match="PUT *", kind="500", times=2, at=3)[0] == 200
    first, second = store.faults
    assert (first.match, first.kind, first.reset_ms, first.seconds) == ("*", "429", 70, 2)
    assert (second.match, second.kind, second.times, second.at) == ("PUT *", "500", 2, 3)
    assert [row["kind"] for row in control("faults")[1]] == ["429", "500"]
    assert control("clear_faults") == (200, None)
    assert store.faults == []


def test_options(store: FakeStore, control) -> None:
    options = {"latency": 0.5, "quota": 150, "other_apps": 50, "scopes": ["store_v2_orders"]}
    assert control("set_options", **options) == (200, None)
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
    assert control("add_location", code="WEST") == (200, 2)
    assert control("add_location", code="OLD", label="Old one", enabled=False) == (200, 3)
    assert [(row["label"], row["enabled"]) for row in control("locations")[1]] == [
        ("Main", True),
        ("WEST", True),
        ("Old one", False),
    ]
    assert control("add_product", product=apron, inventory={"1": 4, "2": 6}) == (200, 113)
    assert control("add_product", product={"sku": "MUG", "name": "Mug"}) == (200, 101)
    added = control("add_products", count=2, quantity=3, first_sku=8, tracking="variant")
    assert added == (200, [102, 104])
    rows = control("products")[1]
    assert [(row["id"], [variant["sku"] for variant in row["variants"]]) for row in rows] == [
        (101, ["MUG"]),
        (102, ["SKU-000008"]),
        (103, ["SKU-000009"]),
        (113, ["A-S", "A-L"]),
    ]
    assert control("set_inventory", sku="mug", quantity=9, location_id=2) == (200, None)
    assert control("set_inventory", sku="A-S", quantity=1) == (200, None)
    here = {"A-S": 1, "A-L": 4, "MUG": 0, "SKU-000008": 3, "SKU-000009": 3}
    there = {"A-S": 6, "A-L": 6, "MUG": 9, "SKU-000008": 0, "SKU-000009": 0}
    assert control("inventory") == (200, here)
    assert control("inventory", location_id=2) == (200, there)
    assert control("inventory", location_id=3) == (200, dict.fromkeys(here, 0))


def test_payments_and_settling(store: FakeStore, control) -> None:
    order = store.add_order(order_of_shape("authorized"))
    assert control("set_payment_result", order_id=order.id, payment_status="declined")[0] == 200
    store.request("POST", f"/v3/orders/{order.id}/payment_actions/capture")
    assert control("settle") == (200, 1)
    (payment,) = control("payments")[1]
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
    assert control("shipments") == (200, [made])
    status, row = control(
        "refund",
        order_id=order.id,
        items={str(order.products[0]["id"]): 1},
        shipping={str(order.shipping[1]["id"]): "2.00"},
        amount="1.50",
        payments=[["authorizenet", "10.77"], ["storecredit", "3.50"]],
        reason="Broken",
    )
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
    fee = control("refund", order_id=second.id, fees=[second.fees[0]["id"]])[1]
    assert fee["items"][0]["item_type"] == "FEE"
    assert control("refund", order_id=second.id)[1]["order_id"] == second.id
    assert [refund["order_id"] for refund in control("refunds")[1]] == [1001, 2001, 2001]
    assert store.order(second.id).header["status_id"] == 4


def test_customers(store: FakeStore, control) -> None:
    assert control("add_customer", customer={"id": 4, "email": "a@example.com"}) == (200, 4)
    assert [(row["id"], row["email"], row["addresses"]) for row in control("customers")[1]] == [
        (4, "a@example.com", [])
    ]


def test_hooks_events_and_webhooks(store: FakeStore, control, ask) -> None:
    ask(
        "POST",
        "/v3/hooks",
        {"scope": "store/order/created", "destination": "https://example.com/h"},
    )
    order = store.place_order()
    assert [row["scope"] for row in control("hooks")[1]] == ["store/order/created"]
    event = control("events")[1][0]
    assert (event["number"], event["scope"]) == (1, "store/order/created")
    assert event["data"] == {"type": "order", "id": order.id}
    first, second = control("webhook_calls", copies=2)[1]
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
    assert control("webhook_calls", since=1) == (200, [])


def test_options_of_what_settles_later(store: FakeStore, control) -> None:
    assert control("set_options", settle_after=None, names_faulty_items=False)[0] == 200
    assert (store.state.settle_after, store.state.names_faulty_items) == (None, False)
    assert control("set_options", settle_after=3)[0] == 200
    assert store.state.settle_after == 3


def test_a_browser_reads_by_get(store: FakeStore) -> None:
    store.place_order()
    with store.serve() as server:
        answer = httpx.get(f"{server.url}/_fake/summary", trust_env=False)
    assert [row["id"] for row in answer.json()["orders"]] == [1001]
    assert store.counts() == {}


@pytest.mark.parametrize(
    ("ability", "arguments", "status", "kind", "reason"),
    [
        ("refund", {"order_id": 1001, "lines": []}, 400, "TypeError", "no argument 'lines'"),
        ("refund", {"order_id": 1001}, 400, "KeyError", "1001"),
        ("refund", {"order_id": 1001, "amount": "much"}, 400, "ValueError", "'much'"),
        (
            "set_payment_result",
            {"order_id": 1001, "payment_status": "fine"},
            400,
            "ValueError",
            "no payment_status 'fine'",
        ),
        ("set_inventory", {"sku": "NO-SUCH", "quantity": 1}, 400, "KeyError", "NO-SUCH"),
        ("set_inventory", {"sku": "MUG", "quantity": "many"}, 400, "ValueError", "many"),
        ("set_inventory", {"sku": "MUG", "quantity": True}, 400, "TypeError", "True"),
        ("set_inventory", {"sku": 7, "quantity": 1}, 400, "TypeError", "7"),
        ("nothing", {}, 404, "KeyError", "no ability 'nothing'"),
        ("transport", {}, 404, "KeyError", "no ability 'transport'"),
        ("fail", {"kind": "earthquake"}, 400, "ValueError", "'earthquake' is not one of 401"),
        ("edit_order", {"order_id": 77, "staff_notes": ""}, 400, "KeyError", "77"),
        ("set_options", {"colour": "red"}, 400, "ValueError", "colour"),
        ("place_order", {"color": "red"}, 400, "ValueError", "color"),
        ("add_orders", {"exmaple": {}}, 400, "TypeError", "exmaple"),
    ],
)
def test_it_says_what_is_wrong(*, control, ability, arguments, status, kind, reason) -> None:
    answer = control(ability, **arguments)
    assert (answer[0], answer[1]["type"]) == (status, kind)
    assert reason in answer[1]["message"]


@pytest.mark.parametrize("body", [b"[1]", b"{", b"7"])
def test_arguments_are_an_object(store: FakeStore, body) -> None:
    with store.serve() as server:
        answer = httpx.post(f"{server.url}/_fake/settle", content=body, trust_env=False)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "arguments", [["--orders", "3"], ["--orders", "3", "--plain", "--latency-ms", "5"]]
)
def test_the_command_prints_how_to_reach_the_store(arguments, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    main([*arguments, "--exit-with-stdin"])
    printed = json.loads(capsys.readouterr().out)
    assert printed == {
        "api_url": printed["control_url"].replace("/_fake/", "/stores/abc123/v3/"),
        "access_token": "example-token",
        "client_id": "example-client",
        "client_secret": "example-secret",
        "control_url": printed["control_url"],
    }
    assert printed["control_url"].startswith("http://127.0.0.1:")


@pytest.mark.parametrize("port", ["taken", "70000"])
def test_the_command_says_that_its_port_cannot_be_opened(port: str, store, capsys) -> None:
    with store.serve() as server, pytest.raises(SystemExit, match="2"):
        main(["--orders=0", f"--port={server.port if port == 'taken' else port}"])
    assert re.search(r"error: port \d+ cannot be opened: ", capsys.readouterr().err)
