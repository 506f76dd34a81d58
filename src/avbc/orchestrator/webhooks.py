"""Webhooks: verify a call, decide what it asks for, do it, and keep the store's hooks registered.

The timer stays the safety net: without a webhook, its next cycle does the same work.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol, TypeAlias, cast, get_args
from urllib.parse import urlsplit

import attrs

from avbc.acctvantage.import_ids import order_import_id
from avbc.bigcommerce import BigCommerce
from avbc.bigcommerce.models import Hook, HookDraft
from avbc.errors import Fault, FinalError
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.journal import JournalUnreachable
from avbc.orchestrator.engine.statuses import STATUS
from avbc.orchestrator.jobs.import_orders import NOT_NEW, NoSuchOrder
from avbc.orchestrator.reports import ImportReport, JournalEntry, PushReport, sentence
from avbc.report import Report, tally
from avbc.secret import Secret
from avbc.settings import Settings, SettingsError

_log = logging.getLogger("avbc.orchestrator")

TOLERANCE = timedelta(minutes=5)
"""How far a webhook's timestamp may be off (Standard Webhooks: the libraries' tolerance)."""


class WebhookRefused(FinalError):
    """The call is not a webhook of this store, or an old one sent again. Answer 400."""


# What a webhook asks for


@attrs.frozen
class ImportOrder:
    """Import this order, if it is New."""

    order_id: int

    def __str__(self) -> str:
        return f"import order {self.order_id}"


@attrs.frozen
class NoteStatus:
    """Note in the order's history that its status changed in the store."""

    order_id: int
    before: int | None = None
    """The status id that it had; None where the event does not say."""
    after: int | None = None

    def __str__(self) -> str:
        return (
            f"note that order {self.order_id} went from status {_known(self.before)} to "
            f"{_known(self.after)}"
        )


@attrs.frozen
class NoteRefund:
    """Note a refund in the order's history, and import refunds if `gl.import_refunds` is true."""

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
    """A verified webhook and what it asks for: plain data, which can wait in a queue."""

    scope: str
    """The event: `store/order/statusUpdated`."""
    action: WebhookAction
    created_at: datetime | None = None
    """When the event happened, by the store's clock."""
    keys: tuple[str, ...] = attrs.field(default=(), repr=False)
    """Identify the webhook when BigCommerce sends it again."""


def read_webhook(
    body: bytes,
    headers: Mapping[str, str],
    *,
    client_secret: Secret,
    store_hash: str,
    new_status_id: int,
    now: datetime,
) -> Webhook:
    """Verify a call and decide what it asks for; reads and writes nothing.

    The signature is that of Standard Webhooks: HMAC-SHA256 of `id.timestamp.body`. The standard's
    libraries take the key in base64; the bytes that sign are the client secret itself, as it is in
    the credentials file.

    Args:
        body: The bytes of the body, unchanged.
        headers: The headers, in any case.
        client_secret: The client secret of the API account that created the hook.
        store_hash: The store that may call.
        new_status_id: The id of the New Order Status.
        now: The time.

    Raises:
        WebhookRefused: A header is missing, no signature matches, its time is too far off, or it
            is from another store.
    """
    given = {name.lower(): value.strip() for name, value in headers.items()}
    webhook_id, timestamp, signatures = (
        _header(given, f"webhook-{name}") for name in ("id", "timestamp", "signature")
    )
    _verify(body, webhook_id, timestamp, signatures, client_secret)
    # From here on the content is the store's own.
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        raise WebhookRefused("the webhook's timestamp is not in seconds since 1970")
    off = now.timestamp() - int(timestamp)
    if abs(off) > TOLERANCE.total_seconds():
        raise WebhookRefused(
            f"the webhook is {abs(off):.0f} s {'old' if off > 0 else 'ahead of our clock'}, "
            f"more than {TOLERANCE.total_seconds():.0f} s: somebody sent it again, or this "
            "machine's clock is wrong"
        )
    event: Mapping[str, object] = {}
    with suppress(ValueError, RecursionError):
        event = _table(json.loads(body))
    if not event:
        raise WebhookRefused("the webhook's body is not a JSON object")
    if event.get("producer") != f"stores/{store_hash}":
        raise WebhookRefused(
            f"the webhook is not from the store {store_hash}: give each store its own URL"
        )
    scope = event.get("scope")
    created_at = _whole(event.get("created_at"))
    keys = [_key("id", webhook_id)]
    if event.get("hash"):
        # BigCommerce documents the hash as that of the event's data. A later event may have the
        # same data: the order is set to New again.
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
    raise WebhookRefused(f"the call has no {name} header, so it is not a BigCommerce webhook")


def _verify(
    body: bytes, webhook_id: str, timestamp: str, signatures: str, client_secret: Secret
) -> None:
    signed = f"{webhook_id}.{timestamp}.".encode(errors="replace") + body
    digest = hmac.digest(client_secret.reveal().encode(), signed, "sha256")
    wanted = b"v1," + base64.b64encode(digest)
    # There are several while a key is replaced. compare_digest takes the same time however much of
    # a signature is right.
    if not any(
        hmac.compare_digest(wanted, signature.encode(errors="replace"))
        for signature in signatures.split()
    ):
        raise WebhookRefused(
            "no signature of the webhook matches: compare store.client_secret with the API account "
            "that created the hook, and pass the bytes of the body unchanged"
        )


def _table(value: object) -> Mapping[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _whole(value: object) -> int | None:
    """An id or a time of the store; None for anything else."""
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


_ORDER_CREATED = "store/order/created"
_STATUS_UPDATED = "store/order/statusUpdated"
_REFUND_CREATED = "store/order/refund/created"


def _decide(scope: object, data: Mapping[str, object], new_status_id: int) -> WebhookAction:
    if scope not in (_ORDER_CREATED, _STATUS_UPDATED, _REFUND_CREATED):
        return Ignore("nothing depends on this event")
    order_id = _whole(data.get("id"))
    if not order_id:
        return Ignore("the event names no order")
    if scope == _REFUND_CREATED:
        return NoteRefund(order_id, _whole(_table(data.get("refund")).get("refund_id")))
    status = _table(data.get("status"))
    before, after = _whole(status.get("previous_status_id")), _whole(status.get("new_status_id"))
    # An event without the status is left to the next cycle: importing here would try a refused
    # order again whenever it is refused.
    if scope == _STATUS_UPDATED and after != new_status_id:
        return NoteStatus(order_id, before, after)
    # A new order's event has no status: the import reads it, and skips unfinished checkouts.
    return ImportOrder(order_id)


# Acting


@attrs.frozen
class WebhookReport(Report):
    """The result of a webhook.

    >>> print(WebhookReport(Webhook("store/cart/created", Ignore("nothing depends on this event"))))
    store/cart/created: nothing: nothing depends on this event.
    """

    columns = ImportReport.columns

    webhook: Webhook
    import_report: ImportReport | None = None
    note: str = ""
    """Why nothing was imported."""
    refund_report: PushReport | None = None

    @property
    def ok(self) -> bool:
        """Nothing is left for a person or the next cycle."""
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
        """The event, what it asked for, and the result."""
        text = f"{self.webhook.scope}: {self.webhook.action}"
        if self.note:
            return f"{text}, but {self.note}."
        for result, outcome in self.import_report or ():
            codes = ", ".join(problem.code for problem in outcome.problems)
            text += f": {result} ({codes})" if codes else f": {result}"
        return f"{text}. {self.refund_report.summary()}" if self.refund_report else f"{text}."

    def to_dicts(self) -> list[dict[str, object]]:
        """The rows of the import, if there was one."""
        report = self.import_report or self.refund_report
        return report.to_dicts() if report else []

    def shown(self) -> list[dict[str, object]]:
        """The rows of the import, if there was one."""
        if self.refund_report is None:
            return self.import_report.shown() if self.import_report else []
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


class _Importer(Protocol):
    """The orchestrator, as far as a webhook needs it."""

    def import_order(self, order_id: int) -> ImportReport: ...

    def import_refunds(self) -> PushReport: ...


def accept_webhook(integration: Integration, body: bytes, headers: Mapping[str, str]) -> Webhook:
    """Verify a call and decide what it asks for; nothing, where it was accepted before.

    Raises:
        WebhookRefused: The call is not a webhook of this store, or an old one.
        SettingsError: The settings hold no client secret.
        JournalUnreachable: It is not known whether the webhook was accepted before.
    """
    setup = integration.settings.store
    if setup.client_secret is None:
        message = "is required to verify webhooks: set AVBC_CLIENT_SECRET or credentials_file"
        raise SettingsError("settings", [Fault("store.client_secret", message)])
    now = datetime.now(UTC)
    webhook = read_webhook(
        body,
        headers,
        client_secret=setup.client_secret,
        store_hash=integration.store.store_hash,
        new_status_id=integration.statuses.new,
        now=now,
    )
    if not setup.enabled:
        return attrs.evolve(webhook, action=Ignore("store.enabled is false"))
    if isinstance(webhook.action, Ignore) or integration.journal.receive(webhook.keys, now):
        return webhook
    return attrs.evolve(webhook, action=Ignore("it came before"))


def act_on_webhook(webhook: Webhook, web: _Importer, integration: Integration) -> WebhookReport:
    """Do what a webhook asks for.

    Args:
        webhook: What `accept_webhook` returned.
        web: The orchestrator.
        integration: Its settings and journal.

    Raises:
        AvbcError: It failed; the same webhook is accepted again when BigCommerce sends it again.
    """
    try:
        return _act(webhook, web, integration)
    except NoSuchOrder as error:
        return WebhookReport(webhook, note=str(error))
    except Exception:
        with suppress(JournalUnreachable):
            integration.journal.forget(webhook.keys)
        raise


def _act(webhook: Webhook, web: _Importer, integration: Integration) -> WebhookReport:
    match webhook.action:
        case Ignore():
            return WebhookReport(webhook)
        case ImportOrder(order_id):
            return WebhookReport(webhook, web.import_order(order_id))
        case NoteStatus(order_id, before, after):
            _forget_status(order_id, after, integration)
            detail = f"status {_known(before)} to {_known(after)} in the store"
        case NoteRefund(order_id, refund_id):
            detail = f"refund {_known(refund_id)} in the store"
    import_id = order_import_id(integration.source_code, order_id)
    entry = JournalEntry(datetime.now(UTC), "webhook", "noted", order_id, import_id, detail)
    try:
        integration.journal.write([entry])
    except JournalUnreachable as error:
        # Only the record of it is lost.
        _log.warning("the journal entry of a webhook is lost: %s", error)
    if isinstance(webhook.action, NoteRefund) and integration.settings.gl.import_refunds:
        return WebhookReport(webhook, refund_report=web.import_refunds())
    return WebhookReport(webhook)


def _forget_status(order_id: int, after: int | None, integration: Integration) -> None:
    """Have the next push read the status that it remembers, where another has changed it.

    Events may come late and out of sequence, so the status in this one is not remembered either.
    """
    import_id = order_import_id(integration.source_code, order_id)
    kind = f"{STATUS} {integration.scope}"
    known = integration.journal.fingerprints(kind, [import_id]).get(import_id)
    pushes = integration.settings.order_status.updates == "push"
    if pushes and known not in (None, str(after)):
        integration.journal.forget_fingerprints(kind, [import_id])


# Hooks in the store


@attrs.frozen
class HookNeed:
    """An event that the store must send, and the settings that need it."""

    scope: str
    why: str
    when: Callable[[Settings], bool] = lambda _: True


HOOKS: tuple[HookNeed, ...] = (
    HookNeed(_ORDER_CREATED, "imports new orders at once"),
    HookNeed(
        _STATUS_UPDATED,
        "imports orders at once when they get the New Order Status, and notes other changes",
    ),
    HookNeed(
        _REFUND_CREATED,
        "notes refunds",
        lambda settings: settings.order_status.updates == "pull" or settings.gl.import_refunds,
    ),
)

HookResult: TypeAlias = Literal["created", "repaired", "kept", "other"]


@attrs.frozen
class HookOutcome:
    """A hook, and what was done about it."""

    result: HookResult
    """`repaired`: was inactive or had another URL. `other`: not needed, and left unchanged."""
    hook: Hook | None
    """The hook in the store now; None for one that a preview would create."""
    scope: str
    destination: str
    changes: str = ""
    """What was repaired, or why it is needed."""


@attrs.frozen
class HooksReport(Report):
    """The webhooks of this API account, after the needed ones were created and repaired."""

    columns = ("result", "id", "scope", "destination", "is_active", "changes")

    hooks: tuple[HookOutcome, ...]
    preview: bool = False
    """Nothing was changed; the results say what would be done."""

    def outcomes(self, result: HookResult) -> list[HookOutcome]:
        """The hooks with that result."""
        return [outcome for outcome in self.hooks if outcome.result == result]

    def summary(self) -> str:
        """How many hooks had which result."""
        done = tally({result: len(self.outcomes(result)) for result in get_args(HookResult)})
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


def register_webhooks(
    store: BigCommerce, settings: Settings, url: str, *, preview: bool = False
) -> HooksReport:
    """Register `url` for the events that the settings need.

    Existing hooks are listed first, so it can run again at any time, and a lost answer creates no
    second hook. An inactive hook is activated; one for a needed event with another URL is given
    this one, unless another hook has it already. All others stay unchanged.

    Args:
        store: The store.
        settings: The settings.
        url: The application's URL: https, on port 443.
        preview: Change nothing.

    Raises:
        ValueError: BigCommerce does not call such a URL.
        StoreError: A hook could not be read or written; those before it are done.
    """
    _check_url(url)
    others = list(store.hooks.list())
    outcomes = [
        _registered(store, need, others, url, preview=preview)
        for need in HOOKS
        if need.when(settings)
    ]
    outcomes += [HookOutcome("other", hook, hook.scope, hook.destination) for hook in others]
    report = HooksReport(tuple(outcomes), preview)
    _log.info("%s", report.summary())
    return report


def _registered(
    store: BigCommerce, need: HookNeed, others: list[Hook], url: str, *, preview: bool
) -> HookOutcome:
    """Create or repair the hook for an event; an existing one is taken out of the others."""
    # Best is one with this URL, then one that is active, then the oldest.
    hook = min(
        (hook for hook in others if hook.scope == need.scope),
        key=lambda hook: (hook.destination != url, not hook.is_active, hook.id),
        default=None,
    )
    if hook is None:
        draft = HookDraft(scope=need.scope, destination=url, is_active=True)
        made = None if preview else store.hooks.create(draft)
        return HookOutcome("created", made, need.scope, url, need.why)
    others.remove(hook)
    changes = [
        *(["was inactive"] if not hook.is_active else []),
        *([f"had the URL {hook.destination}"] if hook.destination != url else []),
    ]
    if not changes:
        return HookOutcome("kept", hook, hook.scope, url)
    if not preview:
        hook = store.hooks.update(hook.id, HookDraft(destination=url, is_active=True))
    return HookOutcome("repaired", hook, hook.scope, hook.destination, ", ".join(changes))


def _check_url(url: str) -> None:
    """Refuse a URL that BigCommerce would not call; no message holds it: it may have a password."""
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
