"""Webhooks that were accepted, in the journal: open until what they ask for is done.

A process may die between the answer to BigCommerce and the work. The runs read the open ones before
they look at the store, and close them when they have looked at everything.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, TypeAlias, TypeVar, cast

import attrs
import sqlalchemy as sa

from avbc.acctvantage.import_ids import order_import_id
from avbc.mapping import Problem
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.journal import Journal, aware
from avbc.orchestrator.engine.journal import open_webhooks as _open
from avbc.orchestrator.engine.journal import received_webhooks as _received
from avbc.orchestrator.engine.open_items import OpenItems
from avbc.orchestrator.engine.run import Run
from avbc.orchestrator.reports import JournalEntry, RunReport
from avbc.statements import AnySelect, fetch_column, write

R = TypeVar("R", bound=RunReport)

Asks: TypeAlias = Literal["import", "follow"]
"""To import an order that is New (`import_orders`), or to look at what became of one
(`follow_orders`)."""

REMEMBERED = timedelta(days=3)
"""BigCommerce repeats an event for two days (BigCommerce: webhooks overview)."""
OLD = timedelta(hours=1)
"""A webhook that is open for longer waits for a person: several runs could not do what it asks."""
AREA = "webhooks"

_FIELDS = ("key", "event_key", "asks", "order_id", "detail", "at")
_OF_SCOPE: AnySelect = (
    sa.select(*(_open.c[name] for name in _FIELDS))
    .where(_open.c.scope == sa.bindparam("scope"))
    .order_by(_open.c.at)
)
_OF_ASKS = _OF_SCOPE.where(_open.c.asks == sa.bindparam("asks"))

_HAS_KEY = _open.c.key.in_(sa.bindparam("keys", expanding=True)) | _open.c.event_key.in_(
    sa.bindparam("keys", expanding=True)
)
_IS_OPEN: AnySelect = sa.select(sa.exists().where(_HAS_KEY))
_IS_KNOWN: AnySelect = sa.select(
    sa.exists().where(_received.c.key.in_(sa.bindparam("keys", expanding=True))),
    sa.exists().where(_HAS_KEY),
)
_RECEIVE, _ADD = _received.insert().inline(), _open.insert().inline()
_FORGOTTEN = _received.delete().where(_received.c.at < sa.bindparam("old"))
_CLOSED = _open.delete().where(_HAS_KEY)


@attrs.frozen
class OpenWebhook:
    """What a webhook asks for, until it is done."""

    keys: tuple[str, ...]
    """Identify the webhook when BigCommerce sends it again: its id, and the event's if it has one.
    At most 64 characters each."""
    asks: Asks
    order_id: int
    detail: str
    """What the order's history says about it; empty where nothing."""
    at: datetime
    """When it was accepted."""

    def noted(self, now: datetime, source_code: str) -> JournalEntry:
        """Return the entry of the order's history."""
        import_id = order_import_id(source_code, self.order_id)
        return JournalEntry(now, "webhook", "noted", self.order_id, import_id, self.detail)


class OpenWebhooks:
    """The accepted webhooks of one store and Import Source Code.

    Args:
        journal: The journal that they are kept in.
        scope: Whose they are (`Integration.scope`).
    """

    def __init__(self, journal: Journal, scope: str) -> None:
        self._journal = journal
        self._scope = scope

    @classmethod
    def of(cls, integration: Integration) -> OpenWebhooks:
        """Return those of an integration."""
        return cls(integration.journal, integration.scope)

    def accept(self, webhook: OpenWebhook) -> bool:
        """Store a webhook as open; return whether there is something to do.

        There is nothing to do if it was accepted before, by any process, and is closed. It is
        remembered for three days.

        Raises:
            JournalUnreachable: Nothing was stored.
        """
        return self._journal.change(partial(self._accept, webhook))

    def read(self, asks: Asks | None = None) -> list[OpenWebhook]:
        """Return the open webhooks, the oldest first: those that ask for one thing, or all.

        Raises:
            JournalUnreachable: They could not be read.
        """
        wanted, values = (
            _OF_SCOPE if asks is None else _OF_ASKS,
            {"scope": self._scope, "asks": asks},
        )
        return [
            OpenWebhook(tuple(filter(None, keys)), cast("Asks", asked), order_id, detail, aware(at))
            for *keys, asked, order_id, detail, at in self._journal.rows(wanted, values)
        ]

    def is_done(self, keys: Sequence[str]) -> bool:
        """Whether a webhook was accepted, and what it asked for is done.

        Raises:
            JournalUnreachable: It could not be read.
        """
        ((is_known, is_open),) = self._journal.rows(_IS_KNOWN, {"keys": list(keys)})
        return bool(is_known) and not is_open

    def close(self, webhooks: Collection[Sequence[str]]) -> None:
        """Note that what these webhooks asked for is done, by their keys.

        Raises:
            JournalUnreachable: They are still open.
        """

        def work(connection: sa.Connection) -> None:
            for keys in webhooks:
                write(connection, _CLOSED, {"keys": list(keys)})

        if webhooks:
            self._journal.change(work)

    def _accept(self, webhook: OpenWebhook, connection: sa.Connection) -> bool:
        old = webhook.at - REMEMBERED
        write(connection, _FORGOTTEN, {"old": old})
        row: dict[str, object] = {
            "key": webhook.keys[0],
            "event_key": "".join(webhook.keys[1:]),
            "scope": self._scope,
            "asks": webhook.asks,
            "order_id": webhook.order_id,
            "detail": webhook.detail,
            "at": webhook.at,
        }
        keys: list[dict[str, object]] = [{"key": key, "at": webhook.at} for key in webhook.keys]
        # The constraint decides, not a look before it: two processes may receive the same at once.
        try:
            with connection.begin_nested():
                write(connection, _RECEIVE, *keys)
                write(connection, _ADD, row)
        except connection.dialect.loaded_dbapi.IntegrityError:
            return bool(fetch_column(connection, _IS_OPEN, {"keys": list(webhook.keys)})[0])
        return True


def close_webhooks(
    run: Run[R], webhooks: Sequence[OpenWebhook], left: Collection[int] = ()
) -> None:
    """Close webhooks of whose orders the run has looked at all, unless it previews or ended early.

    Args:
        run: The run.
        webhooks: Those that were open before it looked at the store (`OpenWebhooks.read`).
        left: The orders that wait for the next run.
    """
    if run.preview:
        return
    opened = OpenWebhooks.of(run.integration)
    rest = opened.read()
    if not run.report.stopped and run.is_written():
        done = [each for each in webhooks if each.order_id not in left]
        for each in done:
            if each.detail and not _is_noted(run, each):
                run.record(each.noted(run.clock.now(), run.source_code))
        opened.close([each.keys for each in done])
        closed = {each.keys for each in done}
        rest = [each for each in rest if each.keys not in closed]
    for each in rest:
        if run.started - each.at > OLD:
            problem = _open_problem(each)
            import_id = order_import_id(run.source_code, each.order_id)
            run.add_item(
                problem, key=import_id, order_id=each.order_id, import_id=import_id, area=AREA
            )
    if OpenItems.of(run.integration).keys(AREA):
        run.settle_rest(AREA)


def _is_noted(run: Run[R], webhook: OpenWebhook) -> bool:
    """Whether the order's history has it: it was acted on, and that ended early."""
    import_id = order_import_id(run.source_code, webhook.order_id)
    return any(
        (entry.action, entry.detail) == ("webhook", webhook.detail) and entry.at >= webhook.at
        for entry in run.integration.journal.entries(import_id)
    )


def _open_problem(webhook: OpenWebhook) -> Problem:
    job = "import_orders" if webhook.asks == "import" else "follow_orders"
    return Problem(
        "webhook_open",
        "",
        "",
        f"BigCommerce reported a change of order {webhook.order_id} at {webhook.at:%Y-%m-%d %H:%M} "
        "UTC, and no run could look at the order since.",
        f"Call {job}(): its report says why. When it has looked at the order, this item goes.",
    )
