"""Captures and voids: sent once, without a body, and not believed before they are read back."""

import asyncio
import os
from importlib import import_module

import pytest

from avbc.bigcommerce import RequestRefused, StoreUnavailable, StoreUnreachable
from avbc.bigcommerce.endpoints import payments
from avbc.bigcommerce.models import RefundAdjustment

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))  # httpx2 has the same API

ACTIONS = ["capture", "void"]


@pytest.mark.parametrize("action", ACTIONS)
def test_the_request_has_no_body_but_a_content_type(script, open_store, action):
    answers = script(httpx.Response(201, json={"data": {}}))
    assert getattr(open_store(answers.transport).payment_actions, action)(218) is None
    (request,) = answers.requests
    assert (request.method, request.url.path) == (
        "POST",
        f"/stores/abc123/v3/orders/218/payment_actions/{action}",
    )
    assert request.content == b""
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Content-Length"] == "0"


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(201),
        httpx.Response(204),
        httpx.Response(201, json=[]),
        httpx.Response(202, json={}),
    ],
)
def test_whatever_a_success_says(script, open_store, action, response):
    assert getattr(open_store(script(response).transport).payment_actions, action)(218) is None


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_neither_is_sent_twice(script, open_store, action, status):
    answers = script(httpx.Response(status), httpx.Response(201, json={}))
    with pytest.raises(StoreUnavailable, match="read the state before sending it again"):
        getattr(open_store(answers.transport).payment_actions, action)(218)
    assert len(answers.requests) == 1


@pytest.mark.parametrize("action", ACTIONS)
def test_neither_is_sent_twice_when_the_answer_is_lost(
    loopback, open_store, open_async_store, action
):
    path = f"/v3/orders/218/payment_actions/{action}"
    loopback.on(path, loopback.hang_up)
    with pytest.raises(StoreUnreachable, match="read the state before sending it again") as caught:
        getattr(open_store(api_url=loopback.api_url).payment_actions, action)(218)
    assert caught.value.sent

    async def main() -> None:
        async with open_async_store(api_url=loopback.api_url) as store:
            await getattr(store.payment_actions, action)(218)

    with pytest.raises(StoreUnreachable):
        asyncio.run(main())
    assert loopback.seen == [f"POST {path}"] * 2


def test_an_order_that_cannot_be_captured(script, open_store):
    body = {
        "status": 422,
        "title": "The order's payment cannot be captured",
        "type": "x",
        "errors": {},
    }
    with pytest.raises(RequestRefused, match="cannot be captured"):
        open_store(script(httpx.Response(422, json=body)).transport).payment_actions.capture(218)


# --- refunds ---

REFUND = {
    "id": 4,
    "order_id": 218,
    "created": "2024-05-01T12:00:00Z",
    "reason": "broken",
    "total_amount": 9.99,
    "total_tax": 0.74,
    "uses_merchant_override_values": True,
    "items": [
        {
            "item_type": "PRODUCT",
            "item_id": 15,
            "quantity": 2,
            "requested_amount": 10.99,
            "adjustments": [{"amount": -1.0, "description": "restocking"}],
        }
    ],
    "payments": [{"provider_id": "storecredit", "amount": 9.99, "offline": False}],
}


def test_a_refund_tells_what_was_held_back():
    (refund,) = payments.list_refunds().read({"data": [REFUND]})
    assert str(refund.total_amount) == "9.99"
    assert refund.uses_merchant_override_values
    assert refund.items[0].adjustments == (RefundAdjustment(amount=-1, description="restocking"),)
    assert refund.extra == {}


def test_a_refund_of_tax_alone_has_no_items():
    (refund,) = payments.list_refunds().read({"data": [REFUND | {"items": []}]})
    assert refund.items == ()
