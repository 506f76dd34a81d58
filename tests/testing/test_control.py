from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator

import httpx
import pytest

from avbc.testing import FakeStore, order_of_shape
from avbc.testing.serve import main


@pytest.fixture
def control(store) -> Iterator[Callable[..., tuple[int, object]]]:
    with store.serve() as server, httpx.Client(base_url=f"{server.url}/_fake/", trust_env=False) as client:

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
    assert [(row["id"], row["status_id"], row["staff_notes"]) for row in state["orders"]] == [(1001, 9, "seen"), (5001, 11, "")]
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
    assert control("POST", "faults", {"match": "PUT *", "kind": "500", "times": 2, "at": 3})[0] == 204
    first, second = store.faults
    assert (first.match, first.kind, first.reset_ms, first.seconds) == ("*", "429", 70, 2)
    assert (second.match, second.kind, second.times, second.at) == ("PUT *", "500", 2, 3)
    assert [row["kind"] for row in control("GET", "faults")[1]] == ["429", "500"]
    assert control("DELETE", "faults")[0] == 204
    assert store.faults == []


def test_options(store: FakeStore, control) -> None:
    wish = {"latency": 0.5, "quota": 150, "other_apps": 50, "scopes": ["store_v2_orders"]}
    assert control("PUT", "options", wish)[0] == 204
    assert (store.latency, store.quota.limit, store.quota.others, store.scopes) == (0.5, 150, 50, {"store_v2_orders"})


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
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


@pytest.mark.parametrize("arguments", [["--orders", "3"], ["--orders", "3", "--plain", "--latency-ms", "5"]])
def test_the_command_prints_the_url_and_stops_with_stdin(arguments, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    main([*arguments, "--exit-with-stdin"])
    assert capsys.readouterr().out.startswith("http://127.0.0.1:")
