"""What webhooks report: events, and the calls to the hooks, signed as BigCommerce signs them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

import attrs

from avbc.shown import Shown
from avbc.testing.values import Row, dumps


@attrs.frozen
class Event(Shown):
    """Something that happened in the store, whether or not a hook waits for it.

    >>> from avbc.testing import FakeStore
    >>> store = FakeStore()
    >>> order = store.place_order()
    >>> store.events[0].scope
    'store/order/created'
    """

    scope: str
    """`store/order/statusUpdated`."""
    data: Row
    """`{"type": "order", "id": 1001}`, on `statusUpdated` with the statuses before and after."""
    created_at: int
    """Unix seconds by the store's clock."""
    number: int
    """Counted from 1."""


@attrs.frozen
class WebhookCall(Shown):
    """The request that reports an event to a hook.

    >>> from avbc.testing import FakeStore
    >>> store = FakeStore()
    >>> order = store.place_order()
    >>> call = store.webhook(store.events[0])
    >>> call.scope, call.headers["webhook-id"]
    ('store/order/created', 'msg_00000000000000000001')
    """

    scope: str
    destination: str
    headers: Mapping[str, str]
    body: bytes


def webhook_body(event: Event, store_hash: str, store_id: object, *, sparse: bool = False) -> bytes:
    """Return an event as the body of its webhook; the same event has the same `hash` each time.

    A sparse body lacks what may be missing; the same event has the same `hash` in both forms.
    """
    body: Row = {
        "scope": event.scope,
        "store_id": str(store_id),
        "data": event.data,
        "created_at": event.created_at,
        "producer": f"stores/{store_hash}",
    }
    digest = hashlib.sha256(dumps({**body, "number": event.number})).hexdigest()
    if not sparse:
        return dumps({**body, "hash": digest[:40]})
    data = {key: value for key, value in event.data.items() if key != "status"}
    del body["created_at"]
    full = dumps({**body, "channel_id": None, "data": data, "hash": digest[:40]})
    return full.replace(b"/", b"\\/")


def signature(key: bytes, webhook_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of Standard Webhooks: HMAC-SHA256 of `id.timestamp.body`.

    >>> signature(b"example-secret", "msg_1", 1772463600, b"{}")
    'v1,ffjoGH7mIc1HGbGT0Tz582MQSfiDNDWoOQct2yWnp70='
    """
    digest = hmac.new(key, f"{webhook_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def signed_headers(
    body: bytes, client_secret: str, *, webhook_id: str, timestamp: int
) -> dict[str, str]:
    """Return the headers of a webhook. The secret's own bytes sign, as libraries expect."""
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(client_secret.encode(), webhook_id, timestamp, body),
    }
