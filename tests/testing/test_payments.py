from __future__ import annotations

import pytest

from avbc.testing import FakeStore, OrderFactory, order_of_shape

CAPTURE = "/v3/orders/1001/payment_actions/capture"
VOID = "/v3/orders/1001/payment_actions/void"


@pytest.fixture
def authorized(store: FakeStore) -> FakeStore:
    store.add_order(order_of_shape("authorized"))
    return store


def payment_status(ask) -> str:
    return ask("GET", "/v2/orders/1001")[1]["payment_status"]


@pytest.mark.parametrize(
    ("path", "pending", "done", "event"),
    [(CAPTURE, "capture pending", "captured", "capture"), (VOID, "void pending", "void", "void")],
)
def test_the_answer_only_schedules_and_a_later_read_shows(
    *, authorized, ask, path, pending, done, event
) -> None:
    assert ask("POST", path) == (201, {})
    assert payment_status(ask) == pending
    assert payment_status(ask) == done
    first, second = ask("GET", "/v3/orders/1001/transactions")[1]["data"]
    assert (first["event"], second["event"], second["status"]) == ("authorization", event, "ok")
    assert (second["amount"], second["reference_transaction_id"]) == (first["amount"], first["id"])


def test_settling_takes_effect_at_once(authorized, ask) -> None:
    authorized.state.settle_after = None
    ask("POST", CAPTURE)
    assert [payment_status(ask) for _ in range(5)] == ["capture pending"] * 5
    assert authorized.settle() == 1
    assert authorized.settle() == 0
    assert payment_status(ask) == "captured"


def test_it_settles_after_as_many_requests_as_asked_for(clock, ask) -> None:
    for requests in [0, 2]:
        store = FakeStore(clock=clock, settle_after=requests)
        store.add_order(order_of_shape("authorized"))
        assert store.request("POST", CAPTURE).status == 201
        seen = [b'"captured"' in store.request("GET", "/v2/orders/1001").body for _ in range(4)]
        assert seen == [index >= requests for index in range(4)]


@pytest.mark.parametrize("result", ["declined", "held for review", "authorized"])
def test_the_gateway_may_answer_otherwise(authorized, ask, result) -> None:
    authorized.set_payment_result(1001, result)
    ask("POST", CAPTURE)
    authorized.settle()
    assert payment_status(ask) == result
    assert ask("GET", "/v3/orders/1001/transactions")[1]["data"][1]["status"] == "error"
    if result == "authorized":
        ask("POST", CAPTURE)
        authorized.settle()
        assert payment_status(ask) == "captured"


def test_a_result_must_be_one_that_there_is(authorized) -> None:
    with pytest.raises(ValueError, match="no payment_status 'fine': there are authorized, "):
        authorized.set_payment_result(1001, "fine")
    with pytest.raises(KeyError):
        authorized.set_payment_result(7, "declined")


@pytest.mark.parametrize(
    "shape", ["captured", "plain", "declined", "cash_on_delivery", "store_credit_only"]
)
@pytest.mark.parametrize("path", [CAPTURE, VOID])
def test_only_an_authorized_payment_can_be_changed(*, store, ask, shape, path) -> None:
    store.add_order(order_of_shape(shape, OrderFactory()))
    before = store.order(1001).header["payment_status"]
    status, answer = ask("POST", path)
    assert (status, answer["status"], list(answer["errors"])) == (422, 422, ["payment_status"])
    store.settle()
    assert payment_status(ask) == before


def test_a_second_capture_is_refused_before_and_after_the_first_has_settled(
    authorized, ask
) -> None:
    ask("POST", CAPTURE)
    assert ask("POST", CAPTURE)[0] == 422
    authorized.settle()
    assert ask("POST", CAPTURE)[0] == 422
    assert ask("POST", VOID)[0] == 422
    events = [row["event"] for row in authorized.order(1001).transactions]
    assert events == ["authorization", "capture"]


def test_captures_of_an_order_that_is_not_there_or_goes(authorized, ask) -> None:
    assert ask("POST", CAPTURE.replace("1001", "7"))[0] == 404
    ask("POST", CAPTURE)
    authorized.delete_order(1001)
    assert authorized.settle() == 1


def test_a_person_may_be_faster_than_the_gateway(authorized, ask) -> None:
    ask("POST", CAPTURE)
    authorized.edit_order(1001, payment_status="void")
    authorized.settle()
    assert payment_status(ask) == "void"


def test_a_lost_answer_to_a_capture_is_a_capture(authorized, ask) -> None:
    authorized.fail("POST /v3/orders/*/payment_actions/capture", "timeout_after")
    ask("POST", CAPTURE)
    assert payment_status(ask) == "capture pending"
    assert payment_status(ask) == "captured"


def test_captures_are_told_as_events(authorized, ask) -> None:
    ask("POST", CAPTURE)
    authorized.settle()
    assert [event.scope for event in authorized.events] == [
        "store/order/updated",
        "store/order/updated",
        "store/order/transaction/created",
    ]
    data = authorized.events[-1].data
    assert (data["type"], data["order_id"]) == ("transaction", "1001")  # its id as text
    assert (data["transaction_type"], data["transaction_status"]) == ("capture", "complete")
    assert "id" not in data
