"""Webhooks as BigCommerce sends them: verified and read, without a store, books or settings."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TypeAlias, cast

import attrs

from avbc.bigcommerce.body import Json
from avbc.errors import Fault, FaultyInputError, FinalError
from avbc.secret import Secret, without_frames
from avbc.shown import Shown

TOLERANCE = timedelta(minutes=5)
"""How far a webhook's timestamp may be off (Standard Webhooks: the libraries' tolerance)."""

Headers: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]]
"""The headers of a call, as web frameworks have them: by their names in any case, or in pairs."""

_TRANSACTIONS = "store/order/transaction/"


class WebhookRefused(FinalError):
    """The call is not a webhook of this store, or an old one sent again. Answer 400.

    >>> issubclass(WebhookRefused, FinalError)
    True
    """


@attrs.frozen
class WebhookEvent(Shown):
    """A verified webhook: what happened in which store. It holds ids, and no customer's data."""

    scope: str
    """The event: `store/order/statusUpdated`. Empty where it is no text."""
    data: Mapping[str, Json]
    """What it happened to: `{"type": "order", "id": 250}`; more in some events."""
    store_hash: str
    """The store that it happened in; empty where the webhook does not say."""
    created_at: datetime | None = None
    """When it happened, by the store's clock."""
    webhook_id: str = ""
    """The call's id; BigCommerce repeats a call under the same one."""
    hash: str = ""
    """BigCommerce's hash of the data: the same event has the same."""

    @property
    def order_id(self) -> int | None:
        """The order that it happened to; None where it names none.

        >>> WebhookEvent("store/order/created", {"type": "order", "id": 250}, "abc123").order_id
        250
        """
        if not self.scope.startswith("store/order/"):
            return None
        if not self.scope.startswith(_TRANSACTIONS):
            return whole(self.data.get("id")) or None
        # A transaction's event has its order's id as text.
        value = self.data.get("order_id")
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 10:
            value = int(value)
        return whole(value) or None


@without_frames
def unwrap_webhook(
    body: bytes | str, headers: Headers, secret: str | Secret, *, now: datetime | None = None
) -> WebhookEvent:
    """Verify a call, and return the event that it reports. Nothing is sent, read or stored.

    `Orchestrator.accept_webhook` does the same and decides what the event asks for.

    The signature is that of Standard Webhooks: HMAC-SHA256 of `id.timestamp.body`. The standard's
    libraries take the key in base64; the bytes that sign are the client secret itself, as it is in
    the credentials file.

    The secret of an app signs for every store that uses the app, so compare `store_hash`. A call
    may come twice, under the same `webhook_id`.

    Args:
        body: The body as it came, unchanged: its bytes, or its text.
        headers: The headers, by their names in any case or in pairs.
        secret: The client secret of the API account that created the hook.
        now: The time, for tests.

    Raises:
        WebhookRefused: It is no webhook of this API account: a header is missing, no signature
            matches, its time is more than five minutes off, or it is malformed in another way.
        FaultyInputError: There is no secret, so anybody could sign.

    >>> try:
    ...     unwrap_webhook('{"scope": "store/order/created"}', {}, "example-secret")
    ... except WebhookRefused as error:
    ...     print(error)
    the call has no webhook-id header, so it is not a BigCommerce webhook
    """
    key, sent, given = _key(secret), _body(body), _named(headers)
    webhook_id, timestamp, signatures = (
        _header(given, f"webhook-{name}") for name in ("id", "timestamp", "signature")
    )
    _verify(f"{webhook_id}.{timestamp}.".encode(errors="replace") + sent, signatures, key)
    # From here on the content is the store's own.
    _check_time(timestamp, datetime.now(UTC) if now is None else now)
    event: Mapping[str, Json] = {}
    with suppress(ValueError, RecursionError):
        event = table(json.loads(sent))
    if not event:
        raise WebhookRefused("the webhook's body is not a JSON object")
    created_at = whole(event.get("created_at"))
    producer = _text(event.get("producer"))
    return WebhookEvent(
        scope=_text(event.get("scope")),
        data=table(event.get("data")),
        store_hash=producer[7:] if producer.startswith("stores/") else "",
        created_at=None if created_at is None else datetime.fromtimestamp(created_at, UTC),
        webhook_id=webhook_id,
        hash=_text(event.get("hash")),
    )


def _key(secret: object) -> bytes:
    text = secret.reveal() if isinstance(secret, Secret) else secret
    if isinstance(text, str) and text.strip():
        return text.encode(errors="replace")
    fault = Fault("secret", "must be text: the client secret of the API account")
    raise FaultyInputError("webhook", [fault])


def _body(body: object) -> bytes:
    """The bytes of a body. Callers without a type checker may send what a framework made of it."""
    if isinstance(body, str):
        return body.encode(errors="replace")
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    raise WebhookRefused(
        f"the body of the call is {type(body).__name__}, not bytes or text: pass it as it came, "
        "before anything parses it"
    )


def _named(headers: object) -> dict[str, str]:
    """Headers by their names in small letters; those that are no text are left out."""
    if isinstance(headers, Mapping):
        headers = cast("Mapping[object, object]", headers).items()
    found: dict[str, str] = {}
    with suppress(TypeError, ValueError):
        for name, value in cast("Iterable[tuple[object, object]]", headers):
            if isinstance(name, str) and isinstance(value, str):
                found[name.lower()] = value.strip()
    return found


def _header(given: Mapping[str, str], name: str) -> str:
    if value := given.get(name):
        return value
    raise WebhookRefused(f"the call has no {name} header, so it is not a BigCommerce webhook")


def _verify(signed: bytes, signatures: str, key: bytes) -> None:
    wanted = b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256"))
    # There are several while a key is replaced. compare_digest takes the same time however much of
    # a signature is right.
    if not any(
        hmac.compare_digest(wanted, signature.encode(errors="replace"))
        for signature in signatures.split()
    ):
        raise WebhookRefused(
            "no signature of the webhook matches: compare the client secret with that of the API "
            "account that created the hook, and pass the body unchanged"
        )


def _check_time(timestamp: str, now: datetime) -> None:
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        raise WebhookRefused("the webhook's timestamp is not in seconds since 1970")
    off = now.timestamp() - int(timestamp)
    if abs(off) > TOLERANCE.total_seconds():
        raise WebhookRefused(
            f"the webhook is {abs(off):.0f} s {'old' if off > 0 else 'ahead of our clock'}, "
            f"more than {TOLERANCE.total_seconds():.0f} s: somebody sent it again, or this "
            "machine's clock is wrong"
        )


def table(value: Json) -> Mapping[str, Json]:
    """An object of the event; empty for anything else."""
    return value if isinstance(value, Mapping) else {}


def whole(value: Json) -> int | None:
    """An id or a time of the store; None for anything else."""
    return (
        value
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**33
        else None
    )


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
