from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal

import httpx
import psutil
import pytest

from avbc.testing import StoreProcess, order_of_shape
from avbc.testing.example import example_orders, populate
from avbc.testing.fakestore.events import signature
from avbc.testing.fakestore.routes import ALL_SCOPES
from avbc.testing.values import as_rows

COMMAND = [sys.executable, "-m", "avbc.testing", "--orders=0"]
HEADERS = {"X-Auth-Token": "example-token"}


@pytest.fixture(scope="module")
def process() -> Iterator[StoreProcess]:
    with StoreProcess(orders=45, seed=2) as process:
        yield process


@pytest.fixture
def client(process) -> Iterator[httpx.Client]:
    process.clear_faults()
    process.clear_log()
    with httpx.Client(
        base_url=process.api_url.removesuffix("v3/"), headers=HEADERS, trust_env=False
    ) as client:
        yield client


def test_it_holds_the_example_orders_and_its_state_is_seen(process, client) -> None:
    orders = client.get("v2/orders?limit=250").json()
    assert [order["total_inc_tax"] for order in orders] == [
        order.header["total_inc_tax"] for order in example_orders(45, seed=2)
    ]
    client.put("v2/orders/1001", json={"status_id": 9, "staff_notes": "done"})
    summary = process.summary()
    first = summary["orders"][0]
    assert (first["id"], first["status_id"], first["staff_notes"]) == (1001, 9, "done")
    assert summary["requests"] == 2
    assert process.counts() == {"GET /v2/orders": 1, "PUT /v2/orders/{id}": 1}
    assert [entry.name for entry in process.log] == ["GET /v2/orders", "PUT /v2/orders/{id}"]
    assert process.log[1].body == b'{"status_id":9,"staff_notes":"done"}'


def test_faults_from_outside_are_real(process, client) -> None:
    process.fail("PUT /v2/orders/1002", "reset_after")
    with pytest.raises(httpx.ReadError):
        client.put("v2/orders/1002", json={"status_id": 9})
    assert [(row.match, row.kind, row.seen, row.hits) for row in process.faults] == [
        ("PUT /v2/orders/1002", "reset_after", 1, 1)
    ]
    assert process.order(1002).header["status_id"] == 9
    process.mend()
    assert process.faults == []


def test_orders_are_added_edited_and_removed_from_outside(process, client) -> None:
    order = order_of_shape("pickup")
    order.header["id"] = 9001
    process.add_order(order.to_json())
    populate(process, 2, seed=3, first_id=9100)
    process.edit_order(9001, total_inc_tax="1.0000")
    assert client.get("v2/orders/9001").json()["total_inc_tax"] == "1.0000"
    assert client.get("v2/orders/9101").status_code == 200
    process.delete_order(9001)
    assert client.get("v2/orders/9001").status_code == 404
    with pytest.raises(KeyError, match="7"):
        process.edit_order(7, staff_notes="")


def test_options_change_while_it_runs(process, client) -> None:
    process.set_options(quota=500, other_apps=0, latency=0.01, scopes=["store_v2_orders"])
    assert client.get("v2/orders").headers["x-rate-limit-requests-quota"] == "500"
    assert client.get("v3/customers").status_code == 403
    process.set_options(quota=1_000_000)
    with pytest.raises(ValueError, match="colour"):
        process.set_options(colour="red")


def test_what_the_store_is_told_is_seen_from_outside(process, client) -> None:
    authorized = next(
        payment["id"] for payment in process.payments() if payment["payment_status"] == "authorized"
    )
    process.set_payment_result(authorized, "declined")
    process.set_options(scopes=sorted(ALL_SCOPES), settle_after=None)
    assert client.post(f"v3/orders/{authorized}/payment_actions/capture").status_code == 201
    body = {"items": [{"location_id": 1, "product_id": 101, "quantity": 8}]}
    assert client.put("v3/inventory/adjustments/absolute", json=body).status_code == 200
    assert process.inventory()["MUG-BLUE"] == 100
    assert process.settle() == 2
    assert process.inventory()["MUG-BLUE"] == 8
    assert {payment["id"]: payment["payment_status"] for payment in process.payments()}[
        authorized
    ] == "declined"
    order = client.get(
        "v2/orders/1002?include=consignments.line_items&consignment_structure=object"
    ).json()
    (address,) = order["consignments"]["shipping"]
    items = [
        {"order_product_id": line["id"], "quantity": line["quantity"]}
        for line in address["line_items"]
    ]
    assert (
        client.post(
            "v2/orders/1002/shipments", json={"order_address_id": address["id"], "items": items}
        ).status_code
        == 201
    )
    assert [(row["order_id"], row["items"][0]["quantity"]) for row in process.shipments()] == [
        (1002, items[0]["quantity"])
    ]
    refund = process.refund(
        1002, items={items[0]["order_product_id"]: 1}, amount=Decimal("0.50"), reason="Late"
    )
    assert process.refunds() == [refund]
    paid = process.refund(1002, amount=Decimal("0.25"), payments=[("custom", Decimal("0.25"))])[
        "payments"
    ]
    assert [payment["provider_id"] for payment in as_rows(paid)] == ["custom"]
    with pytest.raises(ValueError, match="are left to refund, not 99"):
        process.refund(1002, items={items[0]["order_product_id"]: 99})


def test_goods_customers_and_hooks_from_outside(process, client) -> None:
    process.set_options(scopes=sorted(ALL_SCOPES))
    process.add_location("NORTH", enabled=True)
    bowl = {"id": 500, "sku": "BOWL", "name": "Bowl", "inventory_tracking": "product"}
    assert process.add_product(bowl, {1: 4, 4: 2}) == 500
    process.add_products(3, quantity=6)
    process.set_inventory("bowl", 3, location_id=4)
    assert (
        process.inventory()["BOWL"],
        process.inventory(4)["BOWL"],
        process.inventory()["SKU-000003"],
    ) == (4, 3, 6)
    assert {"BOWL", "APRON", "SKU-000001"} <= {row["sku"] for row in process.products()}
    process.add_customer({"id": 900, "email": "nine@example.com"})
    assert process.customers()[-1]["email"] == "nine@example.com"
    client.post("v3/hooks", json={"scope": "store/order/*", "destination": "https://example.com/h"})
    assert [row["destination"] for row in process.hooks()] == ["https://example.com/h"]
    process.edit_order(1003, staff_notes="earlier")
    before = process.events[-1].number
    process.edit_order(1003, staff_notes="x")
    assert process.events[-1].number == before + 1
    assert process.events[-1].data == {"type": "order", "id": 1003}
    first, second = process.webhook_calls(since=before, copies=2)
    assert first == second
    assert first.headers["webhook-signature"] == signature(
        b"example-secret",
        first.headers["webhook-id"],
        int(first.headers["webhook-timestamp"]),
        first.body,
    )


def test_it_ends_with_its_context_and_with_its_starter() -> None:
    with StoreProcess(orders=1, plain=True) as process:
        child = psutil.Process(process.pid)
    assert not child.is_running()
    assert process.pid == 0
    process.close()
    with pytest.raises(RuntimeError, match="with block"):
        process.summary()
    with subprocess.Popen(
        [*COMMAND, "--exit-with-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        assert "http://127.0.0.1:" in child.stdout.readline()
        child.stdin.close()
        assert child.wait(10) == 0


@pytest.mark.one_python
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a child")
def test_the_command_serves_until_ctrl_c() -> None:
    with subprocess.Popen(
        COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        access = json.loads(child.stdout.readline())
        headers = {"X-Auth-Token": access["access_token"]}
        with httpx.Client(trust_env=False, headers=headers) as client:
            assert client.post(f"{access['control_url']}place_order").json()["header"]["id"] == 1001
            url = access["api_url"].replace("/v3/", "/v2/orders")
            assert [order["id"] for order in client.get(url).json()] == [1001]
        child.send_signal(signal.SIGINT)
        assert (child.wait(10), child.stderr.read()) == (130, "")


def test_a_process_that_does_not_start_is_said() -> None:
    with pytest.raises(RuntimeError, match="did not start"), StoreProcess(orders=0, quota="many"):
        pass
