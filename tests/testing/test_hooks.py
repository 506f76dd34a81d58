from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest

from avbc.testing import Event, FakeStore, WebhookCall
from avbc.testing.fakestore.events import signature

HOOKS = "/v3/hooks"
STATUS = "store/order/statusUpdated"
URL = "https://example.com/hooks"


def hook(scope: str = STATUS, destination: str = URL, **changes: object) -> dict[str, object]:
    return {"scope": scope, "destination": destination, **changes}


def test_a_hook_is_created_changed_and_deleted(store, ask, clock) -> None:
    status, answer = ask("POST", HOOKS, hook(headers={"X-Key": "example"}))
    made = answer["data"]
    assert status == 200
    assert made == {
        "id": 1,
        "client_id": "example-client",
        "store_hash": "abc123",
        "scope": STATUS,
        "destination": URL,
        "is_active": True,
        "headers": {"X-Key": "example"},
        "created_at": int(clock.now),
        "updated_at": int(clock.now),
    }
    assert ask("GET", f"{HOOKS}/1")[1]["data"] == made
    clock.now += 60
    changed = ask("PUT", f"{HOOKS}/1", {"is_active": False})[1]["data"]
    assert changed == {**made, "is_active": False, "updated_at": int(clock.now)}
    assert ask("DELETE", f"{HOOKS}/1")[1]["data"] == changed
    for method in ["GET", "PUT", "DELETE"]:
        assert ask(method, f"{HOOKS}/1", {"is_active": True})[0] == 404
    assert ask("POST", HOOKS, hook())[1]["data"]["id"] == 2


def test_hooks_are_filtered(store, ask) -> None:
    ask("POST", HOOKS, hook())
    ask("POST", HOOKS, hook("store/order/created", is_active=False))
    ask("POST", HOOKS, hook(destination="https://example.com/other"))
    for query, expected in [
        ("", [1, 2, 3]),
        (f"scope={STATUS}", [1, 3]),
        (f"destination={URL}", [1, 2]),
        ("is_active=false", [2]),
        ("is_active=true&limit=1&page=2", [3]),
    ]:
        assert [row["id"] for row in ask("GET", f"{HOOKS}?{query}")[1]["data"]] == expected


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (hook(destination="http://example.com/hooks"), 422, "destination"),
        (hook(destination="https://example.com:8443/hooks"), 422, "destination"),
        (hook(destination="https://example.com:x/hooks"), 422, "destination"),
        (hook(destination="example.com"), 422, "destination"),
        ({"scope": STATUS}, 422, "destination"),
        ({"destination": URL}, 422, "scope"),
        (hook("orders"), 422, "scope"),
        (hook(is_active="yes"), 422, "is_active"),
        (hook(headers="x"), 422, "headers"),
        ([hook()], 400, None),
    ],
)
def test_hooks_that_are_refused(*, store, ask, body, status, field) -> None:
    answer = ask("POST", HOOKS, body)
    assert answer[0] == status
    assert list(answer[1]["errors"]) == ([] if field is None else [field])
    assert store.state.hooks == {}


def test_port_443_may_be_named(ask) -> None:
    assert ask("POST", HOOKS, hook(destination="https://example.com:443/hooks"))[0] == 200


def test_one_hook_for_a_scope_and_destination_and_ten_for_a_scope(store, ask) -> None:
    for number in range(10):
        assert ask("POST", HOOKS, hook(destination=f"{URL}/{number}"))[0] == 200
    assert ask("POST", HOOKS, hook(destination=f"{URL}/3"))[1]["errors"].keys() == {"destination"}
    assert ask("POST", HOOKS, hook(destination=f"{URL}/10"))[1]["errors"].keys() == {"scope"}
    assert ask("POST", HOOKS, hook("store/order/created", f"{URL}/3"))[0] == 200
    assert ask("PUT", f"{HOOKS}/1", {"destination": f"{URL}/2"})[0] == 422
    assert ask("PUT", f"{HOOKS}/1", {"destination": f"{URL}/0"})[0] == 200


def read(call: WebhookCall) -> dict[str, object]:
    return json.loads(call.body)


def test_an_order_that_is_placed_and_moved_is_told(store: FakeStore, ask) -> None:
    ask("POST", HOOKS, hook("store/order/*", headers={"X-Key": "example"}))
    order = store.place_order()
    ask("PUT", f"/v2/orders/{order.id}", {"status_id": 9})
    ask("PUT", f"/v2/orders/{order.id}", {"staff_notes": "x"})
    store.edit_order(order.id, status_id=2)
    ask("DELETE", f"/v2/orders/{order.id}")
    calls = store.webhook_calls()
    assert [call.scope.removeprefix("store/order/") for call in calls] == [
        "created",
        "statusUpdated",
        "updated",
        "statusUpdated",
        "updated",
        "updated",
        "statusUpdated",
        "updated",
        "archived",
    ]
    told = read(calls[3])
    assert told["data"] == {
        "type": "order",
        "id": order.id,
        "status": {"previous_status_id": 11, "new_status_id": 9},
    }
    assert (told["scope"], told["store_id"], told["producer"]) == (
        STATUS,
        "1025646",
        "stores/abc123",
    )
    assert isinstance(told["created_at"], int)
    assert (calls[3].destination, calls[3].headers["X-Key"]) == (URL, "example")
    assert len({read(call)["hash"] for call in calls}) == len(calls)


def test_only_active_hooks_of_the_scope_are_called(store, ask) -> None:
    ask("POST", HOOKS, hook())
    ask("POST", HOOKS, hook("store/shipment/*"))
    ask("POST", HOOKS, hook(destination="https://example.com/asleep", is_active=False))
    store.place_order()
    assert len(store.events) == 2
    assert [(call.scope, call.destination) for call in store.webhook_calls()] == [(STATUS, URL)]
    assert store.webhook_calls(since=len(store.events)) == []
    store.place_order()
    assert [read(call)["data"]["id"] for call in store.webhook_calls(since=2)] == [1002]


def test_duplicates_are_the_same_call(store, ask) -> None:
    ask("POST", HOOKS, hook())
    store.place_order()
    first, second = store.webhook_calls(copies=2)
    assert first == second
    assert store.webhook_calls() == [first]


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of the specification."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_call_is_verified_by_the_client_secret(clock) -> None:
    store = FakeStore(clock=clock, client_secret="another-secret")
    store.place_order()
    call = store.webhook(store.events[0])
    headers = call.headers
    # What a library does that takes the secret in base64.
    key = base64.b64decode(base64.b64encode(b"another-secret"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + call.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-timestamp"] == str(int(clock.now))
    assert headers["content-type"] == "application/json"
    assert call.destination == ""


def test_stale_and_forged_calls(store, clock) -> None:
    store.place_order()
    right = store.webhook(store.events[0])
    stale = store.webhook(store.events[0], at=clock.now - 3600)
    forged = store.webhook(store.events[0], client_secret="guessed")
    assert stale.body == forged.body == right.body
    assert int(right.headers["webhook-timestamp"]) - int(stale.headers["webhook-timestamp"]) == 3600
    assert len({call.headers["webhook-signature"] for call in (right, stale, forged)}) == 3
    assert len({call.headers["webhook-id"] for call in (right, stale, forged)}) == 1


def test_an_event_of_a_tests_own_making_can_be_sent(store) -> None:
    event = Event("store/order/created", {"type": "order", "id": 5}, 1_772_463_600, 77)
    assert read(store.webhook(event))["data"] == {"type": "order", "id": 5}


def test_filling_a_store_is_no_event(store, clock) -> None:
    store.add_products(3)
    store.add_order(FakeStore(clock=clock).place_order())
    assert store.events == []


def test_a_sparse_call_lacks_what_bigcommerce_may_leave_out(store, ask) -> None:
    order = store.place_order()
    event = store.events[1]
    full, sparse = store.webhook(event), store.webhook(event, sparse=True)
    assert json.loads(sparse.body) == {
        "scope": "store/order/statusUpdated",
        "store_id": "1025646",
        "producer": "stores/abc123",
        "channel_id": None,
        "data": {"type": "order", "id": order.id},
        "hash": json.loads(full.body)["hash"],
    }
    assert rb"store\/order\/statusUpdated" in sparse.body
    assert sparse.headers["webhook-signature"] == signature(
        b"example-secret",
        sparse.headers["webhook-id"],
        int(sparse.headers["webhook-timestamp"]),
        sparse.body,
    )


def test_the_administration_of_hooks_says_what_became_of_them(store, ask, clock) -> None:
    for destination in (URL, "https://example.com/other", "https://example.org/hooks"):
        ask("POST", HOOKS, hook("store/order/created", destination))
    ask("PUT", f"{HOOKS}/2", {"is_active": False})
    store.deactivate_hook(3)
    assert ask("PUT", f"{HOOKS}/admin", {"emails": ["ops@example.com"]})[0] == 204
    assert ask("PUT", f"{HOOKS}/admin", {})[0] == 422
    store.place_order()
    assert len(store.webhook_calls()) == 1
    store.block_domain("https://example.com", seconds=180)
    assert store.webhook_calls() == []
    clock.now += 60
    shown = ask("GET", f"{HOOKS}/admin")[1]["data"]
    assert [row["status"] for row in shown["hooks_list"]] == ["active", "inactive", "deactivated"]
    (blocked,) = shown["blocked_domains"]
    assert (blocked["destination"], blocked["time_left"]) == ("https://example.com", 120)
    assert blocked["reasons"][0]["count"] == 100
    assert shown["emails"] == ["ops@example.com"]
    active = ask("GET", f"{HOOKS}/admin?is_active=true")[1]["data"]["hooks_list"]
    assert [row["id"] for row in active] == [1]
    clock.now += 120
    assert ask("GET", f"{HOOKS}/admin")[1]["data"]["blocked_domains"] == []
    assert len(store.webhook_calls()) == 1
    ask("PUT", f"{HOOKS}/3", {"is_active": True})
    ask("PUT", f"{HOOKS}/3", {"is_active": False})
    assert ask("GET", f"{HOOKS}/admin")[1]["data"]["hooks_list"][2]["status"] == "inactive"
