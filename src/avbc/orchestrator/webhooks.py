"""Webhooks: verify a call, decide what it asks for, store it, and do it.

The timer stays the safety net: without a webhook, its next cycle does the same work.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime
from typing import Protocol, TypeAlias

import attrs

from avbc.acctvantage.import_ids import order_import_id
from avbc.bigcommerce.webhooks import (
    Headers,
    WebhookEvent,
    WebhookRefused,
    table,
    unwrap_webhook,
    whole,
)
from avbc.logs import get_logger
from avbc.mapping.stopped import stopped
from avbc.orchestrator.engine.channels import OTHER_CHANNEL
from avbc.orchestrator.engine.choosing import LEFT_ALONE, NOT_NEW
from avbc.orchestrator.engine.incoming import NoSuchOrder
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.journal import JOURNAL_ERRORS
from avbc.orchestrator.engine.open_webhooks import OpenWebhook, OpenWebhooks
from avbc.orchestrator.engine.statuses import DOUBTED, STATUS
from avbc.orchestrator.jobs.hooks import (
    ARCHIVED,
    HOOKS,
    REFUND_CREATED,
    STATUS_UPDATED,
    TRANSACTION_CREATED,
    TRANSACTION_UPDATED,
)
from avbc.orchestrator.jobs.import_orders import Import
from avbc.orchestrator.reports import ImportReport, PushReport, sentence
from avbc.report import Report
from avbc.secret import Secret
from avbc.shown import Shown
from avbc.tables import MARK

_log = get_logger("avbc.orchestrator")

# What a webhook asks for


@attrs.frozen
class ImportOrder(Shown):
    """Import this order, if it is New."""

    order_id: int

    def __str__(self) -> str:
        return f"import order {self.order_id}"


@attrs.frozen
class NoteStatus(Shown):
    """Note in the order's history that its status changed, and follow it if that stopped it."""

    order_id: int
    before: int | None
    """The status id that it had; None where the event does not say."""
    after: int

    def __str__(self) -> str:
        if self.before is None:
            return f"note that order {self.order_id} has status {self.after}"
        return f"note that order {self.order_id} went from status {self.before} to {self.after}"


@attrs.frozen
class LookAtOrder(Shown):
    """Read this order: import it if it is New, or follow it.

    The event does not say its status, or only the store knows which status is New: the settings
    have a label of its own.
    """

    order_id: int

    def __str__(self) -> str:
        return f"look at order {self.order_id}"


@attrs.frozen
class FollowOrder(Shown):
    """Follow this order if it is imported: it was archived, or there is a payment transaction."""

    order_id: int
    what: str
    """What happened to it in the store."""

    def __str__(self) -> str:
        return f"follow order {self.order_id} ({self.what} in the store)"


@attrs.frozen
class NoteRefund(Shown):
    """Note a refund, follow the order, and import refunds if `gl.import_refunds` is true."""

    order_id: int
    refund_id: int | None = None

    def __str__(self) -> str:
        refund = "a refund" if self.refund_id is None else f"refund {self.refund_id}"
        return f"note {refund} of order {self.order_id}"


@attrs.frozen
class Ignore(Shown):
    """Do nothing."""

    reason: str

    def __str__(self) -> str:
        return f"nothing: {self.reason}"


WebhookAction: TypeAlias = (
    ImportOrder | NoteStatus | LookAtOrder | FollowOrder | NoteRefund | Ignore
)


@attrs.frozen
class Webhook(Shown):
    """A verified webhook and what it asks for: plain data, which can wait in a queue.

    >>> Webhook("store/order/created", ImportOrder(1042)).action
    ImportOrder(order_id=1042)
    """

    scope: str
    """The event: `store/order/statusUpdated`."""
    action: WebhookAction
    created_at: datetime | None = None
    """When the event happened, by the store's clock."""
    keys: tuple[str, ...] = attrs.field(default=(), repr=False)
    """Identify the webhook when BigCommerce sends it again."""


def require_webhook(value: object) -> None:
    """Make sure that an argument is a verified webhook, not a call as it came.

    Raises:
        TypeError: It is something else, whose content is not shown.
    """
    if not isinstance(value, Webhook):
        kind = type(value).__name__
        raise TypeError(
            f"webhook: must be what accept_webhook(body, headers) returned, not a {kind}"
        )


def read_webhook(
    body: bytes | str,
    headers: Headers,
    *,
    client_secret: Secret,
    store_hash: str,
    new_status_id: int | None,
    now: datetime,
) -> Webhook:
    """Verify a call and decide what it asks for; reads and writes nothing.

    Args:
        body: The body as it came, unchanged.
        headers: The headers, in any case.
        client_secret: The client secret of the API account that created the hook.
        store_hash: The store that may call.
        new_status_id: The id of the New Order Status; None where only the store knows it.
        now: The time.

    Raises:
        WebhookRefused: As `unwrap_webhook`, or it is from another store.
    """
    event = unwrap_webhook(body, headers, client_secret, now=now)
    if event.store_hash != store_hash:
        raise WebhookRefused(
            f"the webhook is not from the store {store_hash}: give each store its own URL"
        )
    keys = [_key("id", event.webhook_id)]
    if event.hash:
        # BigCommerce documents the hash as that of the event's data. A later event may have the
        # same data: the order is set to New again.
        at = event.created_at and int(event.created_at.timestamp())
        keys.append(_key("event", event.scope, at, event.hash))
    return Webhook(
        scope=event.scope,
        action=_decide(event, new_status_id),
        created_at=event.created_at,
        keys=tuple(keys),
    )


def _key(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


# From an event to an action


_FOLLOWED = {
    ARCHIVED: "archived",
    TRANSACTION_CREATED: "a new payment transaction",
    TRANSACTION_UPDATED: "a changed payment transaction",
}


def _decide(event: WebhookEvent, new_status_id: int | None) -> WebhookAction:
    scope, order_id = event.scope, event.order_id
    if scope not in {need.scope for need in HOOKS}:
        return Ignore("nothing depends on this event")
    if order_id is None:
        return Ignore("the event names no order")
    if scope in _FOLLOWED:
        return FollowOrder(order_id, _FOLLOWED[scope])
    if scope == REFUND_CREATED:
        return NoteRefund(order_id, whole(table(event.data.get("refund")).get("refund_id")))
    status = table(event.data.get("status"))
    before, after = whole(status.get("previous_status_id")), whole(status.get("new_status_id"))
    if scope == STATUS_UPDATED:
        if after is None or new_status_id is None:
            return LookAtOrder(order_id)
        if after != new_status_id:
            return NoteStatus(order_id, before, after)
    # A new order's event has no status: the import reads it, and skips unfinished checkouts.
    return ImportOrder(order_id)


def _asked(webhook: Webhook, now: datetime) -> OpenWebhook | None:
    """What the journal keeps of a webhook until it is done; None where it asks for nothing."""
    match webhook.action:
        case Ignore():
            return None
        case ImportOrder(order_id):
            return OpenWebhook(webhook.keys, "import", order_id, "", now)
        case NoteStatus(order_id, None, after):
            detail = f"status {after} in the store"
        case NoteStatus(order_id, before, after):
            detail = f"status {before} to {after} in the store"
        case NoteRefund(order_id, None):
            detail = "a refund in the store"
        case NoteRefund(order_id, refund_id):
            detail = f"refund {refund_id} in the store"
        case LookAtOrder(order_id):
            detail = "another status in the store"
        case FollowOrder(order_id, what):
            detail = f"{what} in the store"
    return OpenWebhook(webhook.keys, "follow", order_id, detail, now)


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
    found: str = ""
    """What was found, where the event itself does not say it."""
    follow_report: PushReport | None = None

    @property
    def ok(self) -> bool:
        """Nothing is left for a person or the next cycle."""
        imported = self.import_report is None or not self.import_report.refused
        return imported and not self._is_left(NOT_NEW) and all(report.ok for report in self._pushes)

    @property
    def is_done(self) -> bool:
        """What the webhook asked for is done, whether or not a person must act on the result."""
        stopped = any(report.stopped for report in self._pushes)
        followed = self.follow_report is None or not self.follow_report.postponed
        return followed and not (stopped or self._is_left(*LEFT_ALONE))

    def _is_left(self, *but: str) -> bool:
        """The import of its order is left to the next cycle, for other reasons than these."""
        report = self.import_report
        return report is not None and bool(
            report.stopped
            or any(
                problem.code not in but
                for outcome in report.postponed
                for problem in outcome.problems
            )
        )

    @property
    def _pushes(self) -> list[PushReport]:
        return [report for report in (self.refund_report, self.follow_report) if report is not None]

    def summary(self) -> str:
        """The event, what it asked for, and the result."""
        text = f"{self.webhook.scope}: {self.webhook.action}"
        if self.note:
            return f"{text}, but {self.note}."
        if self.found:
            text += f": {self.found}"
        else:
            for result, outcome in self.import_report or ():
                codes = [problem.code for problem in outcome.problems]
                done = "left alone" if LEFT_ALONE.intersection(codes) else result
                text += f": {done} ({', '.join(codes)})" if codes else f": {done}"
            if self.import_report is not None and self.import_report.stopped:
                text += (
                    f": {self.import_report.stopped}. The webhook stays open: the import that runs "
                    "now or the next one takes the order, and closes it"
                )
        return " ".join([f"{text}.", *(report.summary() for report in self._pushes)])

    def to_dicts(self) -> list[dict[str, object]]:
        """The rows of the import and of what was followed."""
        reports = [report for report in (self.import_report, *self._pushes) if report is not None]
        return [row for report in reports for row in report.to_dicts()]

    def shown(self) -> list[dict[str, object]]:
        """The rows of the import and of what was followed."""
        rows = [] if self.import_report is None or self.found else self.import_report.shown()
        return rows + [
            {
                "result": effect,
                "order_id": change.order_id,
                "import_id": change.import_id,
                "total": change.after,
                "problems": sentence(change.problems),
                MARK: "" if not change.problems else "error" if effect == "refused" else "warning",
            }
            for report in self._pushes
            for effect, change in report
        ]


class _Jobs(Protocol):
    """The orchestrator, as far as a webhook needs it."""

    def import_refunds(self) -> PushReport: ...

    def follow_orders(self, order_ids: Collection[int] | None = None) -> PushReport: ...


def accept_webhook(integration: Integration, body: bytes | str, headers: Headers) -> Webhook:
    """Verify a call, decide what it asks for, and store it as open; nothing where it was done.

    Raises:
        WebhookRefused: The call is not a webhook of this store, or an old one.
        SettingsError: The settings hold no client secret.
        JournalUnreachable: The webhook could not be stored.
    """
    client_secret = integration.settings.require_client_secret()
    now = integration.clock.now()
    webhook = read_webhook(
        body,
        headers,
        client_secret=client_secret,
        store_hash=integration.store.store_hash,
        new_status_id=integration.new_status_id,
        now=now,
    )
    if not integration.settings.store.enabled:
        return attrs.evolve(webhook, action=Ignore("store.enabled is false"))
    asked = _asked(webhook, now)
    if asked is None:
        return webhook
    if not OpenWebhooks.of(integration).accept(asked):
        return attrs.evolve(webhook, action=Ignore(_DONE))
    _doubt_status(webhook.action, integration)
    return webhook


def act_on_webhook(
    webhook: Webhook, web: _Jobs, integration: Integration, begin_import: Callable[[], Import]
) -> WebhookReport:
    """Do what a webhook asks for, and close it.

    Where another process does the same for the store, it returns at once, and the webhook stays
    open: the run of the other process closes it, or the next one if that one has begun already.

    Args:
        webhook: What `accept_webhook` returned.
        web: The orchestrator.
        integration: Its settings and journal.
        begin_import: Begins an import that waits for no other process: a worker that waits serves
            no other store.

    Raises:
        AvbcError: It failed, and stays open: the next run does it, or the same webhook does when
            BigCommerce sends it again.
    """
    asked = _asked(webhook, integration.clock.now())
    if asked is None:
        return WebhookReport(webhook)
    with suppress(*JOURNAL_ERRORS):
        if OpenWebhooks.of(integration).is_done(webhook.keys):
            return WebhookReport(attrs.evolve(webhook, action=Ignore(_DONE)))
    if not isinstance(webhook.action, LookAtOrder):
        _note(asked, integration)
    settings = integration.parts.settings_in_force(integration.settings)
    report = _act(webhook, web, begin_import, import_refunds=settings.gl.import_refunds)
    if report.found:
        _note(attrs.evolve(asked, detail=report.found), integration)
    if report.is_done:
        try:
            OpenWebhooks.of(integration).close([webhook.keys])
        except JOURNAL_ERRORS as error:
            _log.warning("a webhook stays open for the next run: %s", error)
    return report


_DONE = "it came before"


def _note(asked: OpenWebhook, integration: Integration) -> None:
    """Write what a webhook says into the order's history."""
    if asked.detail:
        try:
            noted = asked.noted(integration.clock.now(), integration.source_code)
            integration.journal.write([noted])
        except JOURNAL_ERRORS as error:
            # Only the record of it is lost.
            _log.warning("the journal entry of a webhook is lost: %s", error)


def _act(
    webhook: Webhook, web: _Jobs, begin_import: Callable[[], Import], *, import_refunds: bool
) -> WebhookReport:
    match webhook.action:
        case ImportOrder(order_id):
            # Of an order that was created, mostly an unfinished checkout, nothing says that it is.
            is_new = webhook.scope == STATUS_UPDATED
            try:
                imported = begin_import().one(order_id, only_new=True, is_new=is_new)
                return WebhookReport(webhook, imported)
            except NoSuchOrder as error:
                return WebhookReport(webhook, note=str(error))
        case LookAtOrder(order_id):
            return _look(webhook, order_id, web, begin_import)
        case NoteRefund(order_id):
            refunds = web.import_refunds() if import_refunds else None
            return WebhookReport(
                webhook, refund_report=refunds, follow_report=web.follow_orders([order_id])
            )
        case NoteStatus(order_id, _, after) if not stopped(after):
            return WebhookReport(webhook)
        case NoteStatus(order_id) | FollowOrder(order_id):
            return WebhookReport(webhook, follow_report=web.follow_orders([order_id]))
        case Ignore():
            return WebhookReport(webhook)


_NOT_IMPORTED = {NOT_NEW: "status", OTHER_CHANNEL: "channel"}
"""Why an order is not to be imported, which may be in the books from before: what decides it."""


def _look(
    webhook: Webhook, order_id: int, web: _Jobs, begin_import: Callable[[], Import]
) -> WebhookReport:
    """Import an order that is New now; follow one that is not."""
    try:
        report = begin_import().one(order_id, only_new=True)
    except NoSuchOrder:
        found = "archived or deleted in the store"
    else:
        problems = [problem for outcome in report.postponed for problem in outcome.problems]
        why = next((problem for problem in problems if problem.code in _NOT_IMPORTED), None)
        if why is None:
            return WebhookReport(webhook, report)
        found = f"{_NOT_IMPORTED[why.code]} {why.value} in the store"
    return WebhookReport(webhook, found=found, follow_report=web.follow_orders([order_id]))


def _doubt_status(action: WebhookAction, integration: Integration) -> None:
    """Have the next push read the status that it remembers, where another has changed it.

    Events may come late and out of sequence, so the status in this one is not remembered either,
    and the other one is not forgotten: it is the one that avbc wrote.
    """
    if not isinstance(action, NoteStatus | LookAtOrder):
        return
    import_id = order_import_id(integration.source_code, action.order_id)
    kind = f"{STATUS} {integration.scope}"
    known = integration.journal.fingerprints(kind, [import_id]).get(import_id)
    settings = integration.parts.settings_in_force(integration.settings)
    pushes = settings.order_status.updates == "push"
    after = str(action.after) if isinstance(action, NoteStatus) else ""
    if pushes and known not in (None, after) and not known.endswith(DOUBTED):
        integration.journal.remember(kind, [(import_id, known + DOUBTED)])
