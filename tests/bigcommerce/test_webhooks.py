"""A webhook alone: verified and read by `unwrap_webhook`, whatever a framework hands over."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import avbc
from avbc.errors import FaultyInputError, FinalError
from avbc.secret import Secret
from avbc.testing import FakeStore

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SECRET = "example-secret"
EVENT = {
    "scope": "store/order/statusUpdated",
    "store_id": "1025646",
    "data": {"type": "order", "id": 250, "status": {"previous_status_id": 0, "new_status_id": 11}},
    "hash": "3f9ea420",
    "created_at": 1561479335,
    "producer": "stores/abc123",
}


def signed(body: str | bytes, key: str = SECRET, at: str = "1772463600") -> dict[str, str]:
    """Signed by the words of Standard Webhooks."""
    body = body.encode() if isinstance(body, str) else body
    digest = hmac.new(key.encode(), f"msg_1.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": at,
        "Webhook-Signature": "v1," + base64.b64encode(digest).decode(),
    }


def unwrapped(**changes: object) -> avbc.WebhookEvent:
    body = json.dumps({**EVENT, **changes})
    return avbc.unwrap_webhook(body, signed(body), SECRET, now=NOW)


def test_an_event_is_verified_and_read() -> None:
    event = unwrapped()
    assert event == avbc.WebhookEvent(
        scope="store/order/statusUpdated",
        data=EVENT["data"],  # type: ignore[arg-type]  # it is JSON
        store_hash="abc123",
        created_at=datetime(2019, 6, 25, 16, 15, 35, tzinfo=UTC),
        webhook_id="msg_1",
        hash="3f9ea420",
    )
    assert event.order_id == 250
    assert pickle.loads(pickle.dumps(event)) == event
    assert repr(event).startswith("WebhookEvent(scope='store/order/statusUpdated', ")
    assert "\n" not in repr(event)


BODY = json.dumps(EVENT, ensure_ascii=False)
CAFE = json.dumps({**EVENT, "name": "Café ☕"}, ensure_ascii=False)


@pytest.mark.parametrize("body", [CAFE, CAFE.encode(), bytearray(CAFE.encode())])
@pytest.mark.parametrize("secret", [SECRET, Secret(SECRET)])
@pytest.mark.parametrize("shape", [dict, lambda headers: list(headers.items()), lambda h: h])
def test_body_headers_and_secret_come_in_several_forms(
    body: Any, secret: str | Secret, shape: Callable[[dict[str, str]], Any]
) -> None:
    event = avbc.unwrap_webhook(body, shape(signed(CAFE)), secret, now=NOW)
    assert event.order_id == 250


def test_what_the_fake_store_sends_now_is_good() -> None:
    store = FakeStore()
    store.place_order()
    call = store.webhook(store.events[0])
    event = avbc.unwrap_webhook(call.body, call.headers, store.client_secret)
    assert (event.scope, event.store_hash) == ("store/order/created", store.store_hash)


@pytest.mark.parametrize(
    ("changes", "order_id"),
    [
        ({"scope": "store/order/archived"}, 250),
        ({"scope": "store/order/transaction/created", "data": {"order_id": "250"}}, 250),
        ({"scope": "store/order/transaction/updated", "data": {"order_id": 250}}, 250),
        ({"scope": "store/order/transaction/created", "data": {"id": 250}}, None),
        ({"scope": "store/order/transaction/created", "data": {"order_id": "²"}}, None),
        ({"scope": "store/cart/created"}, None),
        ({"scope": 7}, None),
        ({"data": None}, None),
        ({"data": {"id": True}}, None),
        ({"data": {"id": 0}}, None),
        ({"data": {"id": "250"}}, None),
    ],
)
def test_the_order_of_an_event(changes: dict[str, object], order_id: int | None) -> None:
    assert unwrapped(**changes).order_id == order_id


@pytest.mark.parametrize("producer", ["abc123", "other/stores/abc123", None, 5, ["stores/abc123"]])
def test_a_store_is_named_in_one_way_only(producer: object) -> None:
    assert unwrapped(producer=producer).store_hash == ""


def refused(body: Any, headers: Any, secret: Any = SECRET, now: datetime = NOW) -> str:
    with pytest.raises(avbc.WebhookRefused) as caught:
        avbc.unwrap_webhook(body, headers, secret, now=now)
    assert isinstance(caught.value, FinalError)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert SECRET not in shown
    frame: Any = caught.value.__traceback__
    while frame is not None:
        assert "key" not in frame.tb_frame.f_locals, "an error reporter would record the secret"
        frame = frame.tb_next
    return str(caught.value)


@pytest.mark.parametrize(
    "headers",
    [None, {}, [], (), "webhook-id", 5, [("webhook-id",)], [None], {"webhook-id": 5}, {5: "5"}],
)
def test_no_headers_are_no_webhook(headers: object) -> None:
    assert "has no webhook-id header" in refused(BODY, headers)


@pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
@pytest.mark.parametrize("value", [None, 5, b"msg_1", "", " "])
def test_a_header_that_is_no_text_is_missing(name: str, value: object) -> None:
    assert f"no {name.lower()} header" in refused(BODY, {**signed(BODY), name: value})


@pytest.mark.parametrize("body", [EVENT, None, [BODY], 5, object()])
def test_a_body_that_was_parsed_is_refused_with_what_to_do(body: object) -> None:
    assert "pass it as it came, before anything parses it" in refused(body, signed(BODY))


@pytest.mark.parametrize("body", ["", "[]", "5", "{", "{}", "null", b"\xff", "[" * 100_000])
def test_a_body_is_an_object(body: str | bytes) -> None:
    assert "not a JSON object" in refused(body, signed(body))


def test_half_a_character_is_refused() -> None:
    assert "no signature" in refused(BODY + "\ud83d", signed(BODY))
    assert "no signature" in refused(BODY, {**signed(BODY), "Webhook-Id": "\ud83d"})


def test_a_body_that_was_written_again_is_refused() -> None:
    assert "pass the body unchanged" in refused(json.dumps(EVENT, indent=1), signed(BODY))
    assert "no signature" in refused(BODY, signed(BODY), "example-secret-2")


@pytest.mark.parametrize("off", [timedelta(seconds=301), timedelta(seconds=-301)])
def test_an_old_one_is_refused(off: timedelta) -> None:
    assert "more than 300 s" in refused(BODY, signed(BODY), now=NOW + off)


@pytest.mark.parametrize("secret", ["", "  ", None, b"example-secret", 5, Secret("")])
def test_without_a_secret_nobody_is_believed(secret: Any) -> None:
    """Anybody can sign with no secret, and the fault is not the caller's: the answer is 500."""
    with pytest.raises(FaultyInputError, match="secret: must be text") as caught:
        avbc.unwrap_webhook(BODY, signed(BODY, ""), secret, now=NOW)
    assert not isinstance(caught.value, avbc.WebhookRefused)
    assert "example-secret" not in str(caught.value)


@pytest.mark.one_python
def test_it_needs_neither_http_nor_a_database() -> None:
    program = (
        "import sys, avbc; avbc.unwrap_webhook; print([name for name in "
        "('httpx', 'sqlalchemy', 'avbc.orchestrator') "
        "if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.strip() == "[]"
