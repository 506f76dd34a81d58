"""The Orchestrator: a BigCommerce store and the books of AcctVantage, joined by settings."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from os import PathLike
from pathlib import Path

from avbc.bigcommerce.webhooks import Headers
from avbc.orchestrator.engine.arguments import (
    require_day,
    require_flags,
    require_ids,
    require_kind,
    require_order,
    require_orders,
    require_path,
    require_period,
    require_wait,
)
from avbc.orchestrator.engine.choosing import Selection
from avbc.orchestrator.engine.run import Run, Task
from avbc.orchestrator.jobs import (
    answers,
    captures,
    clients,
    follow_orders,
    hooks,
    inventory,
    journal_files,
    order_statuses,
    products,
    prune_journal,
    refunds,
    shipments,
)
from avbc.orchestrator.jobs.hooks import HooksReport, HooksState
from avbc.orchestrator.jobs.import_orders import Import
from avbc.orchestrator.jobs.journal_files import JournalReport
from avbc.orchestrator.jobs.prune_journal import PruneReport
from avbc.orchestrator.reports import (
    ImportReport,
    PushReport,
)
from avbc.orchestrator.running import Running
from avbc.orchestrator.webhooks import (
    Webhook,
    WebhookReport,
    accept_webhook,
    act_on_webhook,
)

# How long a person's import of one order waits for another process.
_PATIENCE = timedelta(seconds=30)


class Orchestrator(Running):
    """Joins a store to the books: the Web Integration of AcctVantage's manual.

    ```python
    settings, books = avbc.Settings.load("avbc.toml"), avbc.SqlGateway("sqlite:///books.db")
    with avbc.Orchestrator(settings, books) as web:
        print(web.import_orders())
    ```

    Nothing is connected before the first method is called. Use one instance in one thread at a
    time. On a terminal, a method that lasts longer than two seconds draws a bar (needs the extra
    `progress`); with `progress=True` it draws one from its beginning, in a notebook as well, and
    with `progress=False` none. With `preview=True` it writes nothing on either side; `sent` is what
    would be sent or written.

    An order is named by its BigCommerce id or its Import ID: 1042 or "WEB1042".

    An id that is not an int, a time that is no date and no datetime, or an option that is neither
    True nor False raises `TypeError`. An id below 1, or a datetime without a time zone, raises
    `ValueError`. Nothing was done then.

    Methods that import, push, pull, export or capture raise `AvbcError` only where the run could
    not begin, and nothing was written: the token is refused, a scope is missing, or the store, the
    books or the journal are unavailable. Later errors are in their report. What else a method
    raises is with the method.
    """

    # The import

    def preview_orders(self, *, progress: bool | None = None) -> ImportReport:
        """Report what an import would write, and why; nothing is written anywhere.

        Each outcome has its `explanation`: the whole sales order and the reason for each field.

        Raises:
            AvbcError: The store or the books cannot be read.
        """
        return self.import_orders(preview=True, progress=progress)

    def import_orders(
        self,
        *,
        ids: Collection[int | str] | None = None,
        since: date | None = None,
        until: date | None = None,
        retry_errors: bool = False,
        preview: bool = False,
        progress: bool | None = None,
    ) -> ImportReport:
        """Import the orders that have the New Order Status (manual 2.1.3 to 2.1.5), or others.

        Each gets the Downloaded or the Import Error Status. Run it as often as you like: an order
        is in the books once, whatever died in between. A problem of the order itself sets its
        Import Error Status, with the reasons in its staff notes. A failure of the network, the
        store or the books leaves it New for the next run.

        With `ids`, a period or `retry_errors` it takes other orders in place of the New ones. Of
        those only orders that are New, or were given the Import Error Status by an import, get
        another status; all others keep theirs.

        Args:
            ids: These orders, each named as in `import_order`. One that the store does not list is
                postponed.
            since: The placed orders made then or later that are not in the books: a day of the
                store, in its time zone, or a datetime with a time zone.
            until: The end of that period, a whole day included; by default there is none.
            retry_errors: The orders that an import gave the Import Error Status and that still
                have it.
            preview: Write nothing; the report says what an import would do.
            progress: Draw a bar (extra `progress`). None: on a terminal, after two seconds.

        Raises:
            SettingsError: The set-up has faults with which every order would be refused, or the
                books have another store's orders under the Import Source Code, or this store's
                under another one.
            ValueError: More than one of `ids`, a period and `retry_errors` is given, or a time has
                no time zone.
        """
        selection = Selection(self._orders(ids, "ids"), since, until, retry_errors)
        name = "preview_orders" if preview else "import_orders"
        return self._import(name, preview=preview, progress=progress).selected(selection)

    def import_order(
        self, order_id: int | str, *, only_new: bool = False, wait: timedelta = _PATIENCE
    ) -> ImportReport:
        """Import one placed order, whatever its status.

        An order that is New, or was given the Import Error Status by an import, gets the Downloaded
        Order Status, or the Import Error Status where it is refused. Any other order keeps its
        status. An order that is in the books and was edited is handled by the policy for edits. A
        disputed order is imported, and is on the worklist. An order that was not placed, or was
        canceled, declined or refunded, is postponed, with the reason.

        Args:
            order_id: BigCommerce's id of the order, or its Import ID: 1042 or "WEB1042".
            only_new: Take it only if it has the New Order Status, as webhooks do.
            wait: How long to wait while another process imports orders of the store: `timedelta(0)`
                in a worker that serves other stores. `stopped` of the report says if it does.

        Raises:
            NoSuchOrder: The store has no such order.
            SettingsError: The set-up has faults with which every order would be refused, or the
                books have another store's orders under the Import Source Code, or this store's
                under another one.
            ValueError: A text is no Import ID of this store.
        """
        order_id = require_order(order_id, self._integration.source_code)
        require_flags(only_new=only_new)
        run = self._import("import_order", patience=require_wait(wait, "wait"))
        return run.one(order_id, only_new=only_new)

    def follow_orders(
        self,
        order_ids: Collection[int | str] | None = None,
        *,
        preview: bool = False,
        progress: bool | None = None,
    ) -> PushReport:
        """Bring the books up to date with what became of imported orders in the store.

        Receipts follow their payments while they are as avbc last wrote them and are not posted,
        and less is left to ship of what the store shipped or refunded. What only a person can
        settle is `refused`, and on the worklist: orders that were canceled, declined, refunded,
        disputed, edited, archived or deleted, voided payments, refunds without a credit. Nothing is
        posted or undone, and no AcctVantage status changes. A run without changes takes one
        request.

        Args:
            order_ids: These orders, by BigCommerce's ids or Import IDs; by default all that changed
                in the store since the last run.
            preview: Write nothing; the report says what would be written.
            progress: Draw a bar (extra `progress`). None: on a terminal, after two seconds.
        """
        named = self._orders(order_ids, "order_ids")
        run = self._push("follow_orders", "Following orders", preview=preview, progress=progress)
        return run.do(lambda run: follow_orders.follow_orders(run, named))

    def take_answers(self, *, preview: bool = False, progress: bool | None = None) -> PushReport:
        """Put the orders that AcctVantage refused on the worklist, until it has entered them.

        Only with books that AcctVantage picks orders up from (`StagingGateway`). A refusal is in
        `refused` once for each version of an order. The store is only written to where the setting
        `order_status.import_error_when_acctvantage_refuses` is on: a refused order that still has
        the Downloaded Order Status gets the Import Error Status.

        Args:
            preview: Write nothing; the report says what is new.
            progress: Draw a bar (extra `progress`). None: on a terminal, after two seconds.
        """
        run = self._push("take_answers", "Taking answers", preview=preview, progress=progress)
        return run.do(answers.take_answers)

    # Products, quantities and clients for the store

    def push_products(
        self, *, preview: bool = False, full: bool = False, progress: bool | None = None
    ) -> PushReport:
        """Send the store the changed details of products with Sync to Webstore (manual 2.3.1).

        Products are created or updated by the field map. Fields that the map does not name are
        never sent, so what the merchant added in the store stays. Those in
        `products.keep_store_fields` are sent with new products only.

        Args:
            full: Send all of them, changed or not, and look up their ids again.
            preview: Send nothing; the report says what would be sent, and which values of the store
                that no push wrote would be replaced.
            progress: Draw a bar (extra `progress`). None: on a terminal, after two seconds.

        Raises:
            SettingsError: `shipping.sync_product_details` is false, or
                `products.keep_store_fields` names what is no field of store products.
        """
        require_flags(full=full)
        run = self._push("push_products", "Pushing products", preview=preview, progress=progress)
        return run.do(lambda run: products.push_products(run, self._product_fields, full=full))

    def push_inventory(
        self, *, preview: bool = False, full: bool = False, progress: bool | None = None
    ) -> PushReport:
        """Send the store the changed quantities that it may sell: Qty Available (manual 2.3.1).

        Quantities are absolute, in whole units and never below zero. What was sold by placed orders
        that are not in the books yet, and whose goods have not left, is subtracted. Where nothing
        changed, no request is sent.

        Args:
            full: Send all of them, changed or not.
            preview: Send nothing; the report says what would be sent, and what the store has.
            progress: Draw a bar (extra `progress`). None: on a terminal, after two seconds.

        Raises:
            SettingsError: `shipping.sync_inventory_levels` is false.
            NoSuchLocation: The store has no such location, or it is disabled.
        """
        require_flags(full=full)
        run = self._push("push_inventory", "Pushing quantities", preview=preview, progress=progress)
        return run.do(lambda run: inventory.push_inventory(run, full=full))

    def export_clients(
        self,
        client_ids: Collection[int] | None = None,
        *,
        preview: bool = False,
        progress: bool | None = None,
    ) -> PushReport:
        """Export clients to the store as customers (manual, BigCommerce - Clients & Contacts).

        Each client is bound to its customer. A client whose email the store has is updated there;
        others are created. Fields that the field map does not name, and the customer's other
        addresses, stay as they are in the store.

        Args:
            client_ids: These clients; by default all that are new to the store.
            preview: Send nothing; the report says what would be sent.
            progress: Draw a bar (extra `progress`). None: on a terminal, after two seconds.
        """
        if client_ids is not None:
            client_ids = require_ids(client_ids, "client_ids")
        run = self._push("export_clients", "Exporting clients", preview=preview, progress=progress)
        fields = self._client_fields, self._address_fields
        return run.do(lambda run: clients.export_clients(run, client_ids, *fields))

    # Statuses and shipments

    def push_order_statuses(
        self, *, preview: bool = False, progress: bool | None = None
    ) -> PushReport:
        """Set the store's statuses of orders that changed in AcctVantage (manual 2.1.6).

        The mapping is read from left to right. An order is looked at first, and gets one request if
        its status in the store differs: never back, and never if it was stopped there. A status
        that is not in the mapping is reported once; it is tried again when the mapping changes.

        Raises:
            SettingsError: The settings pull statuses, or neither (manual 2.1.6).
        """
        run = self._push(
            "push_order_statuses", "Pushing order statuses", preview=preview, progress=progress
        )
        return run.do(order_statuses.push_order_statuses)

    def pull_order_statuses(
        self, *, preview: bool = False, progress: bool | None = None
    ) -> PushReport:
        """Set AcctVantage's statuses of orders that changed in the store (manual 2.1.6).

        The mapping is read from right to left. No order is ever posted, and none moves backwards
        unless the mapping's row allows it. The echo of our own writes is not a change. An order
        that was canceled or refunded after its import is reported once, for a person to act.
        Orders that are not in the books are left alone.

        Raises:
            SettingsError: The settings push statuses, or neither (manual 2.1.6).
        """
        run = self._push(
            "pull_order_statuses", "Pulling order statuses", preview=preview, progress=progress
        )
        return run.do(order_statuses.pull_order_statuses)

    def push_shipments(
        self,
        *,
        order_ids: Collection[int | str] | None = None,
        preview: bool = False,
        progress: bool | None = None,
    ) -> PushReport:
        """Send the store AcctVantage's shipments, with tracking numbers, that are new or changed.

        The store is read first: none is sent twice, and none for an order that was stopped there.
        With `order_ids` a person sends all shipments of these orders, by BigCommerce's ids or
        Import IDs, that the store lacks: whatever the settings say, and for stopped orders too.

        Raises:
            SettingsError: `shipping.push_shipments` is false, and no orders are named.
        """
        named = self._orders(order_ids, "order_ids")
        run = self._push("push_shipments", "Pushing shipments", preview=preview, progress=progress)
        if named is None:
            return run.do(shipments.push_shipments)
        return run.do(lambda run: shipments.push_shipments_of(run, named))

    # Payments

    def capture_payments(
        self, *, preview: bool = False, progress: bool | None = None
    ) -> PushReport:
        """Have the gateway capture or void authorized payments as AcctVantage asks (manual 2.2.4).

        Only payments that BigCommerce authorized, PayPal included, only while `payment_status` is
        `authorized`, and always the full amount. The store is read before anything is sent, so
        nothing is captured twice. A receipt is recorded as captured when the store says so, mostly
        in the next run; until then the capture is in `postponed`. What the gateway declines is
        refused, and nothing is recorded as received. Old authorizations are on the worklist.
        """
        run = self._push(
            "capture_payments", "Capturing payments", preview=preview, progress=progress
        )
        return run.do(captures.capture_payments)

    def import_refunds(
        self, *, since: date | None = None, preview: bool = False, progress: bool | None = None
    ) -> PushReport:
        """Write refunds made in the store since the last run as credits on the imported orders.

        Each refund becomes one credit, exact to the cent, except one of what an order was edited
        down by: the order's total and its receipt leave that out already. A refund whose order is
        not in the books waits for it. One that cannot be a credit is reported with the reason, and
        is tried again in each run. The first run takes all refunds of imported orders: where
        credits were entered by hand before, give it a `since`.

        Args:
            since: Take refunds made on this day of the store, or at this time, or later, not those
                since the last run.
            preview: Write nothing; the report says what would be written.
            progress: Draw a bar (extra `progress`). None: on a terminal, after two seconds.

        Raises:
            SettingsError: `gl.import_refunds` is false.
            ValueError: `since` has no time zone.
        """
        require_period(since)
        run = self._push("import_refunds", "Importing refunds", preview=preview, progress=progress)
        return run.do(lambda run: refunds.import_refunds(run, since))

    # The journal of AcctVantage

    def write_journal(
        self,
        folder: str | PathLike[str],
        through: date | None = None,
        *,
        rewrite_since: date | None = None,
    ) -> JournalReport:
        """Close the days up to `through`, and write a Journal Entry Import file for each.

        For books whose orders are handed over by a journal (`JournalGateway`). A day is closed
        once: what changes later is in the file of a later day. Days without entries have no file.
        The accounts are those of `[journal]` in the settings.

        The books close the days first. Where this call ends before their files are written, the
        next one writes them, with the same content.

        Args:
            folder: A folder that exists. The files are named `journal-WEB-2026-01-31.txt`.
            through: The last day to close, in the store's time zone; by default yesterday there.
            rewrite_since: Write the files of closed days from this day on once more. Other files
                that were written are never written again, so you may move them away.

        Raises:
            JournalAccountsMissing: Accounts that are needed are not in the settings. All of them
                are listed, and nothing was done.
            MethodsMissing: The books keep no journal.
            NotADirectoryError: There is no such folder; nothing was done.
            OSError: A file cannot be written. The days are closed, and the next call writes it.
            StoreError: The store's time zone cannot be read.
            ValueError: `through` or `rewrite_since` is not over in the store's time zone.
        """
        require_path(folder, "folder")
        through_day = None if through is None else require_day(through, "through")
        since = None if rewrite_since is None else require_day(rewrite_since, "rewrite_since")
        return journal_files.write_journal(self._integration, Path(folder), through_day, since)

    # The journal of what was done

    def prune_journal(self) -> PruneReport:
        """Remove what the journal need not keep for longer than `store.journal_keep_days`.

        The timer calls it once a day. It removes entries that are of no order, such as pushed
        quantities, and those that say of an order what an earlier one says. What was done for an
        order, what decides anything, and what waits for a person stay.

        Raises:
            JournalUnreachable: The journal cannot be read or written; the rest is still there.
        """
        task = Task("prune_journal", "Pruning the journal")
        return Run(self._integration, task, PruneReport()).do(prune_journal.prune_journal)

    # Webhooks

    def handle_webhook(self, body: bytes | str, headers: Headers) -> WebhookReport:
        """Verify a webhook and do what it asks for: `accept_webhook`, then `act_on_webhook`.

        BigCommerce expects its answer at once, and an import takes longer: where many webhooks
        come, answer between the two.

        Args:
            body: The request's body as it came: its bytes, or its text.
            headers: The request's headers.

        Raises:
            WebhookRefused: As `accept_webhook`. Answer 400.
            AvbcError: It failed. Answer 500, and BigCommerce sends it again; the timer does the
                same work in any case.
        """
        return self.act_on_webhook(self.accept_webhook(body, headers))

    def accept_webhook(self, body: bytes | str, headers: Headers) -> Webhook:
        """Verify a webhook and decide what it asks for: answer it, then call `act_on_webhook`.

        It is stored as open in the journal before this returns, and is closed when what it asks for
        is done: by `act_on_webhook`, or by the next `import_orders` or `follow_orders` if the
        process dies in between. A webhook that came before and is closed asks for nothing.

        Args:
            body: The request's body as it came: its bytes, or its text.
            headers: The request's headers.

        Raises:
            WebhookRefused: It is not a webhook of this store, or an old one. Answer 400; nothing
                was done.
            SettingsError: The settings hold no client secret.
            JournalUnreachable: It could not be stored. Answer 500, and BigCommerce sends it again.
        """
        return accept_webhook(self._integration, body, headers)

    def act_on_webhook(self, webhook: Webhook) -> WebhookReport:
        """Do what a webhook asks for: import its order, or look at what happened to the order.

        It waits for no other process. Where one does the same for the store, the webhook stays open
        (`is_done` of the report is False): that run or the next one does it.

        Raises:
            TypeError: It is not what `accept_webhook` returns.
            AvbcError: It failed, and stays open: the next run does it.
        """
        wanted = "what accept_webhook(body, headers) returned"
        require_kind(webhook, "webhook", Webhook, wanted)
        return act_on_webhook(
            webhook, self, self._integration, lambda: self._import("import_order")
        )

    def register_webhooks(self, url: str, *, preview: bool = False) -> HooksReport:
        """Create or repair the hooks that the settings need, and list all of this API account.

        A hook that is inactive or has another URL is repaired. BigCommerce deactivates a hook after
        90 days without events or two days of failures; `check_hooks` finds that. Without a client
        secret nothing is registered, since each webhook would be refused.

        Args:
            url: Where your application receives webhooks: https, on port 443.
            preview: Change nothing; the report says what would change.

        Raises:
            ValueError: BigCommerce would not call that URL.
            SettingsError: The settings hold no client secret.
            StoreError: A hook could not be read or written.
        """
        require_kind(url, "url", str, "a text, such as 'https://example.com/avbc'")
        require_flags(preview=preview)
        self.settings.require_client_secret()
        return hooks.register_webhooks(self._integration, url, _PATIENCE, preview=preview)

    def check_hooks(self) -> HooksState:
        """Put the registered hooks that BigCommerce deactivated on the worklist.

        It takes one request, and raises no error of the store: webhooks only make things faster.
        Where none were registered, there is nothing to check.
        """
        task = Task("check_hooks", "Checking hooks", turn=hooks.TURN)
        return Run(self._integration, task, HooksState()).do(hooks.check_hooks)

    def _orders(self, ids: Collection[int | str] | None, name: str) -> list[int] | None:
        return None if ids is None else require_orders(ids, self._integration.source_code, name)

    def _import(
        self,
        name: str,
        *,
        preview: bool = False,
        progress: bool | None = None,
        patience: timedelta = timedelta(0),
    ) -> Import:
        task = Task(
            name,
            "Previewing orders" if preview else "Importing orders",
            preview=preview,
            progress=progress,
            turn="import_orders",
            patience=patience,
        )
        channels = self.settings.order_status.channels
        run = Run(self._integration, task, ImportReport(preview=preview, channels=channels))
        return Import(run, self._customisations)
