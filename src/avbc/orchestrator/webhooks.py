"""Webhooks: which call is the store's own, what little it asks for, and the hooks that must stand in the store for it.

Polling stays the safety net: what a webhook would do, the next cycle of the timer does without it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias, cast
from urllib.parse import urlsplit

import attrs

from avbc.acctvantage.import_ids import order_import_id
from avbc.bigcommerce import BigCommerce
from avbc.bigcommerce.models import Hook, HookDraft
from avbc.errors import FinalError
from avbc.orchestrator.jobs.import_orders import NOT_NEW, NoSuchOrder
from avbc.orchestrator.reports import ImportReport, JournalEntry, PushReport, sentence
from avbc.report import Report
from avbc.secret import Secret
from avbc.settings import Settings

_log = logging.getLogger("avbc.orchestrator")

TOLERANCE = timedelta(minutes=5)
"""By how much the timestamp of a webhook may be off, to either side (Standard Webhooks: the reference libraries' tolerance)."""


class WebhookRefused(FinalError):
    """A call is no webhook of this store, or an old one sent again. Nothing was done; answer it with status 400."""


# What a webhook asks for


@attrs.frozen
class ImportOrder:
    """Import this order, if it is New."""

    order_id: int

    def __str__(self) -> str:
        return f"import order {self.order_id}"


@attrs.frozen
class NoteStatus:
    """Note in the order's history that its status changed in the store. The next pull takes it over, where statuses are pulled."""

    order_id: int
    before: int | None = None
    """The status id that it had; None where the event does not tell."""
    after: int | None = None

    def __str__(self) -> str:
        return (
            f"note that order {self.order_id} went from status {_known(self.before)} to "
            f"{_known(self.after)}"
        )


@attrs.frozen
class NoteRefund:
    """Note in the order's history that something was refunded in the store, and import refunds, where the settings want that."""

    order_id: int
    refund_id: int | None = None

    def __str__(self) -> str:
        return f"note refund {_known(self.refund_id)} of order {self.order_id}"


@attrs.frozen
class Ignore:
    """Do nothing."""

    reason: str

    def __str__(self) -> str:
        return f"nothing: {self.reason}"


WebhookAction: TypeAlias = ImportOrder | NoteStatus | NoteRefund | Ignore


@attrs.frozen
class Webhook:
    """A webhook that was verified, and what it asks for. It is plain data, which may wait in a queue."""

    scope: str
    """The event: `store/order/statusUpdated`."""
    action: WebhookAction
    created_at: datetime | None = None
    """When the event happened, by the store's clock."""
    keys: tuple[str, ...] = attrs.field(default=(), repr=False)
    """What its repetitions are known by."""


def read_webhook(
    body: bytes,
    headers: Mapping[str, str],
    *,
    client_secret: Secret,
    store_hash: str,
    new_status_id: int,
    now: datetime,
) -> Webhook:
    """Verify a call and decide what it asks for. Nothing is read or written: this may run before the answer is sent.

    The signature is that of Standard Webhooks: HMAC-SHA256 of `id.timestamp.body`. Its key as that
    standard's libraries take it is the client secret in base64, so the bytes that sign are the
    client secret's own, as it stands in the credentials file.

    Args:
        body: The bytes as they came.
        headers: The headers, in any case.
        client_secret: Of the API account that made the hook.
        store_hash: Of the store that may call.
        new_status_id: The id of the New Order Status.
        now: The time.

    Raises:
        WebhookRefused: A header is missing, no signature fits, it is too old or of the future, or
            it is of another store.
    """
    given = {name.lower(): value.strip() for name, value in headers.items()}
    webhook_id, timestamp, signatures = (
        _header(given, f"webhook-{name}") for name in ("id", "timestamp", "signature")
    )
    _verify(body, webhook_id, timestamp, signatures, client_secret)
    # What follows is the store's own word.
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        raise WebhookRefused("the webhook's timestamp is not in seconds since 1970")
    off = now.timestamp() - int(timestamp)
    if abs(off) > TOLERANCE.total_seconds():
        raise WebhookRefused(
            f"the webhook is {abs(off):.0f} s {'old' if off > 0 else 'ahead of our clock'}, "
            f"more than {TOLERANCE.total_seconds():.0f} s: it was sent again by somebody, or this "
            "machine's clock is wrong"
        )
    event = _table(_parsed(body))
    if not event:
        raise WebhookRefused("the webhook's body is no JSON object")
    if event.get("producer") != f"stores/{store_hash}":
        raise WebhookRefused(
            f"the webhook is not of the store {store_hash}: give each store a URL of its own"
        )
    scope = event.get("scope")
    created_at = _whole(event.get("created_at"))
    keys = [_key("id", webhook_id)]
    if event.get("hash"):
        # The hash is documented to be of the event's data, which a later event may share: the same
        # order set to New again.
        keys.append(_key("event", scope, created_at, event["hash"]))
    return Webhook(
        scope=scope if isinstance(scope, str) else "",
        action=_decide(scope, _table(event.get("data")), new_status_id),
        created_at=None if created_at is None else datetime.fromtimestamp(created_at, UTC),
        keys=tuple(keys),
    )


def _header(given: Mapping[str, str], name: str) -> str:
    if value := given.get(name):
        return value
    raise WebhookRefused(f"the call has no {name} header, so it is no webhook of BigCommerce")


def _verify(
    body: bytes, webhook_id: str, timestamp: str, signatures: str, client_secret: Secret
) -> None:
    signed = f"{webhook_id}.{timestamp}.".encode(errors="replace") + body
    digest = hmac.digest(client_secret.reveal().encode(), signed, "sha256")
    wanted = b"v1," + base64.b64encode(digest)
    # There are several while a key is replaced. Each is compared to its end, so that no time tells
    # how much of one is right.
    if not any(
        hmac.compare_digest(wanted, signature.encode(errors="replace"))
        for signature in signatures.split()
    ):
        raise WebhookRefused(
            "no signature of the webhook fits: compare store.client_secret with the API account "
            "that made the hook, and pass the body's "
            "bytes exactly as they came"
        )


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _table(value: object) -> Mapping[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _whole(value: object) -> int | None:
    """A count or an id of the store; None for anything else, and for what no time can be."""
    return (
        value
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**33
        else None
    )


def _key(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _known(number: int | None) -> str:
    return "unknown" if number is None else str(number)


# From an event to an action


def _decide(scope: object, data: Mapping[str, object], new_status_id: int) -> WebhookAction:
    decide = _DECISIONS.get(scope) if isinstance(scope, str) else None
    if decide is None:
        return Ignore("nothing depends on this event")
    order_id = _whole(data.get("id"))
    return decide(order_id, data, new_status_id) if order_id else Ignore("the event names no order")


def _created(order_id: int, _data: Mapping[str, object], _new: int) -> WebhookAction:
    # The event does not tell the status: the import looks, and leaves checkouts that were never
    # finished alone.
    return ImportOrder(order_id)


def _status_updated(order_id: int, data: Mapping[str, object], new: int) -> WebhookAction:
    status = _table(data.get("status"))
    before, after = _whole(status.get("previous_status_id")), _whole(status.get("new_status_id"))
    # Where the status is not told, the next cycle looks. To import here would try a refused order
    # again whenever it is refused.
    return ImportOrder(order_id) if after == new else NoteStatus(order_id, before, after)


def _refund_created(order_id: int, data: Mapping[str, object], _new: int) -> WebhookAction:
    return NoteRefund(order_id, _whole(_table(data.get("refund")).get("refund_id")))


_ORDER_CREATED = "store/order/created"
_STATUS_UPDATED = "store/order/statusUpdated"
_REFUND_CREATED = "store/order/refund/created"

_DECISIONS: Mapping[str, Callable[[int, Mapping[str, object], int], WebhookAction]] = {
    _ORDER_CREATED: _created,
    _STATUS_UPDATED: _status_updated,
    _REFUND_CREATED: _refund_created,
}


# Acting


@attrs.frozen
class WebhookReport(Report):
    """What became of a webhook.

    >>> print(WebhookReport(Webhook("store/cart/created", Ignore("nothing depends on this event"))))
    store/cart/created: nothing: nothing depends on this event.
    """

    columns = ("result", "order_id", "import_id", "total", "problems")

    webhook: Webhook
    import_report: ImportReport | None = None
    """What the import did, where an order was to be imported."""
    note: str = ""
    """Why nothing was imported."""
    refund_report: PushReport | None = None
    """What the import of refunds did, where something was refunded and the settings want refunds."""

    @property
    def ok(self) -> bool:
        """Nothing is left for a person or for the next cycle."""
        if self.refund_report is not None:
            return self.refund_report.ok
        return self.import_report is None or not (
            self.import_report.refused
            or self.import_report.stopped
            or any(
                problem.code != NOT_NEW
                for outcome in self.import_report.postponed
                for problem in outcome.problems
            )
        )

    def summary(self) -> str:
        """The event, what it asked for, and what came of it."""
        told = f"{self.webhook.scope}: {self.webhook.action}"
        if self.note:
            return f"{told}, but {self.note}."
        for result, outcome in self.import_report or ():
            codes = ", ".join(problem.code for problem in outcome.problems)
            told += f": {result} ({codes})" if codes else f": {result}"
        return (
            f"{told}." if self.refund_report is None else f"{told}. {self.refund_report.summary()}"
        )

    def to_dicts(self) -> list[dict[str, object]]:
        """The rows of the import, if there was one."""
        report: Report | None = (
            self.refund_report if self.import_report is None else self.import_report
        )
        return [] if report is None else report.to_dicts()

    def shown(self) -> list[dict[str, object]]:
        """The rows of the import, if there was one."""
        if self.refund_report is None:
            return [] if self.import_report is None else self.import_report.shown()
        return [
            {
                "result": effect,
                "order_id": change.order_id,
                "import_id": change.import_id,
                "total": change.after,
                "problems": sentence(change.problems),
            }
            for effect, change in self.refund_report
        ]


def act_on_webhook(
    webhook: Webhook,
    *,
    import_order: Callable[[int], ImportReport],
    import_refunds: Callable[[], PushReport] | None,
    record: Callable[[Sequence[JournalEntry]], object],
    import_source_code: str,
) -> WebhookReport:
    """Do what a webhook asks for.

    Args:
        webhook: What `read_webhook` returned.
        import_order: Imports one order.
        import_refunds: Imports refunds; None where the settings do not want them.
        record: Appends to the journal.
        import_source_code: The settings' Import Source Code.

    Raises:
        AvbcError: As `import_order` and `import_refunds`.
    """
    action = webhook.action
    if isinstance(action, ImportOrder):
        try:
            return WebhookReport(webhook, import_order(action.order_id))
        except NoSuchOrder as error:
            return WebhookReport(webhook, note=str(error))
    if not isinstance(action, Ignore):
        import_id = order_import_id(import_source_code, action.order_id)
        record(
            [
                JournalEntry(
                    datetime.now(UTC),
                    "webhook",
                    "noted",
                    action.order_id,
                    import_id,
                    _happened(action),
                )
            ]
        )
    if isinstance(action, NoteRefund) and import_refunds is not None:
        return WebhookReport(webhook, refund_report=import_refunds())
    return WebhookReport(webhook)


def _happened(action: NoteStatus | NoteRefund) -> str:
    if isinstance(action, NoteStatus):
        return f"status {_known(action.before)} to {_known(action.after)} in the store"
    return f"refund {_known(action.refund_id)} in the store"


# The hooks that stand in the store


@attrs.frozen
class HookNeed:
    """An event that the store must tell, and the settings that need it."""

    scope: str
    why: str
    when: Callable[[Settings], bool] = lambda _: True


HOOKS: tuple[HookNeed, ...] = (
    HookNeed(_ORDER_CREATED, "new orders are imported at once"),
    HookNeed(
        _STATUS_UPDATED,
        "orders are imported at once when they get the New Order Status; changes are noted",
    ),
    HookNeed(
        _REFUND_CREATED,
        "refunds are noted",
        lambda settings: settings.order_status.updates == "pull" or settings.gl.import_refunds,
    ),
)

HookResult: TypeAlias = Literal["created", "repaired", "kept", "other"]


@attrs.frozen
class HookOutcome:
    """A hook, and what became of it."""

    result: HookResult
    """`created`; `repaired`: it was inactive or went elsewhere; `kept`: it was right; `other`: nothing needs it, and it stays as it is."""
    hook: Hook | None
    """As it stands in the store now; None for one that a preview would create."""
    scope: str
    destination: str
    changes: str = ""
    """What was repaired, or why it is needed."""


@attrs.frozen
class HooksReport(Report):
    """The webhooks of this API account, after they were set right."""

    columns = ("result", "id", "scope", "destination", "is_active", "changes")

    hooks: tuple[HookOutcome, ...]
    preview: bool = False
    """Nothing was changed: the results say what would be."""

    def outcomes(self, result: HookResult) -> list[HookOutcome]:
        """The hooks with that result."""
        return [outcome for outcome in self.hooks if outcome.result == result]

    def summary(self) -> str:
        """How many hooks came to which end."""
        results: tuple[HookResult, ...] = ("created", "repaired", "kept", "other")
        done = ", ".join(
            f"{result} {len(self.outcomes(result))}" for result in results if self.outcomes(result)
        )
        return f"Webhooks{' (preview)' if self.preview else ''}: {done}."

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per hook: result, id, scope, destination, is_active, changes."""
        return [
            {
                "result": outcome.result,
                "id": outcome.hook.id if outcome.hook else None,
                "scope": outcome.scope,
                "destination": outcome.destination,
                "is_active": outcome.hook.is_active if outcome.hook else None,
                "changes": outcome.changes,
            }
            for outcome in self.hooks
        ]

    def shown(self) -> list[dict[str, object]]:
        """One row per hook, with blanks for what is not known."""
        return [
            {key: "" if value is None else value for key, value in row.items()}
            for row in self.to_dicts()
        ]


def register_webhooks(
    store: BigCommerce, settings: Settings, url: str, *, preview: bool = False
) -> HooksReport:
    """See to it that the store tells `url` the events that the settings need.

    Hooks are looked at first, so that this may be run again at any time, and a lost answer makes no
    second hook. An inactive one is activated; one for a needed event that goes elsewhere is sent
    here, unless another comes here already. All others stay as they are.

    Args:
        store: The store.
        settings: The settings.
        url: Where the application listens: https, on port 443.
        preview: Change nothing.

    Raises:
        ValueError: BigCommerce would not call that URL.
        StoreError: A hook could not be read or written; those before it are done.
    """
    _check_url(url)
    others = list(store.hooks.list())
    outcomes: list[HookOutcome] = []
    for need in HOOKS:
        if not need.when(settings):
            continue
        # The one that comes here already, else one that works: of two that are alike the oldest.
        found = sorted(
            (hook for hook in others if hook.scope == need.scope),
            key=lambda hook: (hook.destination != url, not hook.is_active, hook.id),
        )
        if not found:
            draft = HookDraft(scope=need.scope, destination=url, is_active=True)
            hook = None if preview else store.hooks.create(draft)
            outcomes.append(HookOutcome("created", hook, need.scope, url, need.why))
            continue
        hook = found[0]
        others.remove(hook)
        outcomes.append(_repaired(store, hook, url, preview=preview))
    outcomes += [HookOutcome("other", hook, hook.scope, hook.destination) for hook in others]
    report = HooksReport(tuple(outcomes), preview)
    _log.info("%s", report.summary())
    return report


def _repaired(store: BigCommerce, hook: Hook, url: str, *, preview: bool) -> HookOutcome:
    changes = [
        *(["was inactive"] if not hook.is_active else []),
        *([f"went to {hook.destination}"] if hook.destination != url else []),
    ]
    if not changes:
        return HookOutcome("kept", hook, hook.scope, url)
    if not preview:
        hook = store.hooks.update(hook.id, HookDraft(destination=url, is_active=True))
    return HookOutcome("repaired", hook, hook.scope, hook.destination, ", ".join(changes))


def _check_url(url: str) -> None:
    """Refuse what BigCommerce would not call. The message never repeats the URL, which may hold a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("the URL of the webhooks cannot be read") from None
    if parts.scheme != "https" or not parts.hostname or port not in (None, 443):
        raise ValueError(
            "the URL of the webhooks must be https:// on port 443: BigCommerce calls no other "
            "(BigCommerce: webhooks overview)"
        )
