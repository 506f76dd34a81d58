from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import httpx
import psutil
import pytest

from avbc.testing import StoreProcess, order_of_shape
from avbc.testing.example import example_orders

HEADERS = {"X-Auth-Token": "example-token"}


@pytest.fixture(scope="module")
def process() -> Iterator[StoreProcess]:
    with StoreProcess(orders=45, seed=2) as process:
        yield process


@pytest.fixture
def client(process) -> Iterator[httpx.Client]:
    process.mend()
    process.clear_log()
    with httpx.Client(base_url=process.api_url.removesuffix("v3/"), headers=HEADERS, trust_env=False) as client:
        yield client


def test_it_holds_the_example_orders_and_its_state_is_seen(process, client) -> None:
    orders = client.get("v2/orders?limit=250").json()
    assert [order["total_inc_tax"] for order in orders] == [order.header["total_inc_tax"] for order in example_orders(45, seed=2)]
    client.put("v2/orders/1001", json={"status_id": 9, "staff_notes": "done"})
    state = process.state()
    first = state["orders"][0]
    assert (first["id"], first["status_id"], first["staff_notes"]) == (1001, 9, "done")
    assert state["requests"] == 2
    assert process.counts() == {"GET /v2/orders": 1, "PUT /v2/orders/{id}": 1}
    assert [row["name"] for row in process.log()] == ["GET /v2/orders", "PUT /v2/orders/{id}"]
    assert process.log()[1]["body"] == '{"status_id":9,"staff_notes":"done"}'


def test_faults_from_outside_are_real(process, client) -> None:
    process.fail("PUT /v2/orders/1002", "reset_after")
    with pytest.raises(httpx.ReadError):
        client.put("v2/orders/1002", json={"status_id": 9})
    assert process.faults() == [{"match": "PUT /v2/orders/1002", "kind": "reset_after", "seen": 1, "hits": 1}]
    assert {row["id"]: row["status_id"] for row in process.state()["orders"]}[1002] == 9
    process.mend()
    assert process.faults() == []


def test_orders_are_added_edited_and_removed_from_outside(process, client) -> None:
    order = order_of_shape("pickup")
    order.header["id"] = 9001
    process.add_orders([order.to_json()])
    process.add_example_orders(2, seed=3, first_id=9100)
    process.edit_order(9001, total_inc_tax="1.0000")
    assert client.get("v2/orders/9001").json()["total_inc_tax"] == "1.0000"
    assert client.get("v2/orders/9101").status_code == 200
    process.delete_order(9001)
    assert client.get("v2/orders/9001").status_code == 404
    with pytest.raises(ValueError, match="7"):
        process.edit_order(7, staff_notes="")


def test_options_change_while_it_runs(process, client) -> None:
    process.set_options(quota=500, other_apps=0, latency=0.01, scopes=["store_v2_orders"])
    assert client.get("v2/orders").headers["x-rate-limit-requests-quota"] == "500"
    assert client.get("v3/customers").status_code == 403
    process.set_options(quota=1_000_000)
    with pytest.raises(ValueError, match="no option 'colour'"):
        process.set_options(colour="red")


def test_it_ends_with_its_context_and_with_its_starter() -> None:
    with StoreProcess(orders=1, plain=True) as process:
        child = psutil.Process(process.pid)
    assert not child.is_running()
    assert process.pid == 0
    process.close()
    with pytest.raises(RuntimeError, match="with block"):
        process.state()
    command = [sys.executable, "-m", "avbc.testing.serve", "--orders", "0", "--exit-with-stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        assert child.stdout.readline().startswith("http://127.0.0.1:")
        child.stdin.close()
        assert child.wait(10) == 0


def test_a_process_that_does_not_start_is_said() -> None:
    with pytest.raises(RuntimeError, match="did not start"), StoreProcess(orders=0, quota="many"):
        pass
