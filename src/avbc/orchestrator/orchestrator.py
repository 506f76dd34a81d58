"""The Orchestrator: a BigCommerce store and the books of AcctVantage, joined by settings."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from types import TracebackType
from typing import Self

import attrs

from avbc.acctvantage.gateway import Gateway
from avbc.acctvantage.import_ids import order_import_id
from avbc.acctvantage.records import Client, Product
from avbc.bigcommerce import BigCommerce
from avbc.bigcommerce.endpoints.scopes import ORDERS_MODIFY
from avbc.errors import Fault
from avbc.mapping import ADDRESS_FIELDS, CLIENT_FIELDS, PRODUCT_FIELDS, FieldRule, MappedOrder
from avbc.orchestrator.checks.backtest import BacktestReport, backtest_period
from avbc.orchestrator.checks.connection import connection_report
from avbc.orchestrator.checks.history import order_history
from avbc.orchestrator.checks.reconcile import ReconcileReport, reconcile_period
from avbc.orchestrator.checks.setup import setup_report
from avbc.orchestrator.engine.customising import Customisation
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.progress import Progress
from avbc.orchestrator.engine.run import PushRun, Run, Task
from avbc.orchestrator.engine.stopping import Stop
from avbc.orchestrator.jobs.captures import capture_payments
from avbc.orchestrator.jobs.clients import export_clients
from avbc.orchestrator.jobs.import_orders import Import
from avbc.orchestrator.jobs.inventory import StockLocation, push_inventory
from avbc.orchestrator.jobs.order_statuses import (
    pull_order_statuses,
    push_order_statuses,
    require_direction,
)
from avbc.orchestrator.jobs.products import push_products
from avbc.orchestrator.jobs.refunds import import_refunds, require_refunds
from avbc.orchestrator.jobs.shipments import push_shipments
from avbc.orchestrator.reports import (
    ConnectionReport,
    History,
    ImportReport,
    PushReport,
    SetupReport,
)
from avbc.orchestrator.timer import SCHEDULE, Job, OnReport, run_timer
from avbc.orchestrator.webhooks import (
    HooksReport,
    Ignore,
    Webhook,
    WebhookReport,
    act_on_webhook,
    read_webhook,
    register_webhooks,
)
from avbc.settings import Settings, SettingsError

_PATIENCE = timedelta(seconds=30)
"""How long the import of one order waits for a run of another process: those that webhooks ask for come together."""

_log = logging.getLogger("avbc.orchestrator")


class Orchestrator:
    """Joins a store to the books: the Web Integration of AcctVantage's manual.

    ```python
    with avbc.Orchestrator(avbc.Settings.load("avbc.toml"), avbc.SqlGateway("sqlite:///books.db")) as web:
        print(web.import_orders())
    ```

    Nothing is connected to before the first method is called. One instance is meant for one thread
    at a time.
    """

    def __init__(
        self,
        settings: Settings,
        books: Gateway,
        *,
        store: BigCommerce | None = None,
        journal: str | None = None,
        on_progress: Progress | None = None,
        customise: Sequence[Customisation] = (),
        product_fields: Sequence[FieldRule[Product]] = PRODUCT_FIELDS,
        client_fields: Sequence[FieldRule[Client]] = CLIENT_FIELDS,
        address_fields: Sequence[FieldRule[Client]] = ADDRESS_FIELDS,
    ) -> None:
        """Join a store to the books.

        Args:
            settings: The screens of the manual.
            books: AcctVantage's side: `SqlGateway`, or your own class that satisfies `Gateway`.
            store: The store's client; by default the one that the settings name is opened, and
                closed by `close`.
            journal: The journal's database URL; by default it is kept in the database of
                `SqlGateway`, and in memory with other books.
            on_progress: Called with how many orders are done, how many there are (None while that
                is not known) and what is being done.
            customise: Functions from (order, bundle) to bundle, applied one after another to each
                order that was mapped. What they change is explained, and proved again.
            product_fields: Which field of the store's products is filled by what of the books:
                `avbc.mapping.PRODUCT_FIELDS`, or your own.
            client_fields: The same for customers.
            address_fields: The same for customers' addresses.
        """
        self._integration = Integration(
            settings, books, store=store, journal=journal, on_progress=on_progress
        )
        self._customisations = tuple(customise)
        self._product_fields = tuple(product_fields)
        self._client_fields = tuple(client_fields)
        self._address_fields = tuple(address_fields)

    # Tests and checks

    def test_connection(self) -> ConnectionReport:
        """Test the store's URL, the token, each OAuth scope that the settings need, the clock and the quota (manual 1.3).

        Scopes are probed by requests that change nothing. What is wrong is in the report and is not
        raised.
        """
        report = connection_report(self.store, self.settings)
        self._integration.may_set_statuses = any(
            check.item == ORDERS_MODIFY and check.state == "ok" for check in report.checks
        )
        return report

    def check_setup(self) -> SetupReport:
        """Hold every name in the settings against the live store and the books, and what the store uses against the settings.

        The report's `toml` holds the rows that are missing. Nothing is changed.

        Raises:
            StoreError: The store's statuses or orders cannot be read.
            BooksUnreachable: The books cannot be read.
        """
        return setup_report(self.settings, self.store, self.books)

    # The import

    def preview_orders(self, *, progress: bool = False) -> ImportReport:
        """Tell what an import would write, and why. Nothing is written, in the store, the books or the journal.

        Each outcome has its `explanation`: the whole sales order and the reason for each field.

        Args:
            progress: Draw a bar, in a terminal or a notebook; needs the extra `progress`.

        Raises:
            AvbcError: The store or the books cannot be read.
        """
        task = Task("preview_orders", "Previewing orders", preview=True, progress=progress)
        return self._import(task).all_new()

    def import_orders(self, *, progress: bool = False) -> ImportReport:
        """Import the orders that have the New Order Status; each gets the Downloaded or the Import Error Status (manual 2.1.3 to 2.1.5).

        Run it as often as you like: an order is in the books once, whatever died in between. An
        order's own problems set its Import Error Status, with the reasons in its staff notes;
        failures of the network, the store or the books leave it New for the next run.

        Args:
            progress: Draw a bar, in a terminal or a notebook; needs the extra `progress`.

        Raises:
            AvbcError: The run could not begin, and nothing was written: the token is refused, a
                scope is missing, the store, the books or the journal are not to be had. Once it has
                begun, what goes wrong is in the report.
        """
        task = Task("import_orders", "Importing orders", progress=progress)
        return self._import(task).all_new()

    def import_order(self, order_id: int) -> ImportReport:
        """Import one order by its BigCommerce id, which has the New Order Status or the Import Error Status.

        Any other order is postponed, with the reason, and left alone.

        Raises:
            NoSuchOrder: The store has no such order.
            AvbcError: As `import_orders`.
        """
        task = Task("import_order", "Importing orders", patience=_PATIENCE)
        return self._import(task).one(order_id)

    def explain(self, order_id: int) -> MappedOrder:
        """Explain what an order becomes: each field of the sales order, its value, the rule and the setting that decided it.

        The order may have any status, and may be in the books already. Nothing is written.

        Raises:
            NoSuchOrder: The store has no such order.
            AvbcError: Something of it cannot be read.
        """
        return self._import(Task("explain", "", preview=True)).explain(order_id)

    def history(self, order_id: int) -> History:
        """Tell everything that was ever done for an order, and where it stands in the store and in the books.

        Raises:
            BooksUnreachable: The books cannot be read.
            JournalUnreachable: The journal cannot be read.
        """
        import_id = order_import_id(self.settings.order_status.import_source_code, order_id)
        return order_history(order_id, import_id, self.store, self.books, self._integration.journal)

    # Products, quantities and clients for the store

    def push_products(
        self, *, preview: bool = False, full: bool = False, progress: bool = False
    ) -> PushReport:
        """Tell the store the details of the products whose Sync to Webstore is ticked, as far as they changed (manual 2.3.1).

        Products are created or updated by the field map; what the map does not name is never sent,
        so that what the merchant added in the store stays.

        Args:
            preview: Send nothing; the report says what would be sent.
            full: All of them, changed or not, and their ids looked up anew.
            progress: Draw a bar, in a terminal or a notebook; needs the extra `progress`.

        Raises:
            SettingsError: `shipping.sync_product_details` is false.
            AvbcError: The run could not begin: the token is refused, a scope is missing, the store,
                the books or the journal are not to be had. Once it has begun, what goes wrong is in
                the report.
        """
        return self._push(
            "push_products",
            "Pushing products",
            lambda run: push_products(run, self._product_fields, full=full),
            preview=preview,
            progress=progress,
        )

    def push_inventory(
        self, *, preview: bool = False, full: bool = False, progress: bool = False
    ) -> PushReport:
        """Tell the store what of the warehouse's Qty Available it may sell, as far as it changed (manual 2.3.1).

        Quantities are absolute, in whole units, never below zero, and net of what orders sold that
        wait in the store to be imported. Where nothing changed nothing is sent, and nothing asked.

        Args:
            preview: Send nothing; the report says what would be sent.
            full: All of them, changed or not.
            progress: Draw a bar, in a terminal or a notebook; needs the extra `progress`.

        Raises:
            SettingsError: `shipping.sync_inventory_levels` is false.
            NoSuchLocation: The store has no such location, or it is disabled.
            AvbcError: The run could not begin, as with `push_products`.
        """
        return self._push(
            "push_inventory",
            "Pushing quantities",
            lambda run: push_inventory(
                run, self._stock_location, self._integration.statuses, full=full
            ),
            preview=preview,
            progress=progress,
        )

    def export_clients(
        self,
        client_ids: Collection[int] | None = None,
        *,
        preview: bool = False,
        progress: bool = False,
    ) -> PushReport:
        """Export clients to the store as customers, and bind each to its customer (manual, BigCommerce - Clients & Contacts).

        A client whom the store has by email is updated there and bound; others are created. What
        was edited in the store and is not in the field map stays, and so do the customer's other
        addresses.

        Args:
            client_ids: These clients; otherwise all who are new to the store.
            preview: Send nothing; the report says what would be sent.
            progress: Draw a bar, in a terminal or a notebook; needs the extra `progress`.

        Raises:
            AvbcError: The run could not begin, as with `push_products`.
        """
        return self._push(
            "export_clients",
            "Exporting clients",
            lambda run: export_clients(run, client_ids, self._client_fields, self._address_fields),
            preview=preview,
            progress=progress,
        )

    # Statuses and shipments

    def push_order_statuses(self, *, preview: bool = False, progress: bool = False) -> PushReport:
        """Give the store the order statuses that changed in AcctVantage since the last push, by the mapping left to right (manual 2.1.6).

        One request for each order whose status in the store is another one; none where nothing
        changed. A status that the mapping does not have is reported once and never guessed, and its
        order is looked at again when the mapping changes.

        Args:
            preview: Send nothing; `sent` is what would be.
            progress: Draw a bar, in a terminal or a notebook; needs the extra `progress`.

        Raises:
            SettingsError: The settings pull statuses, or neither (manual 2.1.6).
            AvbcError: The run could not begin, and nothing was sent. Once it has begun, what goes
                wrong is in the report.
        """
        require_direction(self.settings, "push")

        return self._push(
            "push_order_statuses",
            "Pushing order statuses",
            lambda run: push_order_statuses(run, self._integration.mapped_statuses),
            preview=preview,
            progress=progress,
        )

    def pull_order_statuses(self, *, preview: bool = False, progress: bool = False) -> PushReport:
        """Give AcctVantage the order statuses that changed in the store since the last pull, by the mapping right to left (manual 2.1.6).

        No order is ever posted by it, and none moves backwards unless the mapping's row says so.
        The echo of our own writes is no change. An order that was cancelled or refunded after its
        import is reported, once, for a person to act. Orders that are not in the books are left
        alone.

        Args:
            preview: Write nothing in the books; `sent` is what would be.
            progress: Draw a bar, in a terminal or a notebook; needs the extra `progress`.

        Raises:
            SettingsError: The settings push statuses, or neither (manual 2.1.6).
            AvbcError: The run could not begin, and nothing was written. Once it has begun, what
                goes wrong is in the report.
        """
        require_direction(self.settings, "pull")

        return self._push(
            "pull_order_statuses",
            "Pulling order statuses",
            lambda run: pull_order_statuses(
                run, self._integration.mapped_statuses, self._integration.statuses
            ),
            preview=preview,
            progress=progress,
        )

    def push_shipments(self, *, preview: bool = False, progress: bool = False) -> PushReport:
        """Tell the store the shipments of AcctVantage, with their parcels' tracking numbers, that are new or changed since the last push.

        What the store has of an order is read before anything is sent for it, so that no shipment
        is sent twice. The order's status does not follow: the status mapping sets it.

        Args:
            preview: Send nothing; `sent` is what would be.
            progress: Draw a bar, in a terminal or a notebook; needs the extra `progress`.

        Raises:
            AvbcError: The run could not begin, and nothing was sent. Once it has begun, what goes
                wrong is in the report.
        """
        return self._push(
            "push_shipments",
            "Pushing shipments",
            push_shipments,
            preview=preview,
            progress=progress,
        )

    # Payments

    def capture_payments(self, *, preview: bool = False, progress: bool = False) -> PushReport:
        """Have the gateway capture, or void, the pre-authorized payments that AcctVantage wants captured or voided (manual 2.2.4).

        Only what BigCommerce authorized, PayPal too, only while its `payment_status` is
        `authorized`, and always the whole of it. The store is asked before anything is sent, so
        that nothing is captured twice. A receipt is recorded as captured when the store says so:
        the gateway takes its time, so that is mostly in the next run, and until then the capture is
        in `postponed`. What the gateway declines is refused, and nothing is recorded as received.
        Authorizations that grow old are reported, once a day.

        Args:
            preview: Send nothing and write nothing in the books; `sent` is what would be.
            progress: Draw a bar, in a terminal or a notebook; needs the extra `progress`.

        Raises:
            AvbcError: The run could not begin, and nothing was sent. Once it has begun, what goes
                wrong is in the report.
        """
        return self._push(
            "capture_payments",
            "Capturing payments",
            capture_payments,
            preview=preview,
            progress=progress,
        )

    def import_refunds(
        self, *, since: datetime | None = None, preview: bool = False, progress: bool = False
    ) -> PushReport:
        """Write refunds that were made in the store since the last run as credits on the imported orders, each once, exact to the cent.

        A refund whose order is not in the books waits for it; one that cannot be a credit as it is
        says why, and is looked at again in each run. The first run takes all refunds of imported
        orders: where credits were entered by hand before, give it a `since`.

        Args:
            since: Take refunds made then or later, instead of those since the last run; needs a
                time zone.
            preview: Write nothing in the books; `sent` is what would be written.
            progress: Draw a bar, in a terminal or a notebook; needs the extra `progress`.

        Raises:
            SettingsError: `gl.import_refunds` is false.
            ValueError: `since` has no time zone.
            AvbcError: The run could not begin, and nothing was written. Once it has begun, what
                goes wrong is in the report.
        """
        require_refunds(self.settings)

        return self._push(
            "import_refunds",
            "Importing refunds",
            lambda run: import_refunds(run, since),
            preview=preview,
            progress=progress,
        )

    # The period

    def reconcile(
        self, since: datetime, until: datetime | None = None, *, progress: bool = False
    ) -> ReconcileReport:
        """Hold every order of a period in the store against the books: what is missing, doubled or different, to the cent.

        Compared is money and what it is for: totals, tax, freight, discounts, lines, wrapping,
        handling and fees, what was received and what gateways hold, refunds where they are
        imported, and whether the order was edited after its import. Nothing is written. It takes
        one request for 250 orders, and one more for each that is in the books and that the store
        does not list.

        Args:
            since: Orders made then or later; needs a time zone.
            until: Orders made then or earlier; by default all that there are.
            progress: Draw a bar, in a terminal or a notebook; needs the extra `progress`.

        Raises:
            ValueError: A time has no time zone.
            AvbcError: The store or the books cannot be read. Once orders have been compared, the
                report says so in `stopped`.
        """
        task = Task("reconcile", "Reconciling orders", progress=progress)
        return Run(self._integration, task, ReconcileReport(since, until)).do(reconcile_period)

    def backtest(
        self,
        other: Settings,
        since: datetime,
        until: datetime | None = None,
        *,
        progress: bool = False,
    ) -> BacktestReport:
        """Map the orders of a period under other settings, and tell what would change: orders that would be refused, fields that differ.

        Both mappings are of the order as it is now, against the books as they are now, with the
        customisations of this orchestrator. Of payments only what the order itself says is read.
        Nothing is written.

        Args:
            other: The settings to compare with those in force; their store is not opened.
            since: Orders made then or later; needs a time zone.
            until: Orders made then or earlier; by default all that there are.
            progress: Draw a bar, in a terminal or a notebook; needs the extra `progress`.

        Raises:
            ValueError: A time has no time zone.
            AvbcError: The store or the books cannot be read. Once orders have been mapped, the
                report says so in `stopped`.
        """
        task = Task("backtest", "Mapping orders", progress=progress)
        run = Run(self._integration, task, BacktestReport(since, until))
        return run.do(lambda run: backtest_period(run, other, self._customisations))

    # The timer

    def run(self, *, schedule: Sequence[Job] = SCHEDULE, on_report: OnReport | None = None) -> None:
        """Import, and keep the store and the books in step, in cycles of the settings' interval, until it is stopped (manual 2.1.2).

        A cycle that fails is reported, and the next one runs. Where the settings were read by
        `Settings.load`, the file is read again before each cycle, so a changed interval applies
        after the wait that is going on; a file with faults is reported once, and the settings read
        before stay in force until it is mended.

        SIGTERM, Ctrl-C and `stop` end it: the order in hand is finished, and nothing new is begun.
        Returns then, or at once where the store is not enabled and no file can ever enable it.

        Args:
            schedule: What a cycle calls, in sequence and how often.
            on_report: Called with the report of each cycle: `on_report=print`.
        """
        run_timer([self], schedule=schedule, on_report=on_report)

    def stop(self) -> None:
        """End `run`, from another thread or a signal handler: the order in hand is finished, and nothing new is begun.

        Where it does not run yet, it ends as soon as it does. Methods that are called by themselves
        are not stopped.
        """
        self.stop_request.ask()

    def use(self, settings: Settings) -> None:
        """Continue with other settings from the next method on; a store's client that was opened here is reopened if it must be."""
        self._integration.use(settings)
        self.__dict__.pop("_stock_location", None)

    # Webhooks

    def handle_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookReport:
        """Verify a webhook and do what it asks for: `accept_webhook`, then `act_on_webhook`.

        An import takes its time, and BigCommerce wants its answer at once: where many come, answer
        between the two.

        Args:
            body: The bytes of the request's body, as they came.
            headers: The request's headers.

        Raises:
            WebhookRefused: It is none of this store's, or an old one. Answer 400; nothing was done.
            AvbcError: It could not be done. Answer 500, and BigCommerce tells it again; the timer
                does it in any case.
        """
        return self.act_on_webhook(self.accept_webhook(body, headers))

    def accept_webhook(self, body: bytes, headers: Mapping[str, str]) -> Webhook:
        """Verify a webhook and decide what it asks for, so that it can be answered at once and acted on later.

        A webhook that was accepted before, here or by another process with the same journal, asks
        for nothing.

        Args:
            body: The bytes of the request's body, as they came.
            headers: The request's headers.

        Raises:
            WebhookRefused: It is none of this store's, or an old one. Answer 400; nothing was done.
            SettingsError: The settings hold no client secret.
            JournalUnreachable: It cannot be told whether it came before. Answer 500, and
                BigCommerce tells it again.
        """
        setup = self.settings.store
        if setup.client_secret is None:
            message = (
                "is required to verify webhooks: set AVBC_CLIENT_SECRET, or name a credentials_file"
            )
            raise SettingsError("settings", [Fault("store.client_secret", message)])
        now = datetime.now(UTC)
        webhook = read_webhook(
            body,
            headers,
            client_secret=setup.client_secret,
            store_hash=self.store.store_hash,
            new_status_id=self._integration.statuses.new,
            now=now,
        )
        if not setup.enabled:
            return attrs.evolve(webhook, action=Ignore("store.enabled is false"))
        if isinstance(webhook.action, Ignore) or self._integration.journal.receive(
            webhook.keys, now
        ):
            return webhook
        return attrs.evolve(webhook, action=Ignore("it came before"))

    def act_on_webhook(self, webhook: Webhook) -> WebhookReport:
        """Do what a webhook asks for: import the one order that it names, or note what happened to it in its history.

        Raises:
            AvbcError: It could not be done; the same webhook counts again when BigCommerce repeats
                it.
        """
        if isinstance(webhook.action, Ignore):
            return WebhookReport(webhook)
        return act_on_webhook(webhook, self, self._integration.journal, self._integration.scope)

    def register_webhooks(self, url: str, *, preview: bool = False) -> HooksReport:
        """Create the hooks that the settings need, repair those that are inactive or go elsewhere, and list all of this API account.

        Run it again from time to time: BigCommerce deactivates a hook after 90 days without events
        or two days of failures.

        Args:
            url: Where your application takes webhooks: https, on port 443.
            preview: Change nothing, and tell what would be.

        Raises:
            ValueError: BigCommerce would not call that URL.
            StoreError: A hook could not be read or written.
        """
        return register_webhooks(self.store, self.settings, url, preview=preview)

    # What it stands on

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._integration.settings

    @property
    def books(self) -> Gateway:
        """AcctVantage's side."""
        return self._integration.books

    @property
    def store(self) -> BigCommerce:
        """The store's client.

        Raises:
            SettingsError: The settings hold no access token.
        """
        return self._integration.store

    @property
    def stop_request(self) -> Stop:
        """Whether `run` was asked to stop."""
        return self._integration.stop

    def close(self) -> None:
        """Close the store's client and the journal, if they were opened here. The books stay open."""
        self._integration.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        setup = self.settings.store
        code = self.settings.order_status.import_source_code
        return f"<Orchestrator {code} {setup.description!r}: {setup.api_url} to {self.books!r}>"

    @cached_property
    def _stock_location(self) -> StockLocation:
        return StockLocation(self.store, self.settings.shipping.bigcommerce_location)

    def _push(
        self,
        direction: str,
        doing: str,
        work: Callable[[PushRun], object],
        *,
        preview: bool,
        progress: bool,
    ) -> PushReport:
        """Run a direction, if it is this process's turn."""
        task = Task(direction, doing, preview, progress, turn=direction)
        return PushRun(self._integration, task).do(work)

    def _import(self, task: Task) -> Import:
        # The import's three methods take one turn: an order is imported by one process at a time.
        task = attrs.evolve(task, turn="import_orders")
        run = Run(self._integration, task, ImportReport(preview=task.preview))
        return Import(run, self._customisations)
